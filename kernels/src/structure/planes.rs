//! What an optimiser keeps for each connection of a layer: planes of floats that move with the connections.

use std::ops::Range;

use crate::base::shared::SharedSlice;
use crate::base::status::{Status, ensure};

/// The most planes an optimiser keeps.
pub const MOST_PLANES: usize = 2;

/// The planes of one layer in one buffer, one behind another at equal distances.
pub struct Planes<'a> {
    floats: &'a mut [f32],
    count: usize,
}

impl<'a> Planes<'a> {
    /// Cuts a buffer into `count` planes.
    ///
    /// # Errors
    /// [`Status::Length`] when the buffer does not divide by the count; [`Status::Range`] for too many planes.
    pub fn new(floats: &'a mut [f32], count: usize) -> Result<Self, Status> {
        ensure(count <= MOST_PLANES, Status::Range)?;
        ensure(if count == 0 { floats.is_empty() } else { floats.len().is_multiple_of(count) }, Status::Length)?;
        Ok(Self { floats, count })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The most connections the planes have room for; without planes there is no limit.
    pub fn capacity(&self) -> usize {
        self.floats.len().checked_div(self.count).unwrap_or(usize::MAX)
    }

    /// Each plane, to change.
    pub fn each(&mut self) -> impl Iterator<Item = &mut [f32]> {
        let stride = self.floats.len().checked_div(self.count).unwrap_or(0);
        let mut rest = &mut *self.floats;
        (0..self.count).map(move |_| {
            let (plane, behind) = std::mem::take(&mut rest).split_at_mut(stride);
            rest = behind;
            plane
        })
    }

    /// Moves the floats of `range` in every plane so that they start at `to`; the ranges may overlap.
    pub fn slide(&mut self, range: Range<usize>, to: usize) {
        self.each().for_each(|plane| plane.copy_within(range.clone(), to));
    }

    /// The first `P` planes, to hand to several threads.
    ///
    /// # Panics
    /// When there are fewer.
    pub fn shared<const P: usize>(&mut self) -> [SharedSlice<'_, f32>; P] {
        let mut each = self.each();
        std::array::from_fn(|_| SharedSlice::new(each.next().expect("as many planes as asked for")))
    }
}

/// What the planes of a new connection begin with.
#[derive(Clone, Copy, Debug, Default)]
pub struct FreshState {
    /// Bit p: plane p begins at the mean of the layer's connections; otherwise at 0.
    pub mean_planes: u32,
}

impl FreshState {
    /// The first values of `P` planes, in a layer whose first `nnz` places are connections. Summed in f64 in their order.
    pub fn values<const P: usize>(self, planes: &mut Planes, nnz: usize) -> [f32; P] {
        let mut fresh = [0.0; P];
        for (plane, (value, floats)) in fresh.iter_mut().zip(planes.each()).enumerate() {
            if self.mean_planes >> plane & 1 == 1 && nnz > 0 {
                *value = (floats[..nnz].iter().map(|&float| f64::from(float)).sum::<f64>() / nnz as f64) as f32;
            }
        }
        fresh
    }
}

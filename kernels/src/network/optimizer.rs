//! What an optimiser is: how 16 parameters move by their gradients, and what it keeps of them.

use bytemuck::{Pod, try_cast_slice};

use crate::base::simd::Lanes;
use crate::base::status::{Status, ensure};
use crate::structure::planes::MOST_PLANES;

/// One vector of each plane; those an optimiser does not have are never read.
pub type State<V> = [V; MOST_PLANES];

/// Which part of a batch's gradient has come, and how far it moves the parameters.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// η, the layer's.
    pub rate: f32,
    /// Whether it is the first tile of the batch.
    pub first: bool,
}

/// A rule that moves parameters by their gradients, and what it keeps for each.
pub trait Optimizer: Copy {
    /// Planes of floats it keeps for a parameter, at most [`MOST_PLANES`].
    const PLANES: usize;

    /// Whether gradients may come tile by tile; otherwise a batch of several tiles writes them first.
    fn takes_parts(self) -> bool;

    /// Takes a gradient into the state, and returns what is added to the weights once the batch is over.
    fn step<L: Lanes>(self, lanes: L, part: Part, gradient: L::Vector, state: &mut State<L::Vector>) -> L::Vector;
}

/// The settings of an optimiser's own, behind those all have alike.
///
/// # Errors
/// [`Status::Length`] where there are not as many numbers as fields.
pub(crate) fn own_settings<T: Pod>(own: &[f64]) -> Result<T, Status> {
    ensure(size_of_val(own) == size_of::<T>(), Status::Length)?;
    try_cast_slice(own).map(|settings: &[T]| settings[0]).map_err(|_| Status::Length)
}

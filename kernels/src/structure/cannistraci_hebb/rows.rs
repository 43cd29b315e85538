//! Scores of 16 rows at once, where most pairs of them have one.

use std::ops::Range;

use super::Side;
use crate::base::random::unit_at;
use crate::base::simd::{Block, Kernel, LANES, Lanes, dispatch};
use crate::base::status::{Status, scratch};

/// Scores the absent pairs of up to 16 neurons that stand together, a lane each; all zero between two.
///
/// Sums are of f32, in the order in which the neurons of the block lead to their relatives.
pub(super) struct RowsScorer {
    /// Neighbours that a neuron of the near side shares with each of the present ones.
    shared: Vec<[u32; LANES]>,
    met: Vec<bool>,
    /// Neurons of the near side that share any; one more place than there are.
    relatives: Vec<u32>,
    /// Score of each neuron of the far side.
    scores: Vec<Block>,
    rows: Range<u32>,
}

impl RowsScorer {
    pub(super) fn new(near: usize, far: usize) -> Result<Self, Status> {
        Ok(Self {
            shared: scratch(near)?,
            met: scratch(near)?,
            relatives: scratch(near + 1)?,
            scores: scratch(far)?,
            rows: 0..0,
        })
    }

    /// Scores all pairs with `rows`, of which there are at most 16.
    pub(super) fn score(&mut self, rows: Range<u32>, near: Side, far: Side) {
        self.rows = rows;
        dispatch(Score { scorer: self, near, far });
    }

    /// Gives each absent pair whose draw is below the limit, with draw and score, which is forgotten; `offer` returns the
    /// limit that holds from then on, as a share of the score.
    pub(super) fn take(&mut self, row_key: impl Fn(u32) -> u64, offer: impl FnMut(u32, u32, f64, f64) -> f64) {
        let mut keys = [0; LANES];
        self.rows.clone().zip(&mut keys).for_each(|(u, key)| *key = row_key(u));
        dispatch(Take { scorer: self, keys, offer });
    }
}

struct Score<'a> {
    scorer: &'a mut RowsScorer,
    near: Side<'a>,
    far: Side<'a>,
}

impl Kernel for Score<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { scorer, near, far } = self;
        let RowsScorer { shared, met, relatives, scores, rows } = scorer;
        let mut count = 0;
        for (lane, u) in rows.clone().enumerate() {
            for &between in near.of(u) {
                for &j in far.of(between) {
                    // Written whether new or not: a branch here would be mispredicted at each first meeting.
                    relatives[count] = j;
                    count += usize::from(!met[j as usize]);
                    met[j as usize] = true;
                    shared[j as usize][lane] += 1;
                }
            }
        }
        for &j in &relatives[..count] {
            met[j as usize] = false;
            let counts = std::mem::take(&mut shared[j as usize]);
            let others = near.of(j);
            let degree = others.len() as u32;
            // A row itself, and whoever has no neighbour that is not the row's, leads to no absent pair of the row.
            let weights: Block = std::array::from_fn(|lane| {
                let count = counts[lane];
                let leads = count > 0 && count < degree;
                if leads { (count + 1) as f32 / (degree - count) as f32 } else { 0.0 }
            });
            let weights = lanes.load(&weights);
            for &v in others {
                let score = &mut scores[v as usize];
                lanes.store(lanes.add(lanes.load(score), weights), score);
            }
        }
        for (lane, u) in rows.clone().enumerate() {
            for &v in near.of(u) {
                scores[v as usize][lane] = 0.0;
            }
        }
    }
}

struct Take<'a, F> {
    scorer: &'a mut RowsScorer,
    keys: [u64; LANES],
    offer: F,
}

impl<F: FnMut(u32, u32, f64, f64) -> f64> Kernel for Take<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, _: L) {
        let Self { scorer: RowsScorer { scores, rows, .. }, keys, mut offer } = self;
        // So that a score of 0 is out, whatever is drawn.
        let mut limit = f64::MAX;
        for (v, block) in scores.iter_mut().enumerate() {
            let scores = std::mem::replace(block, [0.0; LANES]);
            let mut draws = [0.0; LANES];
            let mut near = false;
            for lane in 0..LANES {
                draws[lane] = unit_at(keys[lane], v as u64);
                near |= draws[lane] <= limit * f64::from(scores[lane]);
            }
            if !near {
                continue;
            }
            for (lane, u) in rows.clone().enumerate() {
                let score = f64::from(scores[lane]);
                if score > 0.0 && draws[lane] <= limit * score {
                    limit = offer(u, v as u32, draws[lane], score);
                }
            }
        }
    }
}

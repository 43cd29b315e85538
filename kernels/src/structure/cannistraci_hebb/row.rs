//! Scores of one row after another, where few pairs of it have any.

use super::Side;
use crate::base::random::unit_at;
use crate::base::status::{Status, scratch};

/// Scores the absent pairs of one neuron; all zero between two.
pub(super) struct RowScorer {
    /// Neighbours that a neuron of the near side shares with the present one.
    shared: Vec<u32>,
    /// Neurons of the near side that share any; one more place than there are.
    relatives: Vec<u32>,
    /// Score of each neuron of the far side.
    scores: Vec<f64>,
    /// Neurons of the far side with a score, the first `reached_len`; one more place than there are.
    reached: Vec<u32>,
    reached_len: usize,
}

impl RowScorer {
    pub(super) fn new(near: usize, far: usize) -> Result<Self, Status> {
        Ok(Self {
            shared: scratch(near)?,
            relatives: scratch(near + 1)?,
            scores: scratch(far)?,
            reached: scratch(far + 1)?,
            reached_len: 0,
        })
    }

    /// Scores all pairs with `u`. Sums are in the order in which the neighbours of u lead to its relatives.
    pub(super) fn score(&mut self, u: u32, near: Side, far: Side) {
        let (mut relatives, mut reached) = (0, 0);
        for &between in near.of(u) {
            for &j in far.of(between) {
                // Written whether new or not: a branch here would be mispredicted at each first meeting.
                self.relatives[relatives] = j;
                let shared = &mut self.shared[j as usize];
                relatives += usize::from(*shared == 0);
                *shared += 1;
            }
        }
        for &j in &self.relatives[..relatives] {
            let shared = std::mem::take(&mut self.shared[j as usize]) as usize;
            let others = near.of(j);
            // u itself, and whoever has no neighbour that is not u's, leads to no absent pair.
            if shared == others.len() {
                continue;
            }
            let weight = (shared + 1) as f64 / (others.len() - shared) as f64;
            for &v in others {
                self.reached[reached] = v;
                let score = &mut self.scores[v as usize];
                reached += usize::from(*score == 0.0);
                *score += weight;
            }
        }
        for &v in near.of(u) {
            self.scores[v as usize] = 0.0;
        }
        self.reached_len = reached;
    }

    /// Gives each absent pair with its draw and its score, which is forgotten.
    pub(super) fn take(&mut self, row_key: u64, mut offer: impl FnMut(u32, f64, f64) -> f64) {
        let mut limit = f64::INFINITY;
        for &v in &self.reached[..self.reached_len] {
            let score = std::mem::take(&mut self.scores[v as usize]);
            let draw = unit_at(row_key, u64::from(v));
            if score > 0.0 && draw <= limit * score {
                limit = offer(v, draw, score);
            }
        }
    }
}

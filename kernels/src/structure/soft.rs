//! Soft removal: connections are kept at random, the more likely the more they matter.

use crate::base::logarithm::ln;
use crate::base::pool::run_chunks;
use crate::base::random::{Purpose, key, unit_at};
use crate::base::shared::SharedSlice;
use crate::base::status::{Outcome, Status, ensure, scratch};
use crate::structure::csr::{Stretch, stretches};
use crate::structure::grow::Growth;

/// How much a connection matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// |w|.
    Magnitude,
    /// |w| as a share of its row's, plus as a share of its column's.
    RelativeImportance,
}

impl Measure {
    /// The measure of a code: 0 magnitude, 1 relative importance.
    ///
    /// # Errors
    /// [`Status::Range`] for another code.
    pub fn from_code(code: u32) -> Result<Self, Status> {
        match code {
            0 => Ok(Self::Magnitude),
            1 => Ok(Self::RelativeImportance),
            _ => Err(Status::Range),
        }
    }
}

/// Writes `temperature` · ln(measure) + Gumbel noise of each connection: the k largest scores are k connections drawn
/// without replacement in proportion to measure^temperature.
///
/// A weight of 0 counts as the smallest positive float, so that such connections go first, in random order; what is no
/// number has no number as its score. The noise is a function of seed, layer, epoch and place alone. O(nnz + neurons);
/// sums in f64, in matrix order. Source: Zhang et al. 2025 (CHTs); Kool et al. 2019 for the drawing.
///
/// # Errors
/// [`Status::Length`] when arrays do not fit; [`Status::Structure`] when a target is not below `neurons`;
/// [`Status::Range`] for a temperature that is no finite number of at least 0; [`Status::Memory`].
pub fn soft_scores(
    indptr: &[u32],
    indices: &[u32],
    values: &[f32],
    neurons: usize,
    measure: Measure,
    temperature: f64,
    place: Growth,
    threads: usize,
    scores: &mut [f32],
) -> Outcome {
    let nnz = *indptr.last().ok_or(Status::Length)? as usize;
    ensure(nnz == indices.len() && nnz == values.len() && nnz == scores.len(), Status::Length)?;
    ensure(temperature.is_finite() && temperature >= 0.0, Status::Range)?;
    ensure(indptr.is_sorted() && indices.iter().all(|&target| (target as usize) < neurons), Status::Structure)?;
    let relative = measure == Measure::RelativeImportance;
    let mut sums = scratch::<f64>(if relative { neurons } else { 0 })?;
    if relative {
        indices.iter().zip(values).for_each(|(&target, value)| sums[target as usize] += f64::from(value.abs()));
    }
    let noise_key = key(place.seed, Purpose::Drop, &[place.layer, place.epoch]);
    let stretches = stretches(indptr);
    let scores = SharedSlice::new(scores);
    run_chunks(threads, stretches.len(), &|chunk| {
        let Stretch { rows, entries } = &stretches[chunk];
        // SAFETY: stretches share no entries.
        let scores = unsafe { scores.range(entries.clone()) };
        for row in rows.clone() {
            let own = indptr[row] as usize..indptr[row + 1] as usize;
            let sum: f64 =
                if relative { values[own.clone()].iter().map(|value| f64::from(value.abs())).sum() } else { 0.0 };
            for at in own {
                let (target, size) = (indices[at] as usize, f64::from(values[at].abs()));
                let matters = if relative && size > 0.0 { size / sum + size / sums[target] } else { size };
                let waiting = -ln(1.0 - unit_at(noise_key, (row * neurons + target) as u64));
                let score = temperature * ln(matters.max(f64::from(f32::MIN_POSITIVE))) - ln(waiting);
                scores[at - entries.start] = if matters.is_nan() { f32::NAN } else { score as f32 };
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::structure::fixture::Layer;

    const PLACE: Growth = Growth { seed: 1, epoch: 2, layer: 3 };

    fn scores_of(layer: &Layer, measure: Measure, temperature: f64, place: Growth, threads: usize) -> Vec<f32> {
        let Layer { neurons, indptr, indices, values, .. } = layer;
        let mut scores = vec![0.0; layer.nnz()];
        soft_scores(indptr, indices, values, *neurons, measure, temperature, place, threads, &mut scores).unwrap();
        scores
    }

    #[test]
    fn soft_scores_are_the_measure_and_the_same_noise_for_all_threads() {
        let mut layer = Layer::random(400, 500, 0.5, 0);
        layer.values[5] = 0.0;
        for measure in [Measure::Magnitude, Measure::RelativeImportance] {
            // The same noise at temperature 0: what is left is the logarithm of the measure.
            let noise = scores_of(&layer, measure, 0.0, PLACE, 1);
            let scores = scores_of(&layer, measure, 2.0, PLACE, 1);
            for threads in [2, 8] {
                assert_eq!(scores_of(&layer, measure, 2.0, PLACE, threads), scores);
            }
            let mut at = 0;
            for row in 0..400 {
                let own = layer.indptr[row] as usize..layer.indptr[row + 1] as usize;
                let row_sum: f64 = layer.values[own.clone()].iter().map(|w| f64::from(w.abs())).sum();
                for target in layer.indices[own].iter().copied() {
                    let size = f64::from(layer.values[at].abs());
                    if at % 977 == 5 {
                        let column = layer.indices.iter().zip(&layer.values).filter(|(one, _)| **one == target);
                        let column_sum: f64 = column.map(|(_, w)| f64::from(w.abs())).sum();
                        let relative = size / row_sum + size / column_sum;
                        let matters = if measure == Measure::Magnitude { size } else { relative };
                        let exact = 2.0 * matters.max(f64::from(f32::MIN_POSITIVE)).ln();
                        let found = f64::from(scores[at]) - f64::from(noise[at]);
                        // Two roundings to f32 of numbers up to 200.
                        assert!((found - exact).abs() < 2e-5, "{found} {exact}");
                    }
                    at += 1;
                }
            }
        }
    }

    #[test]
    fn the_largest_scores_are_drawn_in_proportion_without_replacement() {
        // 4 connections, 2 kept, weights 1, 2, 3, 4 at temperature 1: the chance of each pair in either order.
        let weights = [1.0f32, -2.0, 3.0, 4.0];
        let mut hits = [[0u32; 4]; 4];
        const RUNS: u64 = 40_000;
        for epoch in 0..RUNS {
            let mut scores = [0.0; 4];
            let place = Growth { seed: 9, epoch, layer: 0 };
            soft_scores(&[0, 2, 4], &[0, 1, 0, 1], &weights, 2, Measure::Magnitude, 1.0, place, 1, &mut scores)
                .unwrap();
            let mut order = [0, 1, 2, 3];
            order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
            hits[order[0]][order[1]] += 1;
        }
        let mut chi_square = 0.0;
        for first in 0..4usize {
            for second in (0..4usize).filter(|&second| second != first) {
                let [one, other] = [first, second].map(|at| f64::from(weights[at].abs()));
                let mean = RUNS as f64 * one / 10.0 * other / (10.0 - one);
                chi_square += (f64::from(hits[first][second]) - mean).powi(2) / mean;
            }
        }
        // 0.9999 quantile of chi-square with 11 degrees of freedom: 37.4.
        assert!(chi_square < 37.4, "{chi_square}");
    }

    #[test]
    fn soft_scores_refuse_what_does_not_fit() {
        let call = |indptr: &[u32], temperature: f64, scores: &mut [f32]| {
            soft_scores(indptr, &[0, 1], &[1.0, 2.0], 2, Measure::Magnitude, temperature, PLACE, 1, scores)
        };
        assert_eq!(call(&[0, 2], 1.0, &mut [0.0; 2]), Ok(()));
        assert_eq!(call(&[0, 2], 1.0, &mut [0.0; 1]), Err(Status::Length));
        assert_eq!(call(&[0, 1], 1.0, &mut [0.0; 1]), Err(Status::Length));
        assert_eq!(call(&[3, 2], 1.0, &mut [0.0; 2]), Err(Status::Structure));
        assert_eq!(call(&[0, 2], f64::NAN, &mut [0.0; 2]), Err(Status::Range));
    }
}

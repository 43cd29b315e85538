//! Mean and scale of each feature, so that training sees zero mean and unit variance.

use std::ops::Range;

use crate::pool::run_phases;
use crate::shared::SharedSlice;
use crate::status::{Outcome, Status, ensure, scratch};

/// Samples of one block; sums of a block are added in the order of the blocks.
const BLOCK_SAMPLES: usize = 4096;
/// The most blocks of samples, which bounds the scratch memory to 16 sums a feature.
const MAX_BLOCKS: usize = 16;
/// Features of one chunk of work.
const CHUNK_FEATURES: usize = 512;

/// What a feature may be stored as.
pub trait Feature: Copy + Send + Sync {
    /// The value, exactly.
    fn value(self) -> f64;
}

impl Feature for f32 {
    #[inline]
    fn value(self) -> f64 {
        f64::from(self)
    }
}

impl Feature for u8 {
    #[inline]
    fn value(self) -> f64 {
        f64::from(self)
    }
}

/// The numbers of one split of a data set, sample-major.
#[derive(Clone, Copy)]
struct Table<'a, T> {
    features: &'a [T],
    samples: usize,
    columns: usize,
    blocks: usize,
}

impl<'a, T> Table<'a, T> {
    fn rows(&self, block: usize) -> Range<usize> {
        self.samples * block / self.blocks..self.samples * (block + 1) / self.blocks
    }

    fn columns(&self, chunk: usize) -> Range<usize> {
        chunk * CHUNK_FEATURES..((chunk + 1) * CHUNK_FEATURES).min(self.columns)
    }

    fn row(&self, sample: usize, columns: &Range<usize>) -> &'a [T] {
        &self.features[sample * self.columns + columns.start..sample * self.columns + columns.end]
    }
}

/// Writes mean and scale of each feature: `standardised = (x − mean) · scale`.
///
/// The scale is one over the population standard deviation, found in two passes with sums in f64. A feature that
/// is constant, also one constant up to the rounding of f32, gets scale 0, so nothing downstream can become NaN.
/// Results are the same bits for any `threads`. Cost: two reads of the data, 16 f64 of scratch a feature.
///
/// # Errors
/// [`Status::Length`] when the slices do not hold `samples` × `mean.len()` features; [`Status::Range`] when there
/// is no sample or a feature is not finite.
pub fn standardize<T: Feature>(
    features: &[T],
    samples: usize,
    mean: &mut [f32],
    scale: &mut [f32],
    threads: usize,
) -> Outcome {
    let columns = mean.len();
    ensure(scale.len() == columns && samples.checked_mul(columns) == Some(features.len()), Status::Length)?;
    ensure(samples > 0, Status::Range)?;
    let table = Table { features, samples, columns, blocks: samples.div_ceil(BLOCK_SAMPLES).min(MAX_BLOCKS) };
    let chunks = columns.div_ceil(CHUNK_FEATURES);
    let mut sums = scratch::<f64>(table.blocks * columns)?;
    let mut center = scratch::<f64>(columns)?;
    {
        let sums = SharedSlice::new(&mut sums);
        let center = SharedSlice::new(&mut center);
        let mean = SharedSlice::new(mean);
        let scale = SharedSlice::new(scale);
        let work = table.blocks * chunks;
        run_phases(threads, &[work, chunks, work, chunks], &|phase, chunk| {
            let (block, columns) = (chunk / chunks, table.columns(chunk % chunks));
            let place = |block: usize| block * table.columns + columns.start..block * table.columns + columns.end;
            // SAFETY: phases 1 and 3 read what the phase before wrote; nobody writes sums in them.
            let total = |column: usize| {
                let sums = unsafe { sums.read() };
                (0..table.blocks).map(|block| sums[place(block)][column]).sum::<f64>()
            };
            match phase {
                // SAFETY: this chunk alone has this block of these columns.
                0 => sum(&table, block, &columns, unsafe { sums.range(place(block)) }),
                1 => {
                    // SAFETY: this chunk alone has these columns.
                    let center = unsafe { center.range(columns.clone()) };
                    (0..columns.len()).for_each(|column| center[column] = total(column) / table.samples as f64);
                }
                2 => {
                    // SAFETY: centers were written in phase 1 and are only read from here on; sums as in phase 0.
                    let (center, sums) = unsafe { (&center.read()[columns.clone()], sums.range(place(block))) };
                    squares(&table, block, &columns, center, sums);
                }
                _ => {
                    // SAFETY: this chunk alone has these columns; centers are only read.
                    let (center, mean, scale) = unsafe {
                        (&center.read()[columns.clone()], mean.range(columns.clone()), scale.range(columns.clone()))
                    };
                    for column in 0..columns.len() {
                        mean[column] = center[column] as f32;
                        scale[column] = scale_of(center[column], total(column) / table.samples as f64);
                    }
                }
            }
        })?;
    }
    ensure(center.iter().all(|value| value.is_finite()), Status::Range)
}

fn sum<T: Feature>(table: &Table<'_, T>, block: usize, columns: &Range<usize>, sums: &mut [f64]) {
    sums.fill(0.0);
    for sample in table.rows(block) {
        for (sum, &value) in sums.iter_mut().zip(table.row(sample, columns)) {
            *sum += value.value();
        }
    }
}

fn squares<T: Feature>(table: &Table<'_, T>, block: usize, columns: &Range<usize>, center: &[f64], sums: &mut [f64]) {
    sums.fill(0.0);
    for sample in table.rows(block) {
        for ((sum, &center), &value) in sums.iter_mut().zip(center).zip(table.row(sample, columns)) {
            let deviation = value.value() - center;
            *sum += deviation * deviation;
        }
    }
}

/// One over the standard deviation, or 0 where the deviation is rounding noise of f32 or has no inverse there.
fn scale_of(mean: f64, variance: f64) -> f32 {
    let deviation = variance.sqrt();
    let scale = (1.0 / deviation) as f32;
    if deviation > f64::from(f32::EPSILON) * mean.abs() && scale.is_finite() { scale } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;

    fn run<T: Feature>(features: &[T], samples: usize, columns: usize, threads: usize) -> (Vec<f32>, Vec<f32>) {
        let (mut mean, mut scale) = (vec![f32::NAN; columns], vec![f32::NAN; columns]);
        standardize(features, samples, &mut mean, &mut scale, threads).unwrap();
        (mean, scale)
    }

    #[test]
    fn a_large_offset_does_not_spoil_the_deviation() {
        let features: Vec<f32> = (0..10_000).map(|sample| 1e6 + (sample % 2) as f32).collect();
        let (mean, scale) = run(&features, 10_000, 1, 1);
        assert_eq!((mean[0], scale[0]), (1_000_000.5, 2.0));
    }

    #[test]
    fn any_number_of_threads_gives_the_same_bits() {
        let mut stream = Stream::new(3);
        let (samples, columns) = (9_001, 700);
        let features: Vec<f32> = (0..samples * columns).map(|_| stream.normal() as f32).collect();
        let bits = |threads| {
            let (mean, scale) = run(&features, samples, columns, threads);
            mean.iter().chain(&scale).map(|x| x.to_bits()).collect::<Vec<_>>()
        };
        let one = bits(1);
        assert!([2, 3, 8].iter().all(|&threads| bits(threads) == one));
    }

    #[test]
    fn a_feature_constant_up_to_rounding_has_scale_zero() {
        let third = 1.0f32 / 3.0;
        let features: Vec<f32> =
            (0..900).flat_map(|sample| [0.1, third + (sample % 3) as f32 * 3e-8, -0.0, 3e38, 1e-40]).collect();
        assert_eq!(run(&features, 900, 5, 2).1, [0.0; 5]);
        assert_eq!(run(&[7u8; 12], 3, 4, 1).1, [0.0; 4]);
        assert_eq!(run(&[1.5f32], 1, 1, 1), (vec![1.5], vec![0.0]));
    }

    #[test]
    fn numbers_that_are_not_finite_and_wrong_lengths_are_refused() {
        let (mut mean, mut scale) = ([0.0; 2], [0.0; 2]);
        let mut refuse = |features: &[f32], samples| standardize(features, samples, &mut mean, &mut scale, 1);
        assert_eq!(refuse(&[1.0, f32::NAN], 1), Err(Status::Range));
        assert_eq!(refuse(&[1.0, f32::INFINITY], 1), Err(Status::Range));
        assert_eq!(refuse(&[1.0, 2.0, 3.0], 1), Err(Status::Length));
        assert_eq!(refuse(&[], 0), Err(Status::Range));
        assert_eq!(refuse(&[], usize::MAX), Err(Status::Length));
    }
}

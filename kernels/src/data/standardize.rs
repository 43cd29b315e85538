//! Mean and scale of each feature, so that training sees zero mean and unit variance.

use std::ops::Range;

use crate::base::pool::run_phases;
use crate::base::shared::SharedSlice;
use crate::base::status::{Outcome, Status, ensure, scratch};

/// Samples of one block; sums of a block are added in the order of the blocks.
const BLOCK_SAMPLES: usize = 4096;
/// The most blocks of samples, which bounds the scratch memory to 16 sums a feature.
const MAX_BLOCKS: usize = 16;
/// Numbers a feature that statistics need between two parts: the center, and a sum a block.
pub const STATE_ROWS: usize = 1 + MAX_BLOCKS;
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

/// Samples that follow one another, sample-major, out of more.
#[derive(Clone, Copy)]
pub struct Part<'a, T> {
    /// `[rows, features]`.
    pub features: &'a [T],
    /// Number of its first sample.
    pub first: usize,
    /// Samples of all parts together.
    pub samples: usize,
}

/// A part with its shape.
#[derive(Clone, Copy)]
struct Table<'a, T> {
    part: Part<'a, T>,
    columns: usize,
    blocks: usize,
}

impl<'a, T> Table<'a, T> {
    /// Samples of a block.
    fn block(&self, block: usize) -> Range<usize> {
        let samples = self.part.samples;
        samples * block / self.blocks..samples * (block + 1) / self.blocks
    }

    /// Those of them that the part has.
    fn rows(&self, block: usize) -> Range<usize> {
        let (block, first) = (self.block(block), self.part.first);
        block.start.max(first)..block.end.min(first + self.part.features.len() / self.columns)
    }

    fn columns(&self, chunk: usize) -> Range<usize> {
        chunk * CHUNK_FEATURES..((chunk + 1) * CHUNK_FEATURES).min(self.columns)
    }

    fn row(&self, sample: usize, columns: &Range<usize>) -> &'a [T] {
        let start = (sample - self.part.first) * self.columns;
        &self.part.features[start + columns.start..start + columns.end]
    }
}

/// Writes mean and scale of each feature: `standardised = (x − mean) · scale`.
///
/// The scale is one over the population standard deviation, found in two passes with sums in f64. A feature that
/// is constant, also one constant up to the rounding of f32, gets scale 0, so nothing downstream can become NaN.
/// Results are the same bits for any `threads`. Cost: two reads of the data, 17 f64 of scratch a feature.
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
    ensure(samples.checked_mul(mean.len()) == Some(features.len()), Status::Length)?;
    let mut state = scratch::<f64>(STATE_ROWS * mean.len())?;
    let part = Part { features, first: 0, samples };
    standardize_part(part, false, &mut state, mean, scale, threads)?;
    standardize_part(part, true, &mut state, mean, scale, threads)
}

/// As [`standardize`], of samples that come in parts: all of them in order, then with `squares` all of them again.
///
/// `state` has [`STATE_ROWS`] numbers a feature and is kept between the calls; `mean` and `scale` are written by the
/// last. The same bits however the samples are cut.
///
/// # Errors
/// As [`standardize`]; [`Status::Length`] also when `state` has another length or a part passes the last sample.
pub fn standardize_part<T: Feature>(
    part: Part<T>,
    squares: bool,
    state: &mut [f64],
    mean: &mut [f32],
    scale: &mut [f32],
    threads: usize,
) -> Outcome {
    let (columns, Part { features, first, samples }) = (mean.len(), part);
    ensure(columns > 0 && scale.len() == columns && state.len() == STATE_ROWS * columns, Status::Length)?;
    let rows = features.len() / columns;
    ensure(
        rows * columns == features.len() && first.checked_add(rows).is_some_and(|end| end <= samples),
        Status::Length,
    )?;
    ensure(rows > 0, Status::Range)?;
    let table = Table { part, columns, blocks: samples.div_ceil(BLOCK_SAMPLES).min(MAX_BLOCKS) };
    let chunks = columns.div_ceil(CHUNK_FEATURES);
    let (center, sums) = state.split_at_mut(columns);
    {
        let center = SharedSlice::new(center);
        let sums = SharedSlice::new(sums);
        let mean = SharedSlice::new(mean);
        let scale = SharedSlice::new(scale);
        let last = if first + rows == samples { chunks } else { 0 };
        run_phases(threads, &[table.blocks * chunks, last], &|phase, chunk| {
            let (block, columns) = (chunk / chunks, table.columns(chunk % chunks));
            let place = |block: usize| block * table.columns + columns.start..block * table.columns + columns.end;
            if phase == 0 {
                // SAFETY: this chunk alone has this block of these columns; nobody writes centers in this phase.
                let (center, sums) = unsafe { (&center.read()[columns.clone()], sums.range(place(block))) };
                return add(&table, block, &columns, squares.then_some(center), sums);
            }
            // SAFETY: sums were written in phase 0 and are only read from here on.
            let sums = unsafe { sums.read() };
            let total =
                |column: usize| (0..table.blocks).map(|block| sums[place(block)][column]).sum::<f64>() / samples as f64;
            // SAFETY: this chunk alone has these columns.
            let (center, mean, scale) =
                unsafe { (center.range(columns.clone()), mean.range(columns.clone()), scale.range(columns.clone())) };
            for column in 0..columns.len() {
                if squares {
                    mean[column] = center[column] as f32;
                    scale[column] = scale_of(center[column], total(column));
                } else {
                    center[column] = total(column);
                }
            }
        })?;
    }
    ensure(first + rows < samples || center.iter().all(|value| value.is_finite()), Status::Range)
}

/// Adds the part's samples of a block to its sums: values, or with `center` squares of the distances from it.
fn add<T: Feature>(table: &Table<T>, block: usize, columns: &Range<usize>, center: Option<&[f64]>, sums: &mut [f64]) {
    let rows = table.rows(block);
    if rows.start == table.block(block).start && !rows.is_empty() {
        sums.fill(0.0);
    }
    for sample in rows {
        let row = table.row(sample, columns);
        let Some(center) = center else {
            sums.iter_mut().zip(row).for_each(|(sum, &value)| *sum += value.value());
            continue;
        };
        for ((sum, &center), &value) in sums.iter_mut().zip(center).zip(row) {
            let deviation = value.value() - center;
            *sum += deviation * deviation;
        }
    }
}

/// One over the standard deviation, or 0 where the deviation is rounding noise of f32 or has no inverse there.
///
/// Never subnormal, which kernels take for 0: deviations from 8.5e37 on get the scale of that one.
fn scale_of(mean: f64, variance: f64) -> f32 {
    let deviation = variance.sqrt();
    let scale = ((1.0 / deviation) as f32).max(f32::MIN_POSITIVE);
    if deviation > f64::from(f32::EPSILON) * mean.abs() && scale.is_finite() { scale } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Stream;

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
    fn parts_of_any_size_give_the_bits_of_the_whole() {
        let mut stream = Stream::new(5);
        let (samples, columns) = (9_001, 3);
        let features: Vec<f32> = (0..samples * columns).map(|_| stream.normal() as f32).collect();
        let whole = run(&features, samples, columns, 1);
        for size in [1_000, 4_096, 9_000] {
            let mut state = vec![f64::NAN; STATE_ROWS * columns];
            let (mut mean, mut scale) = (vec![f32::NAN; columns], vec![f32::NAN; columns]);
            for squares in [false, true] {
                for (part, features) in features.chunks(size * columns).enumerate() {
                    let part = Part { features, first: part * size, samples };
                    standardize_part(part, squares, &mut state, &mut mean, &mut scale, 2).unwrap();
                }
            }
            assert_eq!((mean, scale), whole, "{size}");
        }
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
    fn the_widest_deviations_keep_a_scale() {
        let features: Vec<f32> = (0..64).map(|sample| if sample % 2 == 0 { 3.4e38 } else { -3.4e38 }).collect();
        let (mean, scale) = run(&features, 64, 1, 1);
        assert_eq!((mean[0], scale[0]), (0.0, f32::MIN_POSITIVE));
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

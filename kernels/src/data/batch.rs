//! One batch out of the data set: picked, standardised, and turned from sample-major to feature-major.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::base::pool::{chunk_count, run_chunks};
use crate::base::shared::SharedSlice;
use crate::base::simd::{Block, Kernel, LANES, Lanes, dispatch};
use crate::base::status::{Outcome, Status, ensure};

/// Elements a chunk builds.
const GRAIN: usize = 1 << 16;

/// A number a data set can be stored in.
pub trait Feature: Copy + Send + Sync {
    /// Whether it may be anything but a moderate number, so that it is to be checked.
    const UNBOUNDED: bool;

    /// Its value.
    fn value(self) -> f32;
    /// The values of sixteen.
    fn load<L: Lanes>(lanes: L, values: &[Self; LANES]) -> L::Vector;
}

impl Feature for u8 {
    const UNBOUNDED: bool = false;

    #[inline(always)]
    fn value(self) -> f32 {
        f32::from(self)
    }

    #[inline(always)]
    fn load<L: Lanes>(lanes: L, values: &[u8; LANES]) -> L::Vector {
        lanes.load_bytes(values)
    }
}

impl Feature for f32 {
    const UNBOUNDED: bool = true;

    #[inline(always)]
    fn value(self) -> f32 {
        self
    }

    #[inline(always)]
    fn load<L: Lanes>(lanes: L, values: &Block) -> L::Vector {
        lanes.load(values)
    }
}

/// Samples to draw from.
#[derive(Clone, Copy)]
pub struct Samples<'a, T> {
    /// `[samples][features]`.
    pub data: &'a [T],
    /// Features of a sample.
    pub features: usize,
    /// The features that enter the network, in the order they do; empty where all of them do.
    pub selection: &'a [u32],
}

/// Builds the batch of `order` (sample indices) as tiles, `[tiles][features][width]`, standardised with
/// `(x − mean) · scale`; places beyond the last sample become 0.
///
/// Statistics and output have the features that enter the network; `width` is a multiple of 16. Cost: one pass over
/// the chosen samples.
///
/// # Errors
/// [`Status::Length`] when the output or the statistics do not fit, [`Status::Range`] for an index past the data,
/// [`Status::NotFinite`] when a standardised feature is NaN or infinite (bytes never are).
pub fn gather<T: Feature>(
    samples: Samples<T>,
    order: &[u32],
    mean: &[f32],
    scale: &[f32],
    width: usize,
    threads: usize,
    output: &mut [f32],
) -> Outcome {
    let features = mean.len();
    ensure(width > 0 && width.is_multiple_of(LANES) && !order.is_empty() && features > 0, Status::Range)?;
    let tiles = order.len().div_ceil(width);
    ensure(scale.len() == features && output.len() == tiles * features * width, Status::Length)?;
    let Samples { data, features: stride, selection } = samples;
    ensure(features == if selection.is_empty() { stride } else { selection.len() }, Status::Length)?;
    ensure(selection.iter().all(|&feature| (feature as usize) < stride), Status::Range)?;
    let count = data.len() / stride;
    ensure(order.iter().all(|&sample| (sample as usize) < count), Status::Range)?;
    let output = SharedSlice::new(bytemuck::cast_slice_mut::<f32, Block>(output));
    let vectors = width / LANES;
    // A chunk is a range of features, cut at whole vectors, of one tile.
    let strips = features.div_ceil(LANES);
    let parts = chunk_count(features * width, GRAIN).min(strips);
    let finite = AtomicBool::new(true);
    run_chunks(threads, tiles * parts, &|chunk| {
        let (tile, part) = (chunk / parts, chunk % parts);
        let range = strips * part / parts * LANES..(strips * (part + 1) / parts * LANES).min(features);
        let start = tile * features * vectors;
        // SAFETY: chunks write the rows of disjoint ranges of features of their own tile.
        let rows = unsafe { output.range(start + range.start * vectors..start + range.end * vectors) };
        let order = &order[tile * width..((tile + 1) * width).min(order.len())];
        if !dispatch(Strip { samples, range, order, mean, scale, vectors, rows }) {
            finite.store(false, Ordering::Relaxed);
        }
    })?;
    ensure(finite.into_inner(), Status::NotFinite)
}

struct Strip<'a, T> {
    samples: Samples<'a, T>,
    range: Range<usize>,
    order: &'a [u32],
    mean: &'a [f32],
    scale: &'a [f32],
    vectors: usize,
    rows: &'a mut [Block],
}

impl<T: Feature> Kernel for Strip<'_, T> {
    /// Whether all is finite.
    type Output = bool;

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> bool {
        // A number times zero is zero, but for NaN and infinities.
        let zero = lanes.splat(0.0);
        let mut zeros = zero;
        for vector in 0..self.vectors {
            let order = self.order.get(vector * LANES..).map_or(&[][..], |rest| &rest[..rest.len().min(LANES)]);
            for first in self.range.clone().step_by(LANES) {
                let count = (self.range.end - first).min(LANES);
                let mut square = self.square(lanes, order, first, count);
                lanes.transpose(&mut square);
                for (lane, block) in square.iter().take(count).enumerate() {
                    let values = lanes.load(block);
                    lanes.store(values, &mut self.rows[(first - self.range.start + lane) * self.vectors + vector]);
                    if T::UNBOUNDED {
                        zeros = lanes.add(lanes.mul(values, zero), zeros);
                    }
                }
            }
        }
        let mut sums = [0.0; LANES];
        lanes.store(zeros, &mut sums);
        sums.iter().all(|&sum| sum == 0.0)
    }
}

impl<T: Feature> Strip<'_, T> {
    /// `count` standardised features from `first` on, of each sample in `order`; zeros beyond either.
    #[inline(always)]
    fn square<L: Lanes>(&self, lanes: L, order: &[u32], first: usize, count: usize) -> [Block; LANES] {
        let Samples { data, features, selection } = self.samples;
        let (mean, scale) = (&self.mean[first..first + count], &self.scale[first..first + count]);
        let mut square = [[0.0; LANES]; LANES];
        if let (true, Ok(mean), Ok(scale)) = (selection.is_empty(), mean.try_into(), scale.try_into()) {
            // The sum of a number and another's negative is their difference, to the bit.
            let (opposite, scale) = (lanes.mul(lanes.load(mean), lanes.splat(-1.0)), lanes.load(scale));
            for (row, &sample) in square.iter_mut().zip(order) {
                let (values, _) = data[sample as usize * features + first..].split_first_chunk().expect("a whole row");
                lanes.store(lanes.mul(lanes.add(T::load(lanes, values), opposite), scale), row);
            }
            return square;
        }
        for (row, &sample) in square.iter_mut().zip(order) {
            let values = &data[sample as usize * features..(sample as usize + 1) * features];
            for lane in 0..count {
                let value = values[selection.get(first + lane).map_or(first + lane, |&feature| feature as usize)];
                row[lane] = (value.value() - mean[lane]) * scale[lane];
            }
        }
        square
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gather_equals_its_definition() {
        for (features, samples, batch, width) in
            [(1usize, 1usize, 1usize, 16usize), (17, 40, 33, 32), (33, 9, 9, 16), (100, 300, 129, 128)]
        {
            let data: Vec<u8> = (0..samples * features).map(|i| (i * 37 % 251) as u8).collect();
            let floats: Vec<f32> = data.iter().map(|&x| f32::from(x)).collect();
            let order: Vec<u32> = (0..batch).map(|i| (i * 7 % samples) as u32).collect();
            let mean: Vec<f32> = (0..features).map(|f| f as f32).collect();
            let scale: Vec<f32> = (0..features).map(|f| 1.0 / (f + 1) as f32).collect();
            let tiles = batch.div_ceil(width);
            let mut expected = vec![0.0; tiles * features * width];
            for (s, &sample) in order.iter().enumerate() {
                for f in 0..features {
                    let x = floats[sample as usize * features + f];
                    expected[(s / width * features + f) * width + s % width] = (x - mean[f]) * scale[f];
                }
            }
            for threads in [1, 2, 4] {
                let mut output = vec![7.0; expected.len()];
                let bytes = Samples { data: &data, features, selection: &[] };
                gather(bytes, &order, &mean, &scale, width, threads, &mut output).unwrap();
                assert_eq!(output, expected);
                output.fill(7.0);
                let floats = Samples { data: &floats, features, selection: &[] };
                gather(floats, &order, &mean, &scale, width, threads, &mut output).unwrap();
                assert_eq!(output, expected);
            }
        }
    }

    #[test]
    fn gather_takes_the_features_selected() {
        let (features, samples) = (50, 20);
        let data: Vec<f32> = (0..samples * features).map(|i| i as f32).collect();
        let selection: Vec<u32> = (0..features as u32).filter(|feature| feature % 2 == 1).collect();
        let (mean, scale): (Vec<f32>, Vec<f32>) = selection.iter().map(|&f| (f as f32, 1.0 / (f + 1) as f32)).unzip();
        let order: Vec<u32> = (0..samples as u32).rev().collect();
        let mut output = vec![7.0; selection.len() * 32];
        let chosen = Samples { data: &data, features, selection: &selection };
        gather(chosen, &order, &mean, &scale, 32, 2, &mut output).unwrap();
        for (row, &feature) in selection.iter().enumerate() {
            for (column, &sample) in order.iter().enumerate() {
                let x = data[sample as usize * features + feature as usize];
                assert_eq!(output[row * 32 + column], (x - mean[row]) * scale[row]);
            }
            assert!(output[row * 32 + samples..(row + 1) * 32].iter().all(|&padding| padding == 0.0));
        }
        let refused = |selection: &[u32], length: usize| {
            let chosen = Samples { data: &data, features, selection };
            gather(chosen, &order, &mean[..length], &scale[..length], 32, 1, &mut vec![0.0; length * 32])
        };
        assert_eq!(refused(&[1, 50], 2), Err(Status::Range));
        assert_eq!(refused(&[1, 2, 3], 2), Err(Status::Length));
    }

    #[test]
    fn gather_refuses_features_that_are_not_finite_once_standardised() {
        let (features, samples) = (19, 40);
        let order: Vec<u32> = (0..samples as u32).collect();
        let run = |place: usize, value: f32, threads| {
            let mut data = vec![1.0f32; samples * features];
            data[place] = value;
            let chosen = Samples { data: &data, features, selection: &[] };
            let (mean, scale) = ([-1e38; 19], [1.0; 19]);
            gather(chosen, &order, &mean, &scale, 16, threads, &mut vec![0.0; 3 * features * 16])
        };
        for place in [0, 18, 19 * 17 + 16, 19 * 40 - 1] {
            assert_eq!(run(place, 3e38, 1), Err(Status::NotFinite), "4e38 from the mean");
            assert_eq!(run(place, 2e38, 3), Ok(()));
        }
        let chosen = |value: f32| {
            let data = vec![value; features];
            let mut output = vec![0.0; features * 16];
            let samples = Samples { data: &data, features, selection: &[] };
            gather(samples, &[0], &[0.0; 19], &[1.0; 19], 16, 2, &mut output)
        };
        for value in [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert_eq!(chosen(value), Err(Status::NotFinite));
        }
        assert_eq!((chosen(f32::MAX), chosen(f32::MIN), chosen(-0.0)), (Ok(()), Ok(()), Ok(())));
    }

    #[test]
    fn gather_refuses_what_does_not_fit() {
        let run = |order: &[u32], width, len: usize| {
            let samples = Samples { data: &[0u8; 20], features: 2, selection: &[] };
            gather(samples, order, &[0.0; 2], &[1.0; 2], width, 1, &mut vec![0.0; len])
        };
        assert_eq!(run(&[0, 10], 16, 32), Err(Status::Range));
        assert_eq!(run(&[0], 15, 30), Err(Status::Range));
        assert_eq!(run(&[], 16, 0), Err(Status::Range));
        assert_eq!(run(&[0], 16, 31), Err(Status::Length));
    }
}

//! Inference: outputs for many samples, or fast for one, from weights that stand in the order they are read.
//!
//! A tile of samples passes through all layers on one thread, so tiles share nothing; where there is one tile, threads
//! share the rows of each layer.

use std::ops::Range;

use bytemuck::{cast_slice, cast_slice_mut};

use crate::base::pool::{chunk_count, rows_of_chunk, run_chunks};
use crate::base::shared::SharedSlice;
use crate::base::simd::{Block, Kernel, LANES, Lanes, dispatch};
use crate::base::status::{Outcome, Status, ensure};
use crate::data::batch::{Feature, Samples, gather};
use crate::network::activation::Activation;
use crate::network::batch::MAX_WIDTH;
use crate::network::compiled::Layer;
use crate::network::forward::parameters;
use crate::network::loss::sigmoid;

/// The most samples that are run one by one, each connection once, rather than in vectors of 16.
pub const FEW: usize = 2;
/// Vector operations (or connections of one sample) a chunk should do.
const GRAIN: usize = 20_000;

/// What is asked for.
#[derive(Clone, Copy, PartialEq)]
pub enum Wanted {
    /// The outputs as they are.
    Outputs,
    /// Softmax of the outputs.
    Softmax,
    /// The sigmoid of each output.
    Sigmoid,
}

impl Wanted {
    /// By its code: 0 outputs, 1 softmax, 2 sigmoid.
    ///
    /// # Errors
    /// [`Status::Range`] for another code.
    pub fn of(code: u32) -> Result<Self, Status> {
        match code {
            0 => Ok(Self::Outputs),
            1 => Ok(Self::Softmax),
            2 => Ok(Self::Sigmoid),
            _ => Err(Status::Range),
        }
    }

    /// Turns the outputs of a sample into it.
    fn apply(self, outputs: &mut [f32]) {
        match self {
            Self::Outputs => {}
            Self::Softmax => softmax(outputs),
            Self::Sigmoid => outputs.iter_mut().for_each(|output| *output = sigmoid(*output)),
        }
    }
}

/// How raw samples become the inputs of the network, and its outputs what is asked for.
#[derive(Clone, Copy)]
pub struct Prediction<'a> {
    /// Mean of each input.
    pub mean: &'a [f32],
    /// Factor of each input.
    pub scale: &'a [f32],
    /// What outputs become.
    pub wanted: Wanted,
    /// Samples a tile: a multiple of 16, at most 128.
    pub width: usize,
}

/// Words of work memory for `slots` tiles at once.
pub fn workspace_words(layers: &[Layer], width: usize, slots: usize) -> usize {
    let largest = layers.iter().map(|layer| layer.neurons).max().unwrap_or(0);
    slots * width * (layers.first().map_or(0, |layer| layer.inputs) + 2 * largest)
}

/// Writes the outputs of each sample, `[samples][outputs]`.
///
/// As many tiles are worked on at once as threads are allowed and `work` has room for ([`workspace_words`], one at least).
/// Each sample's result is the same whatever its tile; up to [`FEW`] samples are run one by one, with sums in another
/// order. Cost: O(nnz · samples).
///
/// # Errors
/// [`Status::Length`] and [`Status::Range`] when sizes do not fit; [`Status::NotFinite`] when a standardised feature is
/// NaN or infinite; [`Status::Panic`].
pub fn predict<T: Feature>(
    layers: &[Layer],
    samples: Samples<T>,
    prediction: Prediction,
    threads: usize,
    work: &mut [u32],
    outputs: &mut [f32],
) -> Outcome {
    let Prediction { mean, width, .. } = prediction;
    let (Some(first), Some(last)) = (layers.first(), layers.last()) else { return Err(Status::Length) };
    ensure(width > 0 && width <= MAX_WIDTH && width.is_multiple_of(LANES) && samples.features > 0, Status::Range)?;
    ensure(mean.len() == first.inputs && prediction.scale.len() == first.inputs, Status::Length)?;
    let count = samples.data.len() / samples.features;
    ensure(samples.data.len() == count * samples.features && outputs.len() == count * last.neurons, Status::Length)?;
    ensure(u32::try_from(count).is_ok(), Status::Range)?;
    let per_slot = workspace_words(layers, width, 1);
    ensure(work.len() >= per_slot, Status::Length)?;
    let run = Run { layers, samples, prediction };
    let work: &mut [f32] = cast_slice_mut(work);
    if count <= FEW {
        for (sample, output) in outputs.chunks_exact_mut(last.neurons).enumerate() {
            run.one(sample, threads, work, output)?;
        }
        return Ok(());
    }
    let tiles = count.div_ceil(width);
    let slots = threads.max(1).min(tiles).min(work.len() / per_slot);
    let (work, outputs) = (SharedSlice::new(work), SharedSlice::new(outputs));
    let failed = std::sync::Mutex::new(Ok(()));
    run_chunks(slots, slots, &|slot| {
        // SAFETY: each slot has its own part of the work memory.
        let work = unsafe { work.range(slot * per_slot..(slot + 1) * per_slot) };
        for tile in (slot..tiles).step_by(slots) {
            let range = tile * width..count.min((tile + 1) * width);
            // SAFETY: each tile has its own rows of the outputs.
            let rows = unsafe { outputs.range(range.start * last.neurons..range.end * last.neurons) };
            let threads = if slots == 1 { threads } else { 1 };
            if let Err(status) = run.tile(range, threads, work, rows) {
                *failed.lock().unwrap() = Err(status);
            }
        }
    })?;
    failed.into_inner().unwrap_or(Err(Status::Panic))
}

struct Run<'a, T> {
    layers: &'a [Layer<'a>],
    samples: Samples<'a, T>,
    prediction: Prediction<'a>,
}

impl<T: Feature> Run<'_, T> {
    fn tile(&self, range: Range<usize>, threads: usize, work: &mut [f32], outputs: &mut [f32]) -> Outcome {
        let Prediction { mean, scale, width, .. } = self.prediction;
        let order: [u32; MAX_WIDTH] = std::array::from_fn(|index| (range.start + index) as u32);
        let (input, buffers) = work.split_at_mut(mean.len() * width);
        gather(self.samples, &order[..range.len()], mean, scale, width, threads, input)?;
        match width / LANES {
            1 => self.forward::<1>(threads, input, buffers, outputs),
            2 => self.forward::<2>(threads, input, buffers, outputs),
            3 => self.forward::<3>(threads, input, buffers, outputs),
            4 => self.forward::<4>(threads, input, buffers, outputs),
            5 => self.forward::<5>(threads, input, buffers, outputs),
            6 => self.forward::<6>(threads, input, buffers, outputs),
            7 => self.forward::<7>(threads, input, buffers, outputs),
            _ => self.forward::<8>(threads, input, buffers, outputs),
        }
    }

    fn forward<const R: usize>(
        &self,
        threads: usize,
        input: &[f32],
        buffers: &mut [f32],
        outputs: &mut [f32],
    ) -> Outcome {
        let half = buffers.len() / 2;
        let (even, odd) = buffers.split_at_mut(half);
        let (mut from, mut to): (&mut [Block], &mut [Block]) = (cast_slice_mut(even), cast_slice_mut(odd));
        for (index, layer) in self.layers.iter().enumerate() {
            let chunks = chunk_count((layer.values.len() + layer.neurons) * R, GRAIN);
            let source: &[Block] = if index == 0 { cast_slice(input) } else { from };
            let target = SharedSlice::new(&mut *to);
            run_chunks(threads, if threads == 1 { 1 } else { chunks }, &|chunk| {
                let rows = rows_of_chunk(layer.incoming_ptr, if threads == 1 { 1 } else { chunks }, chunk);
                // SAFETY: chunks write the rows of disjoint ranges of neurons.
                let output = unsafe { target.range(rows.start * R..rows.end * R) };
                dispatch(Rows::<R> { layer, rows, input: source.as_chunks().0, output: output.as_chunks_mut().0 });
            })?;
            std::mem::swap(&mut from, &mut to);
        }
        let columns: &[f32] = cast_slice(from);
        let count = self.layers[self.layers.len() - 1].neurons;
        for (sample, row) in outputs.chunks_exact_mut(count).enumerate() {
            for (output, slot) in row.iter_mut().enumerate() {
                *slot = columns[output * R * LANES + sample];
            }
            self.prediction.wanted.apply(row);
        }
        Ok(())
    }

    /// One sample alone: each connection is one product.
    fn one(&self, sample: usize, threads: usize, work: &mut [f32], outputs: &mut [f32]) -> Outcome {
        let Prediction { mean, scale, wanted, .. } = self.prediction;
        let Samples { data, features, selection } = self.samples;
        ensure(selection.iter().all(|&feature| (feature as usize) < features), Status::Range)?;
        let selected = if selection.is_empty() { features } else { selection.len() };
        ensure(selected == mean.len(), Status::Length)?;
        let raw = &data[sample * features..(sample + 1) * features];
        let (input, buffers) = work.split_at_mut(mean.len());
        let largest = self.layers.iter().map(|layer| layer.neurons).max().unwrap_or(0);
        let (mut from, mut to) = buffers[..2 * largest].split_at_mut(largest);
        for (input, slot) in input.iter_mut().enumerate() {
            let place = selection.get(input).map_or(input, |&feature| feature as usize);
            *slot = (raw[place].value() - mean[input]) * scale[input];
        }
        ensure(input.iter().all(|value| value.is_finite()), Status::NotFinite)?;
        for (index, layer) in self.layers.iter().enumerate() {
            let source = if index == 0 { &*input } else { &from[..layer.inputs] };
            let target = SharedSlice::new(&mut to[..layer.neurons]);
            let chunks = chunk_count(layer.values.len() + layer.neurons, GRAIN);
            run_chunks(threads, chunks, &|chunk| {
                let rows = rows_of_chunk(layer.incoming_ptr, chunks, chunk);
                // SAFETY: chunks write disjoint ranges of neurons.
                let output = unsafe { target.range(rows.clone()) };
                dispatch(Single { layer, rows, input: source, output });
            })?;
            std::mem::swap(&mut from, &mut to);
        }
        outputs.copy_from_slice(&from[..outputs.len()]);
        wanted.apply(outputs);
        Ok(())
    }
}

/// Rows of a layer, for `R` vectors of samples.
struct Rows<'a, const R: usize> {
    layer: &'a Layer<'a>,
    rows: Range<usize>,
    input: &'a [[Block; R]],
    output: &'a mut [[Block; R]],
}

impl<const R: usize> Kernel for Rows<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        for (neuron, output) in self.rows.zip(self.output) {
            let activations = self.layer.activations(lanes, neuron, self.input);
            for r in 0..R {
                lanes.store(activations[r], &mut output[r]);
            }
        }
    }
}

/// Rows of a layer, for one sample.
struct Single<'a> {
    layer: &'a Layer<'a>,
    rows: Range<usize>,
    input: &'a [f32],
    output: &'a mut [f32],
}

impl Kernel for Single<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Layer { activation, incoming_ptr, source, values, bias, activation_parameters, .. } = *self.layer;
        for (neuron, output) in self.rows.zip(self.output) {
            let incoming = incoming_ptr[neuron] as usize..incoming_ptr[neuron + 1] as usize;
            let (source, values) = (&source[incoming.clone()], &values[incoming]);
            // Four sums, so that an addition need not wait for the one before.
            let mut sums = [0.0f32; 4];
            let (quads, rest) = source.as_chunks::<4>();
            let (weights, last) = values.as_chunks::<4>();
            for (sources, weights) in quads.iter().zip(weights) {
                for lane in 0..4 {
                    sums[lane] += weights[lane] * self.input[sources[lane] as usize];
                }
            }
            for (lane, (&source, &weight)) in rest.iter().zip(last).enumerate() {
                sums[lane] += weight * self.input[source as usize];
            }
            let sum = bias[neuron] + ((sums[0] + sums[1]) + (sums[2] + sums[3]));
            *output = match activation {
                Activation::Identity => sum,
                Activation::Slope(slope) => sum * if sum > 0.0 { 1.0 } else { slope },
                _ => {
                    let own = parameters(activation_parameters, activation.parameters(), neuron);
                    let mut block = [0.0; LANES];
                    lanes.store(activation.apply(lanes, lanes.splat(sum), own).0, &mut block);
                    block[0]
                }
            };
        }
    }
}

/// Turns outputs into probabilities, as [`crate::network::loss::loss`] does.
fn softmax(outputs: &mut [f32]) {
    let highest = outputs.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for output in outputs.iter_mut() {
        *output = (*output - highest).exp();
        sum += *output;
    }
    outputs.iter_mut().for_each(|output| *output /= sum);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::compiled::layers;

    /// 3 inputs, 2 neurons (the second without connections), 2 outputs.
    fn arena() -> Vec<u32> {
        let mut words = Vec::new();
        let mut section = |values: &[u32]| {
            words.extend_from_slice(values);
            words.resize(words.len().next_multiple_of(LANES), 0);
        };
        let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        section(&[0, 2, 2]);
        section(&[0, 2]);
        section(&bits(&[2.0, -1.0]));
        section(&bits(&[0.5, -3.0]));
        section(&[]);
        section(&[0, 2, 3]);
        section(&[0, 1, 1]);
        section(&bits(&[1.0, 1.0, 2.0]));
        section(&bits(&[0.0, 1.0]));
        section(&[]);
        words
    }

    const LAYOUT: [u32; 10] = [3, 2, 2, 2, 1, 2, 2, 3, 3, 0];
    const SLOPES: [f32; 2] = [-0.5, 0.0];

    fn run(data: &[u8], wanted: Wanted, threads: usize, width: usize) -> Result<Vec<f32>, Status> {
        let mut arena = arena();
        let layers = layers(&LAYOUT, &SLOPES, &mut arena)?;
        let prediction = Prediction { mean: &[1.0, 0.0, 0.0], scale: &[1.0, 1.0, 2.0], wanted, width };
        let mut outputs = vec![7.0; data.len() / 3 * 2];
        let mut work = vec![0; workspace_words(&layers, width, threads)];
        predict(&layers, Samples { data, features: 3, selection: &[] }, prediction, threads, &mut work, &mut outputs)?;
        Ok(outputs)
    }

    fn expected(sample: &[u8]) -> [f32; 2] {
        let x: [f32; 3] = [f32::from(sample[0]) - 1.0, f32::from(sample[1]), 2.0 * f32::from(sample[2])];
        let sum = 0.5 + 2.0 * x[0] - x[2];
        let hidden = [if sum > 0.0 { sum } else { -0.5 * sum }, 1.5];
        [hidden[0] + hidden[1], 1.0 + 2.0 * hidden[1]]
    }

    #[test]
    fn predict_equals_its_definition_for_any_number_of_samples_and_threads() {
        for count in [0, 1, 2, 3, 16, 17, 40, 300] {
            let data: Vec<u8> = (0..3 * count).map(|i| (i * 31 % 23) as u8).collect();
            for (threads, width) in [(1, 16), (1, 128), (3, 16), (2, 48)] {
                let outputs = run(&data, Wanted::Outputs, threads, width).unwrap();
                let wanted: Vec<f32> = data.chunks(3).flat_map(expected).collect();
                assert_eq!(outputs, wanted);
                let sigmoids = run(&data, Wanted::Sigmoid, threads, width).unwrap();
                assert!(sigmoids.iter().zip(&wanted).all(|(&found, &z)| found == sigmoid(z)));
                let probabilities = run(&data, Wanted::Softmax, threads, width).unwrap();
                for (row, wanted) in probabilities.chunks(2).zip(wanted.chunks(2)) {
                    let first = 1.0 / (1.0 + (wanted[1] - wanted[0]).exp());
                    assert!((row[0] - first).abs() < 1e-6 && (row[0] + row[1] - 1.0).abs() < 1e-6);
                }
            }
        }
    }

    #[test]
    fn predict_refuses_what_does_not_fit() {
        assert_eq!(run(&[0; 9], Wanted::Outputs, 1, 15), Err(Status::Range));
        assert_eq!(run(&[0; 9], Wanted::Outputs, 1, 256), Err(Status::Range));
        assert_eq!(run(&[0; 10], Wanted::Outputs, 1, 16), Err(Status::Length));
        let mut short = arena();
        short.truncate(100);
        assert!(matches!(layers(&LAYOUT, &SLOPES, &mut short), Err(Status::Length)));
        let mut open = arena();
        open[2] = 1;
        assert!(matches!(layers(&LAYOUT, &SLOPES, &mut open), Err(Status::Structure)));
    }
}

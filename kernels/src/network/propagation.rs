//! Forward propagation of many samples through some layers, where samples whose activations are all zero drop out.
//!
//! A tile of samples passes through all layers on one thread, and gets narrower as its samples drop out; tiles share
//! nothing, so a sample's result does not depend on its tile.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytemuck::{cast_slice, cast_slice_mut};

use crate::base::pool::run_chunks;
use crate::base::shared::SharedSlice;
use crate::base::simd::{Block, Kernel, LANES, Lanes, dispatch};
use crate::base::status::{Outcome, Status, ensure};
use crate::data::batch::{Feature, Samples, gather};
use crate::network::batch::MAX_WIDTH;
use crate::network::compiled::Layer;

const MAX_VECTORS: usize = MAX_WIDTH / LANES;

/// Which samples pass through the layers, and how.
#[derive(Clone, Copy)]
pub struct Propagation<'a> {
    /// Samples, in any order.
    pub order: &'a [u32],
    /// Mean of each input.
    pub mean: &'a [f32],
    /// Factor of each input.
    pub scale: &'a [f32],
    /// Samples a tile: a multiple of 16, at most 128.
    pub width: usize,
    /// Whether a sample whose activations are all zero after a layer drops out. What the layers make of zeros must be
    /// zeros.
    pub drop: bool,
}

/// Words of work memory of one tile: what goes into a layer and what comes out.
pub fn workspace_words(layers: &[Layer], width: usize) -> usize {
    2 * width * layers.iter().map(|layer| layer.inputs.max(layer.neurons)).max().unwrap_or(0)
}

/// Writes the activations of each sample after the last layer, `[order][neurons]`, and the sum of their magnitudes,
/// `[order]`: 0 for those that dropped out, whose activations are not written.
///
/// As many tiles are worked on at once as threads are allowed and `work` has room for ([`workspace_words`], one at
/// least). Cost: O(nnz · samples) for those that stay.
///
/// # Errors
/// [`Status::Length`] and [`Status::Range`] when sizes do not fit; [`Status::Structure`] when connections come from
/// inputs that there are not; [`Status::NotFinite`] when a feature is NaN or infinite; [`Status::Panic`].
pub fn propagate<T: Feature>(
    layers: &[Layer],
    samples: Samples<T>,
    propagation: Propagation,
    threads: usize,
    work: &mut [u32],
    outputs: &mut [f32],
    magnitudes: &mut [f32],
) -> Outcome {
    let Propagation { order, mean, width, .. } = propagation;
    let (Some(first), Some(last)) = (layers.first(), layers.last()) else { return Err(Status::Length) };
    ensure(width > 0 && width <= MAX_WIDTH && width.is_multiple_of(LANES), Status::Range)?;
    ensure(mean.len() == first.inputs && propagation.scale.len() == first.inputs, Status::Length)?;
    ensure(outputs.len() == order.len() * last.neurons && magnitudes.len() == order.len(), Status::Length)?;
    ensure(layers.iter().all(is_sound), Status::Structure)?;
    let per_slot = workspace_words(layers, width);
    ensure(work.len() >= per_slot, Status::Length)?;
    let tiles = order.len().div_ceil(width);
    let slots = threads.max(1).min(tiles).min(work.len() / per_slot);
    let neighbours: Vec<Vec<u32>> = layers.iter().map(by_sources).collect();
    let run = Run { layers, neighbours: &neighbours, samples, propagation };
    let work = SharedSlice::new(cast_slice_mut::<u32, f32>(work));
    let (outputs, magnitudes) = (SharedSlice::new(outputs), SharedSlice::new(magnitudes));
    let failed = Mutex::new(Ok(()));
    let next = AtomicUsize::new(0);
    run_chunks(slots, slots, &|slot| {
        // SAFETY: each slot has its own part of the work memory.
        let work = unsafe { work.range(slot * per_slot..(slot + 1) * per_slot) };
        loop {
            let tile = next.fetch_add(1, Ordering::Relaxed);
            if tile >= tiles {
                break;
            }
            let range = tile * width..order.len().min((tile + 1) * width);
            // SAFETY: a tile is taken once, and each has its own rows.
            let (rows, sizes) = unsafe {
                let rows = outputs.range(range.start * last.neurons..range.end * last.neurons);
                (rows, magnitudes.range(range.clone()))
            };
            if let Err(status) = run.tile(&order[range], work, rows, sizes) {
                *failed.lock().unwrap() = Err(status);
            }
        }
    })?;
    failed.into_inner().unwrap_or(Err(Status::Panic))
}

/// Whether rows follow one another, and each connection comes from an input that there is.
fn is_sound(layer: &Layer) -> bool {
    layer.incoming_ptr[0] == 0
        && layer.incoming_ptr.is_sorted()
        && layer.source.iter().fold(0, |most, &source| most.max(source)) < layer.inputs as u32
}

/// The neurons of a layer so that those that begin with the same inputs stand together: what they read is then still in
/// the first-level cache, where a layer's neurons share inputs.
fn by_sources(layer: &Layer) -> Vec<u32> {
    let mut neurons: Vec<u32> = (0..layer.neurons as u32).collect();
    neurons.sort_by_key(|&neuron| {
        let range = layer.incoming_ptr[neuron as usize] as usize..layer.incoming_ptr[neuron as usize + 1] as usize;
        let sources = &layer.source[range];
        [sources.first().copied(), sources.get(1).copied()]
    });
    neurons
}

struct Run<'a, T> {
    layers: &'a [Layer<'a>],
    /// The order in which the neurons of each layer are computed.
    neighbours: &'a [Vec<u32>],
    samples: Samples<'a, T>,
    propagation: Propagation<'a>,
}

impl<T: Feature> Run<'_, T> {
    fn tile(&self, order: &[u32], work: &mut [f32], outputs: &mut [f32], magnitudes: &mut [f32]) -> Outcome {
        let Propagation { mean, scale, drop, .. } = self.propagation;
        let half = work.len() / 2;
        let (mut from, mut to) = work.split_at_mut(half);
        let mut vectors = order.len().div_ceil(LANES);
        let width = vectors * LANES;
        gather(self.samples, order, mean, scale, width, 1, &mut from[..mean.len() * width])?;
        magnitudes.fill(0.0);
        // Which sample of the tile each column is.
        let mut columns: [u8; MAX_WIDTH] = std::array::from_fn(|column| column as u8);
        let mut count = order.len();
        let mut sums = [[0.0; LANES]; MAX_VECTORS];
        for (index, (layer, neurons)) in self.layers.iter().zip(self.neighbours).enumerate() {
            sums = [[0.0; LANES]; MAX_VECTORS];
            let asked = (drop || index + 1 == self.layers.len()).then_some(&mut sums);
            match vectors {
                1 => layer_rows::<1>(layer, neurons, from, to, asked),
                2 => layer_rows::<2>(layer, neurons, from, to, asked),
                3 => layer_rows::<3>(layer, neurons, from, to, asked),
                4 => layer_rows::<4>(layer, neurons, from, to, asked),
                5 => layer_rows::<5>(layer, neurons, from, to, asked),
                6 => layer_rows::<6>(layer, neurons, from, to, asked),
                7 => layer_rows::<7>(layer, neurons, from, to, asked),
                _ => layer_rows::<8>(layer, neurons, from, to, asked),
            }
            std::mem::swap(&mut from, &mut to);
            if !drop {
                continue;
            }
            let mut kept = [0; MAX_WIDTH];
            let mut left = 0;
            for column in (0..count).filter(|&column| sums.as_flattened()[column] != 0.0) {
                kept[left] = column;
                left += 1;
            }
            if left == 0 {
                return Ok(());
            }
            if left.div_ceil(LANES) < vectors {
                let narrower = left.div_ceil(LANES);
                narrow(from, layer.neurons, vectors * LANES, narrower * LANES, &kept[..left]);
                for (place, &column) in kept[..left].iter().enumerate() {
                    columns[place] = columns[column];
                    sums.as_flattened_mut()[place] = sums.as_flattened()[column];
                }
                (vectors, count) = (narrower, left);
            }
        }
        for (&column, &sum) in columns[..count].iter().zip(sums.as_flattened()) {
            magnitudes[column as usize] = sum;
        }
        let columns = &columns[..count];
        let neurons = outputs.len() / order.len();
        let sums = sums.as_flattened();
        dispatch(Columns { from: cast_slice(from), neurons, vectors, columns, sums, drop, outputs });
        Ok(())
    }
}

fn layer_rows<const R: usize>(
    layer: &Layer,
    neurons: &[u32],
    from: &[f32],
    to: &mut [f32],
    sums: Option<&mut [Block; MAX_VECTORS]>,
) {
    let input = cast_slice::<f32, Block>(&from[..layer.inputs * R * LANES]).as_chunks().0;
    let output = cast_slice_mut::<f32, Block>(&mut to[..layer.neurons * R * LANES]).as_chunks_mut().0;
    dispatch(Rows::<R> { layer, neurons, input, output, sums });
}

/// Keeps some columns of a tile, in ascending order, and fills the rest of its new width with zeros.
fn narrow(tile: &mut [f32], rows: usize, width: usize, narrower: usize, kept: &[usize]) {
    for row in 0..rows {
        // A column moves forward, never past one that is still to be read.
        for (place, &column) in kept.iter().enumerate() {
            tile[row * narrower + place] = tile[row * width + column];
        }
        tile[row * narrower + kept.len()..(row + 1) * narrower].fill(0.0);
    }
}

/// One layer of a tile of `R` vectors of samples.
struct Rows<'a, const R: usize> {
    layer: &'a Layer<'a>,
    neurons: &'a [u32],
    input: &'a [[Block; R]],
    output: &'a mut [[Block; R]],
    /// The sum of magnitudes of each sample, which grows; absent where nobody asks.
    sums: Option<&'a mut [Block; MAX_VECTORS]>,
}

impl<const R: usize> Kernel for Rows<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(mut self, lanes: L) {
        let minus = lanes.splat(-1.0);
        for neuron in self.neurons.iter().map(|&neuron| neuron as usize) {
            let output = &mut self.output[neuron];
            let activations = self.layer.activations(lanes, neuron, self.input);
            for r in 0..R {
                lanes.store(activations[r], &mut output[r]);
            }
            if let Some(sums) = &mut self.sums {
                for r in 0..R {
                    let value = activations[r];
                    let magnitude = lanes.select(lanes.positive(value), value, lanes.mul(value, minus));
                    lanes.store(lanes.add(lanes.load(&sums[r]), magnitude), &mut sums[r]);
                }
            }
        }
    }
}

/// Columns of a tile, `[neurons][vectors]`, become rows of samples.
struct Columns<'a> {
    from: &'a [Block],
    neurons: usize,
    vectors: usize,
    /// Which row of the outputs each column is.
    columns: &'a [u8],
    /// Sum of magnitudes of each column.
    sums: &'a [f32],
    /// Whether those of zero are left out.
    drop: bool,
    outputs: &'a mut [f32],
}

impl Kernel for Columns<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Columns { from, neurons, vectors, columns, sums, drop, outputs } = self;
        for (vector, columns) in columns.chunks(LANES).enumerate() {
            for first in (0..neurons).step_by(LANES) {
                let count = (neurons - first).min(LANES);
                let mut square = [[0.0; LANES]; LANES];
                for (row, block) in square[..count].iter_mut().enumerate() {
                    *block = from[(first + row) * vectors + vector];
                }
                lanes.transpose(&mut square);
                for (lane, &column) in columns.iter().enumerate() {
                    if !drop || sums[vector * LANES + lane] != 0.0 {
                        let start = column as usize * neurons + first;
                        outputs[start..start + count].copy_from_slice(&square[lane][..count]);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;

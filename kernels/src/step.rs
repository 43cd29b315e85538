//! One training step, or one evaluation, of a whole network: tiles of the batch pass through all layers and back.
//!
//! A batch of B samples is cut into tiles of `width` samples (a multiple of 16, at most 128), so that the activations
//! of a tile stay in the cache. Per tile: forward layer by layer, the loss, backward layer by layer with the update
//! fused in. Layers are the phases of [`run_phases`], ranges of rows their chunks.

use std::ops::Range;

use bytemuck::{cast_slice, cast_slice_mut};

use crate::activation::Dropout;
use crate::backward::{Backward, Below, Group};
use crate::forward::Forward;
use crate::layer::{Gradients, Layer, Sections, shapes};
use crate::loss::{Total, Truth, loss};
use crate::optimizer::{Momentum, Update};
use crate::pool::{chunk_count, rows_of_chunk, run_phases};
use crate::random::{Purpose, key};
use crate::shared::SharedSlice;
use crate::simd::{Block, Kernel, LANES, Lanes, dispatch};
use crate::status::{Outcome, Status, ensure};

/// The widest tile, in samples.
pub const MAX_WIDTH: usize = 128;
/// Vector operations a chunk should do: about 15 µs.
const GRAIN: usize = 20_000;
/// What a row costs beside its connections, in connections.
const ROW_COST: usize = 2;

/// Sizes of a batch.
#[derive(Clone, Copy)]
pub struct Batch<'a> {
    /// Features of the batch as tiles, `[tiles][features][width]`.
    pub input: &'a [f32],
    /// What it should give.
    pub truth: Truth<'a>,
    /// Number of samples.
    pub samples: usize,
    /// Samples a tile.
    pub width: usize,
}

/// What a training step does beside the forward pass.
#[derive(Clone, Copy)]
pub struct Training {
    /// The optimizer's settings.
    pub momentum: Momentum,
    /// Fraction of the hidden units dropped.
    pub dropout: f32,
    /// Seed of dropout.
    pub seed: u64,
    /// Number of this step, for dropout.
    pub step: u64,
}

/// Activations and what the backward pass needs of one layer.
struct Trace<'a> {
    output: SharedSlice<'a, Block>,
    signs: SharedSlice<'a, u16>,
    kept: SharedSlice<'a, u16>,
    sums: SharedSlice<'a, Block>,
}

/// Words of work memory for tiles of `width` samples: all activations when training, two layers' when not.
///
/// # Errors
/// As [`crate::layer::layers`].
pub fn workspace_words(
    layout: &[u32],
    slopes: &[f32],
    width: usize,
    training: bool,
    dropout: bool,
) -> Result<usize, Status> {
    let shapes = shapes(layout, slopes)?;
    let padded = |len: usize| len.next_multiple_of(LANES);
    let largest = shapes.iter().map(|shape| shape.neurons).max().unwrap_or(0) * width;
    if !training {
        return Ok(2 * padded(largest));
    }
    let bits = |neurons: usize| padded((neurons * (width / LANES)).div_ceil(2));
    let traces: usize = shapes
        .iter()
        .enumerate()
        .map(|(index, shape)| {
            let hidden = index + 1 < shapes.len();
            padded(shape.neurons * width)
                + if shape.activation.keeps_signs() { bits(shape.neurons) } else { 0 }
                + if dropout && hidden { bits(shape.neurons) } else { 0 }
                + if shape.activation.keeps_sums() { padded(shape.neurons * width) } else { 0 }
        })
        .sum();
    Ok(traces + 2 * padded(largest))
}

fn traces<'a>(
    layers: &[Layer],
    width: usize,
    dropout: bool,
    work: &mut Sections<'a>,
) -> Result<Vec<Trace<'a>>, Status> {
    let blocks = |len: usize, work: &mut Sections<'a>| -> Result<SharedSlice<'a, Block>, Status> {
        Ok(SharedSlice::new(cast_slice_mut(work.floats(len)?)))
    };
    let bits = |len: usize, work: &mut Sections<'a>| -> Result<SharedSlice<'a, u16>, Status> {
        let words = work.words(len.div_ceil(2))?;
        Ok(SharedSlice::new(&mut cast_slice_mut(words)[..len]))
    };
    let vectors = width / LANES;
    let mut traces = Vec::with_capacity(layers.len());
    for (index, layer) in layers.iter().enumerate() {
        let hidden = index + 1 < layers.len();
        traces.push(Trace {
            output: blocks(layer.neurons * width, work)?,
            signs: bits(if layer.activation.keeps_signs() { layer.neurons * vectors } else { 0 }, work)?,
            kept: bits(if dropout && hidden { layer.neurons * vectors } else { 0 }, work)?,
            sums: blocks(if layer.activation.keeps_sums() { layer.neurons * width } else { 0 }, work)?,
        });
    }
    Ok(traces)
}

fn check(layers: &[Layer], batch: Batch) -> Outcome {
    let Batch { input, truth, samples, width } = batch;
    ensure(width > 0 && width <= MAX_WIDTH && width.is_multiple_of(LANES) && samples > 0, Status::Range)?;
    let (Some(first), Some(last)) = (layers.first(), layers.last()) else { return Err(Status::Length) };
    ensure(input.len() == samples.div_ceil(width) * first.inputs * width, Status::Length)?;
    ensure(last.activation == crate::activation::Activation::Identity, Status::Range)?;
    match truth {
        Truth::Classes(classes) => {
            ensure(classes.len() == samples, Status::Length)?;
            ensure(classes.iter().all(|&class| (class as usize) < last.neurons), Status::Range)
        }
        Truth::Values(values) => ensure(values.len() == samples * last.neurons, Status::Length),
    }
}

fn chunks(layer: &Layer, rows: usize, vectors: usize) -> usize {
    chunk_count((layer.nnz + ROW_COST * rows) * vectors, GRAIN)
}

/// Does one training step on a batch: the fused update, or gradients where `gradients` is given.
///
/// `work` has at least [`workspace_words`] words. Returns the loss and hits before the step, with dropout in force.
///
/// # Errors
/// [`Status::Length`] and [`Status::Range`] when sizes do not fit, also for Nesterov's form with several tiles (which
/// needs the whole gradient: write it, then apply it); [`Status::Panic`].
pub fn train(
    layers: &[Layer],
    gradients: Option<&[Gradients]>,
    batch: Batch,
    training: Training,
    threads: usize,
    work: &mut [u32],
) -> Result<Total, Status> {
    check(layers, batch)?;
    let tiles = batch.samples.div_ceil(batch.width);
    let fused = gradients.is_none();
    ensure((0.0..1.0).contains(&training.dropout), Status::Range)?;
    ensure(!(fused && training.momentum.nesterov && tiles > 1), Status::Range)?;
    let dropped = training.dropout > 0.0;
    let mut sections = Sections::new(work);
    let traces = traces(layers, batch.width, dropped, &mut sections)?;
    let largest = layers.iter().map(|layer| layer.neurons).max().unwrap_or(0) * batch.width;
    let mut delta =
        || -> Result<SharedSlice<Block>, Status> { Ok(SharedSlice::new(cast_slice_mut(sections.floats(largest)?))) };
    let deltas = [delta()?, delta()?];

    // Threshold and scale agree exactly: the rate in force is a whole number of 65536ths.
    let threshold = (training.dropout * 65_536.0).round().min(65_535.0) as u16;
    let dropouts: Vec<Option<Dropout>> = (0..layers.len())
        .map(|index| {
            let key = key(training.seed, Purpose::Dropout, &[training.step, index as u64]);
            (dropped && index + 1 < layers.len()).then_some(Dropout {
                keys: [key as u32, (key >> 32) as u32],
                threshold,
                scale: (65_536.0 / (65_536.0 - f64::from(threshold))) as f32,
                words: batch.samples.div_ceil(2 * LANES) as u32 * LANES as u32,
            })
        })
        .collect();

    let backward = Some(Descent { gradients, training, deltas });
    Step { layers, traces: &traces, dropouts: &dropouts, batch, backward, probabilities: false }.run(threads)
}

/// Runs a batch forward without dropout and keeps nothing but two layers' activations.
///
/// `work` has at least [`workspace_words`] words. With a non-empty `outputs` (`[samples][outputs]`, overwritten) also writes the
/// probabilities (classes) or the outputs (values) of each sample.
///
/// # Errors
/// As [`train`].
pub fn evaluate(
    layers: &[Layer],
    batch: Batch,
    threads: usize,
    work: &mut [u32],
    outputs: &mut [f32],
) -> Result<Total, Status> {
    check(layers, batch)?;
    let count = layers[layers.len() - 1].neurons;
    ensure(outputs.is_empty() || outputs.len() == batch.samples * count, Status::Length)?;
    let mut sections = Sections::new(work);
    let largest = layers.iter().map(|layer| layer.neurons).max().unwrap_or(0) * batch.width;
    let mut buffer =
        || -> Result<SharedSlice<Block>, Status> { Ok(SharedSlice::new(cast_slice_mut(sections.floats(largest)?))) };
    let buffers = [buffer()?, buffer()?];
    let traces: Vec<Trace> = (0..layers.len())
        .map(|index| Trace {
            output: buffers[index % 2],
            signs: SharedSlice::new(&mut []),
            kept: SharedSlice::new(&mut []),
            sums: SharedSlice::new(&mut []),
        })
        .collect();
    let dropouts = vec![None; layers.len()];
    let mut total = Total::default();
    let tile_words = layers[0].inputs * batch.width;
    for (tile, input) in batch.input.chunks(tile_words).enumerate() {
        let samples = tile * batch.width..batch.samples.min((tile + 1) * batch.width);
        let truth = match batch.truth {
            Truth::Classes(classes) => Truth::Classes(&classes[samples.clone()]),
            Truth::Values(values) => Truth::Values(&values[samples.start * count..samples.end * count]),
        };
        let part = Batch { input, truth, samples: samples.len(), width: batch.width };
        let probabilities = !outputs.is_empty();
        let step = Step { layers, traces: &traces, dropouts: &dropouts, batch: part, backward: None, probabilities };
        let sum = step.run(threads)?;
        total.loss += sum.loss;
        total.correct += sum.correct;
        if probabilities {
            // SAFETY: the step has ended; nobody writes.
            let columns: &[f32] = cast_slice(unsafe { traces[layers.len() - 1].output.read() });
            for (row, sample) in outputs[samples.start * count..samples.end * count].chunks_mut(count).zip(0..) {
                for (output, slot) in row.iter_mut().enumerate() {
                    *slot = columns[output * batch.width + sample];
                }
            }
        }
    }
    Ok(total)
}

/// The way back of a step.
struct Descent<'a> {
    gradients: Option<&'a [Gradients<'a>]>,
    training: Training,
    /// Gradients with respect to the sums of hidden layers, even and odd ones.
    deltas: [SharedSlice<'a, Block>; 2],
}

struct Step<'a> {
    layers: &'a [Layer<'a>],
    traces: &'a [Trace<'a>],
    dropouts: &'a [Option<Dropout>],
    batch: Batch<'a>,
    backward: Option<Descent<'a>>,
    probabilities: bool,
}

impl Step<'_> {
    fn run(&self, threads: usize) -> Result<Total, Status> {
        match self.batch.width / LANES {
            1 => self.phases::<1>(threads),
            2 => self.phases::<2>(threads),
            3 => self.phases::<3>(threads),
            4 => self.phases::<4>(threads),
            5 => self.phases::<5>(threads),
            6 => self.phases::<6>(threads),
            7 => self.phases::<7>(threads),
            _ => self.phases::<8>(threads),
        }
    }

    fn phases<const R: usize>(&self, threads: usize) -> Result<Total, Status> {
        let tiles = self.batch.samples.div_ceil(self.batch.width);
        let depth = self.layers.len();
        let forward = self.layers.iter().map(|layer| chunks(layer, layer.neurons, R));
        let mut counts: Vec<usize> = forward.chain([1]).collect();
        if self.backward.is_some() {
            counts.extend(self.layers.iter().rev().map(|layer| chunks(layer, layer.inputs, R)));
        }
        let counts = counts.repeat(tiles);
        let per_tile = counts.len() / tiles;
        let mut totals = vec![Total::default(); tiles];
        let shared = SharedSlice::new(&mut totals);
        run_phases(threads, &counts, &|phase, chunk| {
            let (tile, stage) = (phase / per_tile, phase % per_tile);
            if stage < depth {
                self.forward::<R>(tile, stage, chunk, counts[phase]);
            } else if stage == depth {
                // SAFETY: one chunk in the phase, one element a tile.
                let slot = unsafe { shared.range(tile..tile + 1) };
                slot[0] = self.loss::<R>(tile);
            } else {
                self.backward::<R>(tile, 2 * depth - stage, chunk, counts[phase]);
            }
        })?;
        Ok(totals.iter().fold(Total::default(), |sum, total| Total {
            loss: sum.loss + total.loss,
            correct: sum.correct + total.correct,
        }))
    }

    /// What enters layer `index`: the tile of the batch, or the activations of the layer below.
    fn input<const R: usize>(&self, tile: usize, index: usize) -> &[[Block; R]] {
        let blocks = if index == 0 {
            let len = self.layers[0].inputs * self.batch.width;
            cast_slice(&self.batch.input[tile * len..(tile + 1) * len])
        } else {
            // SAFETY: activations of a layer are written in its own forward phase only.
            unsafe { self.traces[index - 1].output.read() }
        };
        blocks.as_chunks().0
    }

    fn forward<const R: usize>(&self, tile: usize, index: usize, chunk: usize, chunks: usize) {
        let (layer, trace) = (&self.layers[index], &self.traces[index]);
        let rows = rows_of_chunk(layer.incoming_ptr, chunks, chunk);
        // SAFETY: parameters are read in forward phases; each chunk writes the rows of its own neurons.
        let forward = unsafe {
            Forward::<R> {
                rows: rows.clone(),
                incoming_ptr: layer.incoming_ptr,
                source: layer.source,
                position: layer.position,
                values: layer.values.read(),
                bias: layer.bias.read(),
                activation: layer.activation,
                shape: layer.shape.read(),
                dropout: self.dropouts[index],
                first_vector: tile * R,
                input: self.input(tile, index),
                output: rows_of(&trace.output, &rows),
                signs: rows_of(&trace.signs, &rows),
                kept: rows_of(&trace.kept, &rows),
                sums: rows_of(&trace.sums, &rows),
            }
        };
        dispatch(forward);
    }

    fn loss<const R: usize>(&self, tile: usize) -> Total {
        let last = self.layers.len() - 1;
        let Batch { truth, samples, width, .. } = self.batch;
        let neurons = self.layers[last].neurons;
        // SAFETY: the only chunk of its phase.
        let outputs = unsafe { self.traces[last].output.range(0..neurons * R) };
        let total = loss(outputs, R, truth, tile * width, samples, self.probabilities);
        if let Some(descent) = &self.backward {
            let update = descent.update(tile, samples.div_ceil(width));
            // SAFETY: the only chunk of its phase.
            let (bias, state) = unsafe {
                let state = descent.state(last, |g| &g.bias, &self.layers[last].bias_velocity);
                (self.layers[last].bias.range(0..neurons), state.range(0..neurons))
            };
            dispatch(OutputBias::<R> { delta: outputs.as_chunks().0, update, bias, state });
        }
        total
    }

    fn backward<const R: usize>(&self, tile: usize, index: usize, chunk: usize, chunks: usize) {
        let Some(descent) = &self.backward else { return };
        let layer = &self.layers[index];
        let rows = rows_of_chunk(layer.indptr, chunks, chunk);
        let places = layer.indptr[rows.start] as usize..layer.indptr[rows.end] as usize;
        let delta = if index + 1 < self.layers.len() { &descent.deltas[index % 2] } else { &self.traces[index].output };
        // SAFETY: each chunk writes the weights and velocities of its own rows, and what belongs to the neurons
        // below that are its rows; the delta of this layer was finished in the phase before.
        let backward = unsafe {
            let below = index.checked_sub(1).map(|index| {
                let (layer, trace) = (&self.layers[index], &self.traces[index]);
                let count = layer.activation.shape_parameters();
                let shapes = rows.start * count..rows.end * count;
                Below::<R> {
                    activation: layer.activation,
                    dropout: self.dropouts[index],
                    signs: rows_of(&trace.signs, &rows),
                    kept: rows_of(&trace.kept, &rows),
                    sums: rows_of(&trace.sums, &rows),
                    shape: layer.shape.range(shapes.clone()),
                    shape_state: descent.state(index, |g| &g.shape, &layer.shape_velocity).range(shapes),
                    delta: rows_of(&descent.deltas[index % 2], &rows),
                    bias: layer.bias.range(rows.clone()),
                    bias_state: descent.state(index, |g| &g.bias, &layer.bias_velocity).range(rows.clone()),
                }
            });
            Backward::<R> {
                rows: rows.clone(),
                indptr: layer.indptr,
                indices: layer.indices,
                values: layer.values.range(places.clone()),
                state: descent.state(index, |g| &g.values, &layer.velocity).range(places),
                update: descent.update(tile, self.batch.samples.div_ceil(self.batch.width)),
                input: self.input(tile, index),
                delta: delta.read().as_chunks().0,
                below,
            }
        };
        dispatch(backward);
    }
}

impl<'a> Descent<'a> {
    fn update(&self, tile: usize, tiles: usize) -> Update {
        let first = tile == 0;
        match self.gradients {
            Some(_) => Update::Written { first },
            None => Update::Fused { step: self.training.momentum, first, last: tile + 1 == tiles },
        }
    }

    /// The velocity of some parameters, or the place where their gradients are written.
    fn state<'s>(
        &'s self,
        index: usize,
        part: impl Fn(&'s Gradients<'a>) -> &'s SharedSlice<'a, f32>,
        velocity: &'s SharedSlice<'a, f32>,
    ) -> &'s SharedSlice<'a, f32> {
        self.gradients.map_or(velocity, |gradients| part(&gradients[index]))
    }
}

/// The rows of a buffer with `R` elements a row; none of an empty buffer.
///
/// # Safety
/// As [`SharedSlice::range`].
#[allow(clippy::mut_from_ref)]
unsafe fn rows_of<'s, T, const R: usize>(slice: &'s SharedSlice<T>, rows: &Range<usize>) -> &'s mut [[T; R]] {
    if slice.is_empty() {
        return &mut [];
    }
    // SAFETY: promised by the caller.
    unsafe { slice.range(rows.start * R..rows.end * R) }.as_chunks_mut().0
}

/// Updates the biases of the output layer from its delta.
struct OutputBias<'a, const R: usize> {
    delta: &'a [[Block; R]],
    update: Update,
    bias: &'a mut [f32],
    state: &'a mut [f32],
}

impl<const R: usize> Kernel for OutputBias<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let mut group = Group::new();
        for delta in self.delta {
            let sum = delta.iter().fold(lanes.splat(0.0), |sum, block| lanes.add(sum, lanes.load(block)));
            lanes.store(sum, &mut group.room(1)[0]);
            group.add(lanes, 1, self.update, self.bias, self.state);
        }
        group.flush(lanes, self.update, self.bias, self.state);
    }
}

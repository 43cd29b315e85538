//! One training step, or one evaluation, of a whole network: tiles of the batch pass through all layers and back.
//!
//! A batch of B samples is cut into tiles of `width` samples (a multiple of 16, at most 128), so that the activations
//! of a tile stay in the cache. Per tile: forward layer by layer, the loss, backward layer by layer with the update
//! fused in. Layers are the phases of [`run_phases`], ranges of rows their chunks.

use std::ops::Range;

use bytemuck::cast_slice;

use crate::activation::Dropout;
use crate::backward::{Backward, Below, Group};
use crate::cell::{Cell, Row};
use crate::forward::Forward;
use crate::layer::{Gradients, Layer};
use crate::loss::{Total, Truth, loss};
use crate::optimizer::{Momentum, Update};
use crate::pool::{chunk_count, rows_of_chunk, run_phases};
use crate::random::{Purpose, key};
use crate::shared::SharedSlice;
use crate::simd::{Block, Kernel, LANES, Lanes, dispatch};
use crate::status::{Outcome, Status, ensure};
use crate::workspace::{Keeping, Trace, evaluation_traces, training_traces};

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
    /// How activations are kept.
    pub keeping: Keeping,
}

fn check(layers: &[Layer], batch: Batch, half: bool) -> Outcome {
    let Batch { input, truth, samples, width } = batch;
    ensure(!half || (width / LANES).is_power_of_two(), Status::Range)?;
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
/// `work` has at least [`workspace_words`](crate::workspace::workspace_words) words. Returns the loss and hits before the step, with dropout in force.
///
/// # Errors
/// [`Status::Length`] and [`Status::Range`] when sizes do not fit, also for Nesterov's form with several tiles (which
/// needs the whole gradient: write it, then apply it), or for tiles of bfloat16 whose width is not 16 times a power of
/// two; [`Status::Panic`].
pub fn train(
    layers: &[Layer],
    gradients: Option<&[Gradients]>,
    batch: Batch,
    training: Training,
    threads: usize,
    work: &mut [u32],
) -> Result<Total, Status> {
    check(layers, batch, training.keeping.half)?;
    let tiles = batch.samples.div_ceil(batch.width);
    let fused = gradients.is_none();
    ensure((0.0..1.0).contains(&training.dropout), Status::Range)?;
    ensure(!(fused && training.momentum.nesterov && tiles > 1), Status::Range)?;
    if training.keeping.half {
        train_in::<u16>(layers, gradients, batch, training, threads, work)
    } else {
        train_in::<f32>(layers, gradients, batch, training, threads, work)
    }
}

fn train_in<C: Tiles>(
    layers: &[Layer],
    gradients: Option<&[Gradients]>,
    batch: Batch,
    training: Training,
    threads: usize,
    work: &mut [u32],
) -> Result<Total, Status> {
    let dropped = training.dropout > 0.0;
    let (traces, outputs) = training_traces::<C>(layers, batch.width, dropped, training.keeping, work)?;
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

    let backward = Some(Descent { gradients, training });
    C::run(
        &Step { layers, traces: &traces, outputs, dropouts: &dropouts, batch, backward, probabilities: false },
        threads,
    )
}

/// Runs a batch forward without dropout and keeps nothing but two layers' activations.
///
/// `work` has at least [`workspace_words`](crate::workspace::workspace_words) words. With a non-empty `outputs` (`[samples][outputs]`, overwritten) also writes the
/// probabilities (classes) or the outputs (values) of each sample.
///
/// # Errors
/// As [`train`].
pub fn evaluate(
    layers: &[Layer],
    batch: Batch,
    half: bool,
    threads: usize,
    work: &mut [u32],
    outputs: &mut [f32],
) -> Result<Total, Status> {
    check(layers, batch, half)?;
    let count = layers[layers.len() - 1].neurons;
    ensure(outputs.is_empty() || outputs.len() == batch.samples * count, Status::Length)?;
    if half {
        evaluate_in::<u16>(layers, batch, threads, work, outputs)
    } else {
        evaluate_in::<f32>(layers, batch, threads, work, outputs)
    }
}

fn evaluate_in<C: Tiles>(
    layers: &[Layer],
    batch: Batch,
    threads: usize,
    work: &mut [u32],
    outputs: &mut [f32],
) -> Result<Total, Status> {
    let count = layers[layers.len() - 1].neurons;
    let (traces, last) = evaluation_traces::<C>(layers, batch.width, work)?;
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
        let dropouts = &dropouts;
        let step =
            Step { layers, traces: &traces, outputs: last, dropouts, batch: part, backward: None, probabilities };
        let sum = C::run(&step, threads)?;
        total.loss += sum.loss;
        total.correct += sum.correct;
        if probabilities {
            // SAFETY: the step has ended; nobody writes.
            let columns: &[f32] = cast_slice(unsafe { last.read() });
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
}

struct Step<'a, C> {
    layers: &'a [Layer<'a>],
    traces: &'a [Trace<'a, C>],
    /// Activations of the output layer, then their deltas; always f32.
    outputs: SharedSlice<'a, Block>,
    dropouts: &'a [Option<Dropout>],
    batch: Batch<'a>,
    backward: Option<Descent<'a>>,
    probabilities: bool,
}

/// One phase of a tile.
#[derive(Clone, Copy)]
enum Stage {
    Forward(usize),
    Loss,
    Backward(usize),
}

/// Cells with the widths of tiles they come in.
trait Tiles: Cell {
    fn run(step: &Step<Self>, threads: usize) -> Result<Total, Status>;
}

impl Tiles for f32 {
    fn run(step: &Step<Self>, threads: usize) -> Result<Total, Status> {
        match step.batch.width / LANES {
            1 => step.phases::<1>(threads),
            2 => step.phases::<2>(threads),
            3 => step.phases::<3>(threads),
            4 => step.phases::<4>(threads),
            5 => step.phases::<5>(threads),
            6 => step.phases::<6>(threads),
            7 => step.phases::<7>(threads),
            _ => step.phases::<8>(threads),
        }
    }
}

impl Tiles for u16 {
    fn run(step: &Step<Self>, threads: usize) -> Result<Total, Status> {
        match step.batch.width / LANES {
            1 => step.phases::<1>(threads),
            2 => step.phases::<2>(threads),
            4 => step.phases::<4>(threads),
            _ => step.phases::<8>(threads),
        }
    }
}

impl<C: Cell> Step<'_, C> {
    /// The phases of one tile: forward, loss, and backward with the layers that must be computed again.
    fn stages(&self) -> Vec<Stage> {
        let depth = self.layers.len();
        let mut stages: Vec<Stage> = (0..depth).map(Stage::Forward).chain([Stage::Loss]).collect();
        if let Some(descent) = &self.backward {
            for index in (0..depth).rev() {
                if index > 0 && descent.training.keeping.recomputes(index - 1, depth - 1) {
                    stages.push(Stage::Forward(index - 1));
                }
                stages.push(Stage::Backward(index));
            }
        }
        stages
    }

    fn phases<const R: usize>(&self, threads: usize) -> Result<Total, Status> {
        let tiles = self.batch.samples.div_ceil(self.batch.width);
        let stages = self.stages();
        let count = |stage: &Stage| match *stage {
            Stage::Forward(index) => chunks(&self.layers[index], self.layers[index].neurons, R),
            Stage::Loss => 1,
            Stage::Backward(index) => chunks(&self.layers[index], self.layers[index].inputs, R),
        };
        let counts = stages.iter().map(count).collect::<Vec<usize>>().repeat(tiles);
        let mut totals = vec![Total::default(); tiles];
        let shared = SharedSlice::new(&mut totals);
        run_phases(threads, &counts, &|phase, chunk| {
            let tile = phase / stages.len();
            match stages[phase % stages.len()] {
                Stage::Forward(index) => self.forward::<R>(tile, index, chunk, counts[phase]),
                Stage::Loss => {
                    // SAFETY: one chunk in the phase, one element a tile.
                    let slot = unsafe { shared.range(tile..tile + 1) };
                    slot[0] = self.loss::<R>(tile);
                }
                Stage::Backward(index) => self.backward::<R>(tile, index, chunk, counts[phase]),
            }
        })?;
        Ok(totals.iter().fold(Total::default(), |sum, total| Total {
            loss: sum.loss + total.loss,
            correct: sum.correct + total.correct,
        }))
    }

    /// The features of a tile.
    fn features<const R: usize>(&self, tile: usize) -> &[Row<f32, R>] {
        let len = self.layers[0].inputs * self.batch.width;
        let blocks: &[Block] = cast_slice(&self.batch.input[tile * len..(tile + 1) * len]);
        blocks.as_chunks().0
    }

    fn forward<const R: usize>(&self, tile: usize, index: usize, chunk: usize, chunks: usize) {
        let rows = rows_of_chunk(self.layers[index].incoming_ptr, chunks, chunk);
        let output = &self.traces[index].output;
        // SAFETY: activations of a layer are written in its own forward phases and the backward phase of the layer above,
        // never in the forward phase of the layer above.
        let below = || unsafe { self.traces[index - 1].output.read() }.as_chunks().0;
        match (index == 0, index + 1 == self.layers.len()) {
            (true, true) => self.forward_rows::<R, f32, f32>(tile, index, rows, self.features(tile), &self.outputs),
            (true, false) => self.forward_rows::<R, f32, C>(tile, index, rows, self.features(tile), output),
            (false, true) => self.forward_rows::<R, C, f32>(tile, index, rows, below(), &self.outputs),
            (false, false) => self.forward_rows::<R, C, C>(tile, index, rows, below(), output),
        }
    }

    fn forward_rows<const R: usize, I: Cell, O: Cell>(
        &self,
        tile: usize,
        index: usize,
        rows: Range<usize>,
        input: &[Row<I, R>],
        output: &SharedSlice<[O; LANES]>,
    ) {
        let (layer, trace) = (&self.layers[index], &self.traces[index]);
        // SAFETY: parameters are read in forward phases; each chunk writes the rows of its own neurons.
        let forward = unsafe {
            Forward::<R, I, O> {
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
                input,
                output: rows_of(output, &rows),
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
        let outputs = unsafe { self.outputs.range(0..neurons * R) };
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
        let rows = rows_of_chunk(self.layers[index].indptr, chunks, chunk);
        // SAFETY: the delta of a layer is finished in the phase before and read in this one.
        let (deltas, last) = unsafe { (self.traces[index].output.read(), self.outputs.read()) };
        let (deltas, last) = (deltas.as_chunks().0, last.as_chunks().0);
        let input = || &self.features(tile)[rows.clone()];
        let below = || self.below::<R>(descent, index - 1, &rows);
        match (index == 0, index + 1 == self.layers.len()) {
            (true, true) => self.sweep::<R, f32, f32>(descent, tile, index, &rows, input(), last, None),
            (true, false) => self.sweep::<R, f32, C>(descent, tile, index, &rows, input(), deltas, None),
            (false, true) => self.sweep::<R, C, f32>(descent, tile, index, &rows, &[], last, Some(below())),
            (false, false) => self.sweep::<R, C, C>(descent, tile, index, &rows, &[], deltas, Some(below())),
        }
    }

    /// What belongs to rows of hidden layer `index`, to write in the backward phase of the layer above.
    fn below<'s, const R: usize>(&'s self, descent: &'s Descent, index: usize, rows: &Range<usize>) -> Below<'s, R, C> {
        let (layer, trace) = (&self.layers[index], &self.traces[index]);
        let count = layer.activation.shape_parameters();
        let shapes = rows.start * count..rows.end * count;
        // SAFETY: each chunk writes what belongs to the neurons below that are its rows.
        unsafe {
            Below::<R, C> {
                activation: layer.activation,
                dropout: self.dropouts[index],
                signs: rows_of(&trace.signs, rows),
                kept: rows_of(&trace.kept, rows),
                sums: rows_of(&trace.sums, rows),
                shape: layer.shape.range(shapes.clone()),
                shape_state: descent.state(index, |g| &g.shape, &layer.shape_velocity).range(shapes),
                delta: rows_of(&trace.output, rows),
                bias: layer.bias.range(rows.clone()),
                bias_state: descent.state(index, |g| &g.bias, &layer.bias_velocity).range(rows.clone()),
            }
        }
    }

    fn sweep<const R: usize, I: Cell, D: Cell>(
        &self,
        descent: &Descent,
        tile: usize,
        index: usize,
        rows: &Range<usize>,
        input: &[Row<I, R>],
        delta: &[Row<D, R>],
        below: Option<Below<R, I>>,
    ) {
        let layer = &self.layers[index];
        let places = layer.indptr[rows.start] as usize..layer.indptr[rows.end] as usize;
        // SAFETY: each chunk writes the weights and velocities of its own rows.
        let (values, state) = unsafe {
            let state = descent.state(index, |g| &g.values, &layer.velocity);
            (layer.values.range(places.clone()), state.range(places))
        };
        dispatch(Backward::<R, I, D> {
            rows: rows.clone(),
            indptr: layer.indptr,
            indices: layer.indices,
            values,
            state,
            update: descent.update(tile, self.batch.samples.div_ceil(self.batch.width)),
            input,
            delta,
            below,
        });
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

//! The tiles of a batch through all layers, and back: the kernels of the layers as phases of [`run_phases`].
//!
//! Which rows and buffers a chunk of a phase reads and writes is decided here, so this page promises that no two
//! chunks of a phase write the same place; and in `asked`, for the phase of a probe.

mod asked;

use std::ops::Range;

use bytemuck::cast_slice;

use crate::base::pool::{rows_of_chunk, run_phases};
use crate::base::shared::SharedSlice;
use crate::base::simd::{Block, LANES, dispatch};
use crate::base::status::Status;
use crate::network::activation::{Activation, Dropout};
use crate::network::backward::{Backward, Below};
use crate::network::batch::{Batch, BatchRun};
use crate::network::forward::Forward;
use crate::network::gradient_sum::parts_of;
use crate::network::gradient_target::{GradientTarget, OutputBias};
use crate::network::learned_slope::SlopeStep;
use crate::network::loss::{Total, loss};
use crate::network::output_gradient::take_gradient;
use crate::network::stage::Stage;
use crate::network::storage::{Cell, Row};
use crate::network::update::StateSlices;
use crate::network::workspace::Trace;

pub(crate) use asked::Asked;

/// The tiles of one batch, with all they read and write.
pub(crate) struct Pass<'a, C> {
    pub(crate) run: BatchRun<'a>,
    /// Activations of the hidden layers, then their deltas.
    pub(crate) traces: &'a [Trace<'a, C>],
    /// Activations of the output layer, then their deltas; always f32.
    pub(crate) outputs: SharedSlice<'a, Block>,
    /// Dropout of each layer.
    pub(crate) dropouts: &'a [Option<Dropout>],
    /// The phases of each tile.
    pub(crate) stages: &'a [Stage],
    /// The way back, in training.
    pub(crate) target: Option<GradientTarget<'a>>,
    /// What is asked of each layer on the way back, where a phase does.
    pub(crate) probe: Option<Asked<'a>>,
    /// Whether the outputs shall become probabilities.
    pub(crate) probabilities: bool,
    /// Loss and hits of the samples before these.
    pub(crate) before: Total,
    /// Gradient of the outputs, `[samples][outputs]`, where it is given instead of that of the loss.
    pub(crate) output_gradient: Option<&'a [f32]>,
    /// Where the gradient of the features goes; nobody asks for it in training.
    pub(crate) input_gradient: Option<InputGradient<'a>>,
}

/// The features as the activations of a layer below the first, which the way back turns into their gradients.
pub(crate) struct InputGradient<'a> {
    /// A copy of the features of all tiles, `[tiles][features][R]`; overwritten.
    pub(crate) tiles: SharedSlice<'a, Block>,
    /// The gradients summed as those of biases are, which nobody reads, `[features]`; overwritten.
    pub(crate) sums: SharedSlice<'a, f32>,
}

/// Cells with the widths of tiles they come in.
pub(crate) trait Tiles: Cell {
    /// Runs all tiles, and adds their loss and hits to those before.
    fn run(pass: &Pass<Self>) -> Result<Total, Status>;
}

impl Tiles for f32 {
    fn run(pass: &Pass<Self>) -> Result<Total, Status> {
        match pass.run.batch.width / LANES {
            1 => pass.phases::<1>(),
            2 => pass.phases::<2>(),
            3 => pass.phases::<3>(),
            4 => pass.phases::<4>(),
            5 => pass.phases::<5>(),
            6 => pass.phases::<6>(),
            7 => pass.phases::<7>(),
            _ => pass.phases::<8>(),
        }
    }
}

impl Tiles for u16 {
    fn run(pass: &Pass<Self>) -> Result<Total, Status> {
        match pass.run.batch.width / LANES {
            1 => pass.phases::<1>(),
            2 => pass.phases::<2>(),
            4 => pass.phases::<4>(),
            _ => pass.phases::<8>(),
        }
    }
}

impl<C: Cell> Pass<'_, C> {
    fn tiles(&self) -> usize {
        self.run.batch.samples.div_ceil(self.run.batch.width)
    }

    fn phases<const R: usize>(&self) -> Result<Total, Status> {
        let tiles = self.tiles();
        let stages = self.stages;
        let counts: Vec<usize> = stages.iter().map(|stage| stage.chunks(self.run.layers, R)).collect();
        let counts = counts.repeat(tiles);
        let mut total = [self.before];
        let shared = SharedSlice::new(&mut total);
        let learns = stages.iter().any(|stage| matches!(stage, Stage::Slope(_)));
        let most = if learns { counts.iter().copied().max().unwrap_or(0) } else { 0 };
        let mut slope_parts = vec![[[0.0; LANES]; 2]; most];
        let slope_parts = SharedSlice::new(&mut slope_parts);
        run_phases(self.run.threads, &counts, &|phase, chunk| {
            let tile = phase / stages.len();
            match stages[phase % stages.len()] {
                Stage::Forward(index) => self.forward::<R>(tile, index, chunk, counts[phase]),
                Stage::Loss => {
                    // SAFETY: one chunk in the phase, and one phase at a time.
                    let total = unsafe { shared.range(0..1) };
                    self.loss::<R>(tile, &mut total[0]);
                }
                Stage::Probe { index, .. } => self.probe::<R>(tile, index, chunk, counts[phase]),
                Stage::Backward(index) => self.backward::<R>(tile, index, (chunk, counts[phase]), &slope_parts),
                Stage::Slope(index) => self.learn_slope::<R>(tile, index, counts[phase - 1], &slope_parts),
            }
        })?;
        Ok(total[0])
    }

    /// The features of a tile.
    fn features<const R: usize>(&self, tile: usize) -> &[Row<f32, R>] {
        let len = self.run.layers[0].inputs * self.run.batch.width;
        let blocks: &[Block] = cast_slice(&self.run.batch.input[tile * len..(tile + 1) * len]);
        blocks.as_chunks().0
    }

    fn forward<const R: usize>(&self, tile: usize, index: usize, chunk: usize, chunks: usize) {
        let rows = rows_of_chunk(self.run.layers[index].incoming_ptr, chunks, chunk);
        let output = &self.traces[index].output;
        // SAFETY: activations of a layer are written in its own forward phases and the backward phase of the layer above,
        // never in the forward phase of the layer above.
        let below = || unsafe { self.traces[index - 1].output.read() }.as_chunks().0;
        match (index == 0, index + 1 == self.run.layers.len()) {
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
        let (layer, trace) = (&self.run.layers[index], &self.traces[index]);
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
                activation_parameters: layer.activation_parameters.read(),
                dropout: self.dropouts[index],
                first_vector: tile * R,
                input,
                output: rows_of(output, &rows),
                signs: rows_of(&trace.signs, &rows),
                kept: rows_of(&trace.kept, &rows),
                preactivations: rows_of(&trace.preactivations, &rows),
            }
        };
        dispatch(forward);
    }

    fn loss<const R: usize>(&self, tile: usize, total: &mut Total) {
        let last = self.run.layers.len() - 1;
        let Batch { truth, weights, samples, width, .. } = self.run.batch;
        let neurons = self.run.layers[last].neurons;
        // SAFETY: the only chunk of its phase.
        let outputs = unsafe { self.outputs.range(0..neurons * R) };
        if let Some(gradient) = self.output_gradient {
            take_gradient(outputs, R, gradient, tile * width, samples);
        } else {
            loss(outputs, R, truth, weights, tile * width, samples, self.probabilities, total);
        }
        if let Some(target) = &self.target {
            let update = target.update(tile, self.tiles());
            // SAFETY: the only chunk of its phase.
            let (bias, state) = unsafe {
                let state = target.state(last, |g| &g.bias, &self.run.layers[last].state.bias, &(0..neurons));
                (self.run.layers[last].bias.range(0..neurons), state)
            };
            dispatch(OutputBias::<R> { delta: outputs.as_chunks().0, update, bias, state });
        }
    }

    /// The step of a layer's slope, from what the chunks of the phase before have gathered: the sweep above the layer.
    fn learn_slope<const R: usize>(
        &self,
        tile: usize,
        index: usize,
        chunks: usize,
        slope_parts: &SharedSlice<[Block; 2]>,
    ) {
        let layer = &self.run.layers[index];
        let (Some(target), Activation::Slope(slope)) = (&self.target, layer.activation) else { return };
        // SAFETY: the only chunk of its phase; kernels read the slope of the layer's activation, not the parameter.
        unsafe {
            dispatch(SlopeStep {
                gathered: &slope_parts.read()[..chunks],
                parts: parts_of(R),
                slope,
                scale: self.dropouts[index].map_or(1.0, |dropout| dropout.scale),
                update: target.slope_update(layer, tile, self.tiles()),
                parameter: layer.activation_parameters.range(0..1),
                state: target.state(index, |g| &g.activation_parameters, &layer.state.activation_parameters, &(0..1)),
            });
        }
    }

    fn backward<const R: usize>(
        &self,
        tile: usize,
        index: usize,
        (chunk, chunks): (usize, usize),
        slope_parts: &SharedSlice<[Block; 2]>,
    ) {
        let Some(target) = &self.target else { return };
        let rows = rows_of_chunk(self.run.layers[index].indptr, chunks, chunk);
        // SAFETY: the delta of a layer is finished in the phase before and read in this one.
        let (deltas, last) = unsafe { (self.traces[index].output.read(), self.outputs.read()) };
        let (deltas, last) = (deltas.as_chunks().0, last.as_chunks().0);
        let input = || &self.features(tile)[rows.clone()];
        let below = || {
            let learns = self.run.layers[index - 1].learns_slope;
            // SAFETY: each chunk has a part of its own.
            let part = learns.then(|| unsafe { slope_parts.range(chunk..chunk + 1).first_mut() }).flatten();
            self.below::<R>(target, tile, index - 1, &rows, part)
        };
        match (index == 0, index + 1 == self.run.layers.len()) {
            (true, _) if self.input_gradient.is_some() => self.backward_to_features::<R>(target, tile, &rows),
            (true, true) => self.sweep::<R, f32, f32>(target, tile, index, &rows, input(), last, None),
            (true, false) => self.sweep::<R, f32, C>(target, tile, index, &rows, input(), deltas, None),
            (false, true) => self.sweep::<R, C, f32>(target, tile, index, &rows, &[], last, Some(below())),
            (false, false) => self.sweep::<R, C, C>(target, tile, index, &rows, &[], deltas, Some(below())),
        }
    }

    /// What belongs to rows of hidden layer `index`, to write in the backward phase of the layer above.
    fn below<'s, const R: usize>(
        &'s self,
        target: &'s GradientTarget,
        tile: usize,
        index: usize,
        rows: &Range<usize>,
        mut slope_gradient: Option<&'s mut [Block; 2]>,
    ) -> Below<'s, R, C> {
        let (layer, trace) = (&self.run.layers[index], &self.traces[index]);
        let count = layer.activation.parameters();
        let own = rows.start * count..rows.end * count;
        if let Some(part) = &mut slope_gradient {
            **part = [[0.0; LANES]; 2];
        }
        // SAFETY: each chunk writes what belongs to the neurons below that are its rows.
        unsafe {
            Below::<R, C> {
                activation: layer.activation,
                dropout: self.dropouts[index],
                signs: rows_of(&trace.signs, rows),
                kept: rows_of(&trace.kept, rows),
                preactivations: rows_of(&trace.preactivations, rows),
                activation_parameters: layer.activation_parameters.range(own.clone()),
                parameter_state: target.state(
                    index,
                    |g| &g.activation_parameters,
                    &layer.state.activation_parameters,
                    &own,
                ),
                slope_gradient,
                delta: rows_of(&trace.output, rows),
                update: target.update(tile, self.tiles()),
                bias: layer.bias.range(rows.clone()),
                bias_state: target.state(index, |g| &g.bias, &layer.state.bias, rows),
            }
        }
    }

    /// The sweep of the first layer where the features are asked for their gradients: they are the activations of a layer
    /// below it, which passes on what comes in. Training, which never comes here, keeps a sweep without it.
    #[cold]
    #[inline(never)]
    fn backward_to_features<const R: usize>(&self, target: &GradientTarget, tile: usize, rows: &Range<usize>) {
        let Some(InputGradient { tiles, sums }) = &self.input_gradient else { return };
        let start = tile * self.run.layers[0].inputs;
        // SAFETY: each chunk writes the features that are its rows; deltas were finished in the phase before.
        let (delta, sums, deltas, last) = unsafe {
            let own = start + rows.start..start + rows.end;
            (rows_of(tiles, &own), sums.range(rows.clone()), self.traces[0].output.read(), self.outputs.read())
        };
        let below = Some(Below {
            activation: Activation::Identity,
            dropout: None,
            signs: &[],
            kept: &[],
            preactivations: &[],
            activation_parameters: &mut [],
            parameter_state: StateSlices::default(),
            slope_gradient: None,
            delta,
            update: target.update(tile, self.tiles()),
            bias: &mut [],
            bias_state: StateSlices { gradient: sums, ..StateSlices::default() },
        });
        if self.run.layers.len() == 1 {
            self.sweep::<R, f32, f32>(target, tile, 0, rows, &[], last.as_chunks().0, below);
        } else {
            self.sweep::<R, f32, C>(target, tile, 0, rows, &[], deltas.as_chunks().0, below);
        }
    }

    fn sweep<const R: usize, I: Cell, D: Cell>(
        &self,
        target: &GradientTarget,
        tile: usize,
        index: usize,
        rows: &Range<usize>,
        input: &[Row<I, R>],
        delta: &[Row<D, R>],
        below: Option<Below<R, I>>,
    ) {
        let layer = &self.run.layers[index];
        let places = layer.indptr[rows.start] as usize..layer.indptr[rows.end] as usize;
        // SAFETY: each chunk writes the weights and planes of its own rows.
        let (values, state) = unsafe {
            let state = target.state(index, |g| &g.values, &layer.state.values, &places);
            (layer.values.range(places), state)
        };
        dispatch(Backward::<R, I, D> {
            rows: rows.clone(),
            indptr: layer.indptr,
            indices: layer.indices,
            values,
            state,
            update: target.weight_update(layer, tile, self.tiles()),
            input,
            delta,
            below,
        });
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

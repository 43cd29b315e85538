//! Work memory of a step: activations, and what else the backward pass needs.
//!
//! There are no buffers for deltas: on the way back each row of a layer's activations is needed once, by its own row of
//! the sweep, and the delta takes its place. With `recompute`, every second hidden layer shares one buffer and is computed
//! again from the layer below when the way back comes to it (Chen et al. 2016): half of the memory for half a forward
//! pass more.

use bytemuck::cast_slice_mut;

use crate::base::shared::SharedSlice;
use crate::base::simd::{Block, LANES};
use crate::base::status::Status;
use crate::network::layer::{Layer, Sections, layout_rows};
use crate::network::storage::{Cell, Storage};

/// How activations and deltas are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ActivationMemory {
    /// What they are stored in; sums are always f32.
    pub storage: Storage,
    /// Whether every second hidden layer is computed again instead of kept, in training.
    pub recompute: bool,
}

/// What the work memory is for.
#[derive(Clone, Copy, Debug)]
pub struct WorkUse {
    /// Training keeps the activations of all layers, evaluation those of two.
    pub training: bool,
    /// Whether units are dropped.
    pub dropout: bool,
    /// How activations are kept.
    pub memory: ActivationMemory,
}

impl ActivationMemory {
    /// Whether hidden layer `index` has no memory of its own.
    pub(crate) fn shares(self, index: usize) -> bool {
        self.recompute && index.is_multiple_of(2)
    }

    /// Whether hidden layer `index` of `hidden` must be computed again on the way back; the last is still there.
    pub(crate) fn recomputes(self, index: usize, hidden: usize) -> bool {
        self.shares(index) && index + 1 < hidden
    }
}

/// Activations of one layer, and what the backward pass needs beside them. Empty for the output layer.
#[derive(Clone, Copy)]
pub(crate) struct Trace<'a, C> {
    pub(crate) output: SharedSlice<'a, [C; LANES]>,
    pub(crate) signs: SharedSlice<'a, u16>,
    pub(crate) kept: SharedSlice<'a, u16>,
    pub(crate) preactivations: SharedSlice<'a, Block>,
}

impl<C> Trace<'_, C> {
    fn nothing() -> Self {
        Self {
            output: SharedSlice::new(&mut []),
            signs: SharedSlice::new(&mut []),
            kept: SharedSlice::new(&mut []),
            preactivations: SharedSlice::new(&mut []),
        }
    }

    /// As much of shared memory as one of its layers needs: a part that is not empty is kept and read for each neuron.
    fn first(self, extent: Extent) -> Self {
        Self {
            output: self.output.first(extent.output),
            signs: self.signs.first(extent.signs),
            kept: self.kept.first(extent.kept),
            preactivations: self.preactivations.first(extent.preactivations),
        }
    }
}

/// Vectors of each part of a trace.
#[derive(Clone, Copy, Default)]
struct Extent {
    output: usize,
    signs: usize,
    kept: usize,
    preactivations: usize,
}

impl Extent {
    fn of(neurons: usize, vectors: usize, dropout: bool, [keeps_signs, keeps_preactivations]: [bool; 2]) -> Self {
        let all = neurons * vectors;
        let some = |present: bool| if present { all } else { 0 };
        Self { output: all, signs: some(keeps_signs), kept: some(dropout), preactivations: some(keeps_preactivations) }
    }

    fn max(self, other: Self) -> Self {
        Self {
            output: self.output.max(other.output),
            signs: self.signs.max(other.signs),
            kept: self.kept.max(other.kept),
            preactivations: self.preactivations.max(other.preactivations),
        }
    }

    fn words(self, storage: Storage) -> usize {
        let padded = |words: usize| words.next_multiple_of(LANES);
        let cells = self.output * LANES;
        padded(if storage == Storage::Bf16 { cells / 2 } else { cells })
            + padded(self.signs.div_ceil(2))
            + padded(self.kept.div_ceil(2))
            + padded(self.preactivations * LANES)
    }

    fn take<'a, C: Cell>(self, work: &mut Sections<'a>) -> Result<Trace<'a, C>, Status> {
        let cells = work.words(self.output * LANES * size_of::<C>() / 4)?;
        let mut bits = |len: usize| -> Result<SharedSlice<'a, u16>, Status> {
            Ok(SharedSlice::new(&mut cast_slice_mut(work.words(len.div_ceil(2))?)[..len]))
        };
        let (signs, kept) = (bits(self.signs)?, bits(self.kept)?);
        let preactivations = SharedSlice::new(cast_slice_mut(work.words(self.preactivations * LANES)?));
        Ok(Trace { output: SharedSlice::new(cast_slice_mut(cells)), signs, kept, preactivations })
    }
}

/// Extents of the hidden layers, and of what those without their own memory share.
fn extents(layers: impl Iterator<Item = Extent>, memory: ActivationMemory) -> (Vec<Option<Extent>>, Extent) {
    let mut shared = Extent::default();
    let own = layers
        .enumerate()
        .map(|(index, extent)| {
            if memory.shares(index) {
                shared = shared.max(extent);
                return None;
            }
            Some(extent)
        })
        .collect();
    (own, shared)
}

/// The two buffers of an evaluation: one for even hidden layers, one for odd ones; together no more than training has.
fn buffers(vectors: impl Iterator<Item = usize>) -> [Extent; 2] {
    let mut buffers = [Extent::default(); 2];
    for (index, vectors) in vectors.enumerate() {
        let buffer = &mut buffers[index % 2];
        buffer.output = buffer.output.max(vectors);
    }
    buffers
}

/// Words of work memory for tiles of `width` samples: the activations of all layers when training, of two when not.
///
/// # Errors
/// As [`crate::network::layer::layers`].
pub fn workspace_words(layout: &[u32], slopes: &[f32], width: usize, use_for: WorkUse) -> Result<usize, Status> {
    let rows = layout_rows(layout, slopes)?;
    let WorkUse { training, dropout, memory } = use_for;
    let vectors = width / LANES;
    let Some((last, hidden)) = rows.split_last() else { return Err(Status::Length) };
    let outputs = last.neurons * width;
    if !training {
        let [even, odd] = buffers(hidden.iter().map(|row| row.neurons * vectors));
        return Ok(even.words(memory.storage) + odd.words(memory.storage) + outputs);
    }
    let all = hidden.iter().map(|row| Extent::of(row.neurons, vectors, dropout, row.keeps()));
    let (own, shared) = extents(all, memory);
    let words = |extent: Extent| extent.words(memory.storage);
    Ok(own.into_iter().flatten().map(words).sum::<usize>() + words(shared) + outputs)
}

/// The traces of a training step, one a layer, and the activations of the output layer.
pub(crate) fn training_traces<'a, C: Cell>(
    layers: &[Layer],
    width: usize,
    dropout: bool,
    memory: ActivationMemory,
    work: &'a mut [u32],
) -> Result<(Vec<Trace<'a, C>>, SharedSlice<'a, Block>), Status> {
    let mut work = Sections::new(work);
    let Some((last, hidden)) = layers.split_last() else { return Err(Status::Length) };
    let all = hidden.iter().map(|layer| Extent::of(layer.neurons, width / LANES, dropout, layer.activation.keeps()));
    let (own, shared) = extents(all.clone(), memory);
    let mut traces = Vec::with_capacity(layers.len());
    for extent in &own {
        traces.push(extent.map_or(Ok(Trace::nothing()), |extent| extent.take(&mut work))?);
    }
    let shared = shared.take(&mut work)?;
    for ((trace, extent), own) in traces.iter_mut().zip(all).zip(own) {
        if own.is_none() {
            *trace = shared.first(extent);
        }
    }
    traces.push(Trace::nothing());
    Ok((traces, SharedSlice::new(cast_slice_mut(work.words(last.neurons * width)?))))
}

/// The traces of an evaluation: two buffers in turn, and the activations of the output layer.
pub(crate) fn evaluation_traces<'a, C: Cell>(
    layers: &[Layer],
    width: usize,
    work: &'a mut [u32],
) -> Result<(Vec<Trace<'a, C>>, SharedSlice<'a, Block>), Status> {
    let mut work = Sections::new(work);
    let Some((last, hidden)) = layers.split_last() else { return Err(Status::Length) };
    let [even, odd] = buffers(hidden.iter().map(|layer| layer.neurons * (width / LANES)));
    let buffers = [even.take(&mut work)?, odd.take(&mut work)?];
    let mut traces: Vec<Trace<C>> = (0..hidden.len()).map(|index| buffers[index % 2]).collect();
    traces.push(Trace::nothing());
    Ok((traces, SharedSlice::new(cast_slice_mut(work.words(last.neurons * width)?))))
}

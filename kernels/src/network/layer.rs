//! A network in one arena of 32-bit words, and the views of its layers.
//!
//! The caller owns the arena. Per layer it holds these sections in this order, each rounded up to 16 words:
//! `indptr [inputs + 1]`, `indices [capacity]`, `values [capacity]`, `velocity [capacity]`,
//! `incoming_ptr [neurons + 1]`, `source [capacity]`, `position [capacity]`, `bias [neurons]`,
//! `bias_velocity [neurons]`, `shape [neurons · s]`, `shape_velocity [neurons · s]` where `s` is the number of trainable
//! parameters of the activation a neuron. Gradients have their own arena: per layer `values [capacity]`,
//! `bias [neurons]`, `shape [neurons · s]`, rounded up alike.

use bytemuck::cast_slice_mut;

use crate::base::shared::SharedSlice;
use crate::base::status::{Status, ensure};
use crate::network::activation::Activation;

/// Words in one row of the layout table: inputs, neurons, nnz, capacity, activation kind.
pub const LAYOUT_COLUMNS: usize = 5;
const ALIGNMENT_WORDS: usize = 16;

/// One layer: its sizes and its part of the arena.
pub struct Layer<'a> {
    /// Number of inputs.
    pub inputs: usize,
    /// Number of neurons (outputs).
    pub neurons: usize,
    /// Number of connections.
    pub nnz: usize,
    /// What a neuron does with its sum.
    pub activation: Activation,
    /// Outgoing rows, `[inputs + 1]`.
    pub indptr: &'a [u32],
    /// Target neuron of each connection, `[nnz]`.
    pub indices: &'a [u32],
    /// Weights in outgoing order, `[nnz]`.
    pub values: SharedSlice<'a, f32>,
    /// Velocity of the weights, `[nnz]`.
    pub velocity: SharedSlice<'a, f32>,
    /// Incoming rows, `[neurons + 1]`.
    pub incoming_ptr: &'a [u32],
    /// Input of each connection in incoming order, `[nnz]`.
    pub source: &'a [u32],
    /// Place of each connection of the incoming order in `values`, `[nnz]`.
    pub position: &'a [u32],
    /// Biases, `[neurons]`.
    pub bias: SharedSlice<'a, f32>,
    /// Velocity of the biases, `[neurons]`.
    pub bias_velocity: SharedSlice<'a, f32>,
    /// Trainable parameters of the activation, `[neurons][s]`.
    pub shape: SharedSlice<'a, f32>,
    /// Their velocity.
    pub shape_velocity: SharedSlice<'a, f32>,
}

/// Gradients of one layer.
pub struct Gradients<'a> {
    /// Of the weights, in outgoing order, `[nnz]`.
    pub values: SharedSlice<'a, f32>,
    /// Of the biases, `[neurons]`.
    pub bias: SharedSlice<'a, f32>,
    /// Of the activation's parameters, `[neurons][s]`.
    pub shape: SharedSlice<'a, f32>,
}

/// Takes sections off the front of an arena.
pub(crate) struct Sections<'a> {
    rest: &'a mut [u32],
}

impl<'a> Sections<'a> {
    pub(crate) fn new(arena: &'a mut [u32]) -> Self {
        Self { rest: arena }
    }

    pub(crate) fn words(&mut self, len: usize) -> Result<&'a mut [u32], Status> {
        let padded = len.next_multiple_of(ALIGNMENT_WORDS);
        let rest = std::mem::take(&mut self.rest);
        ensure(padded <= rest.len(), Status::Length)?;
        let (section, rest) = rest.split_at_mut(padded);
        self.rest = rest;
        Ok(&mut section[..len])
    }

    pub(crate) fn floats(&mut self, len: usize) -> Result<&'a mut [f32], Status> {
        Ok(cast_slice_mut(self.words(len)?))
    }

    pub(crate) fn finish(self) -> Result<(), Status> {
        ensure(self.rest.is_empty(), Status::Length)
    }
}

/// One row of the layout table, checked.
#[derive(Clone, Copy)]
pub(crate) struct LayoutRow {
    pub(crate) inputs: usize,
    pub(crate) neurons: usize,
    pub(crate) nnz: usize,
    pub(crate) capacity: usize,
    pub(crate) activation: Activation,
}

/// Reads the layout table: one row of [`LAYOUT_COLUMNS`] words and one slope per layer.
pub(crate) fn layout_rows(layout: &[u32], slopes: &[f32]) -> Result<Vec<LayoutRow>, Status> {
    ensure(layout.len() == slopes.len() * LAYOUT_COLUMNS && !slopes.is_empty(), Status::Length)?;
    let mut rows: Vec<LayoutRow> = Vec::with_capacity(slopes.len());
    for (row, &slope) in layout.chunks_exact(LAYOUT_COLUMNS).zip(slopes) {
        let [inputs, neurons, nnz, capacity] = [row[0], row[1], row[2], row[3]].map(|word| word as usize);
        ensure(inputs > 0 && neurons > 0 && nnz <= capacity, Status::Range)?;
        if let Some(before) = rows.last() {
            ensure(before.neurons == inputs, Status::Length)?;
        }
        rows.push(LayoutRow { inputs, neurons, nnz, capacity, activation: Activation::from_code(row[4], slope)? });
    }
    Ok(rows)
}

/// The layers of a network.
///
/// # Errors
/// [`Status::Length`] when the arena is not exactly as long as the layout says, [`Status::Range`] for an empty
/// layer or an unknown activation.
pub fn layers<'a>(layout: &[u32], slopes: &[f32], arena: &'a mut [u32]) -> Result<Vec<Layer<'a>>, Status> {
    let mut sections = Sections::new(arena);
    let mut layers = Vec::with_capacity(slopes.len());
    for LayoutRow { inputs, neurons, nnz, capacity, activation } in layout_rows(layout, slopes)? {
        let shape_len = activation.shape_parameters() * neurons;
        let indptr = &*sections.words(inputs + 1)?;
        let indices = &sections.words(capacity)?[..nnz];
        let values = SharedSlice::new(&mut sections.floats(capacity)?[..nnz]);
        let velocity = SharedSlice::new(&mut sections.floats(capacity)?[..nnz]);
        let incoming_ptr = &*sections.words(neurons + 1)?;
        let source = &sections.words(capacity)?[..nnz];
        let position = &sections.words(capacity)?[..nnz];
        let bias = SharedSlice::new(sections.floats(neurons)?);
        let bias_velocity = SharedSlice::new(sections.floats(neurons)?);
        let shape = SharedSlice::new(sections.floats(shape_len)?);
        let shape_velocity = SharedSlice::new(sections.floats(shape_len)?);
        ensure(indptr[inputs] as usize == nnz && incoming_ptr[neurons] as usize == nnz, Status::Structure)?;
        layers.push(Layer {
            inputs,
            neurons,
            nnz,
            activation,
            indptr,
            indices,
            values,
            velocity,
            incoming_ptr,
            source,
            position,
            bias,
            bias_velocity,
            shape,
            shape_velocity,
        });
    }
    sections.finish()?;
    Ok(layers)
}

/// The gradients of a network's layers, or nothing where the arena is empty.
///
/// # Errors
/// [`Status::Length`] when the arena is neither empty nor exactly as long as the layout says.
pub fn gradients<'a>(
    layout: &[u32],
    slopes: &[f32],
    arena: &'a mut [u32],
) -> Result<Option<Vec<Gradients<'a>>>, Status> {
    if arena.is_empty() {
        return Ok(None);
    }
    let mut sections = Sections::new(arena);
    let mut gradients = Vec::with_capacity(slopes.len());
    for LayoutRow { neurons, nnz, capacity, activation, .. } in layout_rows(layout, slopes)? {
        gradients.push(Gradients {
            values: SharedSlice::new(&mut sections.floats(capacity)?[..nnz]),
            bias: SharedSlice::new(sections.floats(neurons)?),
            shape: SharedSlice::new(sections.floats(activation.shape_parameters() * neurons)?),
        });
    }
    sections.finish()?;
    Ok(Some(gradients))
}

//! A network in memory of 32-bit words, and the views of its layers.
//!
//! The caller owns the memory. In the arena, each layer holds these sections in this order, each rounded up to 16 words:
//! `indptr [inputs + 1]`, `indices [capacity]`, `values [capacity]`, `incoming_ptr [neurons + 1]`, `source [capacity]`,
//! `position [capacity]`, `bias [neurons]`, `activation_parameters [neurons · s]` where `s` is the number of trainable
//! parameters of the activation a neuron; one in all where the layer learns its slope. Gradients have an arena of their
//! own: per layer `values [capacity]`, `bias [neurons]`, `activation_parameters [neurons · s]`, rounded up alike. So has
//! what the optimiser keeps: the same three sections, each as often as the optimiser has planes, behind a head of 16
//! words that kernels pass over.

use bytemuck::{Pod, Zeroable, cast_slice, cast_slice_mut};

use crate::base::shared::SharedSlice;
use crate::base::status::{Status, ensure};
use crate::network::activation::{Activation, LEARNED_SLOPE_CODE, learned_slope};
use crate::structure::planes::MOST_PLANES;

/// One row of the layout table as the caller writes it, a word each; `src/native/layout.ts` has the same list.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct RawRow {
    inputs: u32,
    neurons: u32,
    nnz: u32,
    capacity: u32,
    activation: u32,
}

/// Words in one row of the layout table.
pub const LAYOUT_COLUMNS: usize = size_of::<RawRow>() / 4;
const ALIGNMENT_WORDS: usize = 16;
/// Words at the front of the state that are the caller's: it counts updates there.
pub const STATE_HEAD_WORDS: usize = ALIGNMENT_WORDS;

/// One layer: its sizes and its part of the arena.
pub struct Layer<'a> {
    /// Number of inputs.
    pub inputs: usize,
    /// Number of neurons (outputs).
    pub neurons: usize,
    /// Number of connections.
    pub nnz: usize,
    /// What a neuron does with its sum; with the slope in force where that is learned.
    pub activation: Activation,
    /// Whether the layer learns its slope, one parameter in all.
    pub learns_slope: bool,
    /// Outgoing rows, `[inputs + 1]`.
    pub indptr: &'a [u32],
    /// Target neuron of each connection, `[nnz]`.
    pub indices: &'a [u32],
    /// Weights in outgoing order, `[nnz]`.
    pub values: SharedSlice<'a, f32>,
    /// Incoming rows, `[neurons + 1]`.
    pub incoming_ptr: &'a [u32],
    /// Input of each connection in incoming order, `[nnz]`.
    pub source: &'a [u32],
    /// Place of each connection of the incoming order in `values`, `[nnz]`.
    pub position: &'a [u32],
    /// Biases, `[neurons]`.
    pub bias: SharedSlice<'a, f32>,
    /// Trainable parameters of the activation, `[neurons][s]`, or `[1]`.
    pub activation_parameters: SharedSlice<'a, f32>,
    /// What the optimiser keeps of all these.
    pub state: LayerState<'a>,
}

/// Planes of one kind of parameter; those an optimiser does not have are empty.
pub type StatePlanes<'a> = [SharedSlice<'a, f32>; MOST_PLANES];

/// What the optimiser keeps of one layer.
pub struct LayerState<'a> {
    /// Of the weights, in outgoing order, `[nnz]` each.
    pub values: StatePlanes<'a>,
    /// Of the biases, `[neurons]` each.
    pub bias: StatePlanes<'a>,
    /// Of the activation's parameters, `[neurons][s]` each.
    pub activation_parameters: StatePlanes<'a>,
}

/// Gradients of one layer.
pub struct Gradients<'a> {
    /// Of the weights, in outgoing order, `[nnz]`.
    pub values: SharedSlice<'a, f32>,
    /// Of the biases, `[neurons]`.
    pub bias: SharedSlice<'a, f32>,
    /// Of the activation's parameters, `[neurons][s]`.
    pub activation_parameters: SharedSlice<'a, f32>,
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

    /// `count` sections of `len` floats, of which the first `used` count; empty ones up to [`MOST_PLANES`].
    fn planes(&mut self, count: usize, len: usize, used: usize) -> Result<StatePlanes<'a>, Status> {
        let mut planes = [const { SharedSlice::empty() }; MOST_PLANES];
        for plane in &mut planes[..count] {
            *plane = SharedSlice::new(&mut self.floats(len)?[..used]);
        }
        Ok(planes)
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
    activation: Activation,
    pub(crate) learns_slope: bool,
}

impl LayoutRow {
    /// What a neuron does with its sum, given the trainable parameters of the layer.
    pub(crate) fn activation(&self, parameters: &[f32]) -> Activation {
        match self.activation {
            Activation::Slope(sign) if self.learns_slope => Activation::Slope(learned_slope(sign, parameters[0])),
            activation => activation,
        }
    }

    /// Whether the backward pass needs to know which sums were positive, and the sums themselves.
    pub(crate) fn keeps(&self) -> [bool; 2] {
        self.activation.keeps()
    }

    /// Trainable parameters of the activation, over the layer.
    pub(crate) fn activation_parameters(&self) -> usize {
        if self.learns_slope { 1 } else { self.activation.parameters() * self.neurons }
    }
}

/// Reads the layout table: one row of [`LAYOUT_COLUMNS`] words and one slope per layer.
pub(crate) fn layout_rows(layout: &[u32], slopes: &[f32]) -> Result<Vec<LayoutRow>, Status> {
    ensure(layout.len() == slopes.len() * LAYOUT_COLUMNS && !slopes.is_empty(), Status::Length)?;
    let mut rows: Vec<LayoutRow> = Vec::with_capacity(slopes.len());
    for (row, &slope) in cast_slice::<u32, RawRow>(layout).iter().zip(slopes) {
        let [inputs, neurons] = [row.inputs as usize, row.neurons as usize];
        ensure(inputs > 0 && neurons > 0 && row.nnz <= row.capacity, Status::Range)?;
        if let Some(before) = rows.last() {
            ensure(before.neurons == inputs, Status::Length)?;
        }
        let learns_slope = row.activation == LEARNED_SLOPE_CODE;
        let activation =
            if learns_slope { Activation::Slope(slope) } else { Activation::from_code(row.activation, slope)? };
        let [nnz, capacity] = [row.nnz as usize, row.capacity as usize];
        rows.push(LayoutRow { inputs, neurons, nnz, capacity, activation, learns_slope });
    }
    Ok(rows)
}

/// The layers of a network, with `planes` planes of state in an arena of their own; none where nobody trains.
///
/// # Errors
/// [`Status::Length`] when an arena is not exactly as long as the layout says, [`Status::Range`] for an empty
/// layer, an unknown activation or too many planes.
pub fn layers<'a>(
    layout: &[u32],
    slopes: &[f32],
    arena: &'a mut [u32],
    state: &'a mut [u32],
    planes: usize,
) -> Result<Vec<Layer<'a>>, Status> {
    ensure(planes <= MOST_PLANES, Status::Range)?;
    let (mut sections, mut state) = (Sections::new(arena), Sections::new(state));
    if planes > 0 {
        state.words(STATE_HEAD_WORDS)?;
    }
    let mut layers = Vec::with_capacity(slopes.len());
    for row in layout_rows(layout, slopes)? {
        let LayoutRow { inputs, neurons, nnz, capacity, learns_slope, .. } = row;
        let trainable = row.activation_parameters();
        let indptr = &*sections.words(inputs + 1)?;
        let indices = &sections.words(capacity)?[..nnz];
        let values = SharedSlice::new(&mut sections.floats(capacity)?[..nnz]);
        let incoming_ptr = &*sections.words(neurons + 1)?;
        let source = &sections.words(capacity)?[..nnz];
        let position = &sections.words(capacity)?[..nnz];
        let bias = SharedSlice::new(sections.floats(neurons)?);
        let own = sections.floats(trainable)?;
        let activation = row.activation(own);
        let activation_parameters = SharedSlice::new(own);
        ensure(indptr[inputs] as usize == nnz && incoming_ptr[neurons] as usize == nnz, Status::Structure)?;
        let state = LayerState {
            values: state.planes(planes, capacity, nnz)?,
            bias: state.planes(planes, neurons, neurons)?,
            activation_parameters: state.planes(planes, trainable, trainable)?,
        };
        layers.push(Layer {
            inputs,
            neurons,
            nnz,
            activation,
            learns_slope,
            indptr,
            indices,
            values,
            incoming_ptr,
            source,
            position,
            bias,
            activation_parameters,
            state,
        });
    }
    sections.finish()?;
    state.finish()?;
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
    for row in layout_rows(layout, slopes)? {
        let LayoutRow { neurons, nnz, capacity, .. } = row;
        gradients.push(Gradients {
            values: SharedSlice::new(&mut sections.floats(capacity)?[..nnz]),
            bias: SharedSlice::new(sections.floats(neurons)?),
            activation_parameters: SharedSlice::new(sections.floats(row.activation_parameters())?),
        });
    }
    sections.finish()?;
    Ok(Some(gradients))
}

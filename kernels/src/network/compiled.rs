//! The layers of a network that is compiled for predictions.
//!
//! The arena holds per layer, each rounded up to 16 words: `incoming_ptr [neurons + 1]`, `source [nnz]`,
//! `values [nnz]`, `bias [neurons]`, `activation_parameters [neurons · s]`, or one where the slope was learned: 8 bytes
//! a connection.

use crate::base::status::{Status, ensure};
use crate::network::activation::Activation;
use crate::network::layer::{Sections, layout_rows};

/// One layer, ready to run.
pub struct Layer<'a> {
    /// Number of inputs.
    pub inputs: usize,
    /// Number of neurons.
    pub neurons: usize,
    /// What a neuron does with its sum; a slope that was learned is part of it.
    pub activation: Activation,
    /// Incoming rows, `[neurons + 1]`.
    pub incoming_ptr: &'a [u32],
    /// Input of each connection, `[nnz]`.
    pub source: &'a [u32],
    /// Weight of each connection, `[nnz]`.
    pub values: &'a [f32],
    /// Biases, `[neurons]`.
    pub bias: &'a [f32],
    /// Trainable parameters of the activation, `[neurons][s]`.
    pub activation_parameters: &'a [f32],
}

/// The layers of a network; the layout table is that of training, with a capacity of nnz.
///
/// # Errors
/// [`Status::Length`] when the arena is not exactly as long as the layout says, [`Status::Range`] for an empty layer or
/// an unknown activation, [`Status::Structure`] when rows do not end at nnz.
pub fn layers<'a>(layout: &[u32], slopes: &[f32], arena: &'a mut [u32]) -> Result<Vec<Layer<'a>>, Status> {
    let mut sections = Sections::new(arena);
    let mut layers = Vec::with_capacity(slopes.len());
    for row in layout_rows(layout, slopes)? {
        let incoming_ptr = &*sections.words(row.neurons + 1)?;
        let source = &*sections.words(row.nnz)?;
        let values = &*sections.floats(row.nnz)?;
        let bias = &*sections.floats(row.neurons)?;
        let activation_parameters = &*sections.floats(row.activation_parameters())?;
        let layer = Layer {
            inputs: row.inputs,
            neurons: row.neurons,
            activation: row.activation(activation_parameters),
            incoming_ptr,
            source,
            values,
            bias,
            activation_parameters,
        };
        ensure(incoming_ptr[row.neurons] as usize == row.nnz, Status::Structure)?;
        layers.push(layer);
    }
    sections.finish()?;
    Ok(layers)
}

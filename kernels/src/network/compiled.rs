//! The layers of a network that is compiled for predictions.
//!
//! The arena holds per layer, each rounded up to 16 words: `incoming_ptr [neurons + 1]`, `source [nnz]`,
//! `values [nnz]`, `bias [neurons]`, `activation_parameters [neurons · s]`, or one where the slope was learned: 8 bytes
//! a connection.

use crate::base::simd::{Block, Lanes};
use crate::base::status::{Status, ensure};
use crate::network::activation::Activation;
use crate::network::forward::parameters;
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

impl Layer<'_> {
    /// The activations of a neuron, of `R` vectors of samples.
    #[inline(always)]
    pub fn activations<const R: usize, L: Lanes>(
        &self,
        lanes: L,
        neuron: usize,
        input: &[[Block; R]],
    ) -> [L::Vector; R] {
        let incoming = self.incoming_ptr[neuron] as usize..self.incoming_ptr[neuron + 1] as usize;
        let mut sum = [lanes.splat(self.bias[neuron]); R];
        for (&source, &weight) in self.source[incoming.clone()].iter().zip(&self.values[incoming]) {
            let weight = lanes.splat(weight);
            let input = &input[source as usize];
            for r in 0..R {
                sum[r] = lanes.mul_add(weight, lanes.load(&input[r]), sum[r]);
            }
        }
        let own = parameters(self.activation_parameters, self.activation.parameters(), neuron);
        // No closure: one does not have the instructions of the code around it, and costs twice the time.
        for r in 0..R {
            sum[r] = self.activation.apply(lanes, sum[r], own).0;
        }
        sum
    }
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

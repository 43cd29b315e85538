//! Gradients of one batch, written: of all parameters, and of the features where they are asked for.
//!
//! What goes back is the gradient of the loss, as in a training step and with its bits, or one that is given: then the
//! network may stand in the middle of a graph that somebody else differentiates. Nothing is learnt, no unit is dropped.
//!
//! The sweep of a layer turns the activations that came into it into their gradients, in place. So the gradient of the
//! features is the sweep of the first layer over a copy of them, as if they were the activations of a layer below that
//! passes on what comes in.

use bytemuck::cast_slice_mut;

use crate::base::shared::SharedSlice;
use crate::base::status::{Status, ensure, scratch};
use crate::network::batch::BatchRun;
use crate::network::gradient_target::GradientTarget;
use crate::network::layer::Gradients;
use crate::network::loss::Total;
use crate::network::pass::{InputGradient, Pass, Tiles};
use crate::network::stage::{learned, training_stages};
use crate::network::storage::Storage;
use crate::network::workspace::{ActivationMemory, training_traces};

/// Writes the gradients of a batch and returns its loss and hits, both 0 where the gradient of the outputs was given.
///
/// `output_gradient` has shape `[samples][outputs]`: what is written then is the gradient of the sum over samples and
/// outputs of gradient times output, and what the batch should give is not looked at. `inputs` receives the gradient of
/// the features in the shape of the batch's tiles, or is empty. `work` has at least
/// [`workspace_words`](crate::network::workspace::workspace_words) words of a training step without dropout, in f32.
/// O(passes of a training step); the bits do not depend on threads.
///
/// # Errors
/// [`Status::Length`] and [`Status::Range`] when sizes do not fit, [`Status::Memory`], [`Status::Panic`].
pub fn differentiate(
    run: BatchRun,
    output_gradient: Option<&[f32]>,
    gradients: &[Gradients],
    inputs: &mut [f32],
    work: &mut [u32],
) -> Result<Total, Status> {
    let BatchRun { layers, batch, .. } = run;
    run.check_shape(Storage::F32)?;
    match output_gradient {
        None => run.check_truth()?,
        Some(gradient) => {
            let outputs = layers.last().map_or(0, |last| last.neurons);
            ensure(gradient.len() == batch.samples * outputs, Status::Length)?;
        }
    }
    ensure(gradients.len() == layers.len(), Status::Length)?;
    ensure(inputs.is_empty() || inputs.len() == batch.input.len(), Status::Length)?;
    let mut sums = scratch(if inputs.is_empty() { 0 } else { layers[0].inputs })?;
    let input_gradient = if inputs.is_empty() {
        None
    } else {
        inputs.copy_from_slice(batch.input);
        let tiles = SharedSlice::new(cast_slice_mut(inputs));
        Some(InputGradient { tiles, sums: SharedSlice::new(&mut sums) })
    };
    let memory = ActivationMemory::default();
    let (traces, outputs) = training_traces::<f32>(layers, batch.width, false, memory, work)?;
    f32::run(&Pass {
        run,
        traces: &traces,
        outputs,
        dropouts: &vec![None; layers.len()],
        stages: &training_stages(&learned(layers), memory),
        target: Some(GradientTarget::Written(gradients)),
        probe: None,
        probabilities: false,
        before: Total::default(),
        output_gradient,
        input_gradient,
    })
}

//! A whole network on a batch: forward, loss, backward with the update, evaluation and prediction.

pub mod activation;
pub mod activations;
pub mod adam;
pub mod backward;
pub mod batch;
pub mod compiled;
pub mod differentiation;
pub mod forward;
mod gradient_target;
pub mod inference;
pub mod layer;
pub mod loss;
pub mod method;
pub mod optimizer;
mod output_gradient;
mod pass;
pub mod probe;
pub mod sddmm;
pub mod settings;
pub mod sgd;
mod stage;
pub mod step;
pub mod storage;
pub mod sums;
pub mod update;
pub mod workspace;

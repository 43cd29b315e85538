//! The settings of a step as they cross the border: one block of numbers, in the order of the fields here.
//!
//! What all steps have alike comes first, the optimiser's own settings follow. `src/native/settings.ts` and the files of
//! `src/optimizer/` write the same lists; a test compares both sides field by field.

use bytemuck::{Pod, Zeroable, from_bytes};

use crate::base::status::Status;
use crate::network::method::Method;
use crate::network::step::Training;
use crate::network::storage::Storage;
use crate::network::update::{DecayForm, OptimizerStep};
use crate::network::workspace::ActivationMemory;

/// What all steps have alike. Flags are 0 or 1.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct StepSettings {
    optimizer: f64,
    planes: f64,
    update: f64,
    learning_rate: f64,
    fan_in_limit: f64,
    weight_decay: f64,
    decay_form: f64,
    dropout: f64,
    label_smoothing: f64,
    seed: f64,
    step: f64,
    bf16: f64,
    recompute: f64,
    halves: f64,
    threads: f64,
}

const FIELDS: usize = size_of::<StepSettings>() / 8;

/// A block that was read.
pub struct Settings {
    /// What a training step does beside the forward pass.
    pub training: Training,
    /// Planes of the state.
    pub planes: usize,
    /// The most threads.
    pub threads: usize,
}

impl Settings {
    /// Reads a block.
    ///
    /// # Errors
    /// [`Status::Length`] for another number of fields; [`Status::Range`] for a code that is unknown.
    pub fn read(block: &[f64]) -> Result<Self, Status> {
        let (common, own) = block.split_at_checked(FIELDS).ok_or(Status::Length)?;
        let &StepSettings {
            optimizer,
            planes,
            update,
            learning_rate,
            fan_in_limit,
            weight_decay,
            decay_form,
            dropout,
            label_smoothing,
            seed,
            step,
            bf16,
            recompute,
            halves,
            threads,
        } = from_bytes(bytemuck::cast_slice(common));
        let planes = planes as usize;
        let optimizer = OptimizerStep {
            method: Method::from_block(optimizer, planes, update, own)?,
            rate: learning_rate as f32,
            fan_in_limit: fan_in_limit as f32,
            decay: weight_decay as f32,
            decay_form: match decay_form as u32 {
                0 => DecayForm::Outside,
                1 => DecayForm::Coupled,
                2 => DecayForm::Decoupled,
                _ => return Err(Status::Range),
            },
        };
        let storage = if bf16 == 0.0 { Storage::F32 } else { Storage::Bf16 };
        let memory = ActivationMemory { storage, recompute: recompute != 0.0 };
        let (dropout, label_smoothing) = (dropout as f32, label_smoothing as f32);
        let (seed, step, halves) = (seed as u64, step as u64, halves != 0.0);
        let training = Training { optimizer, dropout, label_smoothing, seed, step, memory, halves };
        Ok(Self { training, planes, threads: threads as usize })
    }
}

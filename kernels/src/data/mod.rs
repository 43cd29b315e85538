//! Samples on their way to the network: augmentation, batches, statistics, made-up data.

pub mod augment;
pub mod batch;
pub mod generator;
pub mod standardize;

//! Sparse training kernels: safe functions on caller-owned slices, and the C border ([`ffi`]) over them.
//!
//! The caller owns every buffer. A kernel borrows its buffers for one call, keeps nothing, and gives
//! the same bits for any number of threads.

pub mod activation;
pub mod augment;
pub mod backward;
pub mod batch;
pub mod cell;
pub mod cells;
pub mod csr;
pub mod delimited;
mod descent;
pub mod ffi;
pub mod forward;
pub mod generator;
pub mod importance;
pub mod inference;
pub mod init;
pub mod labels;
pub mod layer;
pub mod lines;
pub mod loss;
pub mod merge;
pub mod number;
pub mod optimizer;
pub mod outputs;
pub mod pages;
mod pass;
pub mod pool;
pub mod random;
pub mod sample;
pub mod shared;
pub mod simd;
mod stage;
pub mod standardize;
pub mod status;
pub mod step;
pub mod svmlight;
pub mod topology;
pub mod workspace;

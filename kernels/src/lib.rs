//! Sparse training kernels: safe functions on caller-owned slices, and the C border ([`ffi`]) over them.
//!
//! The caller owns every buffer. A kernel borrows its buffers for one call, keeps nothing, and gives
//! the same bits for any number of threads.

pub mod cells;
pub mod delimited;
pub mod ffi;
pub mod generator;
pub mod labels;
pub mod lines;
pub mod number;
pub mod outputs;
pub mod pool;
pub mod random;
pub mod shared;
pub mod simd;
pub mod standardize;
pub mod status;
pub mod svmlight;

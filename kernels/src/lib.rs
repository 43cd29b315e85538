//! Sparse training kernels: safe functions on caller-owned slices, and the C border ([`ffi`]) over them.
//!
//! The caller owns every buffer. A kernel borrows its buffers for one call, keeps nothing, and gives
//! the same bits for any number of threads.

pub mod activation;
pub mod backward;
pub mod batch;
pub mod csr;
pub mod ffi;
pub mod forward;
pub mod importance;
pub mod init;
pub mod layer;
pub mod loss;
pub mod optimizer;
pub mod pool;
pub mod random;
pub mod sample;
pub mod shared;
pub mod simd;
pub mod status;
pub mod step;
pub mod topology;

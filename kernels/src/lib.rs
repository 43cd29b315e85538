//! Sparse training kernels: safe functions on caller-owned slices, and the C border ([`ffi`]) over them.
//!
//! The caller owns every buffer. A kernel borrows its buffers for one call, keeps nothing, and gives
//! the same bits for any number of threads.

pub mod base;
pub mod data;
pub mod ffi;
pub mod network;
pub mod structure;
pub mod text;

//! What every room stands on: threads, vectors, random numbers, shared slices, loans and results of calls.

pub mod alias;
pub mod loans;
pub mod pages;
pub mod pool;
pub mod random;
pub mod sample;
pub mod shared;
pub mod simd;
pub mod status;

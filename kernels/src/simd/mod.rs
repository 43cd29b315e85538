//! Vectors of 16 floats on whatever the processor has.

pub mod flush;

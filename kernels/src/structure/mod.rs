//! The connections of one layer: sorted rows, their initial draw, what is dropped and grown, importance, averages.

pub mod csr;
pub mod importance;
pub mod init;
pub mod merge;
pub mod strongest;
pub mod topology;

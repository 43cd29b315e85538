//! The connections of one layer: sorted rows, their initial draw, what is dropped and grown, importance, averages.

pub mod csr;
pub mod drop;
#[cfg(test)]
mod fixture;
pub mod grow;
pub mod importance;
pub mod init;
pub mod merge;
pub mod pairs;
pub mod planes;
pub mod strongest;

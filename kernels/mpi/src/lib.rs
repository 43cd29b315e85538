//! Messages between the ranks of an MPI job: gathered from pieces of the caller's arrays, sent in chunks,
//! received with a time limit, and scattered into pieces of the caller's arrays.
//!
//! MPI may keep a pointer for as long as a transfer lasts, and a transfer can outlast any time limit. So MPI
//! is only ever given buffers of this library ([`loan`]); the caller's arrays are borrowed for one call, as
//! everywhere else. Gathering and scattering is the copy this costs, and it has to be done anyway.

pub mod ffi;
pub mod form;
pub mod inbox;
pub mod loan;
pub mod message;
pub mod outbox;
pub mod patience;
pub mod status;
pub mod world;

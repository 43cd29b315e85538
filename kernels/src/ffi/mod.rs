//! The C border: every export, and the only place that makes slices from pointers.
//!
//! Counts are in elements. Each export returns 0 or a [`Status`](crate::base::status::Status) code, runs inside a
//! panic guard with subnormals flushed, and keeps no pointer after it returns.

mod activations;
mod augment;
mod batch;
mod cannistraci_hebb;
mod chains;
mod csr;
mod delay;
mod delimited;
mod differentiation;
mod drop;
mod generator;
mod grow;
mod importance;
mod inference;
mod init;
mod merge;
mod pages;
mod probe;
mod propagation;
mod random;
mod soft;
mod standardize;
mod start;
mod step;
mod strongest;
mod svmlight;
mod tile;
mod update;

use crate::base::loans::lend;
use crate::base::status::{Status, refuse};

/// Version of this border; the loader refuses a library with another one.
pub const ABI_VERSION: u32 = 5;

/// Borrows `len` elements for one call. An empty typed array arrives as null, so length 0 never touches the pointer.
///
/// Ends the call with [`Status::Overlap`] where an array that the call writes shares memory with them.
///
/// # Safety
/// `pointer` is valid for reads of `len` elements, aligned, and not written by others for the length of the call.
unsafe fn view<'a, T>(pointer: *const T, len: usize) -> &'a [T] {
    if len == 0 {
        return &[];
    }
    if !lend(pointer, len, false) {
        refuse(Status::Overlap);
    }
    // SAFETY: promised by the caller of the export; TypeScript passes a typed array and its length.
    unsafe { std::slice::from_raw_parts(pointer, len) }
}

/// As [`view`], to write: they share memory with no other array of the call.
///
/// # Safety
/// As for [`view`], for writes.
unsafe fn view_mut<'a, T>(pointer: *mut T, len: usize) -> &'a mut [T] {
    if len == 0 {
        return &mut [];
    }
    if !lend(pointer, len, true) {
        refuse(Status::Overlap);
    }
    // SAFETY: as in `view`; nothing else that the call has borrowed overlaps.
    unsafe { std::slice::from_raw_parts_mut(pointer, len) }
}

/// The version of this border.
#[unsafe(no_mangle)]
pub extern "C" fn ts_abi_version() -> u32 {
    ABI_VERSION
}

//! The C border: every export, and the only place that makes slices from pointers.
//!
//! Counts are in elements. Each export returns 0 or a [`Status`](crate::base::status::Status) code, runs inside a
//! panic guard with subnormals flushed, and keeps no pointer after it returns.

mod augment;
mod batch;
mod csr;
mod drop;
mod generator;
mod grow;
mod importance;
mod inference;
mod init;
mod merge;
mod optimizer;
mod pages;
mod probe;
mod random;
mod standardize;
mod step;
mod strongest;
mod text;

/// Version of this border; the loader refuses a library with another one.
pub const ABI_VERSION: u32 = 3;

/// Borrows `len` elements for one call. An empty typed array arrives as null, so length 0 never touches the pointer.
///
/// # Safety
/// `pointer` is valid for reads of `len` elements, aligned, and not written for the length of the call.
unsafe fn view<'a, T>(pointer: *const T, len: usize) -> &'a [T] {
    // SAFETY: promised by the caller of the export; TypeScript passes a typed array and its length.
    if len == 0 { &[] } else { unsafe { std::slice::from_raw_parts(pointer, len) } }
}

/// As [`view`], to write.
///
/// # Safety
/// As for [`view`], for writes; no other argument overlaps it.
unsafe fn view_mut<'a, T>(pointer: *mut T, len: usize) -> &'a mut [T] {
    // SAFETY: as in `view`.
    if len == 0 { &mut [] } else { unsafe { std::slice::from_raw_parts_mut(pointer, len) } }
}

/// The version of this border.
#[unsafe(no_mangle)]
pub extern "C" fn ts_abi_version() -> u32 {
    ABI_VERSION
}

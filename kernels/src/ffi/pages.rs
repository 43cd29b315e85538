//! The border of [`crate::base::pages`].

use super::view_mut;
use crate::base::pages::advise_huge;

/// Asks for huge pages under `bytes`, see [`advise_huge`]; returns 1 where the system took note, else 0.
///
/// # Safety
/// `bytes` is a live array of `bytes_len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_advise_huge(bytes: *mut u8, bytes_len: usize) -> u32 {
    // SAFETY: promised by the caller.
    u32::from(advise_huge(unsafe { view_mut(bytes, bytes_len) }))
}

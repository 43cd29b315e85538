//! Pages of the operating system under a buffer.

/// The size of a huge page on the processors we know; smaller buffers gain nothing.
pub const HUGE_PAGE: usize = 2 << 20;

/// Asks the system to back a buffer with huge pages, which saves most misses of the address translation.
///
/// Best before the buffer is first touched. A wish, not a demand: returns whether the system took note of it. Does
/// nothing but on Linux, where `/sys/kernel/mm/transparent_hugepage/enabled` must not say `never`.
pub fn advise_huge(buffer: &mut [u8]) -> bool {
    let start = buffer.as_ptr().addr().next_multiple_of(HUGE_PAGE) - buffer.as_ptr().addr();
    let end = (buffer.as_ptr().addr() + buffer.len()) / HUGE_PAGE * HUGE_PAGE;
    let len = end.saturating_sub(buffer.as_ptr().addr() + start);
    if len == 0 || start > buffer.len() {
        return false;
    }
    advise(&mut buffer[start..start + len])
}

#[cfg(target_os = "linux")]
fn advise(pages: &mut [u8]) -> bool {
    use std::ffi::{c_int, c_void};
    unsafe extern "C" {
        fn madvise(address: *mut c_void, length: usize, advice: c_int) -> c_int;
    }
    /// `MADV_HUGEPAGE` of `<sys/mman.h>`, the same on all processors Linux runs on.
    const MADV_HUGEPAGE: c_int = 14;
    // SAFETY: the range is a live buffer of the caller's; this advice never changes what is in it.
    unsafe { madvise(pages.as_mut_ptr().cast(), pages.len(), MADV_HUGEPAGE) == 0 }
}

#[cfg(not(target_os = "linux"))]
fn advise(_: &mut [u8]) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_keeps_what_a_buffer_holds() {
        let mut buffer: Vec<u8> = (0..3 * HUGE_PAGE + 5).map(|at| at as u8).collect();
        advise_huge(&mut buffer[1..]);
        assert!(buffer.iter().enumerate().all(|(at, &byte)| byte == at as u8));
    }

    #[test]
    fn a_buffer_without_a_whole_page_is_left_alone() {
        assert!(!advise_huge(&mut []));
        assert!(!advise_huge(&mut vec![0; HUGE_PAGE / 2]));
    }
}

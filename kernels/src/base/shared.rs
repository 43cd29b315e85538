//! One slice, written by several threads at disjoint places.
//!
//! Kernels share rows among threads; which thread takes a row is decided while they run, so the
//! borrow checker cannot see that no two write the same place. This page is the one that promises it.

use std::marker::PhantomData;
use std::ops::Range;

/// A mutable slice whose disjoint ranges are handed to several threads. Copies see the same elements.
///
/// Elements are moved between threads by [`range`](Self::range) and [`set`](Self::set), and looked at by several at once
/// through [`read`](Self::read); so what may cross threads but not be shared by them is refused:
///
/// ```compile_fail,E0277
/// use std::cell::Cell;
/// use truly_sparse_kernels::base::shared::SharedSlice;
///
/// fn given_to_threads<T: Send + Sync>(_: T) {}
/// given_to_threads(SharedSlice::new(&mut [Cell::new(1.0)]));
/// ```
///
/// ```
/// use truly_sparse_kernels::base::shared::SharedSlice;
///
/// fn given_to_threads<T: Send + Sync>(_: T) {}
/// given_to_threads(SharedSlice::new(&mut [1.0]));
/// ```
#[derive(Clone, Copy)]
pub struct SharedSlice<'a, T> {
    pointer: *mut T,
    len: usize,
    borrow: PhantomData<&'a mut [T]>,
}

// SAFETY: a thread gets disjoint ranges, as `range` and `set` oblige their callers, so it has their elements to itself:
// T is Send. Or it reads them beside other threads, as `read` allows: T is Sync.
unsafe impl<T: Send + Sync> Sync for SharedSlice<'_, T> {}
// SAFETY: as above: a copy that was sent sees the elements that the first one sees.
unsafe impl<T: Send + Sync> Send for SharedSlice<'_, T> {}

impl<'a, T> SharedSlice<'a, T> {
    /// Takes over a mutable borrow.
    pub fn new(slice: &'a mut [T]) -> Self {
        Self { pointer: slice.as_mut_ptr(), len: slice.len(), borrow: PhantomData }
    }

    /// A slice of nothing.
    pub const fn empty() -> Self {
        Self { pointer: std::ptr::dangling_mut(), len: 0, borrow: PhantomData }
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The first `len` elements.
    ///
    /// # Panics
    /// When there are fewer.
    pub fn first(self, len: usize) -> Self {
        assert!(len <= self.len, "more elements than the shared slice has");
        Self { len, ..self }
    }

    /// The elements of `range`, mutable.
    ///
    /// # Safety
    /// While the returned slice lives, no other thread may hold a range that overlaps it.
    ///
    /// # Panics
    /// When the range reaches past the end.
    #[allow(clippy::mut_from_ref)]
    pub unsafe fn range(&self, range: Range<usize>) -> &mut [T] {
        assert!(range.start <= range.end && range.end <= self.len, "range outside the shared slice");
        // SAFETY: the range is inside the borrow taken by `new`; disjointness is the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.pointer.add(range.start), range.end - range.start) }
    }

    /// Writes one element.
    ///
    /// # Safety
    /// No other thread may read or write this element meanwhile.
    ///
    /// # Panics
    /// When there is no such element.
    #[inline(always)]
    pub unsafe fn set(&self, index: usize, value: T) {
        assert!(index < self.len, "index outside the shared slice");
        // SAFETY: the element is inside the borrow taken by `new`; disjointness is the caller's promise.
        unsafe { *self.pointer.add(index) = value };
    }

    /// All elements, to read, while no thread writes.
    ///
    /// # Safety
    /// While the returned slice lives, no thread may write any element.
    pub unsafe fn read(&self) -> &[T] {
        // SAFETY: pointer and length come from the borrow taken by `new`; nobody writes, as promised.
        unsafe { std::slice::from_raw_parts(self.pointer, self.len) }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::base::pool::run_chunks;

    #[test]
    #[ignore = "breaks the promise of `set`, for ThreadSanitizer to find"]
    fn race_on_purpose() {
        let mut place = [0];
        let shared = SharedSlice::new(&mut place);
        let here = AtomicUsize::new(0);
        run_chunks(2, 2, &|chunk| {
            here.fetch_add(1, Ordering::Relaxed);
            while here.load(Ordering::Relaxed) < 2 {
                std::hint::spin_loop();
            }
            // SAFETY: none: both chunks write the one element.
            unsafe { shared.set(0, chunk) };
        })
        .unwrap();
    }
}

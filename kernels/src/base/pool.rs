//! Threads: phases of independent chunks, shared by the calling thread and helpers from a rayon pool.
//!
//! A kernel is a list of phases; every chunk of a phase ends before the next phase begins. Who runs a
//! chunk is decided while running: the caller takes chunks from the front, helpers from the back, so
//! that in a steady state each thread meets the same rows, still in its cache, in every step. A helper
//! that comes late, or never, costs nothing but time: the caller alone can finish all phases, so two
//! Workers that share the pool cannot block each other. Results depend on the chunks only, and the
//! chunks never on the number of threads.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::base::simd::flush::FlushSubnormals;
use crate::base::status::{Outcome, Status};

const CHUNK_BITS: u32 = 20;
/// The most chunks one phase may have.
pub const MAX_CHUNKS: usize = 1 << 18;
const FRONT: u64 = 1;
const BACK: u64 = 1 << CHUNK_BITS;
const PHASE_SHIFT: u32 = 2 * CHUNK_BITS;
/// Rounds of busy waiting before a waiting thread offers its core to others.
const SPINS: u32 = 2_000;

fn pool() -> Option<&'static ThreadPool> {
    static POOL: OnceLock<Option<ThreadPool>> = OnceLock::new();
    POOL.get_or_init(|| {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        ThreadPoolBuilder::new()
            .num_threads(cores)
            .thread_name(|index| format!("truly-sparse-{index}"))
            .start_handler(|_| std::mem::forget(FlushSubnormals::enter()))
            .build()
            .ok()
    })
    .as_ref()
}

/// Where all threads stand: the phase, and how many of its chunks were taken from each end.
struct Board<'a> {
    chunks: &'a [usize],
    ticket: AtomicU64,
    done: AtomicUsize,
    finished: AtomicBool,
    /// Helpers that will not look at the board again.
    left: AtomicUsize,
    panicked: AtomicBool,
    work: &'a (dyn Fn(usize, usize) + Sync),
}

impl Board<'_> {
    /// Takes one chunk of the current phase from the given end: `(phase, chunk)`, or the phase alone when none is left.
    fn claim(&self, end: u64) -> (usize, Option<usize>) {
        let mask = (1 << CHUNK_BITS) - 1;
        let current = self.ticket.load(Ordering::Acquire);
        let phase = (current >> PHASE_SHIFT) as usize;
        if ((current & mask) + (current >> CHUNK_BITS & mask)) as usize >= self.chunks[phase] {
            return (phase, None);
        }
        let ticket = self.ticket.fetch_add(end, Ordering::AcqRel);
        let phase = (ticket >> PHASE_SHIFT) as usize;
        let front = (ticket & mask) as usize;
        let back = (ticket >> CHUNK_BITS & mask) as usize;
        let count = self.chunks[phase];
        if front + back >= count {
            return (phase, None);
        }
        (phase, Some(if end == FRONT { front } else { count - 1 - back }))
    }

    fn run(&self, phase: usize, chunk: usize) {
        if !self.panicked.load(Ordering::Relaxed)
            && catch_unwind(AssertUnwindSafe(|| (self.work)(phase, chunk))).is_err()
        {
            self.panicked.store(true, Ordering::Relaxed);
        }
        self.done.fetch_add(1, Ordering::AcqRel);
    }

    fn help(&self, end: u64) {
        let mut idle = Patience::default();
        while !self.finished.load(Ordering::Acquire) {
            if let (phase, Some(chunk)) = self.claim(end) {
                self.run(phase, chunk);
                idle = Patience::default();
            } else {
                idle.wait();
            }
        }
        self.left.fetch_add(1, Ordering::Release);
    }

    fn lead(&self) {
        for (phase, &count) in self.chunks.iter().enumerate() {
            // Helpers may already be at phase 0; at a later phase none can claim before the ticket is renewed.
            if phase > 0 {
                self.done.store(0, Ordering::Relaxed);
                self.ticket.store((phase as u64) << PHASE_SHIFT, Ordering::Release);
            }
            while let (_, Some(chunk)) = self.claim(FRONT) {
                self.run(phase, chunk);
            }
            let mut idle = Patience::default();
            while self.done.load(Ordering::Acquire) < count {
                idle.wait();
            }
        }
        self.finished.store(true, Ordering::Release);
    }
}

#[derive(Default)]
struct Patience {
    rounds: u32,
}

impl Patience {
    fn wait(&mut self) {
        self.rounds += 1;
        if self.rounds < SPINS {
            std::hint::spin_loop();
        } else {
            std::thread::yield_now();
        }
    }
}

/// Runs `work(phase, chunk)` for every chunk of every phase, phase after phase, on up to `threads` threads.
///
/// `chunks[p]` is the number of chunks of phase `p` (at most [`MAX_CHUNKS`]). Chunks of one phase must be
/// independent. With one thread, or where no phase has two chunks, nothing is shared and nobody is woken.
///
/// # Errors
/// [`Status::Panic`] when a chunk panicked; the other chunks of that phase may have run.
pub fn run_phases(threads: usize, chunks: &[usize], work: &(dyn Fn(usize, usize) + Sync)) -> Outcome {
    assert!(chunks.iter().all(|&count| count <= MAX_CHUNKS), "too many chunks in a phase");
    let helpers = threads.saturating_sub(1).min(chunks.iter().max().map_or(0, |&most| most.saturating_sub(1)));
    let shared = if helpers == 0 { None } else { pool() };
    let Some(pool) = shared else {
        for (phase, &count) in chunks.iter().enumerate() {
            (0..count).for_each(|chunk| work(phase, chunk));
        }
        return Ok(());
    };
    let board = Board {
        chunks,
        ticket: AtomicU64::new(0),
        done: AtomicUsize::new(0),
        finished: AtomicBool::new(false),
        left: AtomicUsize::new(0),
        panicked: AtomicBool::new(false),
        work,
    };
    pool.in_place_scope(|scope| {
        for helper in 0..helpers {
            let board = &board;
            scope.spawn(move |_| board.help(if helper % 2 == 0 { BACK } else { FRONT }));
        }
        board.lead();
    });
    // The scope has waited for them. Acquired here, this orders what they did before all that follows in a way that
    // ThreadSanitizer sees too, which is blind to the locks of the standard library.
    debug_assert_eq!(board.left.load(Ordering::Acquire), helpers);
    if board.panicked.into_inner() { Err(Status::Panic) } else { Ok(()) }
}

/// Runs `work(chunk)` for each of `chunks` independent chunks on up to `threads` threads.
///
/// # Errors
/// [`Status::Panic`] when a chunk panicked.
pub fn run_chunks(threads: usize, chunks: usize, work: &(dyn Fn(usize) + Sync)) -> Outcome {
    run_phases(threads, &[chunks], &|_, chunk| work(chunk))
}

/// Number of chunks for `work` units when one chunk should hold about `grain` units; at least 1, at most 1,024.
pub fn chunk_count(work: usize, grain: usize) -> usize {
    work.div_ceil(grain.max(1)).clamp(1, 1024)
}

/// Rows of chunk `chunk` of `chunks`, cut so that each chunk holds about the same number of entries.
///
/// `indptr` has one more element than there are rows. All rows belong to exactly one chunk.
pub fn rows_of_chunk(indptr: &[u32], chunks: usize, chunk: usize) -> std::ops::Range<usize> {
    let rows = indptr.len() - 1;
    let nnz = indptr[rows] as usize;
    let bound = |c: usize| match c {
        0 => 0,
        c if c == chunks => rows,
        // Rows without entries weigh a little too, or a chunk could hold all of them.
        c => {
            let target = (nnz + rows) as u128 * c as u128 / chunks as u128;
            partition(rows, |row| ((indptr[row] as usize + row) as u128) < target)
        }
    };
    bound(chunk)..bound(chunk + 1)
}

fn partition(len: usize, before: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = low + (high - low) / 2;
        if before(middle) { low = middle + 1 } else { high = middle }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chunk_of_every_phase_runs_once_and_in_order() {
        for threads in [1, 2, 3, 8] {
            let chunks = [1, 7, 0, 100, 3];
            let seen: Vec<Vec<AtomicUsize>> =
                chunks.iter().map(|&count| (0..count).map(|_| AtomicUsize::new(0)).collect()).collect();
            for _ in 0..50 {
                run_phases(threads, &chunks, &|phase, chunk| {
                    seen[phase][chunk].fetch_add(1, Ordering::Relaxed);
                })
                .unwrap();
            }
            assert!(seen.iter().flatten().all(|count| count.load(Ordering::Relaxed) == 50));
        }
    }

    #[test]
    fn a_phase_starts_after_the_one_before_has_ended() {
        let ended = AtomicUsize::new(0);
        run_phases(4, &[64, 64, 64], &|phase, _| {
            assert!(ended.load(Ordering::SeqCst) >= phase * 64);
            ended.fetch_add(1, Ordering::SeqCst);
        })
        .unwrap();
    }

    #[test]
    fn a_panic_in_a_chunk_becomes_a_status() {
        let outcome = run_chunks(2, 64, &|chunk| assert!(chunk != 63));
        assert_eq!(outcome, Err(Status::Panic));
        assert_eq!(run_chunks(2, 64, &|_| ()), Ok(()));
    }

    #[test]
    fn rows_are_cut_without_gap_or_overlap() {
        let indptr = [0, 0, 0, 10, 10, 11, 30, 30];
        for chunks in 1..12 {
            let mut next = 0;
            for chunk in 0..chunks {
                let rows = rows_of_chunk(&indptr, chunks, chunk);
                assert_eq!(rows.start, next);
                next = rows.end;
            }
            assert_eq!(next, indptr.len() - 1);
        }
    }
}

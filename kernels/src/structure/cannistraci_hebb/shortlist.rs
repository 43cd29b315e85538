//! The shortest of many waits, gathered by several threads.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::base::logarithm::ln;
use crate::base::status::{Status, ensure};
use crate::structure::grow::Place;

/// Waits that a thread gathers before it hands them on.
const BATCH: usize = 1 << 10;
/// What the bound of a draw is widened by before its logarithm is taken: far more than all roundings, far less than matters.
const MARGIN: f64 = 1.0 + 1e-9;

/// Time that a place waits, as the bits of a number of at least 0, which ascend with it; and the place.
pub(super) type Wait = (u64, Place);

/// Keeps the `count` shortest waits, in no order.
pub(super) fn keep_shortest(waits: &mut Vec<Wait>, count: usize) {
    if waits.len() > count {
        waits.select_nth_unstable(count - 1);
        waits.truncate(count);
    }
}

/// The shortest waits so far, of all threads.
pub(super) struct Shortlist {
    count: usize,
    waits: Mutex<Vec<Wait>>,
    /// No wait above it, in bits, can be among the shortest.
    bound: AtomicU64,
    starved: AtomicBool,
}

impl Shortlist {
    /// For `count` waits of no more than `bound`.
    pub(super) fn new(count: usize, bound: f64) -> Self {
        let bound = AtomicU64::new(bound.to_bits());
        Self { count, waits: Mutex::new(Vec::new()), bound, starved: AtomicBool::new(false) }
    }

    fn bound(&self) -> f64 {
        f64::from_bits(self.bound.load(Ordering::Relaxed))
    }

    /// Takes a batch over, and leaves it empty.
    fn take(&self, batch: &mut Vec<Wait>) {
        let Ok(mut waits) = self.waits.lock() else { return };
        let room = self.room(&waits, waits.capacity(), batch.len());
        if waits.try_reserve_exact(room).is_err() {
            self.starved.store(true, Ordering::Relaxed);
        } else {
            waits.append(batch);
        }
        batch.clear();
        if waits.len() >= 2 * self.count.max(BATCH) {
            self.shorten(&mut waits);
        }
    }

    /// Waits to make room for, so that `more` fit: as many as there are, up to what is kept before they are shortened.
    fn room(&self, waits: &[Wait], capacity: usize, more: usize) -> usize {
        if waits.len() + more <= capacity {
            return 0;
        }
        more.max(waits.len().min((2 * self.count.max(BATCH) + BATCH).saturating_sub(waits.len())))
    }

    fn shorten(&self, waits: &mut Vec<Wait>) {
        keep_shortest(waits, self.count);
        if waits.len() == self.count
            && let Some((longest, _)) = waits.iter().max()
        {
            self.bound.fetch_min(*longest, Ordering::Relaxed);
        }
    }

    /// The shortest waits, and the bound of all others.
    pub(super) fn close(self) -> Result<(Vec<Wait>, f64), Status> {
        ensure(!self.starved.load(Ordering::Relaxed), Status::Memory)?;
        let mut waits = std::mem::take(&mut *self.waits.lock().map_err(|_| Status::Panic)?);
        self.shorten(&mut waits);
        waits.shrink_to_fit();
        Ok((waits, self.bound()))
    }
}

/// What one thread adds to a shortlist.
pub(super) struct Waits<'a> {
    shortlist: &'a Shortlist,
    batch: Vec<Wait>,
    bound: f64,
}

impl<'a> Waits<'a> {
    pub(super) fn new(shortlist: &'a Shortlist) -> Result<Self, Status> {
        let mut batch = Vec::new();
        batch.try_reserve_exact(BATCH).map_err(|_| Status::Memory)?;
        Ok(Self { shortlist, batch, bound: shortlist.bound() })
    }

    /// Has the place wait −ln(1 − draw)/score, if that can be short enough; returns the share of the score that no draw may
    /// pass which is worth being offered.
    #[inline]
    pub(super) fn offer(&mut self, place: Place, draw: f64, score: f64) -> f64 {
        // −ln(1 − x) is at least x: most draws are out without a logarithm.
        if draw <= self.limit() * score {
            let wait = (0.0 - ln(1.0 - draw)) / score;
            if wait <= self.bound {
                self.batch.push((wait.to_bits(), place));
                if self.batch.len() == BATCH {
                    self.shortlist.take(&mut self.batch);
                    self.bound = self.shortlist.bound();
                }
            }
        }
        self.limit()
    }

    fn limit(&self) -> f64 {
        self.bound * MARGIN
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.shortlist.take(&mut self.batch);
    }
}

//! Where the rows of a text go: features, regression targets, class labels; the caller has counted them before.

use std::ops::Range;

use crate::base::shared::SharedSlice;
use crate::base::status::{Outcome, Status, ensure};
use crate::text::labels::{NAME, Names, too_many, unite};
use crate::text::lines::{DETAIL_NAMES, Kind, Parsed, Problem, Stop, report};
use crate::text::number::NotNumber;

/// The caller's arrays, exactly as long as the rows need.
pub struct Outputs<'a> {
    /// Rows of the text.
    pub rows: usize,
    /// `[rows][features]`, written.
    pub features: &'a mut [f32],
    /// Features of a row.
    pub feature_count: usize,
    /// `[rows][targets]`, written.
    pub targets: &'a mut [f32],
    /// Targets of a row.
    pub target_count: usize,
    /// Numbers of the labels, `[rows]`, written; empty where labels are not read.
    pub labels: &'a mut [u32],
    /// [`NAME`] elements (start, end, line) for each distinct label, written; its length is the room.
    pub names: &'a mut [u64],
}

/// The arrays while threads write them.
pub struct Rows<'a> {
    features: SharedSlice<'a, f32>,
    feature_count: usize,
    targets: SharedSlice<'a, f32>,
    target_count: usize,
    labels: SharedSlice<'a, u32>,
    labelled: bool,
    /// Most distinct labels.
    pub room: usize,
}

impl Rows<'_> {
    /// The features, targets and label (empty without labels) of one row, to write.
    ///
    /// # Safety
    /// No other thread may hold the same row.
    #[inline]
    #[allow(clippy::mut_from_ref)]
    pub unsafe fn row(&self, row: usize) -> (&mut [f32], &mut [f32], &mut [u32]) {
        let of = |width: usize| row * width..(row + 1) * width;
        // SAFETY: ranges of different rows do not overlap, and the row is the caller's alone.
        unsafe {
            (
                self.features.range(of(self.feature_count)),
                self.targets.range(of(self.target_count)),
                self.labels.range(of(usize::from(self.labelled))),
            )
        }
    }
}

impl<'a> Rows<'a> {
    /// Takes the arrays, and gives back the names output.
    ///
    /// # Errors
    /// [`Status::Length`] where an array is not as long as `rows` rows are.
    pub fn new(outputs: Outputs<'a>, labelled: bool) -> Result<(Self, &'a mut [u64]), Status> {
        let Outputs { rows, features, feature_count, targets, target_count, labels, names } = outputs;
        ensure(rows.checked_mul(feature_count) == Some(features.len()), Status::Length)?;
        ensure(rows.checked_mul(target_count) == Some(targets.len()), Status::Length)?;
        ensure(labels.len() == if labelled { rows } else { 0 }, Status::Length)?;
        let room = (names.len() / NAME).min(u32::MAX as usize);
        let rows = Self {
            features: SharedSlice::new(features),
            feature_count,
            targets: SharedSlice::new(targets),
            target_count,
            labels: SharedSlice::new(labels),
            labelled,
            room,
        };
        Ok((rows, names))
    }

    /// Ends a parse: gives the labels of all chunks common numbers, or reports what went wrong.
    ///
    /// `detail` receives the problem, or at [`DETAIL_NAMES`] the number of distinct labels.
    ///
    /// # Errors
    /// [`Status::Syntax`] for a problem in the text, among them more labels than `names` has room for.
    pub fn finish(
        self,
        text: &[u8],
        parsed: Result<Parsed<Names>, Stop>,
        names: &mut [u64],
        threads: usize,
        detail: &mut [u64],
    ) -> Outcome {
        let parsed = parsed.map_err(|stop| report(stop, detail))?;
        if !self.labelled {
            return Ok(());
        }
        // SAFETY: `self` is owned here, so no thread holds a row any more.
        let labels = unsafe { self.labels.range(0..self.labels.len()) };
        match unite(text, &parsed.gathered, &parsed.first_rows, labels, names, threads)? {
            Some(found) => detail[DETAIL_NAMES] = found as u64,
            None => return Err(report(Stop::Problem(too_many(self.room)), detail)),
        }
        Ok(())
    }
}

/// The problem of a cell that is no number.
pub fn not_number(kind: NotNumber, column: usize, place: Range<usize>) -> Problem {
    let kind = match kind {
        _ if place.is_empty() => Kind::Empty,
        NotNumber::Text => Kind::Text,
        NotNumber::NotFinite => Kind::NotFinite,
        NotNumber::Overflow => Kind::Overflow,
    };
    Problem::new(kind, column, place)
}

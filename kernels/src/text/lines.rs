//! Text cut into line-aligned blocks that threads parse on their own, and where it went wrong.

use std::ops::Range;
use std::sync::OnceLock;

use crate::base::pool::{chunk_count, run_chunks};
use crate::base::status::{Outcome, Status};

/// Bytes of text that one chunk holds, about.
const GRAIN: usize = 1 << 18;

/// Elements of a detail output: kind, line, column, start, end, found, expected, number of names.
pub const DETAIL: usize = 8;
/// Place of the number of label names in a detail output.
pub const DETAIL_NAMES: usize = 7;

/// What is wrong with a line. The codes are part of the ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Kind {
    /// A row with another number of cells than the first.
    Ragged = 1,
    /// A cell without text.
    Empty = 2,
    /// A cell that is no number.
    Text = 3,
    /// A cell that spells not-a-number or an infinity.
    NotFinite = 4,
    /// A number too large for 32 bits.
    Overflow = 5,
    /// A quoted cell that does not end on its line, or goes on after its closing quote.
    Quote = 6,
    /// A feature without `index:value` form.
    Pair = 7,
    /// An index past the last feature.
    Index = 8,
    /// An index that its line has already.
    Duplicate = 9,
    /// An index smaller than the one before it.
    Order = 10,
    /// A line that starts with a feature instead of a label.
    Label = 11,
    /// Bytes that are not UTF-8.
    Encoding = 13,
    /// A missing value where one is needed.
    Missing = 14,
    /// A class that is none of those to learn.
    Class = 15,
    /// A weight below zero.
    Weight = 16,
    /// More distinct labels than there is room for.
    Names = 12,
}

/// The first fault of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub kind: Kind,
    /// Line, from 1; filled in by [`parse_blocks`].
    pub line: u64,
    /// Column (cell of the line), from 1.
    pub column: u64,
    /// Bytes of the text at fault.
    pub place: Range<usize>,
    /// What was counted, where that is the fault.
    pub found: u64,
    /// What was expected.
    pub expected: u64,
}

impl Problem {
    /// A problem with the text at `place`; the line is not known yet.
    pub fn new(kind: Kind, column: usize, place: Range<usize>) -> Self {
        Self { kind, line: 0, column: column as u64, place, found: 0, expected: 0 }
    }

    /// The same with counts.
    pub fn counted(self, found: usize, expected: usize) -> Self {
        Self { found: found as u64, expected: expected as u64, ..self }
    }

    /// Writes the problem to a detail output.
    pub fn report(&self, detail: &mut [u64]) {
        let place = [self.place.start as u64, self.place.end as u64];
        detail[..7].copy_from_slice(&[
            self.kind as u64,
            self.line,
            self.column,
            place[0],
            place[1],
            self.found,
            self.expected,
        ]);
    }
}

/// Whether a line holds nothing but blanks.
#[inline]
pub fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r'))
}

/// Calls `visit` with the bytes of each line, without its line end, until one fails; returns the number of lines.
#[inline]
fn each_line<E>(
    text: &[u8],
    block: Range<usize>,
    mut visit: impl FnMut(usize, Range<usize>) -> Result<(), E>,
) -> Result<usize, E> {
    let (mut start, mut lines) = (block.start, 0);
    while start < block.end {
        let end = memchr::memchr(b'\n', &text[start..block.end]).map_or(block.end, |length| start + length);
        let trimmed = if end > start && text[end - 1] == b'\r' { end - 1 } else { end };
        visit(lines, start..trimmed)?;
        lines += 1;
        start = end + 1;
    }
    Ok(lines)
}

/// The lines that begin in chunk `chunk` of `chunks`.
fn block(text: &[u8], chunks: usize, chunk: usize) -> Range<usize> {
    let bound = |chunk: usize| {
        let cut = (text.len() as u128 * chunk as u128 / chunks as u128) as usize;
        match cut {
            0 => 0,
            cut => memchr::memchr(b'\n', &text[cut - 1..]).map_or(text.len(), |length| cut + length),
        }
    };
    bound(chunk)..bound(chunk + 1)
}

/// Where a row stands.
pub struct RowPlace {
    /// Its bytes in the text.
    pub bytes: Range<usize>,
    /// Its number among the rows, from 0.
    pub row: usize,
    /// The number of its line, from 1.
    pub line: usize,
}

/// How a format reads its lines.
pub trait LineFormat: Sync {
    /// What one chunk gathers.
    type Gathered: Default + Send + Sync;

    /// Whether the line is a row, as those are that hold more than blanks; others count as lines only.
    fn is_row(&self, line: &[u8]) -> bool {
        !is_blank(line)
    }

    /// Reads one row of the text.
    ///
    /// # Errors
    /// The problem, without its line.
    fn read_row(&self, text: &[u8], row: RowPlace, gathered: &mut Self::Gathered) -> Result<(), Problem>;
}

/// What a text was found to hold.
#[derive(Debug)]
pub struct Parsed<G> {
    /// Rows.
    pub rows: usize,
    /// Lines, empty ones and comments included.
    pub lines: usize,
    /// What each chunk gathered, in the order of the text.
    pub gathered: Vec<G>,
    /// The first row of each chunk, and the number of rows.
    pub first_rows: Vec<usize>,
}

/// Why [`parse_blocks`] stopped.
#[derive(Debug, PartialEq, Eq)]
pub enum Stop {
    /// The text has a fault: its first one.
    Problem(Problem),
    /// The kernel failed.
    Status(Status),
}

/// Writes why a parse stopped to `detail`, and returns the kernel's status.
pub fn report(stop: Stop, detail: &mut [u64]) -> Status {
    match stop {
        Stop::Status(status) => status,
        Stop::Problem(problem) => {
            problem.report(detail);
            Status::Syntax
        }
    }
}

/// Reads every row of `text`: counts rows and lines of all chunks first, so that each chunk knows where its rows go.
///
/// The problem returned is the first of the text, for any number of threads. With `expected` the text
/// must hold exactly so many rows.
///
/// # Errors
/// [`Stop::Problem`] for faulty text, [`Stop::Status`] with [`Status::Length`] for another number of rows than `expected`.
pub fn parse_blocks<F: LineFormat>(
    text: &[u8],
    format: &F,
    expected: Option<usize>,
    threads: usize,
) -> Result<Parsed<F::Gathered>, Stop> {
    let chunks = chunk_count(text.len(), GRAIN);
    let counts: Vec<OnceLock<(usize, usize)>> = (0..chunks).map(|_| OnceLock::new()).collect();
    run(threads, chunks, &|chunk| {
        let mut rows = 0;
        let lines = each_line(text, block(text, chunks, chunk), |_, place| {
            rows += usize::from(format.is_row(&text[place]));
            Ok::<(), ()>(())
        });
        let _ = counts[chunk].set((rows, lines.unwrap_or(0)));
    })?;
    let mut starts = vec![(0, 0)];
    for count in &counts {
        let (rows, lines) = count.get().copied().unwrap_or_default();
        let (row, line) = starts[starts.len() - 1];
        starts.push((row + rows, line + lines));
    }
    let (rows, lines) = starts[chunks];
    if expected.is_some_and(|expected| expected != rows) {
        return Err(Stop::Status(Status::Length));
    }
    let results: Vec<OnceLock<Result<F::Gathered, Problem>>> = (0..chunks).map(|_| OnceLock::new()).collect();
    run(threads, chunks, &|chunk| {
        let mut gathered = F::Gathered::default();
        let (mut row, first_line) = starts[chunk];
        let outcome = each_line(text, block(text, chunks, chunk), |index, place| {
            if !format.is_row(&text[place.clone()]) {
                return Ok(());
            }
            let line = first_line + index + 1;
            format
                .read_row(text, RowPlace { bytes: place, row, line }, &mut gathered)
                .map_err(|problem| Problem { line: line as u64, ..problem })?;
            row += 1;
            Ok(())
        });
        let _ = results[chunk].set(outcome.map(|_| gathered));
    })?;
    let mut gathered = Vec::with_capacity(chunks);
    for result in results {
        gathered.push(result.into_inner().ok_or(Stop::Status(Status::Panic))?.map_err(Stop::Problem)?);
    }
    Ok(Parsed { rows, lines, gathered, first_rows: starts.iter().map(|start| start.0).collect() })
}

fn run(threads: usize, chunks: usize, work: &(dyn Fn(usize) + Sync)) -> Result<(), Stop> {
    let outcome: Outcome = run_chunks(threads, chunks, work);
    outcome.map_err(Stop::Status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_hold_each_line_once() {
        let text = b"a\n\nbb\r\nccc\n\n\ndddddddd\ne";
        let mut whole = Vec::new();
        each_line(text, 0..text.len(), |_, place| {
            whole.push(place);
            Ok::<(), ()>(())
        })
        .unwrap();
        assert_eq!(whole.len(), 8);
        for chunks in 1..40 {
            let mut lines = Vec::new();
            for chunk in 0..chunks {
                each_line(text, block(text, chunks, chunk), |_, place| {
                    lines.push(place);
                    Ok::<(), ()>(())
                })
                .unwrap();
            }
            assert_eq!(lines, whole, "{chunks} chunks");
        }
    }
}

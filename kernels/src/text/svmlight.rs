//! Svmlight (libsvm) text: `label index:value …`, made dense.
//!
//! Rules: indices ascend within a line, as the format demands; `qid:…` is passed over; `#` starts a comment;
//! lines without a label are skipped when nothing else is on them.

use std::ops::Range;

use crate::base::status::{Outcome, Status, ensure};
use crate::text::labels::Names;
use crate::text::lines::{DETAIL, Kind, LineFormat, Problem, RowPlace, is_blank, parse_blocks, report};
use crate::text::number::{parse_number, parse_short};
use crate::text::text_rows::{Outputs, Rows, not_number};

/// The line up to its comment.
fn content(text: &[u8], line: Range<usize>) -> Range<usize> {
    let length = memchr::memchr(b'#', &text[line.clone()]).unwrap_or(line.len());
    line.start..line.start + length
}

/// The next token from `at` on; empty at the end of the line.
#[inline]
fn token(text: &[u8], at: usize, end: usize) -> Range<usize> {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = at + text[at..end].iter().position(|byte| !blank(byte)).unwrap_or(end - at);
    start..start + text[start..end].iter().position(blank).unwrap_or(end - start)
}

/// The label of a row, and where the row ends: before its comment.
#[inline]
fn label(text: &[u8], row: Range<usize>) -> Result<(Range<usize>, usize), Problem> {
    let Range { start, end } = content(text, row);
    let label = token(text, start, end);
    if text[label.clone()].contains(&b':') {
        return Err(Problem::new(Kind::Label, 1, label));
    }
    Ok((label, end))
}

/// Calls `visit(index, value)` for each feature from `at` on.
#[inline]
fn features(
    text: &[u8],
    mut at: usize,
    end: usize,
    mut visit: impl FnMut(u64, f32, usize, &Range<usize>) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let mut previous = None;
    let mut column = 1;
    loop {
        let mut place = token(text, at, end);
        if place.is_empty() {
            return Ok(());
        }
        column += 1;
        let pair = &text[place.clone()];
        let mut index = 0u64;
        let mut digits = 0;
        while digits < pair.len() && pair[digits].is_ascii_digit() {
            index = index.saturating_mul(10).saturating_add(u64::from(pair[digits] - b'0'));
            digits += 1;
        }
        at = place.end;
        if pair.get(digits) != Some(&b':') || digits == 0 {
            if pair.starts_with(b"qid:") {
                continue;
            }
            return Err(Problem::new(Kind::Pair, column, place));
        }
        match previous {
            Some(previous) if index == previous => return Err(Problem::new(Kind::Duplicate, column, place)),
            Some(previous) if index < previous => return Err(Problem::new(Kind::Order, column, place)),
            _ => previous = Some(index),
        }
        place.start += digits + 1;
        let number = &text[place.clone()];
        let value = match parse_short(number) {
            Some((value, taken)) if taken == number.len() => value,
            _ => parse_number(number).map_err(|kind| not_number(kind, column, place.clone()))?,
        };
        visit(index, value, column, &place)?;
    }
}

struct Scanner;

/// Smallest and largest index of a chunk.
struct Bounds {
    least: u64,
    most: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { least: u64::MAX, most: 0 }
    }
}

fn is_row(line: &[u8]) -> bool {
    let length = memchr::memchr(b'#', line).unwrap_or(line.len());
    !is_blank(&line[..length])
}

impl LineFormat for Scanner {
    type Gathered = Bounds;

    fn is_row(&self, line: &[u8]) -> bool {
        is_row(line)
    }

    fn read_row(&self, text: &[u8], row: RowPlace, bounds: &mut Bounds) -> Result<(), Problem> {
        let (label, end) = label(text, row.bytes)?;
        features(text, label.end, end, |index, _, _, _| {
            bounds.least = bounds.least.min(index);
            bounds.most = bounds.most.max(index);
            Ok(())
        })
    }
}

/// Checks an svmlight text and counts what it holds.
///
/// `counts` receives rows, lines, the smallest and the largest index (`u64::MAX` and 0 without any feature);
/// `detail` ([`DETAIL`] elements) the first problem.
///
/// # Errors
/// [`Status::Syntax`] for a line that cannot be read.
pub fn svmlight_scan(text: &[u8], threads: usize, counts: &mut [u64], detail: &mut [u64]) -> Outcome {
    ensure(counts.len() == 4 && detail.len() == DETAIL, Status::Length)?;
    let parsed = parse_blocks(text, &Scanner, None, threads).map_err(|stop| report(stop, detail))?;
    let least = parsed.gathered.iter().map(|bounds| bounds.least).min().unwrap_or(u64::MAX);
    let most = parsed.gathered.iter().map(|bounds| bounds.most).max().unwrap_or(0);
    counts.copy_from_slice(&[parsed.rows as u64, parsed.lines as u64, least, most]);
    Ok(())
}

struct Reader<'a> {
    first_index: u64,
    labelled: bool,
    rows: &'a Rows<'a>,
}

impl LineFormat for Reader<'_> {
    type Gathered = Names;

    fn is_row(&self, line: &[u8]) -> bool {
        is_row(line)
    }

    fn read_row(&self, text: &[u8], row: RowPlace, names: &mut Names) -> Result<(), Problem> {
        let (label, end) = label(text, row.bytes)?;
        // SAFETY: `parse_blocks` gives each row to one chunk, and once.
        let (dense, target, number) = unsafe { self.rows.row(row.row) };
        if self.labelled {
            number[0] = names.number(text, label.clone(), row.line, self.rows.room);
        } else if let Some(target) = target.first_mut() {
            *target = parse_number(&text[label.clone()]).map_err(|kind| not_number(kind, 1, label.clone()))?;
        }
        let dense_len = dense.len();
        dense.fill(0.0);
        features(text, label.end, end, |index, value, column, place| {
            let slot = index
                .checked_sub(self.first_index)
                .and_then(|offset| usize::try_from(offset).ok())
                .and_then(|offset| dense.get_mut(offset));
            let Some(slot) = slot else {
                let problem = Problem::new(Kind::Index, column, place.clone());
                return Err(Problem { found: index, ..problem.counted(0, dense_len) });
            };
            *slot = value;
            Ok(())
        })
    }
}

/// Parses an svmlight text into dense features and labels or targets.
///
/// Index `first_index` (0 or 1) is the first feature. With a `target_count` of 0 the label is a class, otherwise the
/// target. `detail` ([`DETAIL`] elements) receives the first problem, or at
/// [`DETAIL_NAMES`](crate::text::lines::DETAIL_NAMES) the number of distinct labels.
///
/// # Errors
/// [`Status::Length`] for outputs that do not fit the text, [`Status::Syntax`] for a line that cannot be read or an
/// index past the last feature.
pub fn svmlight_parse(
    text: &[u8],
    first_index: u64,
    threads: usize,
    outputs: Outputs<'_>,
    detail: &mut [u64],
) -> Outcome {
    ensure(detail.len() == DETAIL && outputs.target_count <= 1, Status::Length)?;
    let labelled = outputs.target_count == 0;
    let expected = Some(outputs.rows);
    let (rows, names) = Rows::new(outputs, labelled)?;
    let parsed = parse_blocks(text, &Reader { first_index, labelled, rows: &rows }, expected, threads);
    rows.finish(text, parsed, names, threads, detail)
}

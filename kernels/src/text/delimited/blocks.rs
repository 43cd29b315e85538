//! Windows of delimited text, cut between rows into chunks that threads read on their own.

use std::ops::Range;
use std::sync::OnceLock;

use memchr::{memchr, memchr2, memrchr2};

use crate::base::pool::{chunk_count, run_chunks};
use crate::base::status::Status;
use crate::text::delimited::Dialect;
use crate::text::delimited::cells::Cells;
use crate::text::lines::{Kind, Problem, Stop};

/// Bytes of text that one chunk holds, about.
const GRAIN: usize = 1 << 18;

/// Some rows of a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Their bytes.
    pub bytes: Range<usize>,
    /// The number of the first one in the window.
    pub row: usize,
    /// Lines of the window before them.
    pub lines: usize,
}

/// A window, cut.
#[derive(Debug)]
pub struct Cut {
    /// Each row is in one of them.
    pub chunks: Vec<Chunk>,
    /// Bytes that make whole rows.
    pub bytes: usize,
    /// Rows in them.
    pub rows: usize,
    /// Lines in them.
    pub lines: usize,
}

/// Cuts a window into chunks of whole rows; with `last` it is the end of the text, otherwise a row may go on after it.
///
/// The chunks depend on the text alone.
///
/// # Errors
/// [`Stop::Problem`] for a quotation that does not end with its cell.
pub fn cut(text: &[u8], dialect: Dialect, last: bool, threads: usize) -> Result<Cut, Stop> {
    let text = if last { text } else { &text[..whole_lines(text)] };
    if memchr(b'"', text).is_some() { cut_quoted(text, dialect, last) } else { cut_plain(text, dialect, threads) }
}

/// Bytes up to the last line end that no other byte can change.
fn whole_lines(text: &[u8]) -> usize {
    // CR at the very end may be the half of a CRLF.
    let sure = if text.last() == Some(&b'\r') { &text[..text.len() - 1] } else { text };
    memrchr2(b'\n', b'\r', sure).map_or(0, |at| at + 1)
}

fn cut_plain(text: &[u8], dialect: Dialect, threads: usize) -> Result<Cut, Stop> {
    let count = chunk_count(text.len(), GRAIN);
    let bounds: Vec<usize> = (0..=count).map(|chunk| line_start(text, target(text, chunk, count))).collect();
    let counts = in_chunks(threads, count, &|chunk| {
        let block = &text[..bounds[chunk + 1]];
        let mut cells = Cells::new(block, bounds[chunk], 0, dialect);
        let mut rows = 0;
        while cells.next_row() {
            cells.skip_line();
            rows += 1;
        }
        Ok((rows, cells.lines))
    })?;
    let mut cut = Cut { chunks: Vec::with_capacity(count), bytes: text.len(), rows: 0, lines: 0 };
    for (chunk, (rows, lines)) in counts.into_iter().enumerate() {
        cut.chunks.push(Chunk { bytes: bounds[chunk]..bounds[chunk + 1], row: cut.rows, lines: cut.lines });
        cut.rows += rows;
        cut.lines += lines;
    }
    Ok(cut)
}

fn cut_quoted(text: &[u8], dialect: Dialect, last: bool) -> Result<Cut, Stop> {
    let count = chunk_count(text.len(), GRAIN);
    let mut cells = Cells::new(text, 0, 0, dialect);
    let mut cut = Cut { chunks: Vec::with_capacity(count), bytes: 0, rows: 0, lines: 0 };
    let (mut open, mut ended) = (Chunk { bytes: 0..0, row: 0, lines: 0 }, 0);
    while cells.next_row() {
        match cells.skip_row() {
            Err(problem) if !last && problem.place.end == text.len() => break,
            Err(problem) => return Err(Stop::Problem(problem)),
            Ok(()) => {}
        }
        (cut.bytes, cut.lines) = (cells.at, cells.lines);
        cut.rows += 1;
        if cut.bytes >= target(text, ended + 1, count) {
            open.bytes.end = cut.bytes;
            cut.chunks.push(open);
            open = Chunk { bytes: cut.bytes..cut.bytes, row: cut.rows, lines: cut.lines };
            while ended < count && cut.bytes >= target(text, ended + 1, count) {
                ended += 1;
            }
        }
    }
    if cells.at == text.len() && !cells.more {
        (cut.bytes, cut.lines) = (cells.at, cells.lines);
    }
    if cut.bytes > open.bytes.start {
        open.bytes.end = cut.bytes;
        cut.chunks.push(open);
    }
    Ok(cut)
}

/// Where chunk `chunk` of `count` would begin if rows could be cut.
fn target(text: &[u8], chunk: usize, count: usize) -> usize {
    (text.len() as u128 * chunk as u128 / count as u128) as usize
}

/// The first line that begins at `at` or later.
fn line_start(text: &[u8], at: usize) -> usize {
    if at == 0 || at >= text.len() {
        return at.min(text.len());
    }
    match memchr2(b'\n', b'\r', &text[at - 1..]) {
        None => text.len(),
        Some(length) => {
            let end = at - 1 + length;
            end + if text[end..].starts_with(b"\r\n") { 2 } else { 1 }
        }
    }
}

/// The end of the first `most` rows of a cut window: bytes, rows and lines.
///
/// # Errors
/// As [`cut`].
pub fn first_rows(text: &[u8], dialect: Dialect, cut: &Cut, most: usize) -> Result<(usize, usize, usize), Stop> {
    if cut.rows <= most {
        return Ok((cut.bytes, cut.rows, cut.lines));
    }
    let chunk = cut.chunks.iter().rev().find(|chunk| chunk.row <= most).ok_or(Stop::Status(Status::Range))?;
    let mut cells = Cells::new(&text[..cut.bytes], chunk.bytes.start, chunk.lines, dialect);
    for _ in chunk.row..most {
        cells.next_row();
        cells.skip_row().map_err(Stop::Problem)?;
    }
    Ok((cells.at, most, cells.lines))
}

/// What `work` makes of each of `count` chunks, in their order; the problem is the first of the text.
///
/// # Errors
/// [`Stop`] of the first chunk that has a problem.
pub fn in_chunks<T: Send + Sync>(
    threads: usize,
    count: usize,
    work: &(dyn Fn(usize) -> Result<T, Problem> + Sync),
) -> Result<Vec<T>, Stop> {
    let results: Vec<OnceLock<Result<T, Problem>>> = (0..count).map(|_| OnceLock::new()).collect();
    run_chunks(threads, count, &|chunk| {
        let _ = results[chunk].set(work(chunk));
    })
    .map_err(Stop::Status)?;
    let done = results.into_iter().map(|result| result.into_inner().ok_or(Stop::Status(Status::Panic)));
    done.map(|result| result?.map_err(Stop::Problem)).collect()
}

/// Checks that a chunk is UTF-8.
///
/// # Errors
/// [`Kind::Encoding`] at the first byte that is not.
pub fn check_encoding(text: &[u8], chunk: &Chunk, dialect: Dialect) -> Result<(), Problem> {
    let Err(error) = std::str::from_utf8(&text[chunk.bytes.clone()]) else { return Ok(()) };
    let bad = chunk.bytes.start + error.valid_up_to();
    let mut cells = Cells::new(&text[..chunk.bytes.end], chunk.bytes.start, chunk.lines, dialect);
    while cells.next_row() {
        let mut column = 0;
        while cells.more {
            let Ok(cell) = cells.cell(column) else { break };
            if cell.place.end > bad {
                return Err(cells.problem(Kind::Encoding, column + 1, bad..bad + 1));
            }
            column += 1;
        }
    }
    Err(cells.problem(Kind::Encoding, 1, bad..bad + 1))
}

//! What is looked up before samples are made: how many rows a window holds, and the cells of the first rows.

use crate::base::status::{Outcome, Status, ensure};
use crate::text::delimited::blocks::{cut, first_rows};
use crate::text::delimited::cells::Cells;
use crate::text::delimited::{DIALECT, Dialect};
use crate::text::lines::{DETAIL, report};

/// Bytes, rows and lines of the whole rows of a window, at most `most` of them, into `counts`.
///
/// # Errors
/// [`Status::Syntax`] for a bad quotation.
pub fn delimited_rows(
    text: &[u8],
    dialect: &[u8],
    last: bool,
    threads: usize,
    most: usize,
    counts: &mut [u64],
    detail: &mut [u64],
) -> Outcome {
    ensure(dialect.len() == DIALECT && counts.len() == 3 && detail.len() == DETAIL, Status::Length)?;
    let dialect = Dialect::new(dialect)?;
    let found = cut(text, dialect, last, threads)
        .and_then(|cut| first_rows(text, dialect, &cut, most))
        .map_err(|stop| report(stop, detail))?;
    counts.copy_from_slice(&[found.0 as u64, found.1 as u64, found.2 as u64]);
    Ok(())
}

/// The cells of the first rows of a text, whole rows or not: start, end and line of each into `places`, as many as fit.
///
/// A row begins where the line is another one; `counts` receives the number of cells and the bytes they take. It stops
/// before a quotation that does not end.
///
/// # Errors
/// [`Status::Length`] or [`Status::Range`] for arrays and dialects that do not fit.
pub fn delimited_cells(text: &[u8], dialect: &[u8], places: &mut [u64], counts: &mut [u64]) -> Outcome {
    ensure(dialect.len() == DIALECT && counts.len() == 2, Status::Length)?;
    let mut cells = Cells::new(text, 0, 0, Dialect::new(dialect)?);
    let mut entries = places.chunks_exact_mut(3);
    counts.fill(0);
    while cells.next_row() {
        while cells.more {
            let Ok(cell) = cells.cell(0) else { return Ok(()) };
            let Some(entry) = entries.next() else { return Ok(()) };
            entry.copy_from_slice(&[cell.place.start as u64, cell.place.end as u64, cells.line as u64]);
            (counts[0], counts[1]) = (counts[0] + 1, cells.at as u64);
        }
    }
    Ok(())
}

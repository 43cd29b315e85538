//! Delimited text (CSV, TSV, columns between blanks): one row a line, one number a cell.
//!
//! Lines of blanks are skipped, lines end with LF or CRLF, and [`cells`](crate::text::text_cells) has the rules within one.

use std::ops::Range;

use crate::base::status::{Outcome, Status, ensure};
use crate::text::labels::Names;
use crate::text::lines::{DETAIL, Kind, LineFormat, Problem, RowPlace, parse_blocks, report};
use crate::text::number::parse_number;
use crate::text::text_cells::{Cells, count};
use crate::text::text_rows::{Outputs, Rows, not_number};

/// Role of a column that is not read.
pub const SKIPPED: u32 = u32::MAX;
/// Role of the column that holds the class label.
pub const LABEL: u32 = u32::MAX - 1;
/// Roles from here on are regression targets; those below are features.
pub const TARGET: u32 = 1 << 31;

struct Counter {
    delimiter: u8,
    columns: usize,
}

impl LineFormat for Counter {
    type Gathered = ();

    fn read_row(&self, text: &[u8], RowPlace { bytes: place, .. }: RowPlace, (): &mut ()) -> Result<(), Problem> {
        let line = &text[place.clone()];
        let found = if self.delimiter != b' ' && memchr::memchr(b'"', line).is_none() {
            1 + memchr::memchr_iter(self.delimiter, line).count()
        } else {
            count(text, place.clone(), self.delimiter)?
        };
        if found == self.columns {
            return Ok(());
        }
        Err(Problem::new(Kind::Ragged, found.min(self.columns), place).counted(found, self.columns))
    }
}

/// Counts the rows and lines of a text whose rows have `columns` cells.
///
/// `counts` receives rows and lines; `detail` ([`DETAIL`] elements) the first problem.
///
/// # Errors
/// [`Status::Syntax`] for a row with another number of cells or a bad quotation.
pub fn delimited_scan(
    text: &[u8],
    delimiter: u8,
    columns: usize,
    threads: usize,
    counts: &mut [u64],
    detail: &mut [u64],
) -> Outcome {
    ensure(counts.len() == 2 && detail.len() == DETAIL, Status::Length)?;
    let parsed =
        parse_blocks(text, &Counter { delimiter, columns }, None, threads).map_err(|stop| report(stop, detail))?;
    counts.copy_from_slice(&[parsed.rows as u64, parsed.lines as u64]);
    Ok(())
}

struct Reader<'a> {
    delimiter: u8,
    roles: &'a [u32],
    rows: &'a Rows<'a>,
}

impl LineFormat for Reader<'_> {
    type Gathered = Names;

    fn read_row(&self, text: &[u8], row: RowPlace, names: &mut Names) -> Result<(), Problem> {
        let RowPlace { bytes: place, row, line } = row;
        // SAFETY: `parse_blocks` gives each row to one chunk, and once.
        let (features, targets, label) = unsafe { self.rows.row(row) };
        let mut cells = Cells::new(text, place.clone(), self.delimiter);
        for (index, &role) in self.roles.iter().enumerate() {
            if !cells.more {
                return Err(Problem::new(Kind::Ragged, index, place).counted(index, self.roles.len()));
            }
            if role < LABEL {
                let value = match cells.short_number() {
                    Some(value) => value,
                    None => {
                        let cell = cells.cell().map_err(|place| Problem::new(Kind::Quote, index + 1, place))?;
                        let trimmed = trim(text, cell);
                        parse_number(&text[trimmed.clone()]).map_err(|kind| not_number(kind, index + 1, trimmed))?
                    }
                };
                if role < TARGET {
                    features[role as usize] = value;
                } else {
                    targets[(role - TARGET) as usize] = value;
                }
                continue;
            }
            let cell = cells.cell().map_err(|place| Problem::new(Kind::Quote, index + 1, place))?;
            if role == LABEL {
                if cell.is_empty() {
                    return Err(Problem::new(Kind::Empty, index + 1, cell));
                }
                label[0] = names.number(text, cell, line, self.rows.room);
            }
        }
        if cells.more {
            let found = count(text, place.clone(), self.delimiter)?;
            return Err(Problem::new(Kind::Ragged, self.roles.len(), place).counted(found, self.roles.len()));
        }
        Ok(())
    }
}

fn trim(text: &[u8], place: Range<usize>) -> Range<usize> {
    let cell = &text[place.clone()];
    let lead = cell.len() - cell.trim_ascii_start().len();
    place.start + lead..place.start + lead + cell.trim_ascii().len()
}

/// Parses the rows of a text into features, regression targets and class labels.
///
/// `roles` says for each column what it is: a feature's index, [`TARGET`] plus a target's index, [`LABEL`] or
/// [`SKIPPED`]. Each row's features and targets must all have a column, or they are left as they were. `detail`
/// ([`DETAIL`] elements) receives the first problem, or at
/// [`DETAIL_NAMES`](crate::text::lines::DETAIL_NAMES) the number of distinct labels.
///
/// # Errors
/// [`Status::Length`] or [`Status::Range`] for outputs that do not fit the text and the roles, [`Status::Syntax`]
/// for a cell that cannot be read.
pub fn delimited_parse(
    text: &[u8],
    delimiter: u8,
    roles: &[u32],
    threads: usize,
    outputs: Outputs<'_>,
    detail: &mut [u64],
) -> Outcome {
    ensure(detail.len() == DETAIL, Status::Length)?;
    let labelled = roles.contains(&LABEL);
    let known = roles.iter().all(|&role| match role {
        SKIPPED | LABEL => true,
        role if role >= TARGET => ((role - TARGET) as usize) < outputs.target_count,
        role => (role as usize) < outputs.feature_count,
    });
    ensure(known, Status::Range)?;
    let expected = Some(outputs.rows);
    let (rows, names) = Rows::new(outputs, labelled)?;
    let parsed = parse_blocks(text, &Reader { delimiter, roles, rows: &rows }, expected, threads);
    rows.finish(text, parsed, names, threads, detail)
}

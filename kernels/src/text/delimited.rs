//! Delimited text (CSV, TSV, columns between blanks): rows of cells, read twice.
//!
//! The first reading finds what the columns hold ([`profile`]), the second turns cells into the inputs of a network
//! ([`encode`]). Windows of text are cut between rows ([`blocks`]) and rows into cells ([`cells`]).

pub mod blocks;
pub mod cells;
pub mod encode;
pub mod head;
pub mod plan;
pub mod profile;
pub mod spelled;
pub mod spellings;

use crate::base::status::{Status, ensure};

/// Elements of a dialect: delimiter, comment mark (0 for none), decimal mark, whether a delimiter may end a row.
pub const DIALECT: usize = 4;

/// How a text is written.
#[derive(Clone, Copy, Debug)]
pub struct Dialect {
    /// What separates cells; a blank stands for any run of blanks and tabs.
    pub delimiter: u8,
    /// What a line begins with that is none of data.
    pub comment: Option<u8>,
    /// The decimal point.
    pub decimal: u8,
    /// Whether an empty cell at the end of a row, beyond its columns, means nothing.
    pub trailing: bool,
}

impl Dialect {
    /// Reads a dialect as the caller gives it.
    ///
    /// # Errors
    /// [`Status::Length`] for another number of elements, [`Status::Range`] for a mark that cannot be one.
    pub fn new(marks: &[u8]) -> Result<Self, Status> {
        let &[delimiter, comment, decimal, trailing] = marks else { return Err(Status::Length) };
        let usable = |mark: u8| mark.is_ascii() && !mark.is_ascii_alphanumeric() && !b"\"\r\n+-\0".contains(&mark);
        ensure(usable(delimiter) && delimiter != b'.' && matches!(decimal, b'.' | b','), Status::Range)?;
        ensure(decimal != delimiter && comment != delimiter, Status::Range)?;
        ensure(comment == 0 || usable(comment), Status::Range)?;
        Ok(Self { delimiter, comment: (comment != 0).then_some(comment), decimal, trailing: trailing != 0 })
    }

    /// Whether any run of blanks separates cells.
    #[inline(always)]
    pub fn by_blanks(self) -> bool {
        self.delimiter == b' '
    }
}

/// Spellings of a cell without a value.
const MISSING: [&[u8]; 17] = [
    b"", b"NA", b"N/A", b"n/a", b"#N/A", b"<NA>", b"NaN", b"nan", b"NAN", b"null", b"NULL", b"Null", b"None", b"none",
    b"?", b"-", b".",
];

/// Whether a cell spells that its value is missing.
pub fn is_missing(cell: &[u8]) -> bool {
    cell.len() <= 4 && MISSING.contains(&cell)
}

/// For each column the first one from it on that does not belong to a run.
fn run_ends<T>(columns: &[T], belongs: impl Fn(&T) -> bool) -> Vec<u32> {
    let mut ends = vec![0; columns.len()];
    let mut end = columns.len();
    for (column, kind) in columns.iter().enumerate().rev() {
        if !belongs(kind) {
            end = column;
        }
        ends[column] = end as u32;
    }
    ends
}

//! Numbers whose nearest f64 does not tell the nearest f32, so their spelling is looked at again.

use crate::text::delimited::Dialect;
use crate::text::delimited::cells::{Cell, Cells};
use crate::text::lines::Problem;
use crate::text::number::parse_number;

/// A cell of the row at `start`, on line `line`.
///
/// # Errors
/// As [`cell`](Cells::cell).
pub fn cell_again(
    text: &[u8],
    dialect: Dialect,
    start: usize,
    line: usize,
    column: usize,
) -> Result<(Cells<'_>, Cell), Problem> {
    let mut cells = Cells::new(text, start, line - 1, dialect);
    cells.next_row();
    for before in 0..column {
        cells.cell(before)?;
    }
    let cell = cells.cell(column)?;
    Ok((cells, cell))
}

/// The f32 nearest to a number as it is spelled.
#[cold]
pub fn nearest(spelled: &[u8], mark: u8) -> f32 {
    let point: Vec<u8> = spelled.trim_ascii().iter().map(|&byte| if byte == mark { b'.' } else { byte }).collect();
    parse_number(&point).unwrap_or(f32::NAN)
}

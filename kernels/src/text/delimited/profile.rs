//! What the columns of delimited text hold: numbers, missing cells, texts.
//!
//! Moments are summed about the first number of each chunk and joined chunk by chunk (Chan, Golub and LeVeque 1983), so
//! they do not depend on threads and survive columns like times in seconds since 1970.

use std::ops::Range;

use crate::base::shared::SharedSlice;
use crate::base::status::{Outcome, Status, ensure};
use crate::text::decimal::{Decimal, decimal};
use crate::text::delimited::blocks::{Chunk, check_encoding, cut, in_chunks};
use crate::text::delimited::cells::{Cell, Cells, EXACT};
use crate::text::delimited::spelled::{cell_again, nearest};
use crate::text::delimited::spellings::{SPELLING, Spelling, Spellings};
use crate::text::delimited::{DIALECT, Dialect, is_missing, run_ends};
use crate::text::lines::{DETAIL, Problem, report};
use crate::text::number::once_rounded;

/// Elements a column has in a profile: numbers, missing, texts; minimum, maximum, mean, sum of squares about it;
/// numbers that are not whole, whole ones beyond 2⁵³; line, start and end of the first text and of the first missing
/// cell (line 0 where there is none); of numbers that are kept, the last, and how many differ from the one above and are
/// equal to it in 32 bits.
pub const PROFILE: usize = 17;
const FIRST_TEXT: usize = 9;
const FIRST_MISSING: usize = 12;
const LAST: usize = 15;
const VANISHED: usize = 16;

/// The numbers of a column.
#[derive(Clone, Copy, Default)]
struct Numbers {
    count: u64,
    first: f64,
    sum: f64,
    squares: f64,
    minimum: f64,
    maximum: f64,
    fractions: u64,
    beyond: u64,
}

impl Numbers {
    #[inline(always)]
    fn add(&mut self, number: Decimal) {
        self.beyond += u64::from(number.plain && number.value.abs() >= EXACT);
        self.add_value(number.value);
    }

    #[inline(always)]
    fn add_value(&mut self, value: f64) {
        if self.count == 0 {
            (self.first, self.minimum, self.maximum) = (value, value, value);
        }
        self.count += 1;
        let offset = value - self.first;
        self.sum += offset;
        self.squares += offset * offset;
        self.minimum = if value < self.minimum { value } else { self.minimum };
        self.maximum = if value > self.maximum { value } else { self.maximum };
        if self.fractions == 0 {
            self.fractions = u64::from(value.abs() < EXACT && value as i64 as f64 != value);
        }
    }
}

/// The cells of a column that are no numbers.
#[derive(Clone, Default)]
struct Others {
    missing: u64,
    texts: u64,
    first_text: (usize, Range<usize>),
    first_missing: (usize, Range<usize>),
}

/// What one chunk holds.
struct ChunkProfile {
    numbers: Vec<Numbers>,
    others: Vec<Others>,
    spellings: Vec<Spellings>,
    kept: Kept,
}

/// The cells of a chunk that are kept, seen down the columns.
struct Kept {
    /// The first row; empty without one.
    first: Vec<f64>,
    /// The last row, NaN without one.
    above: Vec<f64>,
    /// Numbers that differ from the one above and are equal to it in 32 bits.
    vanished: Vec<u64>,
}

struct Profiler<'a> {
    text: &'a [u8],
    dialect: Dialect,
    columns: usize,
    /// Most spellings of each column, 0 where they are not gathered.
    caps: &'a [u32],
    /// Place of each gathered column among them.
    slots: Vec<u32>,
    /// The first gathered column from each one on.
    run_ends: Vec<u32>,
    gathered: usize,
    rows: usize,
    /// `[rows][columns that are not gathered]`, numbers; then `[rows][gathered]`, which spelling of the chunk it is.
    /// Empty where nothing is kept.
    kept: SharedSlice<'a, f32>,
}

const NONE: u32 = u32::MAX;

impl Profiler<'_> {
    fn chunk(&self, chunk: &Chunk) -> Result<ChunkProfile, Problem> {
        check_encoding(self.text, chunk, self.dialect)?;
        let mut found = ChunkProfile {
            numbers: vec![Numbers::default(); self.columns],
            others: vec![Others::default(); self.columns],
            spellings: (0..self.gathered).map(|_| Spellings::default()).collect(),
            kept: Kept { first: Vec::new(), above: vec![f64::NAN; self.columns], vanished: vec![0; self.columns] },
        };
        let (mut index, mut keeps) = (chunk.row, !self.kept.is_empty());
        let mut values = vec![0.0; self.columns];
        let mut cells = Cells::new(&self.text[..chunk.bytes.end], chunk.bytes.start, chunk.lines, self.dialect);
        while cells.next_row() {
            let start = cells.at;
            let mut column = 0;
            while column < self.columns {
                if !cells.more {
                    return Err(cells.ragged(column, self.columns));
                }
                let run = column..self.run_ends[column] as usize;
                let taken = cells.numbers(&mut values[run.clone()]);
                if taken > 0 {
                    let columns = &mut found.numbers[run.clone()];
                    columns.iter_mut().zip(&values[run]).take(taken).for_each(|(numbers, &value)| {
                        numbers.add_value(value);
                    });
                    column += taken;
                    continue;
                }
                let number = if run.is_empty() { None } else { cells.number() };
                if let Some(number) = number {
                    found.numbers[column].add(number);
                    values[column] = number.value;
                } else {
                    let cell = cells.cell(column)?;
                    let value = self.slow_cell(&cells, column, &cell, &mut found);
                    keeps &= value.is_some();
                    values[column] = value.unwrap_or(f64::NAN);
                }
                column += 1;
            }
            cells.end_row(self.columns)?;
            if keeps {
                self.keep(&values, index, &mut found.kept, |column| {
                    let text = &self.text[..chunk.bytes.end];
                    let (cells, cell) = cell_again(text, self.dialect, start, cells.line, column)?;
                    Ok(nearest(cells.content(&cell), self.dialect.decimal))
                })?;
            }
            index += 1;
        }
        Ok(found)
    }

    /// Keeps row `index`, numbers as the encoding makes inputs of them; `spelled` is the one of a column by its spelling.
    fn keep(
        &self,
        values: &[f64],
        index: usize,
        kept: &mut Kept,
        spelled: impl Fn(usize) -> Result<f32, Problem>,
    ) -> Result<(), Problem> {
        let plain = self.columns - self.gathered;
        let at = self.rows * plain + index * self.gathered;
        // SAFETY: each row is in one chunk, so its elements are this thread's alone.
        let (mut inputs, codes) =
            unsafe { (self.kept.range(index * plain..(index + 1) * plain), self.kept.range(at..at + self.gathered)) };
        if kept.first.is_empty() {
            kept.first.extend_from_slice(values);
        }
        let mut column = 0;
        while column < self.columns {
            if self.slots[column] != NONE {
                codes[self.slots[column] as usize] = values[column] as f32;
                column += 1;
                continue;
            }
            let run = column..self.run_ends[column] as usize;
            let (run_inputs, others) = inputs.split_at_mut(run.len());
            let mut sure = true;
            for (input, &value) in run_inputs.iter_mut().zip(&values[run.clone()]) {
                *input = value as f32;
                sure &= once_rounded(value).is_some();
            }
            if !sure {
                for column in run.clone().filter(|&column| once_rounded(values[column]).is_none()) {
                    run_inputs[column - run.start] = spelled(column)?;
                }
            }
            let columns = kept.above[run.clone()].iter_mut().zip(&mut kept.vanished[run.clone()]);
            for ((&input, &value), (above, vanished)) in run_inputs.iter().zip(&values[run.clone()]).zip(columns) {
                *vanished += u64::from(value != *above && *above as f32 == input);
                *above = value;
            }
            (inputs, column) = (others, run.end);
        }
        Ok(())
    }

    /// Returns the number, or which spelling it is in a column whose spellings are gathered; `None` for other cells.
    fn slow_cell(&self, cells: &Cells<'_>, column: usize, cell: &Cell, found: &mut ChunkProfile) -> Option<f64> {
        let content = cells.content(cell);
        let trimmed = content.trim_ascii();
        let others = &mut found.others[column];
        let first = || (cells.line, cell.place.clone());
        if is_missing(trimmed) {
            if others.missing == 0 {
                others.first_missing = first();
            }
            others.missing += 1;
            return None;
        }
        let number = decimal(trimmed, self.dialect.decimal);
        if let Some(number) = number {
            found.numbers[column].add(number);
        } else {
            if others.texts == 0 {
                others.first_text = first();
            }
            others.texts += 1;
        }
        if self.slots[column] == NONE {
            return number.map(|number| number.value);
        }
        let spelling = Spelling { place: cell.place.clone(), line: cells.line, count: 1 };
        Some(found.spellings[self.slots[column] as usize].add(content, spelling, self.caps[column] as usize) as f64)
    }
}

/// Adds what a window holds to the profile of a text.
///
/// With `last` it is the end of the text. `caps` has the most spellings of each column, 0 where they are not gathered,
/// and becomes 0 where there are more in this window. `profile` ([`PROFILE`] elements a column) is added to, lines
/// counted from `lines_before`. `names` receives [`SPELLING`] elements for each spelling, column by column.
/// `counts` receives bytes, rows and lines of the whole rows, and the number of spellings; where `names` has no room
/// for them, nothing else is written. `detail` receives the first problem.
///
/// `kept`, where it has room for every cell of the whole rows, receives `[rows][columns that are not gathered]` numbers,
/// then `[rows][gathered columns]` which of the window's spellings of the column it is. It holds anything where a cell
/// is missing, or a text in a column that is not gathered, or a column has more spellings than its most.
///
/// # Errors
/// [`Status::Syntax`] for a row with another number of cells, a bad quotation, or bytes that are not UTF-8.
pub fn delimited_profile(
    text: &[u8],
    dialect: &[u8],
    last: bool,
    threads: usize,
    lines_before: usize,
    caps: &mut [u32],
    profile: &mut [f64],
    names: &mut [u64],
    kept: &mut [f32],
    counts: &mut [u64],
    detail: &mut [u64],
) -> Outcome {
    ensure(dialect.len() == DIALECT && counts.len() == 4 && detail.len() == DETAIL, Status::Length)?;
    let (dialect, columns) = (Dialect::new(dialect)?, caps.len());
    ensure(Some(profile.len()) == columns.checked_mul(PROFILE) && columns > 0, Status::Length)?;
    let cut = cut(text, dialect, last, threads).map_err(|stop| report(stop, detail))?;
    let mut gathered = 0;
    let slots = caps.iter().map(|&cap| if cap == 0 { NONE } else { (gathered, gathered += 1).0 }).collect();
    let run_ends = run_ends(caps, |&cap| cap == 0);
    let room = cut.rows.checked_mul(columns);
    let kept = room.and_then(|cells| kept.get_mut(..cells)).unwrap_or_default();
    let profiler = Profiler {
        text,
        dialect,
        columns,
        caps,
        slots,
        run_ends,
        gathered: gathered as usize,
        rows: cut.rows,
        kept: SharedSlice::new(&mut *kept),
    };
    let filled: Vec<&Chunk> = cut.chunks.iter().filter(|chunk| !chunk.bytes.is_empty()).collect();
    let mut chunks = in_chunks(threads, filled.len(), &|chunk| profiler.chunk(filled[chunk]))
        .map_err(|stop| report(stop, detail))?;
    let (slots, gathered) = (profiler.slots, profiler.gathered);
    let mut spellings: Vec<Spellings> = (0..gathered).map(|_| Spellings::default()).collect();
    let gathered_columns: Vec<usize> = (0..columns).filter(|&column| slots[column] != NONE).collect();
    let mut codes = if kept.is_empty() { kept } else { &mut kept[cut.rows * (columns - gathered)..] };
    for (index, chunk) in chunks.iter_mut().enumerate() {
        let rows = filled.get(index + 1).map_or(cut.rows, |next| next.row) - filled[index].row;
        let (chunk_codes, rest) = codes.split_at_mut((rows * gathered).min(codes.len()));
        codes = rest;
        for (slot, part) in std::mem::take(&mut chunk.spellings).into_iter().enumerate() {
            let numbers = spellings[slot].append(part, caps[gathered_columns[slot]] as usize);
            for code in chunk_codes.iter_mut().skip(slot).step_by(gathered) {
                *code = numbers.get(*code as usize).map_or(0.0, |&number| number as f32);
            }
        }
    }
    let needed: usize = spellings.iter().map(|column| column.found.len()).sum();
    counts.copy_from_slice(&[cut.bytes as u64, cut.rows as u64, cut.lines as u64, needed as u64]);
    if names.len() / SPELLING < needed {
        return Ok(());
    }
    let mut entries = names.chunks_exact_mut(SPELLING);
    for (&column, found) in gathered_columns.iter().zip(&spellings) {
        if found.overflow {
            caps[column] = 0;
        }
        for (spelling, entry) in found.found.iter().zip(&mut entries) {
            let Spelling { place, line, count } = spelling;
            let line = (lines_before + line) as u64;
            entry.copy_from_slice(&[column as u64, place.start as u64, place.end as u64, line, *count]);
        }
    }
    for ChunkProfile { numbers, others, kept, .. } in &chunks {
        for (column, total) in profile.chunks_exact_mut(PROFILE).enumerate() {
            join_kept(kept, column, total);
            join_numbers(&numbers[column], total);
            join_others(&others[column], lines_before, total);
        }
    }
    Ok(())
}

fn join_numbers(part: &Numbers, total: &mut [f64]) {
    if part.count == 0 {
        return;
    }
    let (before, count) = (total[0], part.count as f64);
    let all = before + count;
    let mean = part.first + part.sum / count;
    let squares = (part.squares - part.sum * (part.sum / count)).max(0.0);
    if before == 0.0 {
        total[3..7].copy_from_slice(&[part.minimum, part.maximum, mean, squares]);
    } else {
        let apart = mean - total[5];
        total[3] = total[3].min(part.minimum);
        total[4] = total[4].max(part.maximum);
        total[5] += apart * (count / all);
        total[6] += squares + apart * apart * (before * count / all);
    }
    total[0] = all;
    total[7] += part.fractions as f64;
    total[8] += part.beyond as f64;
}

/// Before the numbers are joined, whose count tells whether there was a row above.
fn join_kept(part: &Kept, column: usize, total: &mut [f64]) {
    let Some(&first) = part.first.get(column) else { return };
    let met = total[0] > 0.0 && total[LAST] != first && total[LAST] as f32 == first as f32;
    total[VANISHED] += part.vanished[column] as f64 + f64::from(u8::from(met));
    total[LAST] = part.above[column];
}

fn join_others(part: &Others, lines_before: usize, total: &mut [f64]) {
    for (place, count, (line, bytes)) in
        [(FIRST_TEXT, part.texts, &part.first_text), (FIRST_MISSING, part.missing, &part.first_missing)]
    {
        if count > 0 && total[place] == 0.0 {
            let first = [(lines_before + line) as f64, bytes.start as f64, bytes.end as f64];
            total[place..place + 3].copy_from_slice(&first);
        }
    }
    total[1] += part.missing as f64;
    total[2] += part.texts as f64;
}

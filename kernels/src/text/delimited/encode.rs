//! Cells turned into the inputs, classes, targets and weights of samples, as a plan says.

use crate::base::shared::SharedSlice;
use crate::base::status::{Outcome, Status, ensure};
use crate::text::decimal::decimal;
use crate::text::delimited::blocks::{Chunk, check_encoding, cut, in_chunks};
use crate::text::delimited::cells::{Cell, Cells};
use crate::text::delimited::plan::{
    CATEGORY, CLASS, LENIENT, NONE, NUMBER, Plan, REFUSED, ROLE, SCALE, TARGET, WEIGHT,
};
use crate::text::delimited::spelled::{cell_again, nearest};
use crate::text::delimited::{DIALECT, Dialect, is_missing, run_ends};
use crate::text::lines::{DETAIL, Kind, Problem, report};
use crate::text::number::{NotNumber, once_rounded, parse_number};

/// Elements a column has in a tally: missing, unknown and vanished cells; line, start and end of the first unknown.
pub const TALLY: usize = 6;

/// The caller's arrays for at most so many rows; those that no role fills are empty.
pub struct Samples<'a> {
    /// `[rows][inputs]`, written.
    pub features: &'a mut [f32],
    /// `[rows]`, written.
    pub labels: &'a mut [u32],
    /// `[rows][targets]`, written.
    pub targets: &'a mut [f32],
    /// `[rows]`, written.
    pub weights: &'a mut [f32],
}

/// The arrays while threads write them.
struct Shared<'a> {
    features: SharedSlice<'a, f32>,
    labels: SharedSlice<'a, u32>,
    targets: SharedSlice<'a, f32>,
    weights: SharedSlice<'a, f32>,
}

/// What one chunk lost, and its first and last numbers.
struct ChunkTally {
    tally: Vec<f64>,
    first: Vec<f64>,
    above: Vec<f64>,
}

struct Encoder<'a> {
    text: &'a [u8],
    dialect: Dialect,
    plan: &'a Plan<'a>,
    samples: Shared<'a>,
    lines_before: usize,
    /// The first column from each one on that is no number.
    run_ends: Vec<u32>,
    /// Whether some inputs are only written where they are not 0.
    sparse: bool,
}

/// The samples of one row.
struct Row<'r> {
    features: &'r mut [f32],
    targets: &'r mut [f32],
    label: &'r mut [u32],
    weight: &'r mut [f32],
}

impl Encoder<'_> {
    fn chunk(&self, chunk: &Chunk) -> Result<ChunkTally, Problem> {
        check_encoding(self.text, chunk, self.dialect)?;
        let columns = self.plan.columns();
        let mut found = ChunkTally {
            tally: vec![0.0; columns * TALLY],
            first: vec![f64::NAN; columns],
            above: vec![f64::NAN; columns],
        };
        let mut cells = Cells::new(&self.text[..chunk.bytes.end], chunk.bytes.start, chunk.lines, self.dialect);
        let mut index = chunk.row;
        let mut values = vec![0.0; columns];
        while cells.next_row() {
            let one = |on: bool| index * usize::from(on)..(index + 1) * usize::from(on);
            let of = |width: usize| index * width..(index + 1) * width;
            // SAFETY: each row is in one chunk, so its elements are this thread's alone.
            let mut row = unsafe {
                Row {
                    features: self.samples.features.range(of(self.plan.inputs)),
                    targets: self.samples.targets.range(of(self.plan.targets)),
                    label: self.samples.labels.range(one(!self.samples.labels.is_empty())),
                    weight: self.samples.weights.range(one(!self.samples.weights.is_empty())),
                }
            };
            let start = cells.at;
            if self.sparse {
                row.features.fill(0.0);
            }
            let mut column = 0;
            while column < columns {
                if !cells.more {
                    return Err(cells.ragged(column, columns));
                }
                let run = column..self.run_ends[column] as usize;
                let taken = cells.numbers(&mut values[run.clone()]);
                if taken == 0 {
                    let cell = cells.cell(column)?;
                    self.cell(&cells, column, &cell, &mut row, &mut found)?;
                    column += 1;
                    continue;
                }
                for (column, &value) in run.zip(&values[column..]).take(taken) {
                    let mut input = self.plain_input(column, value);
                    if !input.is_finite() || once_rounded(value).is_none() {
                        input = self.reread(chunk, start, cells.line, column)?;
                    }
                    row.features[self.plan.roles[column * ROLE + 1] as usize] = input;
                    self.follow(column, value, input, &mut found);
                }
                column += taken;
            }
            cells.end_row(columns)?;
            index += 1;
        }
        Ok(found)
    }

    /// The input of a number of the row at `start` for which its spelling matters.
    #[cold]
    fn reread(&self, chunk: &Chunk, start: usize, line: usize, column: usize) -> Result<f32, Problem> {
        let (cells, cell) = cell_again(&self.text[..chunk.bytes.end], self.dialect, start, line, column)?;
        let content = cells.content(&cell).trim_ascii();
        let value = decimal(content, self.dialect.decimal).map_or(f64::NAN, |number| number.value);
        let input = self.scaled(column, value, || content);
        if input.is_finite() { Ok(input) } else { Err(cells.problem(Kind::Overflow, column + 1, cell.place)) }
    }

    /// A number of a column as its input.
    #[inline(always)]
    fn scaled<'t>(&self, column: usize, value: f64, spelled: impl FnOnce() -> &'t [u8]) -> f32 {
        let &[offset, factor, _] = &self.plan.scales[column * SCALE..][..SCALE] else { return f32::NAN };
        if offset == 0.0 && factor == 1.0 {
            return once_rounded(value).unwrap_or_else(|| nearest(spelled(), self.dialect.decimal));
        }
        ((value - offset) * factor) as f32
    }

    /// Counts a number that differs from the one above and is no different as an input.
    #[inline(always)]
    fn follow(&self, column: usize, value: f64, input: f32, found: &mut ChunkTally) {
        let above = found.above[column];
        found.above[column] = value;
        if above == value {
            return;
        }
        if above.is_nan() {
            found.first[column] = value;
        } else if self.plain_input(column, above) == input {
            found.tally[column * TALLY + 2] += 1.0;
        }
    }

    #[inline(always)]
    fn plain_input(&self, column: usize, value: f64) -> f32 {
        ((value - self.plan.scales[column * SCALE]) * self.plan.scales[column * SCALE + 1]) as f32
    }

    fn cell(
        &self,
        cells: &Cells<'_>,
        column: usize,
        cell: &Cell,
        row: &mut Row<'_>,
        found: &mut ChunkTally,
    ) -> Result<(), Problem> {
        let &[role @ (1..), one, two] = &self.plan.roles[column * ROLE..][..ROLE] else { return Ok(()) };
        let content = cells.content(cell);
        let short = content.trim_ascii();
        let kind = if role == LENIENT { NUMBER } else { role };
        let problem = |kind| Err(cells.problem(kind, column + 1, cell.place.clone()));
        let tally = &mut found.tally[column * TALLY..][..TALLY];
        if is_missing(short) || (role == LENIENT && decimal(short, self.dialect.decimal).is_none()) {
            let filled = self.plan.scales[column * SCALE + 2];
            match kind {
                NUMBER if !filled.is_nan() => {
                    row.features[one as usize] = self.plain_input(column, filled);
                    if two != NONE {
                        row.features[two as usize] = 1.0;
                    }
                }
                CATEGORY if two != REFUSED => {
                    if two != NONE {
                        row.features[two as usize] = 1.0;
                    }
                }
                CLASS if one != REFUSED => row.label[0] = one,
                TARGET if two != 0 => row.targets[one as usize] = f32::NAN,
                _ if short.is_empty() => return problem(Kind::Empty),
                _ => return problem(Kind::Missing),
            }
            tally[0] += 1.0;
            return Ok(());
        }
        match kind {
            CATEGORY => {
                if let Some(input) = self.plan.value(column, content) {
                    row.features[input as usize] = 1.0;
                    return Ok(());
                }
                if tally[1] == 0.0 {
                    let line = (self.lines_before + cells.line) as f64;
                    tally[3..].copy_from_slice(&[line, cell.place.start as f64, cell.place.end as f64]);
                }
                tally[1] += 1.0;
                if one != NONE {
                    row.features[one as usize] = 1.0;
                }
                Ok(())
            }
            CLASS => match self.plan.value(column, content) {
                Some(class) => {
                    row.label[0] = class;
                    Ok(())
                }
                None => problem(Kind::Class),
            },
            _ => {
                let Some(number) = decimal(short, self.dialect.decimal) else {
                    let kind = match parse_number(short) {
                        Err(NotNumber::NotFinite) => Kind::NotFinite,
                        Err(NotNumber::Overflow) => Kind::Overflow,
                        _ => Kind::Text,
                    };
                    return problem(kind);
                };
                let input = self.scaled(column, number.value, || short);
                if !input.is_finite() {
                    return problem(Kind::Overflow);
                }
                match kind {
                    NUMBER => {
                        row.features[one as usize] = input;
                        self.follow(column, number.value, input, found);
                    }
                    TARGET => row.targets[one as usize] = input,
                    _ if input < 0.0 => return problem(Kind::Weight),
                    _ => row.weight[0] = input,
                }
                Ok(())
            }
        }
    }
}

/// Turns the rows of a window into samples.
///
/// With `last` it is the end of the text. It has at most `room` rows, as many as the arrays hold. `above` has the last
/// number of each column (NaN for none) and is renewed; `tallies` ([`TALLY`] elements a column) is added to, lines
/// counted from `lines_before`. `counts` receives bytes, rows and lines of what was read; `detail` the first problem.
///
/// # Errors
/// [`Status::Syntax`] for a cell that the plan cannot take, [`Status::Length`] or [`Status::Range`] for arrays and plans
/// that do not fit.
pub fn delimited_encode(
    text: &[u8],
    dialect: &[u8],
    last: bool,
    threads: usize,
    lines_before: usize,
    plan: &Plan<'_>,
    room: usize,
    samples: Samples<'_>,
    above: &mut [f64],
    tallies: &mut [f64],
    counts: &mut [u64],
    detail: &mut [u64],
) -> Outcome {
    ensure(dialect.len() == DIALECT && counts.len() == 3 && detail.len() == DETAIL, Status::Length)?;
    plan.check()?;
    let (dialect, columns) = (Dialect::new(dialect)?, plan.columns());
    ensure(above.len() == columns && tallies.len() == columns * TALLY, Status::Length)?;
    let has = |kind: u32| plan.roles.chunks_exact(ROLE).any(|role| role[0] == kind);
    let one = |kind: u32| if has(kind) { room } else { 0 };
    let Samples { features, labels, targets, weights } = samples;
    ensure(room.checked_mul(plan.inputs) == Some(features.len()), Status::Length)?;
    ensure(room.checked_mul(plan.targets) == Some(targets.len()), Status::Length)?;
    ensure(labels.len() == one(CLASS) && weights.len() == one(WEIGHT), Status::Length)?;
    let mut cut = cut(text, dialect, last, threads).map_err(|stop| report(stop, detail))?;
    ensure(cut.rows <= room, Status::Length)?;
    let sparse = has(CATEGORY)
        || plan.roles.chunks_exact(ROLE).any(|role| matches!(role[0], NUMBER | LENIENT) && role[2] != NONE);
    let samples = Shared {
        features: SharedSlice::new(features),
        labels: SharedSlice::new(labels),
        targets: SharedSlice::new(targets),
        weights: SharedSlice::new(weights),
    };
    let kinds: Vec<u32> = plan.roles.chunks_exact(ROLE).map(|role| role[0]).collect();
    let run_ends = run_ends(&kinds, |&kind| kind == NUMBER);
    let encoder = Encoder { text, dialect, plan, samples, lines_before, run_ends, sparse };
    cut.chunks.retain(|chunk| !chunk.bytes.is_empty());
    let chunks = in_chunks(threads, cut.chunks.len(), &|chunk| encoder.chunk(&cut.chunks[chunk]))
        .map_err(|stop| report(stop, detail))?;
    for part in &chunks {
        for (column, total) in tallies.chunks_exact_mut(TALLY).enumerate() {
            let tally = &part.tally[column * TALLY..][..TALLY];
            if total[1] == 0.0 {
                total[3..].copy_from_slice(&tally[3..]);
            }
            (0..3).for_each(|index| total[index] += tally[index]);
            let first = part.first[column];
            if first.is_nan() {
                continue;
            }
            let met = encoder.plain_input(column, above[column]) == encoder.plain_input(column, first);
            total[2] += f64::from(u8::from(met && above[column] != first));
            above[column] = part.above[column];
        }
    }
    counts.copy_from_slice(&[cut.bytes as u64, cut.rows as u64, cut.lines as u64]);
    Ok(())
}

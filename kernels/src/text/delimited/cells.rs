//! The cells of rows of delimited text.
//!
//! Cells are trimmed of blanks. One that begins with a quote ends with one, holds `""` for a quote, and may hold
//! delimiters and line ends; the crate `csv-core` reads it. Lines end with LF, CR or CRLF. With the delimiter `' '`
//! any run of blanks separates, and blanks at either end of a line mean nothing.

use std::ops::Range;

use csv_core::{ReadFieldResult, Reader, ReaderBuilder};
use memchr::{memchr_iter, memchr2, memchr3};

use crate::base::simd::bytes::find_bytes;
use crate::text::decimal::{Decimal, short_decimal, tiny_decimal};
use crate::text::delimited::Dialect;
use crate::text::lines::{Kind, Problem};

/// One cell.
pub struct Cell {
    /// Its bytes in the text, without blanks and outer quotes.
    pub place: Range<usize>,
    /// Length of its content without escapes, where it has any.
    unescaped: Option<usize>,
}

/// The rows of a text, cell by cell.
pub struct Cells<'a> {
    text: &'a [u8],
    dialect: Dialect,
    /// Offset of the next byte.
    pub at: usize,
    /// Lines that have ended.
    pub lines: usize,
    /// Line on which the row began, from 1.
    pub line: usize,
    /// Whether another cell of the row follows.
    pub more: bool,
    quoted: Vec<Reader>,
    content: Vec<u8>,
    /// Places of the next delimiters and line ends, where the first of them stands, and where the search goes on.
    ends: Vec<u32>,
    next_end: usize,
    searched: usize,
}

/// Whole numbers from here on have neighbours that f64 does not hold.
pub const EXACT: f64 = (1u64 << 53) as f64;

/// Bytes in which delimiters and line ends are searched together.
const SEARCHED: usize = 1 << 11;

impl<'a> Cells<'a> {
    /// The rows of `text` from `at` on, where a line begins; `lines` have ended before.
    pub fn new(text: &'a [u8], at: usize, lines: usize, dialect: Dialect) -> Self {
        let (quoted, content) = (Vec::new(), Vec::new());
        let (ends, next_end) = (Vec::new(), 0);
        Self { text, dialect, at, lines, line: lines, more: false, quoted, content, ends, next_end, searched: at }
    }

    /// Goes to the next row, past empty lines and comments; false at the end of the text.
    #[inline]
    pub fn next_row(&mut self) -> bool {
        loop {
            let start = self.at;
            self.skip_blanks();
            match self.text.get(self.at) {
                None => {
                    self.lines += usize::from(self.at > start);
                    return false;
                }
                Some(b'\n' | b'\r') => self.end_line(),
                Some(&mark) if self.dialect.comment == Some(mark) => self.skip_line(),
                Some(_) => {
                    if !self.dialect.by_blanks() {
                        self.at = start;
                    }
                    self.line = self.lines + 1;
                    self.more = true;
                    return true;
                }
            }
        }
    }

    /// Goes to the end of a row in which no cell is quoted.
    #[inline]
    pub fn skip_line(&mut self) {
        self.at = memchr2(b'\n', b'\r', &self.text[self.at..]).map_or(self.text.len(), |length| self.at + length);
        self.end_line();
    }

    /// Goes to the end of the row.
    ///
    /// # Errors
    /// As [`cell`](Self::cell).
    pub fn skip_row(&mut self) -> Result<(), Problem> {
        let found = memchr3(b'\n', b'\r', b'"', &self.text[self.at..]);
        if found.is_none_or(|length| self.text[self.at + length] != b'"') {
            self.skip_line();
            return Ok(());
        }
        self.count_rest(0).map(|_| ())
    }

    /// Goes to the end of the row: the number of its cells, `before` of which were read.
    ///
    /// # Errors
    /// As [`cell`](Self::cell).
    pub fn count_rest(&mut self, before: usize) -> Result<usize, Problem> {
        let mut found = before;
        while self.more {
            self.cell(found)?;
            found += 1;
        }
        Ok(found)
    }

    /// Ends a row of which `columns` cells were read.
    ///
    /// # Errors
    /// [`Kind::Ragged`] where there are more of them.
    #[inline]
    pub fn end_row(&mut self, columns: usize) -> Result<(), Problem> {
        if !self.more {
            return Ok(());
        }
        if self.dialect.trailing && self.cell(columns)?.place.is_empty() && !self.more {
            return Ok(());
        }
        let before = columns + usize::from(self.dialect.trailing);
        let found = self.count_rest(before).unwrap_or(before + 1);
        Err(self.ragged(found, columns))
    }

    /// The problem of a row of `found` cells.
    pub fn ragged(&self, found: usize, columns: usize) -> Problem {
        self.problem(Kind::Ragged, found.min(columns), self.at..self.at).counted(found, columns)
    }

    /// A problem of the row.
    pub fn problem(&self, kind: Kind, column: usize, place: Range<usize>) -> Problem {
        Problem { line: self.line as u64, ..Problem::new(kind, column, place) }
    }

    /// Takes a plain short number; leaves everything else where it is.
    #[inline(always)]
    pub fn number(&mut self) -> Option<Decimal> {
        if self.dialect.by_blanks() {
            return self.number_between_blanks();
        }
        // The next cell begins where the end of this one says, not the number, so that the processor need not wait.
        let end = self.cell_end();
        let start = self.at + usize::from(self.text.get(self.at) == Some(&b' '));
        let mark = self.dialect.decimal;
        let number = match tiny_decimal(self.text, start, end, mark) {
            Some(number) => number,
            None => short_decimal(self.text, start, mark).filter(|number| number.end == end)?,
        };
        if self.text.get(end) == Some(&self.dialect.delimiter) {
            self.at = end + 1;
        } else {
            self.at = end;
            self.end_line();
        }
        Some(number)
    }

    /// Takes plain short numbers into `values`, cell after cell, as far as the row has them; returns how many.
    ///
    /// All of them are smaller than 2⁵³; any other is left where it is.
    #[inline]
    pub fn numbers(&mut self, values: &mut [f64]) -> usize {
        let (text, mark, delimiter) = (self.text, self.dialect.decimal, self.dialect.delimiter);
        let mut taken = 0;
        if self.dialect.by_blanks() {
            return taken;
        }
        while taken < values.len() {
            self.cell_end();
            let (mut at, mut row_end) = (self.at, None);
            let before = taken;
            for (value, &end) in values[taken..].iter_mut().zip(&self.ends[self.next_end..]) {
                let end = end as usize;
                let start = at + usize::from(text[at] == b' ');
                let number = match tiny_decimal(text, start, end, mark) {
                    Some(number) => number.value,
                    None => match short_decimal(text, start, mark) {
                        Some(number) if number.end == end && number.value.abs() < EXACT => number.value,
                        _ => break,
                    },
                };
                *value = number;
                taken += 1;
                if text[end] != delimiter {
                    row_end = Some(end);
                    break;
                }
                at = end + 1;
            }
            let searched = taken - before == self.ends.len() - self.next_end;
            (self.at, self.next_end) = (at, self.next_end + taken - before);
            if let Some(end) = row_end {
                self.at = end;
                self.end_line();
                return taken;
            }
            if !searched || taken == before {
                return taken;
            }
        }
        taken
    }

    fn number_between_blanks(&mut self) -> Option<Decimal> {
        let start = self.at;
        let number = short_decimal(self.text, start, self.dialect.decimal)?;
        self.at = number.end;
        if self.finish() {
            return Some(number);
        }
        self.at = start;
        None
    }

    /// The place of the next delimiter or line end.
    #[inline(always)]
    fn cell_end(&mut self) -> usize {
        loop {
            while let Some(&end) = self.ends.get(self.next_end) {
                if end as usize >= self.at {
                    return end as usize;
                }
                self.next_end += 1;
            }
            if self.searched.max(self.at) >= self.text.len() {
                return self.text.len();
            }
            self.find_ends();
        }
    }

    #[inline(never)]
    fn find_ends(&mut self) {
        self.ends.clear();
        self.next_end = 0;
        let start = self.searched.max(self.at);
        self.searched = self.text.len().min(start + SEARCHED);
        let needles = [self.dialect.delimiter, b'\n', b'\r'];
        find_bytes(&self.text[start..self.searched], needles, start, &mut self.ends);
    }

    /// The next cell; `column` is its number, from 0.
    ///
    /// # Errors
    /// [`Kind::Quote`] for a quotation that does not end with its cell.
    pub fn cell(&mut self, column: usize) -> Result<Cell, Problem> {
        self.skip_blanks();
        let start = self.at;
        let rest = &self.text[start..];
        if rest.first() == Some(&b'"') {
            return self.quoted_cell(column);
        }
        self.at = if self.dialect.by_blanks() {
            let length = rest.iter().position(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
            length.map_or(self.text.len(), |length| start + length)
        } else {
            self.cell_end()
        };
        let mut end = self.at;
        self.finish();
        while end > start && self.is_blank(self.text[end - 1]) {
            end -= 1;
        }
        Ok(Cell { place: start..end, unescaped: None })
    }

    /// The content of the cell that was read last.
    #[inline]
    pub fn content(&self, cell: &Cell) -> &[u8] {
        match cell.unescaped {
            None => &self.text[cell.place.clone()],
            Some(length) => &self.content[..length],
        }
    }

    fn quoted_cell(&mut self, column: usize) -> Result<Cell, Problem> {
        if self.quoted.is_empty() {
            let reader = |delimiter| ReaderBuilder::new().delimiter(delimiter).build();
            self.quoted.push(reader(self.dialect.delimiter));
            if self.dialect.by_blanks() {
                self.quoted.push(reader(b'\t'));
            }
        }
        let start = self.at;
        let mut end = start;
        for reader in 0..self.quoted.len() {
            let (taken, length) = self.read_quoted(reader, start);
            end = taken;
            let raw = self.text[start..end].trim_ascii_end();
            let blanks = self.text[start..end].len() - raw.len();
            // What follows the closing quote is blank, so these are the blanks at the end of the content.
            let content = &self.content[..length.saturating_sub(blanks)];
            let quotes = memchr_iter(b'"', content).count();
            let closed = raw.len() > 1 && raw.ends_with(b"\"") && memchr_iter(b'"', raw).count() == 2 + 2 * quotes;
            if !closed {
                continue;
            }
            let (close, unescaped) = (start + raw.len() - 1, (quotes > 0).then_some(content.len()));
            self.lines += line_ends(&self.text[start..close]);
            self.at = end;
            if self.finish() {
                return Ok(Cell { place: start + 1..close, unescaped });
            }
        }
        Err(self.problem(Kind::Quote, column + 1, start..end))
    }

    /// Reads a quoted cell into `content`: where it ends, before its delimiter or line end, and its length.
    fn read_quoted(&mut self, reader: usize, start: usize) -> (usize, usize) {
        let reader = &mut self.quoted[reader];
        reader.reset();
        let (mut at, mut length) = (start, 0);
        loop {
            if self.content.len() < length + 64 {
                self.content.resize(2 * length + 256, 0);
            }
            let (result, taken, written) = reader.read_field(&self.text[at..], &mut self.content[length..]);
            let ended = at == self.text.len();
            at += taken;
            length += written;
            match result {
                // The byte that ends it is taken.
                ReadFieldResult::Field { .. } if !ended => return (at - 1, length),
                ReadFieldResult::Field { .. } | ReadFieldResult::End => return (at, length),
                ReadFieldResult::InputEmpty | ReadFieldResult::OutputFull => {}
            }
        }
    }

    #[inline(always)]
    fn is_blank(&self, byte: u8) -> bool {
        byte == b' ' || byte == b'\t' && self.dialect.delimiter != b'\t'
    }

    #[inline(always)]
    fn skip_blanks(&mut self) {
        while self.at < self.text.len() && self.is_blank(self.text[self.at]) {
            self.at += 1;
        }
    }

    #[inline]
    fn end_line(&mut self) {
        let pair = self.text[self.at..].starts_with(b"\r\n");
        self.at = (self.at + 1 + usize::from(pair)).min(self.text.len());
        self.lines += 1;
        self.more = false;
    }

    /// Steps over the delimiter or the line end, if one stands here; false where neither does.
    #[inline(always)]
    fn finish(&mut self) -> bool {
        let blank = self.dialect.by_blanks();
        let before = self.at;
        if !blank && self.text.get(before) == Some(&self.dialect.delimiter) {
            self.at += 1;
            return true;
        }
        self.skip_blanks();
        match self.text.get(self.at) {
            None | Some(b'\n' | b'\r') => {
                self.end_line();
                true
            }
            Some(_) if blank => self.at > before,
            Some(&byte) if byte == self.dialect.delimiter => {
                self.at += 1;
                true
            }
            Some(_) => false,
        }
    }
}

/// Line ends of all three kinds.
fn line_ends(text: &[u8]) -> usize {
    let pairs = memchr_iter(b'\r', text).filter(|&at| text.get(at + 1) == Some(&b'\n')).count();
    memchr_iter(b'\n', text).count() + memchr_iter(b'\r', text).count() - pairs
}

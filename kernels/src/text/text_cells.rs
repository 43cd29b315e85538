//! The cells of a line of delimited text.
//!
//! Cells are trimmed of blanks; a cell may be quoted, with `""` for a quote inside, and ends on its line.
//! With the delimiter `' '` any run of blanks separates, and blanks at either end of the line mean nothing.

use std::ops::Range;

use crate::text::lines::{Kind, Problem};
use crate::text::number::parse_short;

/// The cells of one line, one after another.
pub struct Cells<'a> {
    text: &'a [u8],
    at: usize,
    end: usize,
    delimiter: u8,
    /// Whether another cell follows.
    pub more: bool,
}

impl<'a> Cells<'a> {
    /// The cells of the line at `line`; the delimiter `' '` stands for any run of blanks.
    #[inline]
    pub fn new(text: &'a [u8], line: Range<usize>, delimiter: u8) -> Self {
        let mut cells = Self { text, at: line.start, end: line.end, delimiter, more: true };
        if delimiter == b' ' {
            cells.skip_blanks();
            cells.more = cells.at < cells.end;
        }
        cells
    }

    #[inline]
    fn is_blank(&self, byte: u8) -> bool {
        (byte == b' ' || byte == b'\t') && (byte != self.delimiter || self.delimiter == b' ')
    }

    #[inline]
    fn skip_blanks(&mut self) {
        while self.at < self.end && self.is_blank(self.text[self.at]) {
            self.at += 1;
        }
    }

    /// Steps over the delimiter, if one stands here; false where neither a delimiter nor the line's end does.
    #[inline]
    fn finish(&mut self) -> bool {
        let before = self.at;
        self.skip_blanks();
        if self.at >= self.end {
            self.more = false;
            return true;
        }
        if self.delimiter == b' ' {
            return self.at > before;
        }
        if self.text[self.at] == self.delimiter {
            self.at += 1;
            return true;
        }
        false
    }

    /// Takes a plain short number; leaves everything else where it is.
    #[inline]
    pub fn short_number(&mut self) -> Option<f32> {
        let start = self.at;
        let (value, taken) = parse_short(&self.text[start..self.end])?;
        self.at += taken;
        if self.finish() {
            return Some(value);
        }
        self.at = start;
        None
    }

    /// The bytes of the next cell, without blanks and outer quotes.
    ///
    /// # Errors
    /// Where a quotation begins that does not end with its cell.
    pub fn cell(&mut self) -> Result<Range<usize>, Range<usize>> {
        self.skip_blanks();
        let start = self.at;
        if start < self.end && self.text[start] == b'"' {
            let mut close = start + 1;
            loop {
                match memchr::memchr(b'"', &self.text[close..self.end]) {
                    None => return Err(start..self.end),
                    Some(length) => close += length,
                }
                if close + 1 < self.end && self.text[close + 1] == b'"' {
                    close += 2;
                } else {
                    break;
                }
            }
            self.at = close + 1;
            return if self.finish() { Ok(start + 1..close) } else { Err(start..self.end) };
        }
        let rest = &self.text[start..self.end];
        let length = match self.delimiter {
            b' ' => memchr::memchr2(b' ', b'\t', rest),
            delimiter => memchr::memchr(delimiter, rest),
        };
        self.at = length.map_or(self.end, |length| start + length);
        let mut end = self.at;
        self.finish();
        while end > start && self.is_blank(self.text[end - 1]) {
            end -= 1;
        }
        Ok(start..end)
    }
}

/// The number of cells of a line.
///
/// # Errors
/// Of [`Cells::cell`], as a problem.
pub fn count(text: &[u8], line: Range<usize>, delimiter: u8) -> Result<usize, Problem> {
    let mut cells = Cells::new(text, line, delimiter);
    let mut found = 0;
    while cells.more {
        found += 1;
        cells.cell().map_err(|place| Problem::new(Kind::Quote, found, place))?;
    }
    Ok(found)
}

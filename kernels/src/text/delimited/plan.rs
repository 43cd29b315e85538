//! What becomes of the columns of delimited text.

use crate::base::status::{Outcome, Status, ensure};

/// Elements of a role: kind; then input and indicator of a number, input of other categories and of missing ones,
/// missing class ([`REFUSED`] for none), output of a target and whether it may be missing (then it is NaN).
pub const ROLE: usize = 3;
/// Elements of the scaling of a column: offset, factor, value for a missing cell (NaN: refused).
pub const SCALE: usize = 3;
/// A number that becomes an input.
pub const NUMBER: u32 = 1;
/// A category: one input a spelling.
pub const CATEGORY: u32 = 2;
/// A class.
pub const CLASS: u32 = 3;
/// A number to predict.
pub const TARGET: u32 = 4;
/// The weight of the sample.
pub const WEIGHT: u32 = 5;
/// A number; texts count as missing.
pub const LENIENT: u32 = 6;

/// No such input.
pub const NONE: u32 = u32::MAX;
/// A missing cell is refused.
pub const REFUSED: u32 = u32::MAX - 1;

/// What becomes of the columns.
pub struct Plan<'a> {
    /// [`ROLE`] elements a column.
    pub roles: &'a [u32],
    /// [`SCALE`] elements a column.
    pub scales: &'a [f64],
    /// Where the words of each column begin, and their number.
    pub first_words: &'a [u32],
    /// Where the bytes of each word begin, and the number of bytes.
    pub word_starts: &'a [u32],
    /// The words of the columns, sorted by their bytes within each.
    pub words: &'a [u8],
    /// Input or class of each word.
    pub values: &'a [u32],
    /// Inputs of a sample.
    pub inputs: usize,
    /// Targets of a sample.
    pub targets: usize,
}

impl Plan<'_> {
    /// Columns of a row.
    pub fn columns(&self) -> usize {
        self.roles.len() / ROLE
    }

    /// Checks that the arrays fit together and name inputs there are.
    ///
    /// # Errors
    /// [`Status::Length`] or [`Status::Range`] where they do not.
    pub fn check(&self) -> Outcome {
        let (columns, words) = (self.columns(), self.values.len());
        ensure(columns > 0 && self.roles.len() == columns * ROLE, Status::Length)?;
        ensure(self.scales.len() == columns * SCALE && self.first_words.len() == columns + 1, Status::Length)?;
        ensure(self.word_starts.len() == words + 1, Status::Length)?;
        let ascend = |starts: &[u32], end: usize| {
            starts.is_sorted() && starts[0] == 0 && starts[starts.len() - 1] as usize == end
        };
        ensure(ascend(self.first_words, words) && ascend(self.word_starts, self.words.len()), Status::Range)?;
        let input = |index: u32| (index as usize) < self.inputs;
        for (column, role) in self.roles.chunks_exact(ROLE).enumerate() {
            let fits = match role[0] {
                NUMBER | LENIENT => input(role[1]) && (role[2] == NONE || input(role[2])),
                CATEGORY => {
                    let values = &self.values[self.first_words[column] as usize..self.first_words[column + 1] as usize];
                    (role[1] == NONE || input(role[1]))
                        && (role[2] >= REFUSED || input(role[2]))
                        && values.iter().all(|&value| input(value))
                }
                TARGET => (role[1] as usize) < self.targets,
                0 | CLASS | WEIGHT => true,
                _ => false,
            };
            ensure(fits, Status::Range)?;
        }
        Ok(())
    }

    /// The value of a word of a column.
    #[inline]
    pub fn value(&self, column: usize, content: &[u8]) -> Option<u32> {
        let (mut low, mut high) = (self.first_words[column] as usize, self.first_words[column + 1] as usize);
        while low < high {
            let middle = low + (high - low) / 2;
            let word = &self.words[self.word_starts[middle] as usize..self.word_starts[middle + 1] as usize];
            match word.cmp(content) {
                std::cmp::Ordering::Equal => return Some(self.values[middle]),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }
}

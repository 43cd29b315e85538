//! The distinct spellings of a column's cells, and how often each occurs.

use std::collections::HashMap;
use std::ops::Range;

/// Elements of one spelling in a names output: column, start and end of its first occurrence, its line, how often.
pub const SPELLING: usize = 5;

/// One spelling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spelling {
    /// Bytes of the first occurrence in the text, without outer quotes.
    pub place: Range<usize>,
    /// Line of the first occurrence, from 1.
    pub line: usize,
    /// How often it occurs.
    pub count: u64,
}

/// The spellings of one column, in order of first appearance.
#[derive(Default)]
pub struct Spellings {
    /// Every spelling; none once there were too many.
    pub found: Vec<Spelling>,
    numbers: HashMap<Box<[u8]>, usize>,
    last: (Box<[u8]>, usize),
    /// Whether there were more than the room allows.
    pub overflow: bool,
}

impl Spellings {
    /// Counts a spelling, `occurrence` of it, and returns its number, 0 once there were too many.
    #[inline]
    pub fn add(&mut self, content: &[u8], occurrence: Spelling, room: usize) -> usize {
        if self.overflow {
            return 0;
        }
        // Neighbours often share a spelling.
        if *self.last.0 == *content && !self.found.is_empty() {
            self.found[self.last.1].count += occurrence.count;
            return self.last.1;
        }
        let next = self.found.len();
        let number = match self.numbers.get(content) {
            Some(&number) => number,
            None if next == room => return self.give_up(),
            None => {
                self.numbers.insert(content.into(), next);
                self.found.push(Spelling { count: 0, ..occurrence });
                next
            }
        };
        self.found[number].count += occurrence.count;
        self.last = (content.into(), number);
        number
    }

    /// Adds the spellings of the text after this one, and returns the number of each of them here.
    pub fn append(&mut self, other: Self, room: usize) -> Vec<usize> {
        if self.overflow {
            return Vec::new();
        }
        if other.overflow {
            self.give_up();
            return Vec::new();
        }
        let mut contents: Vec<(Box<[u8]>, usize)> = other.numbers.into_iter().collect();
        contents.sort_unstable_by_key(|&(_, number)| number);
        let found = contents.into_iter().zip(other.found);
        found.map(|((content, _), spelling)| self.add(&content, spelling, room)).collect()
    }

    fn give_up(&mut self) -> usize {
        *self = Self { overflow: true, ..Self::default() };
        0
    }
}

//! Class labels in text: each distinct spelling gets a number.

use std::collections::HashMap;
use std::ops::Range;

use crate::base::pool::run_chunks;
use crate::base::shared::SharedSlice;
use crate::base::status::{Outcome, Status, ensure};
use crate::text::lines::Problem;

/// Elements of one entry of a names output: start and end of the first occurrence, and its line.
pub const NAME: usize = 3;

/// The distinct labels of one chunk of text, in order of first appearance.
#[derive(Default)]
pub struct Names {
    /// Bytes and line of the first occurrence.
    pub first: Vec<(Range<usize>, usize)>,
    numbers: HashMap<Box<[u8]>, u32>,
    last: u32,
    /// Whether there were more than the room allows.
    pub overflow: bool,
}

impl Names {
    /// The number of the label at `place`; 0 once there are more than `room`.
    #[inline]
    pub fn number(&mut self, text: &[u8], place: Range<usize>, line: usize, room: usize) -> u32 {
        let name = &text[place.clone()];
        // Neighbours often share a label.
        if let Some((last, _)) = self.first.get(self.last as usize)
            && text[last.clone()] == *name
        {
            return self.last;
        }
        self.last = match self.numbers.get(name) {
            Some(&number) => number,
            None if self.first.len() >= room => {
                self.overflow = true;
                0
            }
            None => {
                // `room` is at most u32::MAX, so the number fits.
                let number = self.first.len() as u32;
                self.numbers.insert(name.into(), number);
                self.first.push((place, line));
                number
            }
        };
        self.last
    }
}

/// Gives the chunks' labels common numbers, in order of first appearance in the whole text.
///
/// `labels` holds the numbers each chunk gave its rows, and is overwritten; `names` receives one entry of [`NAME`]
/// elements a distinct label. Returns how many there are; `None` when they exceed the room in `names`.
///
/// # Errors
/// [`Status::Range`] for a label without a name, [`Status::Panic`] when a chunk panicked.
pub fn unite(
    text: &[u8],
    chunks: &[Names],
    first_rows: &[usize],
    labels: &mut [u32],
    names: &mut [u64],
    threads: usize,
) -> Result<Option<usize>, Status> {
    let room = names.len() / NAME;
    let mut numbers: HashMap<&[u8], u32> = HashMap::new();
    let mut maps: Vec<Vec<u32>> = Vec::with_capacity(chunks.len());
    for chunk in chunks {
        if chunk.overflow {
            return Ok(None);
        }
        let mut map = Vec::with_capacity(chunk.first.len());
        for (place, line) in &chunk.first {
            let next = numbers.len();
            let number = *numbers.entry(&text[place.clone()]).or_insert(next as u32);
            if numbers.len() > next {
                if next >= room {
                    return Ok(None);
                }
                let entry = [place.start as u64, place.end as u64, *line as u64];
                names[next * NAME..][..NAME].copy_from_slice(&entry);
            }
            map.push(number);
        }
        maps.push(map);
    }
    let known = maps.iter().enumerate().all(|(chunk, map)| {
        labels[first_rows[chunk]..first_rows[chunk + 1]].iter().all(|&label| (label as usize) < map.len())
    });
    ensure(known, Status::Range)?;
    let shared = SharedSlice::new(labels);
    let outcome: Outcome = run_chunks(threads, maps.len(), &|chunk| {
        // SAFETY: the chunks' rows are disjoint.
        let rows = unsafe { shared.range(first_rows[chunk]..first_rows[chunk + 1]) };
        rows.iter_mut().for_each(|label| *label = maps[chunk][*label as usize]);
    });
    outcome.map(|()| Some(numbers.len()))
}

/// The problem of a text with more than `room` distinct labels.
pub fn too_many(room: usize) -> Problem {
    Problem::new(crate::text::lines::Kind::Names, 0, 0..0).counted(room + 1, room)
}

//! A message: a short head, and a payload that stands in pieces of a larger array; and how it is cut into chunks.
//!
//! On the wire a message is one or more chunks of 32-bit words. The first begins with the length of the payload
//! (two words) and the head; all else is payload, piece after piece. No chunk is longer than a limit, because
//! MPI counts in 32-bit integers.

use std::ops::Range;

use crate::form::{Form, packed, unpacked};
use crate::status::{Outcome, Status, ensure};

/// Words of a head: what a message is and what it is about, in the caller's terms.
pub const HEAD_WORDS: usize = 16;
/// Words in front of the payload: its length, and the head.
pub const PREFIX_WORDS: usize = 2 + HEAD_WORDS;
/// The shortest limit of a chunk: the prefix and something more.
pub const LEAST_CHUNK_WORDS: usize = 2 * PREFIX_WORDS;
/// The longest limit of a chunk: its bytes still fit MPI's signed 32-bit counts.
pub const MOST_CHUNK_WORDS: usize = (1 << 29) - 1;

/// Pieces of an array of words, in order: offset and length of each.
#[derive(Clone, Copy, Debug)]
pub struct Pieces<'a> {
    ranges: &'a [u64],
    words: usize,
}

impl<'a> Pieces<'a> {
    /// Takes `[offset, length]` pairs, each within an array of `len` words.
    pub fn new(ranges: &'a [u64], len: usize) -> Outcome<Self> {
        ensure(ranges.len().is_multiple_of(2), Status::Length)?;
        let mut words = 0_usize;
        for pair in ranges.chunks_exact(2) {
            let end = pair[0].checked_add(pair[1]).ok_or(Status::Range)?;
            ensure(usize::try_from(end).is_ok_and(|end| end <= len), Status::Range)?;
            let length = usize::try_from(pair[1]).map_err(|_| Status::Range)?;
            words = words.checked_add(length).ok_or(Status::Range)?;
        }
        Ok(Self { ranges, words })
    }

    /// Words in all pieces.
    pub fn words(&self) -> usize {
        self.words
    }
}

/// A walk through pieces that stops and goes on between chunks.
#[derive(Debug)]
pub struct Walk<'a> {
    ranges: &'a [u64],
    /// Words of the first range that are done.
    done: usize,
}

impl<'a> Walk<'a> {
    /// Begins at the first piece.
    pub fn new(pieces: Pieces<'a>) -> Self {
        Self { ranges: pieces.ranges, done: 0 }
    }

    /// The next places, at most `most` of them and within one piece; empty at the end.
    fn next(&mut self, most: usize) -> Range<usize> {
        while let [offset, length, rest @ ..] = self.ranges {
            // `Pieces::new` has seen that both fit.
            let (offset, length) = (*offset as usize, *length as usize);
            if self.done < length {
                let count = most.min(length - self.done);
                let from = offset + self.done;
                self.done += count;
                return from..from + count;
            }
            self.ranges = rest;
            self.done = 0;
        }
        0..0
    }

    /// Leaves out the next `words` places, fewer at the end.
    pub fn skip(&mut self, words: usize) {
        let mut left = words;
        while left > 0 {
            let count = self.next(left).len();
            if count == 0 {
                return;
            }
            left -= count;
        }
    }

    /// Fills `chunk` with the next numbers of `data`, in a form.
    pub fn gather(&mut self, data: &[u32], chunk: &mut [u32], form: Form) -> Outcome {
        match form {
            Form::Words => self.gather_words(data, chunk),
            Form::Halves => self.gather_halves(data, chunk),
        }
    }

    /// Writes the numbers in `chunk` to the next places in `data`.
    pub fn scatter(&mut self, chunk: &[u32], data: &mut [u32], form: Form) -> Outcome {
        match form {
            Form::Words => self.scatter_words(chunk, data),
            Form::Halves => self.scatter_halves(chunk, data),
        }
    }

    fn gather_words(&mut self, data: &[u32], chunk: &mut [u32]) -> Outcome {
        let mut filled = 0;
        while filled < chunk.len() {
            let places = self.next(chunk.len() - filled);
            ensure(!places.is_empty(), Status::Length)?;
            let count = places.len();
            chunk[filled..filled + count].copy_from_slice(&data[places]);
            filled += count;
        }
        Ok(())
    }

    fn gather_halves(&mut self, data: &[u32], chunk: &mut [u32]) -> Outcome {
        let mut filled = 0;
        // The first number of a word whose second one stands in another piece.
        let mut open: Option<u32> = None;
        while filled < chunk.len() {
            let places = self.next(2 * (chunk.len() - filled) - usize::from(open.is_some()));
            let mut numbers = &data[places];
            if let Some(first) = open.take() {
                let second = numbers.first().copied().unwrap_or(0);
                ensure(!numbers.is_empty() || filled + 1 == chunk.len(), Status::Length)?;
                chunk[filled] = packed(first, second);
                filled += 1;
                numbers = numbers.get(1..).unwrap_or(&[]);
            } else {
                ensure(!numbers.is_empty(), Status::Length)?;
            }
            let pairs = numbers.chunks_exact(2);
            open = pairs.remainder().first().copied();
            let count = numbers.len() / 2;
            for (word, pair) in chunk[filled..filled + count].iter_mut().zip(pairs) {
                *word = packed(pair[0], pair[1]);
            }
            filled += count;
        }
        Ok(())
    }

    fn scatter_halves(&mut self, chunk: &[u32], data: &mut [u32]) -> Outcome {
        let mut used = 0;
        while used < 2 * chunk.len() {
            let places = self.next(2 * chunk.len() - used);
            // Beside the last of an odd number nothing stands.
            if places.is_empty() {
                return ensure(used + 1 == 2 * chunk.len(), Status::Length);
            }
            let mut numbers = &mut data[places];
            let count = numbers.len();
            if !used.is_multiple_of(2) {
                numbers[0] = unpacked(chunk[used / 2])[1];
                numbers = &mut numbers[1..];
            }
            let mut pairs = numbers.chunks_exact_mut(2);
            let mut words = chunk[used.div_ceil(2)..].iter();
            for (pair, word) in (&mut pairs).zip(&mut words) {
                pair.copy_from_slice(&unpacked(*word));
            }
            if let ([last], Some(word)) = (pairs.into_remainder(), words.next()) {
                *last = unpacked(*word)[0];
            }
            used += count;
        }
        Ok(())
    }

    fn scatter_words(&mut self, chunk: &[u32], data: &mut [u32]) -> Outcome {
        let mut used = 0;
        while used < chunk.len() {
            let places = self.next(chunk.len() - used);
            ensure(!places.is_empty(), Status::Length)?;
            let count = places.len();
            data[places].copy_from_slice(&chunk[used..used + count]);
            used += count;
        }
        Ok(())
    }
}

/// Lengths of the chunks of a message with `payload` words, prefix included.
pub fn chunk_lengths(payload: usize, chunk_words: usize) -> impl Iterator<Item = usize> {
    let mut left = payload + PREFIX_WORDS;
    std::iter::from_fn(move || {
        let length = left.min(chunk_words);
        left -= length;
        (length > 0).then_some(length)
    })
}

/// Writes the prefix of a message to the front of its first chunk.
pub fn write_prefix(chunk: &mut [u32], head: &[u32], payload: usize) {
    let payload = payload as u64;
    chunk[0] = payload as u32;
    chunk[1] = (payload >> 32) as u32;
    chunk[2..PREFIX_WORDS].copy_from_slice(head);
}

/// Reads the prefix of a message: words of the payload, and the head.
pub fn read_prefix(chunk: &[u32]) -> Outcome<(usize, &[u32])> {
    ensure(chunk.len() >= PREFIX_WORDS, Status::Message)?;
    let payload = u64::from(chunk[0]) | u64::from(chunk[1]) << 32;
    let payload = usize::try_from(payload).map_err(|_| Status::Message)?;
    ensure(chunk.len() - PREFIX_WORDS <= payload, Status::Message)?;
    Ok((payload, &chunk[2..PREFIX_WORDS]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_in_chunks_of_any_length_arrives_in_its_pieces() {
        let data: Vec<u32> = (0..1_000).collect();
        let from = [3, 100, 200, 0, 250, 1, 400, 333];
        let to = [10, 1, 500, 400, 0, 5, 950, 28];
        for chunk_words in [LEAST_CHUNK_WORDS, 50, 121, 434 + PREFIX_WORDS, 10_000] {
            let (pieces, target) = (Pieces::new(&from, 1_000).unwrap(), Pieces::new(&to, 1_000).unwrap());
            assert_eq!((pieces.words(), target.words()), (434, 434));
            let (mut gather, mut scatter) = (Walk::new(pieces), Walk::new(target));
            let mut arrived = vec![u32::MAX; 1_000];
            for (index, length) in chunk_lengths(434, chunk_words).enumerate() {
                assert!(length <= chunk_words);
                let skip = if index == 0 { PREFIX_WORDS } else { 0 };
                let mut chunk = vec![0; length];
                gather.gather(&data, &mut chunk[skip..], Form::Words).unwrap();
                scatter.scatter(&chunk[skip..], &mut arrived, Form::Words).unwrap();
            }
            let sent = (3..103).chain([250]).chain(400..733);
            let places = [10].into_iter().chain(500..900).chain(0..5).chain(950..978);
            for (word, place) in sent.zip(places) {
                assert_eq!(arrived[place], word, "at {place}, chunks of {chunk_words}");
                arrived[place] = u32::MAX;
            }
            assert!(arrived.iter().all(|&word| word == u32::MAX), "nothing else was written");
        }
    }

    #[test]
    fn halves_arrive_rounded_in_pieces_of_odd_lengths_and_chunks_of_any() {
        let data: Vec<u32> = (0..100).map(|number| (number as f32 * 1.007 - 40.0).to_bits()).collect();
        for (from, to) in [
            ([3, 7, 20, 1, 30, 25], [0, 1, 40, 31, 90, 1]),
            ([0, 5, 5, 5, 10, 4], [50, 14, 0, 0, 0, 0]),
            ([9, 0, 9, 0, 9, 0], [1, 0, 1, 0, 1, 0]),
        ] {
            let (pieces, target) = (Pieces::new(&from, 100).unwrap(), Pieces::new(&to, 100).unwrap());
            let payload = Form::Halves.payload(pieces.words());
            for size in [1, 2, 5, 100] {
                let (mut gather, mut scatter) = (Walk::new(pieces), Walk::new(target));
                let mut arrived = vec![7; 100];
                let mut left = payload;
                while left > 0 {
                    let mut chunk = vec![0; left.min(size)];
                    gather.gather(&data, &mut chunk, Form::Halves).unwrap();
                    scatter.scatter(&chunk, &mut arrived, Form::Halves).unwrap();
                    left -= chunk.len();
                }
                let places = |ranges: [u64; 6]| {
                    ranges.chunks(2).flat_map(|range| range[0]..range[0] + range[1]).collect::<Vec<_>>()
                };
                let mut expected = vec![7; 100];
                for (from, to) in places(from).into_iter().zip(places(to)) {
                    expected[to as usize] = crate::form::rounded(data[from as usize]) << 16;
                }
                assert_eq!(arrived, expected, "chunks of {size}");
            }
        }
        let mut walk = Walk::new(Pieces::new(&[0, 4], 10).unwrap());
        assert_eq!(walk.gather(&[1; 10], &mut [0; 3], Form::Halves), Err(Status::Length), "past the end");
        let mut walk = Walk::new(Pieces::new(&[0, 4], 10).unwrap());
        assert_eq!(walk.scatter(&[1; 3], &mut [0; 10], Form::Halves), Err(Status::Length), "past the end");
    }

    #[test]
    fn walking_goes_on_behind_what_was_skipped() {
        let data: Vec<u32> = (0..100).collect();
        let ranges = [90, 5, 10, 0, 20, 7];
        for skipped in 0..=12 {
            let mut walk = Walk::new(Pieces::new(&ranges, 100).unwrap());
            walk.skip(skipped);
            let mut rest = vec![0; 12 - skipped];
            walk.gather(&data, &mut rest, Form::Words).unwrap();
            let all: Vec<u32> = (90..95).chain(20..27).collect();
            assert_eq!(rest, all[skipped..]);
            walk.skip(1);
        }
    }

    #[test]
    fn chunk_lengths_add_up_and_a_message_without_payload_is_one_chunk() {
        assert_eq!(chunk_lengths(0, 100).collect::<Vec<_>>(), [PREFIX_WORDS]);
        assert_eq!(chunk_lengths(300, 100).collect::<Vec<_>>(), [100, 100, 100, PREFIX_WORDS]);
        assert_eq!(chunk_lengths(100 - PREFIX_WORDS, 100).collect::<Vec<_>>(), [100]);
    }

    #[test]
    fn the_prefix_of_a_payload_over_four_billion_words_is_read_back() {
        let head: Vec<u32> = (7..7 + HEAD_WORDS as u32).collect();
        let mut chunk = vec![0; PREFIX_WORDS + 1];
        write_prefix(&mut chunk, &head, (1 << 33) + 5);
        assert_eq!(read_prefix(&chunk).unwrap(), ((1 << 33) + 5, &head[..]));
    }

    #[test]
    fn read_prefix_refuses_what_is_no_first_chunk() {
        assert_eq!(read_prefix(&[0; PREFIX_WORDS - 1]), Err(Status::Message));
        let longer_than_it_says = [0; PREFIX_WORDS + 1];
        assert_eq!(read_prefix(&longer_than_it_says), Err(Status::Message));
    }

    #[test]
    fn pieces_must_lie_in_the_array() {
        assert_eq!(Pieces::new(&[0, 4, 3], 10).unwrap_err(), Status::Length);
        assert_eq!(Pieces::new(&[8, 3], 10).unwrap_err(), Status::Range);
        assert_eq!(Pieces::new(&[u64::MAX, 3], 10).unwrap_err(), Status::Range);
        assert_eq!(Pieces::new(&[0, u64::MAX], 10).unwrap_err(), Status::Range);
        assert_eq!(Pieces::new(&[7, 3], 10).unwrap().words(), 3);
    }

    #[test]
    fn walking_past_the_end_is_refused() {
        let ranges = [0, 4];
        let mut walk = Walk::new(Pieces::new(&ranges, 10).unwrap());
        assert_eq!(walk.gather(&[1; 10], &mut [0; 5], Form::Words), Err(Status::Length));
    }
}

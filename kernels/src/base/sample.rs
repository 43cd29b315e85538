//! Uniformly random sets of places: `count` distinct numbers below a bound, sorted, in O(count).
//!
//! Both ways draw numbers until enough different ones have come, which makes every set equally likely. Where
//! the set is no rarity among the places, a bit for each place finds repeats and sorts for free (and more than
//! half of the places are chosen by choosing the others). Where places are many, draws are sorted by bucket.

use crate::base::pool::{chunk_count, run_phases};
use crate::base::random::{Stream, mix};
use crate::base::shared::SharedSlice;
use crate::base::status::{Status, ensure, scratch};

/// Places per chosen number up to which a bit a place is cheaper than sorting.
const PLACES_OF_ONE: u64 = 128;
/// Draws of one chunk, and the most chunks.
const GRAIN: usize = 1 << 15;
const MAX_CHUNKS: usize = 64;
/// Draws of one bucket, so that sorting it stays in the first-level cache.
const BUCKET: usize = 1 << 11;
const MAX_BUCKETS: usize = 1 << 12;

/// Draws `count` distinct numbers below `bound`, uniformly among all such sets; ascending.
///
/// A function of `count`, `bound` and `key` alone. Expected cost: O(count), at most 16 bytes of scratch a number.
///
/// # Errors
/// [`Status::Range`] when `count` passes `bound`; [`Status::Memory`] when scratch space cannot be had.
pub fn distinct_below(bound: u64, count: usize, key: u64, threads: usize) -> Result<Vec<u64>, Status> {
    ensure(count as u64 <= bound, Status::Range)?;
    if count == 0 {
        return Ok(Vec::new());
    }
    if bound / PLACES_OF_ONE <= count as u64 {
        by_bits(bound, count, key)
    } else {
        by_sorting(bound, count, key, threads)
    }
}

fn by_bits(bound: u64, count: usize, key: u64) -> Result<Vec<u64>, Status> {
    let words = usize::try_from(bound.div_ceil(64)).map_err(|_| Status::Memory)?;
    let mut marks = scratch::<u64>(words)?;
    let mut ranks = scratch::<u64>(count)?;
    let inverted = count as u64 > bound / 2;
    let mut missing = if inverted { bound - count as u64 } else { count as u64 };
    let mut stream = Stream::new(key);
    while missing > 0 {
        let rank = stream.below(bound);
        let (word, bit) = (&mut marks[(rank / 64) as usize], 1 << (rank % 64));
        missing -= u64::from(*word & bit == 0);
        *word |= bit;
    }
    if inverted {
        marks.iter_mut().for_each(|word| *word = !*word);
        if let (Some(last), 1..) = (marks.last_mut(), bound % 64) {
            *last &= (1 << (bound % 64)) - 1;
        }
    }
    let mut slots = ranks.iter_mut();
    for (word, &mark) in marks.iter().enumerate() {
        let mut mark = mark;
        while mark != 0 {
            let slot = slots.next().expect("as many marks as numbers");
            *slot = word as u64 * 64 + u64::from(mark.trailing_zeros());
            mark &= mark - 1;
        }
    }
    Ok(ranks)
}

fn by_sorting(bound: u64, count: usize, key: u64, threads: usize) -> Result<Vec<u64>, Status> {
    let mut ranks = sorted_draws(bound, count, key, threads)?;
    ranks.dedup();
    // Few repeats are to be expected, fewer in each round: places are at least PLACES_OF_ONE times as many.
    let mut round = 0;
    while ranks.len() < count {
        round += 1;
        let mut extra = sorted_draws(bound, count - ranks.len(), mix(key ^ mix(round)), 1)?;
        extra.dedup();
        extra.retain(|rank| ranks.binary_search(rank).is_err());
        merge_into(&mut ranks, &extra);
    }
    Ok(ranks)
}

/// Merges sorted `extra` into sorted `ranks`, from the back; the capacity of `ranks` suffices.
fn merge_into(ranks: &mut Vec<u64>, extra: &[u64]) {
    let mut read = ranks.len();
    ranks.resize(read + extra.len(), 0);
    let mut write = ranks.len();
    for &rank in extra.iter().rev() {
        while read > 0 && ranks[read - 1] > rank {
            (read, write) = (read - 1, write - 1);
            ranks[write] = ranks[read];
        }
        write -= 1;
        ranks[write] = rank;
    }
}

/// Draws `count` numbers below `bound` (repeats included), sorted.
fn sorted_draws(bound: u64, count: usize, key: u64, threads: usize) -> Result<Vec<u64>, Status> {
    let buckets = bucket_count(count);
    if buckets == 1 {
        let mut ranks = scratch::<u64>(count)?;
        let mut stream = Stream::new(mix(key));
        ranks.iter_mut().for_each(|rank| *rank = stream.below(bound));
        ranks.sort_unstable();
        return Ok(ranks);
    }
    // rank · scale / 2⁶⁴ ascends with rank and stays below `buckets`, which is far below `bound`.
    let scale = ((buckets as u128) << 64).div_euclid(u128::from(bound)) as u64;
    let bucket_of = |rank: u64| ((u128::from(rank) * u128::from(scale)) >> 64) as usize;
    sorted(count, key, threads, |stream| stream.below(bound), bucket_of)
}

/// Into how many buckets `count` draws should be sorted.
pub fn bucket_count(count: usize) -> usize {
    (count / BUCKET).clamp(1, MAX_BUCKETS)
}

/// `count` draws, repeats included, sorted: scattered into buckets, then bucket by bucket.
///
/// `bucket_of` ascends with what is drawn and stays below [`bucket_count`]; quick where buckets get about as many draws
/// each. A function of `count`, `key` and `draw` alone.
///
/// # Errors
/// [`Status::Range`] for 2³² draws or more; [`Status::Memory`] when scratch space, 16 bytes a draw, cannot be had.
pub fn sorted(
    count: usize,
    key: u64,
    threads: usize,
    draw: impl Fn(&mut Stream) -> u64 + Sync,
    bucket_of: impl Fn(u64) -> usize + Sync,
) -> Result<Vec<u64>, Status> {
    ensure(u32::try_from(count).is_ok(), Status::Range)?;
    let chunks = chunk_count(count, GRAIN).min(MAX_CHUNKS);
    let buckets = bucket_count(count);
    let mut ranks = scratch::<u64>(count)?;
    let part = |chunk: usize| count * chunk / chunks..count * (chunk + 1) / chunks;
    let mut draws = scratch::<u64>(count)?;
    // Counts of each chunk and bucket, then where that chunk's draws for that bucket go.
    let mut places = scratch::<u32>(chunks * buckets)?;
    let mut starts = scratch::<u32>(buckets + 1)?;
    {
        let ranks = SharedSlice::new(&mut ranks);
        let draws = SharedSlice::new(&mut draws);
        let places = SharedSlice::new(&mut places);
        let starts = SharedSlice::new(&mut starts);
        let all = [chunks, 1, chunks, buckets];
        run_phases(threads, &all, &|phase, index| match phase {
            0 => {
                // SAFETY: chunks share neither draws nor counts.
                let (draws, counts) =
                    unsafe { (draws.range(part(index)), places.range(index * buckets..(index + 1) * buckets)) };
                let mut stream = Stream::new(mix(key ^ mix(index as u64)));
                for slot in draws {
                    *slot = draw(&mut stream);
                    counts[bucket_of(*slot)] += 1;
                }
            }
            1 => {
                // SAFETY: this phase has one chunk.
                let (places, starts) = unsafe { (places.range(0..chunks * buckets), starts.range(0..buckets + 1)) };
                let mut next = 0;
                for bucket in 0..buckets {
                    starts[bucket] = next;
                    for chunk in 0..chunks {
                        let place = &mut places[chunk * buckets + bucket];
                        (*place, next) = (next, next + *place);
                    }
                }
                starts[buckets] = next;
            }
            2 => {
                // SAFETY: as in phase 0.
                let (draws, places) =
                    unsafe { (draws.range(part(index)), places.range(index * buckets..(index + 1) * buckets)) };
                for &mut draw in draws {
                    let place = &mut places[bucket_of(draw)];
                    let slot = *place as usize;
                    *place += 1;
                    // SAFETY: the prefix sums give each draw of each chunk a slot of its own.
                    unsafe { ranks.range(slot..slot + 1)[0] = draw };
                }
            }
            _ => {
                // SAFETY: nobody writes starts in this phase, and buckets do not overlap.
                unsafe {
                    let starts = starts.read();
                    ranks.range(starts[index] as usize..starts[index + 1] as usize).sort_unstable();
                }
            }
        })?;
    }
    Ok(ranks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_distinct_sorted_in_range_and_equal_for_all_threads() {
        for (bound, count) in [
            (1, 0),
            (1, 1),
            (64, 64),
            (65, 64),
            (1000, 1),
            (1000, 499),
            (1000, 501),
            (100_000, 700),
            (1 << 40, 100_000),
            (u64::MAX, 70_000),
            (129 * 50_000, 50_000),
        ] {
            let ranks = distinct_below(bound, count, 5, 1).unwrap();
            assert_eq!(ranks.len(), count);
            assert!(ranks.windows(2).all(|pair| pair[0] < pair[1]));
            assert!(ranks.last().is_none_or(|&last| last < bound));
            for threads in [2, 8] {
                assert_eq!(distinct_below(bound, count, 5, threads).unwrap(), ranks);
            }
        }
        assert_eq!(distinct_below(3, 4, 5, 1), Err(Status::Range));
    }

    #[test]
    fn all_sets_are_equally_likely() {
        // 3 of 6 numbers: 20 sets; 4 of 6: 15 sets, by choosing the others.
        for (count, sets) in [(3, 20), (4, 15)] {
            let mut hits = std::collections::BTreeMap::new();
            for key in 0..30_000 {
                *hits.entry(distinct_below(6, count, mix(key), 1).unwrap()).or_insert(0u32) += 1;
            }
            assert_eq!(hits.len(), sets);
            let mean = 30_000.0 / sets as f64;
            let chi_square: f64 = hits.values().map(|&n| (f64::from(n) - mean).powi(2) / mean).sum();
            // 0.9999 quantiles of chi-square with 19 and 14 degrees of freedom are 49.6 and 42.6.
            assert!(chi_square < if sets == 20 { 49.6 } else { 42.6 }, "{chi_square}");
        }
    }

    #[test]
    fn sorted_draws_reach_all_parts_of_a_wide_range_equally() {
        let bound = 1 << 50;
        let ranks = distinct_below(bound, 200_000, 11, 2).unwrap();
        let mut hits = [0u32; 100];
        ranks.iter().for_each(|&rank| hits[(rank / (bound / 100 + 1)) as usize] += 1);
        let chi_square: f64 = hits.iter().map(|&n| (f64::from(n) - 2_000.0).powi(2) / 2_000.0).sum();
        // 0.9999 quantile of chi-square with 99 degrees of freedom: 161.
        assert!(chi_square < 161.0, "{chi_square}");
    }

    #[test]
    fn repeats_are_replaced() {
        let mut ranks = Vec::with_capacity(6);
        ranks.extend([2, 5, 9]);
        merge_into(&mut ranks, &[1, 6, 10]);
        assert_eq!(ranks, [1, 2, 5, 6, 9, 10]);
        // 129 places a number: about 0.4 % repeats in the first round.
        let ranks = distinct_below(129 * 4_096 + 127, 4_096, 1, 1).unwrap();
        assert_eq!(ranks.len(), 4_096);
    }
}

//! Of many places, those with the largest scores: where a rule that grows by gradient puts its connections.

use crate::base::status::{Status, ensure, scratch};

/// Keeps the `count` places whose scores lie farthest from zero, in order and at the front; returns how many.
///
/// Of equal scores the first place stays; what is not a number counts as farthest. All stay where there are no more than
/// `count`. Exact selection: O(places), 8 bytes of scratch a place.
///
/// # Errors
/// [`Status::Length`] when the lists differ in length; [`Status::Range`] for 2³² places or more; [`Status::Memory`]
/// before anything has changed.
pub fn keep_strongest(scores: &[f32], count: usize, rows: &mut [u32], columns: &mut [u32]) -> Result<usize, Status> {
    let all = scores.len();
    ensure(rows.len() == all && columns.len() == all, Status::Length)?;
    ensure(u32::try_from(all).is_ok(), Status::Range)?;
    if count == 0 || count >= all {
        return Ok(count.min(all));
    }
    // Ascends from the strongest score to the weakest, then from the first place to the last: no two are equal.
    let rank = |at: usize| u64::from(!(scores[at].to_bits() & 0x7FFF_FFFF)) << 32 | at as u64;
    let mut ranks = scratch::<u64>(all)?;
    ranks.iter_mut().enumerate().for_each(|(at, slot)| *slot = rank(at));
    let last = *ranks.select_nth_unstable(count - 1).1;
    let mut kept = 0;
    for at in (0..all).filter(|&at| rank(at) <= last) {
        (rows[kept], columns[kept]) = (rows[at], columns[at]);
        kept += 1;
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Stream;

    /// The slow and obvious way: a stable sort by distance from zero.
    fn by_sorting(scores: &[f32], count: usize) -> Vec<u32> {
        let mut order: Vec<u32> = (0..scores.len() as u32).collect();
        order.sort_by(|&a, &b| scores[b as usize].abs().total_cmp(&scores[a as usize].abs()));
        order.truncate(count);
        order.sort_unstable();
        order
    }

    #[test]
    fn keep_strongest_equals_sorting_with_ties_zeros_and_what_is_not_a_number() {
        let mut stream = Stream::new(4);
        for all in [0usize, 1, 2, 17, 1_000] {
            for distinct in [1, 3, 1 << 20] {
                let sign = |bit: u64| if bit == 0 { 1.0 } else { -1.0 };
                let mut scores: Vec<f32> =
                    (0..all).map(|_| sign(stream.below(2)) * stream.below(distinct) as f32).collect();
                if all == 17 {
                    (scores[3], scores[5], scores[9]) = (f32::NAN, f32::NEG_INFINITY, 1e-40);
                }
                for count in [0, 1, all / 3, all.saturating_sub(1), all, all + 1] {
                    let mut rows: Vec<u32> = (0..all as u32).collect();
                    let mut columns: Vec<u32> = rows.iter().map(|row| 7 * row).collect();
                    let kept = keep_strongest(&scores, count, &mut rows, &mut columns).unwrap();
                    assert_eq!(rows[..kept], by_sorting(&scores, count));
                    assert!(rows[..kept].iter().zip(&columns).all(|(row, &column)| 7 * row == column));
                }
            }
        }
        assert_eq!(keep_strongest(&[1.0], 1, &mut [], &mut [0]), Err(Status::Length));
        assert_eq!(keep_strongest(&[1.0], 1, &mut [0], &mut []), Err(Status::Length));
    }
}

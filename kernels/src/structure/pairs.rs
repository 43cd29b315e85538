//! Absent places drawn in proportion to a number of each row times one of each column.
//!
//! Source: Heddes et al. 2024 (guided stochastic exploration, GraBo and GraEst).

use crate::base::alias::AliasTable;
use crate::base::random::{Purpose, key};
use crate::base::sample::{bucket_count, sorted};
use crate::base::status::{Status, ensure, scratch};
use crate::structure::grow::{Growth, Place, place};

/// Draws `draws` places, place (i, j) in proportion to |inputs\[i\] · neurons\[j\]|, and keeps those that are absent, each
/// once, in matrix order. None where all numbers of a side are zero, or one is not finite.
///
/// A function of all but threads. O(inputs + neurons + nnz + draws), 16 bytes of scratch a draw. Assumes a valid
/// structure.
///
/// # Errors
/// [`Status::Length`] for arrays that do not fit; [`Status::Range`] for 2³² draws or more; [`Status::Memory`].
pub fn absent_pairs(
    indptr: &[u32],
    indices: &[u32],
    inputs: &[f32],
    neurons: &[f32],
    draws: usize,
    Growth { seed, epoch, layer }: Growth,
    threads: usize,
) -> Result<Vec<Place>, Status> {
    ensure(indptr.len() == inputs.len() + 1, Status::Length)?;
    ensure(indptr[inputs.len()] as usize <= indices.len(), Status::Length)?;
    let (Some(rows), Some(columns)) = (AliasTable::new(inputs)?, AliasTable::new(neurons)?) else {
        return Ok(Vec::new());
    };
    // Rows share buckets so that each has about as many draws.
    let buckets = bucket_count(draws);
    let sum: f64 = inputs.iter().map(|&input| f64::from(input.abs())).sum();
    let mut bucket_of = scratch::<u16>(inputs.len())?;
    let mut before = 0.0;
    for (bucket, &input) in bucket_of.iter_mut().zip(inputs) {
        *bucket = ((before / sum * buckets as f64) as usize).min(buckets - 1) as u16;
        before += f64::from(input.abs());
    }
    let mut places = sorted(
        draws,
        key(seed, Purpose::Growth, &[layer, epoch]),
        threads,
        |stream| {
            let row = rows.draw(stream);
            place(row, columns.draw(stream))
        },
        |at| usize::from(bucket_of[(at >> 32) as usize]),
    )?;
    places.dedup();
    let mut existing = (0..inputs.len())
        .flat_map(|row| {
            let own = indptr[row] as usize..(indptr[row + 1] as usize).max(indptr[row] as usize);
            indices.get(own).unwrap_or_default().iter().map(move |&column| place(row as u32, column))
        })
        .peekable();
    places.retain(|&at| {
        while existing.next_if(|&taken| taken < at).is_some() {}
        existing.peek() != Some(&at)
    });
    Ok(places)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::base::random::Stream;
    use crate::structure::fixture::Layer;

    const GROWTH: Growth = Growth { seed: 3, epoch: 5, layer: 1 };

    #[test]
    fn places_are_absent_sorted_distinct_and_equal_for_all_threads() {
        for (inputs, neurons, probability) in
            [(1, 1, 0.0), (5, 4, 1.0), (33, 47, 0.3), (800, 900, 0.05), (2, 3_000, 0.2)]
        {
            let layer = Layer::random(inputs, neurons, probability, 0);
            let mut stream = Stream::new(9);
            let [a, b] = [inputs, neurons].map(|len| (0..len).map(|_| stream.normal() as f32).collect::<Vec<_>>());
            for draws in [0, 1, 100, 50_000] {
                let drawn =
                    |threads| absent_pairs(&layer.indptr, &layer.indices, &a, &b, draws, GROWTH, threads).unwrap();
                let places = drawn(1);
                assert!(places.is_sorted_by(|one, next| one < next) && places.len() <= draws);
                let taken = layer.places();
                for &at in &places {
                    let (row, column) = ((at >> 32) as usize, at as u32);
                    assert!(row < inputs && (column as usize) < neurons && !taken.contains_key(&(row, column)));
                }
                assert_eq!(drawn(3), places);
            }
        }
    }

    #[test]
    fn places_come_as_often_as_the_product_says() {
        let layer = Layer::random(4, 5, 0.0, 0);
        let (a, b) = ([1.0, 0.0, 2.0, 3.0], [-4.0, 1.0, 0.0, 2.0, 3.0]);
        let mut hits = HashMap::new();
        let rounds = 60_000;
        for epoch in 0..rounds {
            let growth = Growth { epoch, ..GROWTH };
            for at in absent_pairs(&layer.indptr, &layer.indices, &a, &b, 1, growth, 1).unwrap() {
                *hits.entry(at).or_insert(0u32) += 1;
            }
        }
        for row in 0..4u32 {
            for column in 0..5u32 {
                let expected = f64::from(a[row as usize] * b[column as usize].abs()) / 60.0 * rounds as f64;
                let hit = f64::from(hits.get(&place(row, column)).copied().unwrap_or(0));
                assert!((hit - expected).abs() <= 6.0 * expected.sqrt(), "{row} {column}: {hit} of {expected}");
            }
        }
    }

    #[test]
    fn nothing_is_drawn_where_a_side_is_zero_or_not_finite() {
        let layer = Layer::random(3, 2, 0.0, 0);
        for (a, b) in [([0.0; 3], [1.0; 2]), ([1.0; 3], [f32::NAN, 1.0])] {
            assert_eq!(absent_pairs(&layer.indptr, &layer.indices, &a, &b, 9, GROWTH, 1), Ok(vec![]));
        }
        assert_eq!(absent_pairs(&layer.indptr, &layer.indices, &[1.0], &[1.0], 9, GROWTH, 1), Err(Status::Length));
    }
}

//! Which inputs go with which: sums of products of all pairs of features, and the places of the largest.
//!
//! Source: Zhang et al. 2024 (Correlated Sparse Topological Initialization). Sums are formed without fused operations
//! and in an order that depends on the sizes alone, so the bits are the same on every processor and for any number of
//! threads.

use std::cmp::Reverse;

use crate::base::pool::run_chunks;
use crate::base::shared::SharedSlice;
use crate::base::simd::{Block, Kernel, LANES, Lanes, dispatch};
use crate::base::status::{Outcome, Status, ensure};
use crate::structure::grow::{Place, place};

/// Features on each side of the square of pairs that is formed at once.
const SIDE: usize = 4;

/// Adds, for each of some features, its products with all features from it on: `sums[r][j] += Σ x[first + r] · x[j]`.
///
/// `tiles` are standardised samples `[tiles][features][width]`, `sums` `[rows][features]`; sums of features before the
/// row's own are left alone, but for up to three. O(rows · features · samples) time, no scratch.
///
/// # Errors
/// [`Status::Length`] when tiles or sums do not fit; [`Status::Range`] when `width` is no multiple of 16, or rows pass the
/// features.
pub fn add_products(
    tiles: &[f32],
    width: usize,
    features: usize,
    first: usize,
    sums: &mut [f64],
    threads: usize,
) -> Outcome {
    ensure(width > 0 && width.is_multiple_of(LANES) && features > 0, Status::Range)?;
    let tile = features.checked_mul(width).ok_or(Status::Range)?;
    ensure(tiles.len().is_multiple_of(tile) && sums.len().is_multiple_of(features), Status::Length)?;
    let rows = sums.len() / features;
    ensure(first.checked_add(rows).is_some_and(|end| end <= features), Status::Range)?;
    let tiles = bytemuck::cast_slice::<f32, Block>(tiles);
    let vectors = width / LANES;
    let groups = rows.div_ceil(SIDE);
    let sums = SharedSlice::new(sums);
    run_chunks(threads, groups, &|group| {
        let range = group * SIDE..((group + 1) * SIDE).min(rows);
        // SAFETY: groups share no rows.
        let sums = unsafe { sums.range(range.start * features..range.end * features) };
        for tile in tiles.chunks_exact(features * vectors) {
            dispatch(Products { tile, vectors, features, first: first + range.start, sums: &mut *sums });
        }
    })
}

/// Up to four rows of sums, in one tile.
struct Products<'a> {
    tile: &'a [Block],
    vectors: usize,
    features: usize,
    first: usize,
    sums: &'a mut [f64],
}

impl Kernel for Products<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { tile, vectors, features, first, sums } = self;
        // A feature past the last is the last once more, whose sums nobody takes.
        let row = |feature: usize| {
            let start = feature.min(features - 1) * vectors;
            &tile[start..start + vectors]
        };
        let rows: [&[Block]; SIDE] = std::array::from_fn(|r| row(first + r));
        let count = sums.len() / features;
        for start in (first / SIDE * SIDE..features).step_by(SIDE) {
            let columns: [&[Block]; SIDE] = std::array::from_fn(|c| row(start + c));
            let mut parts = [lanes.splat(0.0); SIDE * SIDE];
            for v in 0..vectors {
                let loaded: [L::Vector; SIDE] = std::array::from_fn(|c| lanes.load(&columns[c][v]));
                for r in 0..SIDE {
                    let x = lanes.load(&rows[r][v]);
                    for c in 0..SIDE {
                        parts[r * SIDE + c] = lanes.add(parts[r * SIDE + c], lanes.mul(x, loaded[c]));
                    }
                }
            }
            let mut square = [[0.0; LANES]; LANES];
            for (part, block) in parts.into_iter().zip(&mut square) {
                lanes.store(part, block);
            }
            lanes.transpose(&mut square);
            let mut total = lanes.load(&square[0]);
            for block in &square[1..] {
                total = lanes.add(total, lanes.load(block));
            }
            let mut found = [0.0; LANES];
            lanes.store(total, &mut found);
            for r in 0..count {
                for c in 0..SIDE.min(features - start) {
                    sums[r * features + start + c] += f64::from(found[r * SIDE + c]);
                }
            }
        }
    }
}

/// The best places so far, as lists of equal length.
pub struct Kept<'a> {
    /// |correlation| of each.
    pub scores: &'a mut [f32],
    /// Input of each.
    pub rows: &'a mut [u32],
    /// Neuron of each.
    pub columns: &'a mut [u32],
}

/// Puts the places of some rows of sums among the best so far, of which the first `found` of the lists are one; returns
/// how many there are then, in matrix order.
///
/// Neuron `j` of `neurons` stands for feature `j` mod n; those of the last, shorter round stand for features spread evenly.
/// The place (i, j) scores |Σ|/`samples` of feature i and the one that j stands for. A feature and itself make no place,
/// nor do two that do not go together at all. Of equal scores the first place stays.
///
/// O(rows · features + places) time, 32 bytes of scratch a place kept.
///
/// # Errors
/// [`Status::Length`] when the lists differ in length or sums do not fit; [`Status::Range`] when rows pass the features.
pub fn keep_correlated(
    sums: &[f64],
    features: usize,
    first: usize,
    samples: f64,
    neurons: usize,
    found: usize,
    kept: Kept,
) -> Result<usize, Status> {
    let Kept { scores, rows, columns } = kept;
    let room = scores.len();
    ensure(rows.len() == room && columns.len() == room && found <= room, Status::Length)?;
    ensure(features > 0 && sums.len().is_multiple_of(features), Status::Length)?;
    let count = sums.len() / features;
    ensure(first.checked_add(count).is_some_and(|end| end <= features), Status::Range)?;
    ensure(u32::try_from(features).is_ok() && u32::try_from(neurons).is_ok(), Status::Range)?;
    let stand = Standing { features, neurons };
    let mut best = Best::new(room)?;
    for ((&score, &row), &column) in scores.iter().zip(&*rows).zip(&*columns).take(found) {
        best.offer(score, place(row, column));
    }
    for r in 0..count {
        let i = first + r;
        for j in i + 1..features {
            let score = (sums[r * features + j].abs() / samples) as f32;
            if score.is_nan() || score <= 0.0 || !best.takes(score) {
                continue;
            }
            // Of one score and row, no more than there is room for can stay.
            for neuron in stand.for_feature(j).take(room) {
                best.offer(score, place(i as u32, neuron));
            }
            for neuron in stand.for_feature(i).take(room) {
                best.offer(score, place(j as u32, neuron));
            }
        }
    }
    let best = best.in_matrix_order();
    for (slot, &(score, at)) in best.iter().enumerate() {
        (scores[slot], rows[slot], columns[slot]) = (score, (at >> 32) as u32, at as u32);
    }
    Ok(best.len())
}

/// Which neurons stand for which feature.
struct Standing {
    features: usize,
    neurons: usize,
}

impl Standing {
    fn for_feature(&self, feature: usize) -> impl Iterator<Item = u32> {
        let (features, whole) = (self.features, self.neurons / self.features * self.features);
        let rest = self.neurons - whole;
        let bound = |feature: usize| whole + (feature * rest).div_ceil(features);
        let rounds = (feature..whole).step_by(features);
        rounds.chain(bound(feature)..bound(feature + 1)).map(|neuron| neuron as u32)
    }
}

/// The best `room` of the places that were offered, found among no more than twice as many at once.
struct Best {
    room: usize,
    offers: Vec<(Reverse<u32>, Place)>,
    /// Bits of a score that is too low, once there are enough.
    floor: Option<u32>,
}

impl Best {
    fn new(room: usize) -> Result<Self, Status> {
        let mut offers = Vec::new();
        offers.try_reserve_exact(2 * room + 1).map_err(|_| Status::Memory)?;
        Ok(Self { room, offers, floor: None })
    }

    /// Whether a score may still be among the best; bits of positive floats ascend as they do.
    #[inline]
    fn takes(&self, score: f32) -> bool {
        self.floor.is_none_or(|floor| score.to_bits() >= floor)
    }

    #[inline]
    fn offer(&mut self, score: f32, at: Place) {
        self.offers.push((Reverse(score.to_bits()), at));
        if self.offers.len() > 2 * self.room {
            self.cut();
        }
    }

    fn cut(&mut self) {
        if self.offers.len() <= self.room {
            return;
        }
        if self.room > 0 {
            let (_, &mut (Reverse(bits), _), _) = self.offers.select_nth_unstable(self.room - 1);
            self.floor = Some(bits);
        }
        self.offers.truncate(self.room);
    }

    fn in_matrix_order(mut self) -> Vec<(f32, Place)> {
        self.cut();
        let mut best: Vec<_> = self.offers.iter().map(|&(Reverse(bits), at)| (f32::from_bits(bits), at)).collect();
        best.sort_unstable_by_key(|&(_, at)| at);
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Stream;

    fn samples(features: usize, count: usize, width: usize) -> (Vec<f32>, Vec<f32>) {
        let mut stream = Stream::new(features as u64);
        let data: Vec<f32> = (0..features * count).map(|_| stream.unit() as f32 - 0.5).collect();
        let mut tiles = vec![0.0; count.div_ceil(width) * width * features];
        for s in 0..count {
            for f in 0..features {
                tiles[(s / width * features + f) * width + s % width] = data[s * features + f];
            }
        }
        (data, tiles)
    }

    #[test]
    fn sums_equal_their_definition_whatever_rows_and_threads() {
        for (features, count, width) in [(1usize, 1usize, 16usize), (5, 40, 16), (13, 100, 32), (8, 33, 48)] {
            let (data, tiles) = samples(features, count, width);
            let mut whole = vec![0.0; features * features];
            add_products(&tiles, width, features, 0, &mut whole, 1).unwrap();
            for i in 0..features {
                for j in i..features {
                    let sum: f64 =
                        (0..count).map(|s| f64::from(data[s * features + i]) * f64::from(data[s * features + j])).sum();
                    // A hundred products of at most a quarter in f32.
                    assert!((whole[i * features + j] - sum).abs() < 2e-6, "{i} {j}");
                }
            }
            for rows in [1, 4, 8] {
                for first in (0..features).step_by(rows) {
                    let here = rows.min(features - first);
                    let mut part = vec![0.0; here * features];
                    add_products(&tiles, width, features, first, &mut part, 3).unwrap();
                    for r in 0..here {
                        let j = first + r;
                        assert_eq!(
                            part[r * features + j..(r + 1) * features],
                            whole[j * features + j..(j + 1) * features]
                        );
                    }
                }
            }
        }
        assert_eq!(add_products(&[0.0; 32], 15, 2, 0, &mut [0.0; 4], 1), Err(Status::Range));
        assert_eq!(add_products(&[0.0; 32], 16, 2, 1, &mut [0.0; 4], 1), Err(Status::Range));
        assert_eq!(add_products(&[0.0; 33], 16, 2, 0, &mut [0.0; 4], 1), Err(Status::Length));
    }

    /// Sorts all places by score, then by place.
    fn by_sorting(sums: &[f64], features: usize, neurons: usize, room: usize) -> Vec<Place> {
        let whole = neurons / features * features;
        let stands = |neuron: usize| {
            if neuron < whole { neuron % features } else { (neuron - whole) * features / (neurons - whole) }
        };
        let mut all = Vec::new();
        for i in 0..features {
            for neuron in 0..neurons {
                let f = stands(neuron);
                let score = (sums[i.min(f) * features + i.max(f)].abs() / 7.0) as f32;
                if i != f && score > 0.0 {
                    all.push((Reverse(score.to_bits()), place(i as u32, neuron as u32)));
                }
            }
        }
        all.sort_unstable();
        let mut best: Vec<_> = all.into_iter().take(room).map(|(_, at)| at).collect();
        best.sort_unstable();
        best
    }

    #[test]
    fn the_best_places_equal_sorting_however_rows_come() {
        let mut stream = Stream::new(8);
        for (features, neurons) in [(2, 1), (6, 6), (6, 4), (6, 15), (9, 40)] {
            let sums: Vec<f64> = (0..features * features).map(|_| stream.below(9) as f64 - 4.0).collect();
            for room in [0, 1, 7, 50, 1_000] {
                let expected = by_sorting(&sums, features, neurons, room);
                for rows in [1, 4, features] {
                    let (mut scores, mut sources, mut targets) = (vec![0.0; room], vec![0; room], vec![0; room]);
                    let mut found = 0;
                    for first in (0..features).step_by(rows) {
                        let part = &sums[first * features..(first + rows).min(features) * features];
                        let kept = Kept { scores: &mut scores, rows: &mut sources, columns: &mut targets };
                        found = keep_correlated(part, features, first, 7.0, neurons, found, kept).unwrap();
                    }
                    let places: Vec<_> = (0..found).map(|at| place(sources[at], targets[at])).collect();
                    assert_eq!(places, expected, "{features} {neurons} {room} {rows}");
                }
            }
        }
    }
}

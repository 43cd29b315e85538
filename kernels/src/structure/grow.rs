//! New connections: absent places, drawn at random or chosen by a rule, are filled in place.
//!
//! Paper: §2 and Mocanu et al. 2018 (SET). The same bits for any number of threads; the incoming view is the caller's
//! to rebuild.

use std::ops::Range;

use crate::base::pool::run_chunks;
use crate::base::random::{Purpose, key};
use crate::base::sample::distinct_below;
use crate::base::shared::SharedSlice;
use crate::base::status::{Status, ensure};
use crate::structure::csr::{Connections, Stretch, stretches};
use crate::structure::init::Initializer;
use crate::structure::planes::{FreshState, MOST_PLANES};

/// Where and when connections grow; names the random streams.
#[derive(Clone, Copy, Debug)]
pub struct Growth {
    /// Seed of the run.
    pub seed: u64,
    /// Epoch after which the topology changes.
    pub epoch: u64,
    /// Layer, as the caller counts them.
    pub layer: u64,
}

/// What a new connection begins with.
#[derive(Clone, Copy, Debug)]
pub struct Seedling {
    /// Law of its weight; a scale of 0 makes it +0.
    pub weights: Initializer,
    /// What its planes begin with.
    pub state: FreshState,
}

/// How connections come into a layer.
#[derive(Clone, Copy, Debug)]
pub struct Sowing {
    /// Neurons of the layer, the places of a row.
    pub neurons: usize,
    /// What each begins with.
    pub seedling: Seedling,
    /// Names the random streams.
    pub growth: Growth,
    /// They do not change the result.
    pub threads: usize,
}

/// A place of the matrix: the row in the upper half, the column in the lower, so that places sort in matrix order.
pub type Place = u64;

/// The place at `row` and `column`.
pub fn place(row: u32, column: u32) -> Place {
    u64::from(row) << 32 | u64::from(column)
}

fn row_of(place: Place) -> usize {
    (place >> 32) as usize
}

fn column_of(place: Place) -> u32 {
    place as u32
}

/// Draws `count` absent places, or as many as there are, uniformly among all such sets; in matrix order.
///
/// O(inputs + nnz + count) time, 16 bytes of scratch a place.
///
/// # Errors
/// [`Status::Structure`] when there are more connections than places; [`Status::Length`] for arrays
/// that do not fit; [`Status::Memory`].
pub fn absent_places(
    indptr: &[u32],
    indices: &[u32],
    neurons: usize,
    count: usize,
    growth: Growth,
    threads: usize,
) -> Result<Vec<Place>, Status> {
    let nnz = *indptr.last().ok_or(Status::Length)? as usize;
    ensure(nnz <= indices.len(), Status::Length)?;
    let inputs = indptr.len() - 1;
    let all = (inputs as u64).checked_mul(neurons as u64).ok_or(Status::Range)?;
    let absent = all.checked_sub(nnz as u64).ok_or(Status::Structure)?;
    let count = count.min(usize::try_from(absent).unwrap_or(usize::MAX));
    let Growth { seed, epoch, layer } = growth;
    let mut places = distinct_below(absent, count, key(seed, Purpose::Growth, &[layer, epoch]), threads)?;

    let stretches = stretches(indptr);
    let absent_before = |row: usize| row as u64 * neurons as u64 - u64::from(indptr[row]);
    let cuts: Vec<Range<usize>> = stretches
        .iter()
        .map(|Stretch { rows, .. }| {
            let bound = |row| places.partition_point(|&rank| rank < absent_before(row));
            bound(rows.start)..bound(rows.end)
        })
        .collect();
    let shared = SharedSlice::new(&mut places);
    run_chunks(threads, stretches.len(), &|chunk| {
        // SAFETY: stretches share no ranks.
        let mut ranks = unsafe { shared.range(cuts[chunk].clone()) };
        for row in stretches[chunk].rows.clone() {
            let (first, end) = (absent_before(row), absent_before(row + 1));
            let here = ranks.partition_point(|&rank| rank < end);
            let (own, rest) = ranks.split_at_mut(here);
            ranks = rest;
            let existing = &indices[indptr[row] as usize..indptr[row + 1] as usize];
            let mut passed = 0;
            for rank in own {
                // The absent place with `gap` absent places of its row before it: existing connections with no more
                // than `gap` absent places before them stand on its left.
                let gap = *rank - first;
                while passed < existing.len() && u64::from(existing[passed]) - passed as u64 <= gap {
                    passed += 1;
                }
                *rank = place(row as u32, (gap + passed as u64) as u32);
            }
        }
    })?;
    Ok(places)
}

/// Adds a connection at each of the places, which are absent, distinct, and in matrix order.
///
/// Rows stay sorted. A new weight is a function of seed, layer, epoch and place alone. O(inputs + nnz + places).
///
/// # Errors
/// [`Status::Structure`] when a place is taken, repeated, out of order or outside the matrix; [`Status::Length`] when
/// the arrays have no room, or as in [`Connections::nnz`]: before anything has changed.
pub fn insert(connections: &mut Connections, places: &[Place], sowing: Sowing) -> Result<usize, Status> {
    let nnz = connections.nnz()?;
    let inputs = connections.indptr.len() - 1;
    ensure(u32::try_from(nnz + places.len()).is_ok(), Status::Length)?;
    ensure(places.len() <= connections.capacity() - nnz, Status::Length)?;
    ensure(places.is_sorted_by(|one, next| one < next), Status::Structure)?;
    let fits = |&at: &Place| row_of(at) < inputs && (column_of(at) as usize) < sowing.neurons;
    ensure(places.iter().all(fits), Status::Structure)?;
    let (indptr, indices) = (&*connections.indptr, &*connections.indices);
    let taken = |&at: &Place| {
        let row = row_of(at);
        indices[indptr[row] as usize..indptr[row + 1] as usize].binary_search(&column_of(at)).is_ok()
    };
    ensure(!places.iter().any(taken), Status::Structure)?;
    fill(connections, places, sowing)
}

/// Adds `count` connections at uniformly random absent places (as many as are absent, if fewer); returns how many.
///
/// All sets of absent places are equally likely. O(inputs + nnz + count) time, O(count) scratch.
///
/// # Errors
/// [`Status::Length`] when the arrays have no room for the new connections; as [`absent_places`].
pub fn grow_random(connections: &mut Connections, count: usize, sowing: Sowing) -> Result<usize, Status> {
    let Sowing { neurons, growth, threads, .. } = sowing;
    let nnz = connections.nnz()?;
    let places = absent_places(connections.indptr, connections.indices, neurons, count, growth, threads)?;
    let room = places.len() <= connections.capacity() - nnz && u32::try_from(nnz + places.len()).is_ok();
    ensure(room, Status::Length)?;
    fill(connections, &places, sowing)
}

/// Fills places that were checked.
fn fill(connections: &mut Connections, places: &[Place], sowing: Sowing) -> Result<usize, Status> {
    if places.is_empty() {
        return Ok(0);
    }
    match connections.planes.count() {
        0 => fill_stretches::<0>(connections, places, sowing),
        1 => fill_stretches::<1>(connections, places, sowing),
        _ => fill_stretches::<MOST_PLANES>(connections, places, sowing),
    }
}

/// Each stretch first moves to the front of the room it will fill, last stretch first; then each is merged with its new
/// connections from its end.
fn fill_stretches<const P: usize>(
    connections: &mut Connections,
    places: &[Place],
    sowing: Sowing,
) -> Result<usize, Status> {
    let Sowing { neurons, seedling, growth: Growth { seed, epoch, layer }, threads } = sowing;
    let nnz = connections.nnz()?;
    let fresh = seedling.state.values::<P>(&mut connections.planes, nnz);
    let stretches = stretches(connections.indptr);
    let places_of = |Stretch { rows, .. }: &Stretch| -> Range<usize> {
        let bound = |row| places.partition_point(|&at| row_of(at) < row);
        bound(rows.start)..bound(rows.end)
    };
    for stretch in stretches.iter().rev() {
        let to = stretch.entries.start + places_of(stretch).start;
        connections.slide(stretch.entries.clone(), to);
    }
    let values_key = key(seed, Purpose::Weights, &[layer, epoch]);
    let shared = connections.shared::<P>();
    run_chunks(threads, stretches.len(), &|chunk| {
        let Stretch { rows, entries } = &stretches[chunk];
        let new = places_of(&stretches[chunk]);
        let target = entries.start + new.start..entries.end + new.end;
        // SAFETY: stretches share neither rows nor target entries; the row ends of a stretch are its own.
        let (ends, indices, values, planes) = unsafe { shared.stretch(rows, &target) };
        let mut pending = &places[new];
        let (mut read, mut write) = (entries.len(), target.len());
        for row in rows.clone().rev() {
            let local = row - rows.start;
            let row_start = if local == 0 { entries.start } else { ends[local - 1] as usize };
            let first = row_start - entries.start;
            ends[local] = (target.start + write) as u32;
            while let Some((&at, rest)) = pending.split_last()
                && row_of(at) == row
            {
                let column = column_of(at);
                while read > first && indices[read - 1] > column {
                    (read, write) = (read - 1, write - 1);
                    indices[write] = indices[read];
                    values[write] = values[read];
                    for p in 0..P {
                        planes[p][write] = planes[p][read];
                    }
                }
                write -= 1;
                indices[write] = column;
                values[write] = seedling.weights.value(values_key, row as u64 * neurons as u64 + u64::from(column));
                for p in 0..P {
                    planes[p][write] = fresh[p];
                }
                pending = rest;
            }
            let rest = read - first;
            if write != read {
                indices.copy_within(first..read, write - rest);
                values.copy_within(first..read, write - rest);
                for p in 0..P {
                    planes[p].copy_within(first..read, write - rest);
                }
            }
            (read, write) = (first, write - rest);
        }
    })?;
    Ok(places.len())
}

#[cfg(test)]
mod tests;

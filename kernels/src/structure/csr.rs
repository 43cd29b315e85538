//! One layer's connections as a sparse matrix: rows are input neurons (CSR), and the incoming view by neuron.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use sprs::CsStructureViewI;

use crate::base::pool::{chunk_count, rows_of_chunk, run_chunks};
use crate::base::shared::SharedSlice;
use crate::base::status::{Outcome, Status, ensure, scratch};
use crate::structure::planes::{MOST_PLANES, Planes};

/// Connections (and rows) that one chunk should hold, so that a thread is worth waking.
const GRAIN: usize = 1 << 16;
const MAX_STRETCHES: usize = 64;

/// A layer's connections, to change: CSR by input neuron in arrays that may be longer than nnz.
///
/// Column indices ascend and are unique in a row; what stands behind nnz has no meaning.
pub struct Connections<'a> {
    /// Where the row of each input neuron starts, `[inputs + 1]`; the last element is nnz.
    pub indptr: &'a mut [u32],
    /// Target neuron of each connection, `[capacity]`.
    pub indices: &'a mut [u32],
    /// Weight of each connection, `[capacity]`.
    pub values: &'a mut [f32],
    /// What an optimiser keeps of each connection, `[planes][capacity]`.
    pub planes: Planes<'a>,
}

impl Connections<'_> {
    /// Checks the lengths of the arrays against each other and returns nnz.
    ///
    /// # Errors
    /// [`Status::Length`] when `indptr` is empty or another array is shorter than nnz.
    pub fn nnz(&self) -> Result<usize, Status> {
        let nnz = *self.indptr.last().ok_or(Status::Length)? as usize;
        ensure(nnz <= self.capacity(), Status::Length)?;
        Ok(nnz)
    }

    /// The most connections there is room for.
    pub fn capacity(&self) -> usize {
        self.indices.len().min(self.values.len()).min(self.planes.capacity())
    }

    /// Moves the entries of `range` so that they start at `to`; the ranges may overlap.
    pub(crate) fn slide(&mut self, range: Range<usize>, to: usize) {
        if range.start != to {
            self.indices.copy_within(range.clone(), to);
            self.values.copy_within(range.clone(), to);
            self.planes.slide(range, to);
        }
    }

    /// The arrays for threads that write a stretch each, with the first `P` planes.
    pub(crate) fn shared<const P: usize>(&mut self) -> SharedConnections<'_, P> {
        SharedConnections {
            indptr: SharedSlice::new(self.indptr),
            indices: SharedSlice::new(self.indices),
            values: SharedSlice::new(self.values),
            planes: self.planes.shared::<P>(),
        }
    }
}

/// Connections while threads write them.
pub(crate) struct SharedConnections<'a, const P: usize> {
    indptr: SharedSlice<'a, u32>,
    indices: SharedSlice<'a, u32>,
    values: SharedSlice<'a, f32>,
    planes: [SharedSlice<'a, f32>; P],
}

/// The row ends of a stretch, and target, weight and planes of its entries.
pub(crate) type StretchMut<'a, const P: usize> = (&'a mut [u32], &'a mut [u32], &'a mut [f32], [&'a mut [f32]; P]);

impl<const P: usize> SharedConnections<'_, P> {
    /// The ends of `rows`, and the arrays at `entries`, to write.
    ///
    /// # Safety
    /// No other thread holds any of the rows or of the entries.
    #[inline]
    #[allow(clippy::mut_from_ref)]
    pub(crate) unsafe fn stretch(&self, rows: &Range<usize>, entries: &Range<usize>) -> StretchMut<'_, P> {
        // SAFETY: promised by the caller; the end of a row stands behind its start.
        unsafe {
            (
                self.indptr.range(rows.start + 1..rows.end + 1),
                self.indices.range(entries.clone()),
                self.values.range(entries.clone()),
                self.planes.each_ref().map(|plane| plane.range(entries.clone())),
            )
        }
    }
}

/// Rows one thread changes at a time, and the entries they had before.
#[derive(Clone, Debug)]
pub(crate) struct Stretch {
    pub rows: Range<usize>,
    pub entries: Range<usize>,
}

/// Cuts all rows into stretches of about equal work; how many depends on the matrix only.
pub(crate) fn stretches(indptr: &[u32]) -> Vec<Stretch> {
    let rows = indptr.len() - 1;
    let chunks = chunk_count(rows + indptr[rows] as usize, GRAIN).min(MAX_STRETCHES);
    (0..chunks)
        .map(|chunk| {
            let rows = rows_of_chunk(indptr, chunks, chunk);
            Stretch { entries: indptr[rows.start] as usize..indptr[rows.end] as usize, rows }
        })
        .collect()
}

/// Keeps the connections for which `keep(target, value)` holds, in order and in place; returns the new nnz.
///
/// `keep_in(stretch)` makes the test for one stretch; it sees that stretch's connections in order. O(nnz).
pub(crate) fn retain<K: FnMut(u32, f32) -> bool>(
    connections: &mut Connections,
    stretches: &[Stretch],
    threads: usize,
    keep_in: impl Fn(usize) -> K + Sync,
) -> Result<usize, Status> {
    match connections.planes.count() {
        0 => retain_in_stretches::<0, _>(connections, stretches, threads, keep_in)?,
        1 => retain_in_stretches::<1, _>(connections, stretches, threads, keep_in)?,
        _ => retain_in_stretches::<MOST_PLANES, _>(connections, stretches, threads, keep_in)?,
    }
    let mut nnz = 0;
    for Stretch { rows, entries } in stretches.iter().filter(|stretch| !stretch.rows.is_empty()) {
        let kept = connections.indptr[rows.end] as usize;
        connections.slide(entries.start..entries.start + kept, nnz);
        connections.indptr[rows.start + 1..=rows.end].iter_mut().for_each(|end| *end += nnz as u32);
        nnz += kept;
    }
    Ok(nnz)
}

/// Moves what is kept to the front of each stretch; row ends then count from there.
fn retain_in_stretches<const P: usize, K: FnMut(u32, f32) -> bool>(
    connections: &mut Connections,
    stretches: &[Stretch],
    threads: usize,
    keep_in: impl Fn(usize) -> K + Sync,
) -> Outcome {
    let shared = connections.shared::<P>();
    run_chunks(threads, stretches.len(), &|chunk| {
        let Stretch { rows, entries } = &stretches[chunk];
        // SAFETY: stretches share neither rows nor entries; the row ends of a stretch are its own.
        let (ends, indices, values, planes) = unsafe { shared.stretch(rows, entries) };
        let mut keep = keep_in(chunk);
        let (mut from, mut to) = (0, 0);
        for end in ends {
            let row_end = *end as usize - entries.start;
            for from in from..row_end {
                let (target, value) = (indices[from], values[from]);
                // Written whether kept or not: a branch here would be mispredicted at each drop.
                (indices[to], values[to]) = (target, value);
                for p in 0..P {
                    planes[p][to] = planes[p][from];
                }
                to += usize::from(keep(target, value));
            }
            from = row_end;
            *end = to as u32;
        }
    })
}

/// Checks that `indptr` and `indices` form a CSR matrix `[inputs, neurons]`: sorted, unique, in range.
///
/// O(nnz), by sprs's structure check. Kernels rely on it and do not check again.
///
/// # Errors
/// [`Status::Structure`] when they do not.
pub fn validate(indptr: &[u32], indices: &[u32], inputs: usize, neurons: usize) -> Outcome {
    ensure(indptr.first() == Some(&0), Status::Structure)?;
    let present = vec![(); indices.len()]; // takes no memory
    CsStructureViewI::<u32, u32>::try_new((inputs, neurons), indptr, indices, &present)
        .map(|_| ())
        .map_err(|_| Status::Structure)
}

/// Writes the view by target neuron: `source` (ascending in a neuron) and where the connection stands.
///
/// A counting transposition, O(nnz): a thread takes a stretch of rows and deals its connections into bins of
/// neighbouring neurons, each bin's places being its neurons' own; then a thread takes a bin, small enough for its
/// cache, and orders it by neuron. Both passes keep the order of rows, so that no cut matters to the result. Where
/// there are few neurons, each has a bin, and the second pass falls away. Scratch: 2 bytes a connection, and a bin a
/// thread; nothing but counts for few neurons. Assumes a valid structure.
///
/// # Errors
/// [`Status::Length`] when an array does not fit the sizes; [`Status::Structure`] when an index is not below
/// `neurons`; [`Status::Memory`] where there is no scratch.
pub fn incoming_view(
    indptr: &[u32],
    indices: &[u32],
    inputs: usize,
    neurons: usize,
    threads: usize,
    incoming_ptr: &mut [u32],
    source: &mut [u32],
    position: &mut [u32],
) -> Outcome {
    ensure(indptr.len() == inputs + 1 && incoming_ptr.len() == neurons + 1, Status::Length)?;
    let nnz = indptr[inputs] as usize;
    ensure(nnz <= indices.len() && nnz <= source.len() && nnz <= position.len(), Status::Length)?;

    let bins = Bins::of(nnz, neurons);
    let stretches = stretches(indptr);
    ensure(stretches.iter().map(|stretch| stretch.entries.len()).sum::<usize>() == nnz, Status::Structure)?;
    let mut table = scratch::<u32>(stretches.len() * bins.count)?;
    let mut misfits = vec![false; stretches.len()];
    {
        let (table, misfits) = (SharedSlice::new(&mut table), SharedSlice::new(&mut misfits));
        run_chunks(threads, stretches.len(), &|chunk| {
            // SAFETY: a row of the table and a mark for each stretch.
            let (counts, misfit) = unsafe { (table.range(bins.row(chunk)), misfits.range(chunk..chunk + 1)) };
            let targets = &indices[stretches[chunk].entries.clone()];
            misfit[0] = targets.iter().max().is_some_and(|&most| most as usize >= neurons);
            if !misfit[0] {
                targets.iter().for_each(|&target| counts[bins.of_neuron(target)] += 1);
            }
        })?;
    }
    ensure(!misfits.contains(&true), Status::Structure)?;

    // From counts to the place of the first connection from each stretch into each bin.
    let mut starts = scratch::<u32>(bins.count + 1)?;
    let mut next = 0;
    for bin in 0..bins.count {
        for stretch in 0..stretches.len() {
            let place = &mut table[stretch * bins.count + bin];
            (*place, next) = (next, next + *place);
        }
        starts[bin + 1] = next;
    }

    let mut offsets = scratch::<u16>(if bins.shift == 0 { 0 } else { nnz })?;
    {
        let table = SharedSlice::new(&mut table);
        let (source, position) = (SharedSlice::new(source), SharedSlice::new(position));
        let offsets = SharedSlice::new(&mut offsets);
        run_chunks(threads, stretches.len(), &|chunk| {
            // SAFETY: a row of the table for each stretch.
            let places = unsafe { table.range(bins.row(chunk)) };
            for row in stretches[chunk].rows.clone() {
                let entries = indptr[row]..indptr[row + 1];
                for (at, &target) in entries.clone().zip(&indices[entries.start as usize..entries.end as usize]) {
                    let place = &mut places[bins.of_neuron(target)];
                    let slot = *place as usize;
                    *place += 1;
                    // SAFETY: the table gives each connection a place of its own.
                    unsafe {
                        source.set(slot, row as u32);
                        position.set(slot, at);
                        if bins.shift > 0 {
                            offsets.set(slot, bins.offset(target));
                        }
                    }
                }
            }
        })?;
    }
    if bins.shift == 0 {
        incoming_ptr.copy_from_slice(&starts);
        return Ok(());
    }

    incoming_ptr[0] = 0;
    let starved = AtomicBool::new(false);
    let ends = SharedSlice::new(incoming_ptr);
    let (source, position) = (SharedSlice::new(source), SharedSlice::new(position));
    let groups = bins.count.min(MAX_STRETCHES);
    run_chunks(threads, groups, &|group| {
        let mut dealt = Vec::new();
        for bin in bins.count * group / groups..bins.count * (group + 1) / groups {
            let places = starts[bin] as usize..starts[bin + 1] as usize;
            let neurons_here = bin << bins.shift..((bin + 1) << bins.shift).min(neurons);
            // SAFETY: bins share neither neurons nor connections.
            let (ends, source, position) = unsafe {
                (
                    ends.range(neurons_here.start + 1..neurons_here.end + 1),
                    source.range(places.clone()),
                    position.range(places.clone()),
                )
            };
            if dealt.try_reserve(places.len()).is_err() {
                starved.store(true, Ordering::Relaxed);
                return;
            }
            dealt.clear();
            dealt.extend(source.iter().copied().zip(position.iter().copied()));
            order_bin(&offsets[places], &dealt, ends, source, position);
            ends.iter_mut().for_each(|end| *end += starts[bin]);
        }
    })?;
    ensure(!starved.into_inner(), Status::Memory)
}

/// Orders the connections of a bin by neuron; `ends` becomes where each neuron's connections end in the bin.
fn order_bin(offsets: &[u16], dealt: &[(u32, u32)], ends: &mut [u32], source: &mut [u32], position: &mut [u32]) {
    ends.fill(0);
    offsets.iter().for_each(|&offset| ends[offset as usize] += 1);
    let mut next = 0;
    for end in ends.iter_mut() {
        (*end, next) = (next, next + *end);
    }
    // Filling moves each start to the neuron's end, where the view wants it.
    for (&offset, &(row, at)) in offsets.iter().zip(dealt) {
        let slot = &mut ends[offset as usize];
        source[*slot as usize] = row;
        position[*slot as usize] = at;
        *slot += 1;
    }
}

/// Bins of neighbouring neurons, `1 << shift` in each.
#[derive(Clone, Copy)]
struct Bins {
    shift: u32,
    count: usize,
}

impl Bins {
    /// A bin each for few neurons, or where all connections stay in the cache; else bins of which two do.
    fn of(nnz: usize, neurons: usize) -> Self {
        const CONNECTIONS: usize = 1 << 15;
        const MOST: usize = 1 << 11;
        let single = neurons <= MOST || (nnz <= 4 * GRAIN && neurons <= 1 << 16);
        let wanted = if single { neurons } else { (nnz / CONNECTIONS).clamp(1, MOST) };
        let shift = neurons.div_ceil(wanted.max(1)).max(1).next_power_of_two().ilog2().min(u16::BITS);
        Self { shift, count: neurons.div_ceil(1 << shift) }
    }

    fn of_neuron(self, neuron: u32) -> usize {
        (neuron >> self.shift) as usize
    }

    /// The neuron's place in its bin.
    fn offset(self, neuron: u32) -> u16 {
        (neuron & ((1 << self.shift) - 1)) as u16
    }

    /// The row of stretch `stretch` in a table `[stretches][bins]`.
    fn row(self, stretch: usize) -> Range<usize> {
        stretch * self.count..(stretch + 1) * self.count
    }
}

#[cfg(test)]
mod tests;

//! One layer's connections as a sparse matrix: rows are input neurons (CSR), and the incoming view by neuron.

use std::ops::Range;

use sprs::CsStructureViewI;

use crate::pool::{chunk_count, rows_of_chunk, run_chunks};
use crate::shared::SharedSlice;
use crate::status::{Outcome, Status, ensure};

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
    /// Momentum of each connection, `[capacity]`.
    pub velocity: &'a mut [f32],
}

impl Connections<'_> {
    /// Checks the lengths of the arrays against each other and returns nnz.
    ///
    /// # Errors
    /// [`Status::Length`] when `indptr` is empty or another array is shorter than nnz.
    pub fn nnz(&self) -> Result<usize, Status> {
        let nnz = *self.indptr.last().ok_or(Status::Length)? as usize;
        let capacity = self.indices.len().min(self.values.len()).min(self.velocity.len());
        ensure(nnz <= capacity, Status::Length)?;
        Ok(nnz)
    }

    /// Moves the entries of `range` so that they start at `to`; the ranges may overlap.
    pub(crate) fn slide(&mut self, range: Range<usize>, to: usize) {
        if range.start != to {
            self.indices.copy_within(range.clone(), to);
            self.values.copy_within(range.clone(), to);
            self.velocity.copy_within(range, to);
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
    {
        let indptr = SharedSlice::new(connections.indptr);
        let indices = SharedSlice::new(connections.indices);
        let values = SharedSlice::new(connections.values);
        let velocity = SharedSlice::new(connections.velocity);
        run_chunks(threads, stretches.len(), &|chunk| {
            let Stretch { rows, entries } = &stretches[chunk];
            // SAFETY: stretches share neither rows nor entries; the row ends of a stretch are its own.
            let (ends, indices, values, velocity) = unsafe {
                (
                    indptr.range(rows.start + 1..rows.end + 1),
                    indices.range(entries.clone()),
                    values.range(entries.clone()),
                    velocity.range(entries.clone()),
                )
            };
            let mut keep = keep_in(chunk);
            let (mut from, mut to) = (0, 0);
            for end in ends {
                let row_end = *end as usize - entries.start;
                for from in from..row_end {
                    let (target, value) = (indices[from], values[from]);
                    // Written whether kept or not: a branch here would be mispredicted at each drop.
                    (indices[to], values[to], velocity[to]) = (target, value, velocity[from]);
                    to += usize::from(keep(target, value));
                }
                from = row_end;
                *end = to as u32;
            }
        })?;
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
/// A counting transposition, O(nnz), without scratch: each thread takes blocks of neurons and walks all
/// rows, in each of which a block is a short run. Assumes a valid structure.
///
/// # Errors
/// [`Status::Length`] when an array does not fit the sizes; [`Status::Structure`] when an index is not below
/// `neurons`.
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

    let blocks = block_count(nnz, inputs, neurons);
    let block_of = |block: usize| neurons * block / blocks..neurons * (block + 1) / blocks;
    incoming_ptr[0] = 0;
    let mut block_nnz = vec![0u32; blocks];
    {
        let counts = SharedSlice::new(incoming_ptr);
        let totals = SharedSlice::new(&mut block_nnz);
        run_chunks(threads, blocks, &|block| {
            let neurons_here = block_of(block);
            // SAFETY: blocks of neurons do not overlap, and each block has its own total.
            let (counts, total) =
                unsafe { (counts.range(neurons_here.start + 1..neurons_here.end + 1), totals.range(block..block + 1)) };
            counts.fill(0);
            for_each_in_block(indptr, indices, neurons, neurons_here, |neuron, _, _| counts[neuron] += 1);
            total[0] = counts.iter().sum();
        })?;
    }
    let mut sum = 0;
    for total in &mut block_nnz {
        (*total, sum) = (sum, sum + *total);
    }
    ensure(sum as usize == nnz, Status::Structure)?;

    let ptr = SharedSlice::new(incoming_ptr);
    let source = SharedSlice::new(source);
    let position = SharedSlice::new(position);
    run_chunks(threads, blocks, &|block| {
        let neurons_here = block_of(block);
        let first = block_nnz[block] as usize;
        let last = block_nnz.get(block + 1).map_or(nnz, |&next| next as usize);
        // SAFETY: blocks of neurons do not overlap, hence neither do their connections.
        let (ends, source, position) = unsafe {
            (
                ptr.range(neurons_here.start + 1..neurons_here.end + 1),
                source.range(first..last),
                position.range(first..last),
            )
        };
        // From counts to starts; filling moves each start to the neuron's end, where the view wants it.
        let mut next = 0;
        for end in ends.iter_mut() {
            (*end, next) = (next, next + *end);
        }
        for_each_in_block(indptr, indices, neurons, neurons_here, |neuron, row, at| {
            let slot = ends[neuron] as usize;
            ends[neuron] += 1;
            source[slot] = row;
            position[slot] = at;
        });
        ends.iter_mut().for_each(|end| *end += first as u32);
    })
}

/// Blocks of neurons: enough to keep a block's lists in cache, few enough that a row's run stays worth a search.
fn block_count(nnz: usize, inputs: usize, neurons: usize) -> usize {
    const NEURONS_OF_BLOCK: usize = 1 << 13;
    const RUN: usize = 2;
    const LEAST: usize = 4;
    if nnz < 2 * GRAIN {
        return 1;
    }
    (nnz / (RUN * inputs.max(1))).clamp(LEAST, 1024).min(neurons.div_ceil(NEURONS_OF_BLOCK)).max(1)
}

/// Calls `visit(neuron − block.start, row, position)` for each connection into the block, row after row.
#[inline]
fn for_each_in_block(
    indptr: &[u32],
    indices: &[u32],
    neurons: usize,
    block: Range<usize>,
    mut visit: impl FnMut(usize, u32, u32),
) {
    for (row, ends) in indptr.windows(2).enumerate() {
        let (start, end) = (ends[0] as usize, ends[1] as usize);
        let skipped = lower_bound(&indices[start..end], block.start, neurons);
        for (at, &target) in indices[start + skipped..end].iter().enumerate() {
            if target as usize >= block.end {
                break;
            }
            visit(target as usize - block.start, row as u32, (start + skipped + at) as u32);
        }
    }
}

/// Number of elements of the sorted `row` below `bound`: looks first where even spacing would put it.
#[inline]
fn lower_bound(row: &[u32], bound: usize, neurons: usize) -> usize {
    if bound == 0 || row.is_empty() {
        return 0;
    }
    let below = |at: usize| (row[at] as usize) < bound;
    let guess = (row.len() * bound / neurons).min(row.len() - 1);
    let mut step = 1;
    let (low, high) = if below(guess) {
        let mut low = guess + 1;
        while low < row.len() && below((low + step).min(row.len()) - 1) {
            low = (low + step).min(row.len());
            step *= 2;
        }
        (low, (low + step).min(row.len()))
    } else {
        let mut high = guess;
        while high > 0 && !below(high.saturating_sub(step)) {
            high = high.saturating_sub(step);
            step *= 2;
        }
        (high.saturating_sub(step), high)
    };
    low + row[low..high].partition_point(|&target| (target as usize) < bound)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::init::{erdos_renyi_count, erdos_renyi_fill};
    use sprs::CsMatViewI;

    fn random(inputs: usize, neurons: usize, probability: f64) -> (Vec<u32>, Vec<u32>) {
        let mut indptr = vec![0; inputs + 1];
        let nnz = erdos_renyi_count(neurons, probability, 7, 1, 1, &mut indptr).unwrap();
        let mut indices = vec![0; nnz];
        erdos_renyi_fill(&indptr, neurons, probability, 7, 1, 1, &mut indices).unwrap();
        (indptr, indices)
    }

    #[test]
    fn incoming_view_is_the_transpose_of_sprs_for_all_shapes_and_threads() {
        let shapes = [(0, 0), (0, 5), (5, 0), (1, 1), (1, 9), (9, 1), (37, 53), (300, 40_000), (5_000, 700)];
        for (inputs, neurons) in shapes {
            for probability in [0.0, 0.003, 0.05, 0.3, 1.0] {
                if inputs * neurons > 4_000_000 && probability > 0.1 {
                    continue;
                }
                let (indptr, indices) = random(inputs, neurons, probability);
                let positions: Vec<u32> = (0..indices.len() as u32).collect();
                let by_row = CsMatViewI::<u32, u32>::new((inputs, neurons), &indptr, &indices, &positions);
                let by_column = by_row.to_csc();
                for threads in [1, 2, 8] {
                    let mut ptr = vec![9; neurons + 1];
                    let (mut source, mut position) = (vec![0; indices.len()], vec![0; indices.len()]);
                    incoming_view(&indptr, &indices, inputs, neurons, threads, &mut ptr, &mut source, &mut position)
                        .unwrap();
                    assert_eq!(ptr, by_column.indptr().raw_storage());
                    assert_eq!(source, by_column.indices());
                    assert_eq!(position, by_column.data());
                }
            }
        }
    }

    #[test]
    fn incoming_view_is_right_where_targets_cluster() {
        // All connections in one corner, so that the even-spacing guess is wrong in both directions.
        for base in [0u32, 60_000] {
            let indptr: Vec<u32> = (0..=100u32).map(|row| row * 4_000).collect();
            let indices: Vec<u32> = (0..100u32).flat_map(|_| base..base + 4_000).collect();
            let (mut ptr, mut source, mut position) = (vec![0; 64_001], vec![0; 400_000], vec![0; 400_000]);
            incoming_view(&indptr, &indices, 100, 64_000, 2, &mut ptr, &mut source, &mut position).unwrap();
            for column in 0..4_000u32 {
                let start = ptr[(base + column) as usize] as usize;
                for row in 0..100u32 {
                    assert_eq!(source[start + row as usize], row);
                    assert_eq!(position[start + row as usize], row * 4_000 + column);
                }
            }
        }
    }

    #[test]
    fn incoming_view_refuses_wrong_lengths_and_targets() {
        let (mut ptr, mut source, mut position) = ([0; 4], [0; 2], [0; 2]);
        let mut run = |indptr: &[u32], indices: &[u32], neurons| {
            incoming_view(indptr, indices, 2, neurons, 1, &mut ptr, &mut source, &mut position)
        };
        assert_eq!(run(&[0, 1, 2], &[0, 2], 3), Ok(()));
        assert_eq!(run(&[0, 1, 2], &[0, 2], 4), Err(Status::Length));
        assert_eq!(run(&[0, 1, 3], &[0, 2, 1], 3), Err(Status::Length));
        assert_eq!(run(&[0, 2], &[0, 2], 3), Err(Status::Length));
        assert_eq!(run(&[0, 1, 2], &[0, 3], 3), Err(Status::Structure));
    }

    #[test]
    fn validate_accepts_only_sorted_unique_indices_in_range() {
        assert_eq!(validate(&[0], &[], 0, 0), Ok(()));
        assert_eq!(validate(&[0, 2, 2, 3], &[0, 4, 1], 3, 5), Ok(()));
        for (indptr, indices) in [
            (&[0u32, 2, 2, 3][..], &[4u32, 0, 1][..]),
            (&[0, 2, 2, 3], &[4, 4, 1]),
            (&[0, 2, 2, 3], &[0, 5, 1]),
            (&[0, 2, 1, 3], &[0, 4, 1]),
            (&[0, 2, 2, 4], &[0, 4, 1]),
            (&[1, 2, 2, 3], &[0, 4, 1]),
            (&[0, 2, 3], &[0, 4, 1]),
            (&[], &[]),
        ] {
            assert_eq!(validate(indptr, indices, 3, 5), Err(Status::Structure), "{indptr:?} {indices:?}");
        }
    }
}

//! The phase of a probe: a layer is asked when what came into it and its deltas are both there.

use std::ops::Range;

use super::Pass;
use crate::base::simd::{LANES, dispatch};
use crate::network::sddmm::{Places, Sddmm};
use crate::network::storage::{Cell, Row};
use crate::network::sums::{RowSums, Sums};

/// What a probe asks of each layer.
pub(crate) enum Asked<'a> {
    /// The gradients at places.
    Gradients(&'a [Places<'a>]),
    /// Sums over the samples.
    Sums(Sums<'a>),
}

impl<C: Cell> Pass<'_, C> {
    pub(super) fn probe<const R: usize>(&self, tile: usize, index: usize, chunk: usize, chunks: usize) {
        // SAFETY: nobody writes activations or deltas in this phase.
        let (deltas, last) = unsafe { (self.traces[index].output.read(), self.outputs.read()) };
        let (deltas, last) = (deltas.as_chunks().0, last.as_chunks().0);
        // SAFETY: as above.
        let below = || unsafe { self.traces[index - 1].output.read() }.as_chunks().0;
        let part = (chunk, chunks);
        match (index == 0, index + 1 == self.run.layers.len()) {
            (true, true) => self.sample::<R, f32, f32>(tile, index, part, self.features(tile), last),
            (true, false) => self.sample::<R, f32, C>(tile, index, part, self.features(tile), deltas),
            (false, true) => self.sample::<R, C, f32>(tile, index, part, below(), last),
            (false, false) => self.sample::<R, C, C>(tile, index, part, below(), deltas),
        }
    }

    fn sample<const R: usize, I: Cell, D: Cell>(
        &self,
        tile: usize,
        index: usize,
        (chunk, chunks): (usize, usize),
        input: &[Row<I, R>],
        delta: &[Row<D, R>],
    ) {
        let first = tile == 0;
        match &self.probe {
            None => {}
            Some(Asked::Gradients(places)) => {
                let Places { rows, columns, gradients } = places[index];
                let own = part_of(rows.len(), chunk, chunks);
                // SAFETY: chunks are disjoint ranges of the places.
                let gradients = unsafe { gradients.range(own.clone()) };
                let (rows, columns) = (&rows[own.clone()], &columns[own]);
                dispatch(Sddmm::<R, I, D> { rows, columns, input, delta, first, gradients });
            }
            Some(Asked::Sums(Sums { layers, factors, absolute })) => {
                let (inputs, neurons) = (part_of(input.len(), chunk, chunks), part_of(delta.len(), chunk, chunks));
                let (factors, absolute) = (&factors[tile * R..(tile + 1) * R], *absolute);
                // SAFETY: chunks are disjoint ranges of inputs, and of neurons.
                let [of_inputs, of_neurons] = unsafe {
                    [layers[index].inputs.range(inputs.clone()), layers[index].neurons.range(neurons.clone())]
                };
                dispatch(RowSums::<R, I> { rows: &input[inputs], factors, absolute, first, sums: of_inputs });
                dispatch(RowSums::<R, D> { rows: &delta[neurons], factors, absolute, first, sums: of_neurons });
            }
        }
    }
}

/// The part of `len` elements that a chunk has: a multiple of the vector, so that only the last has a part of one.
fn part_of(len: usize, chunk: usize, chunks: usize) -> Range<usize> {
    let size = len.div_ceil(chunks).next_multiple_of(LANES);
    (chunk * size).min(len)..((chunk + 1) * size).min(len)
}

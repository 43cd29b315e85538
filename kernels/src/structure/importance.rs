//! Neuron importance (Eq. 4) and the removal of unimportant neurons (Algorithm 2).

use crate::base::pool::{chunk_count, rows_of_chunk, run_chunks};
use crate::base::shared::SharedSlice;
use crate::base::status::{Outcome, Status, ensure, scratch};
use crate::structure::csr::{Connections, retain, stretches};

/// Connections (and neurons) that one chunk should hold.
const GRAIN: usize = 1 << 16;

/// Writes Σ|w| over the incoming connections of each neuron; 0 for a neuron without any.
///
/// Summed in f64 in ascending order of the source, then rounded once. O(nnz + neurons). Paper: §2.1 Eq. 4.
///
/// # Errors
/// [`Status::Length`] when the arrays do not fit each other, [`Status::Structure`] when a position is past the values.
pub fn importance(
    incoming_ptr: &[u32],
    position: &[u32],
    values: &[f32],
    importance: &mut [f32],
    threads: usize,
) -> Outcome {
    let neurons = importance.len();
    ensure(incoming_ptr.len() == neurons + 1, Status::Length)?;
    let nnz = incoming_ptr[neurons] as usize;
    ensure(nnz <= position.len() && nnz <= values.len(), Status::Length)?;
    ensure(position[..nnz].iter().all(|&at| (at as usize) < values.len()), Status::Structure)?;
    let chunks = chunk_count(nnz + neurons, GRAIN);
    let importance = SharedSlice::new(importance);
    run_chunks(threads, chunks, &|chunk| {
        let neurons = rows_of_chunk(incoming_ptr, chunks, chunk);
        // SAFETY: the neurons of different chunks do not overlap.
        let sums = unsafe { importance.range(neurons.clone()) };
        for (sum, ends) in sums.iter_mut().zip(incoming_ptr[neurons.start..=neurons.end].windows(2)) {
            let incoming = &position[ends[0] as usize..ends[1] as usize];
            *sum = incoming.iter().map(|&at| f64::from(values[at as usize].abs())).sum::<f64>() as f32;
        }
    })
}

/// The `percentile`-th percentile of `values`, interpolated linearly between order statistics, as NumPy's default.
///
/// NaN when any value is NaN, as in NumPy. O(n), 4 bytes of scratch a value.
///
/// # Errors
/// [`Status::Range`] when there are no values or the percentile is not in `[0, 100]`; [`Status::Memory`].
pub fn percentile(values: &[f32], percentile: f64) -> Result<f64, Status> {
    ensure(!values.is_empty() && (0.0..=100.0).contains(&percentile), Status::Range)?;
    if values.iter().any(|value| value.is_nan()) {
        return Ok(f64::NAN);
    }
    let mut order = scratch::<f32>(values.len())?;
    order.copy_from_slice(values);
    let place = percentile / 100.0 * (values.len() - 1) as f64;
    let below = (place.floor() as usize).min(values.len() - 1);
    let fraction = place - below as f64;
    let (_, &mut low, above) = order.select_nth_unstable_by(below, f32::total_cmp);
    let low = f64::from(low);
    let high = above.iter().copied().min_by(f32::total_cmp).map_or(low, f64::from);
    // Equal neighbours give their value exactly, infinite ones included.
    if low == high || fraction == 0.0 {
        return Ok(low);
    }
    // From the nearer end, as NumPy does, so that the result ascends with the percentile.
    let span = high - low;
    Ok(if fraction < 0.5 { low + span * fraction } else { high - span * (1.0 - fraction) })
}

/// Removes all incoming connections of each neuron whose importance is at or below `threshold`; returns the new nnz.
///
/// Kept connections keep weight and planes; a NaN importance is not below. O(nnz). Paper: Algorithm 2.
///
/// # Errors
/// [`Status::Range`] when every connection would go, with nothing changed: a layer never becomes empty.
/// [`Status::Length`] as in [`Connections::nnz`]; [`Status::Structure`] when an index has no importance.
pub fn remove_incoming(
    connections: &mut Connections,
    importance: &[f32],
    threshold: f64,
    threads: usize,
) -> Result<usize, Status> {
    let nnz = connections.nnz()?;
    let goes = |target: u32| f64::from(importance[target as usize]) <= threshold;
    let mut kept = 0;
    for &target in &connections.indices[..nnz] {
        ensure((target as usize) < importance.len(), Status::Structure)?;
        kept += usize::from(!goes(target));
    }
    ensure(kept > 0 || nnz == 0, Status::Range)?;
    if kept == nnz {
        return Ok(nnz);
    }
    let stretches = stretches(connections.indptr);
    retain(connections, &stretches, threads, |_| move |target, _| !goes(target))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::structure::csr::{incoming_view, validate};
    use crate::structure::init::{Initializer, erdos_renyi_count, erdos_renyi_fill, init_values};
    use crate::structure::planes::Planes;

    #[test]
    fn importance_and_removal_equal_a_dense_oracle_for_all_shapes_and_threads() {
        for (inputs, neurons, probability) in
            [(0, 3, 1.0), (3, 0, 1.0), (1, 1, 1.0), (31, 47, 0.1), (31, 47, 1.0), (700, 900, 0.5)]
        {
            let mut indptr = vec![0; inputs + 1];
            let nnz = erdos_renyi_count(neurons, probability, 1, 1, 1, &mut indptr).unwrap();
            let (mut indices, mut values) = (vec![0; nnz], vec![0.0; nnz]);
            erdos_renyi_fill(&indptr, neurons, probability, 1, 1, 1, &mut indices).unwrap();
            init_values(&mut values, Initializer::Normal(1.0), 1, 1, 1).unwrap();
            let (mut ptr, mut source, mut position) = (vec![0; neurons + 1], vec![0; nnz], vec![0; nnz]);
            incoming_view(&indptr, &indices, inputs, neurons, 1, &mut ptr, &mut source, &mut position).unwrap();

            let mut dense = vec![0.0f64; inputs * neurons];
            for row in 0..inputs {
                for at in indptr[row] as usize..indptr[row + 1] as usize {
                    dense[row * neurons + indices[at] as usize] = f64::from(values[at]);
                }
            }
            let expected: Vec<f32> = (0..neurons)
                .map(|neuron| (0..inputs).map(|row| dense[row * neurons + neuron].abs()).sum::<f64>() as f32)
                .collect();
            for threads in [1, 2, 8] {
                let mut scores = vec![9.0; neurons];
                importance(&ptr, &position, &values, &mut scores, threads).unwrap();
                assert_eq!(scores, expected);
                if neurons < 2 || inputs == 0 {
                    continue;
                }
                let threshold = percentile(&scores, 20.0).unwrap();
                let (mut indptr, mut indices) = (indptr.clone(), indices.clone());
                let (mut values, mut plane) = (values.clone(), values.clone());
                let mut connections = Connections {
                    indptr: &mut indptr,
                    indices: &mut indices,
                    values: &mut values,
                    planes: Planes::new(&mut plane, 1).unwrap(),
                };
                let kept = remove_incoming(&mut connections, &scores, threshold, threads).unwrap();
                assert_eq!(kept, indptr[inputs] as usize);
                validate(&indptr, &indices[..kept], inputs, neurons).unwrap();
                assert_eq!(values[..kept], plane[..kept]);
                for row in 0..inputs {
                    let expected = (0..neurons as u32).filter(|&neuron| {
                        dense[row * neurons + neuron as usize] != 0.0 && f64::from(scores[neuron as usize]) > threshold
                    });
                    assert!(expected.eq(indices[indptr[row] as usize..indptr[row + 1] as usize].iter().copied()));
                }
            }
        }
    }

    #[test]
    fn percentile_interpolates_like_numpy() {
        // numpy.percentile([3, 1, 4, 1, 5, 9, 2, 6], q), linear: order statistics 1 1 2 3 4 5 6 9.
        let values = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0];
        for (q, expected) in
            [(0.0, 1.0), (10.0, 1.0), (20.0, 1.4), (25.0, 1.75), (50.0, 3.5), (90.0, 6.9), (99.0, 8.79), (100.0, 9.0)]
        {
            let found = percentile(&values, q).unwrap();
            assert!((found - expected).abs() < 1e-14 * 9.0, "{q}: {found}");
        }
        assert_eq!(percentile(&[2.5], 37.0), Ok(2.5));
        assert_eq!(percentile(&[f32::INFINITY; 3], 37.0), Ok(f64::INFINITY));
        assert!(percentile(&[1.0, f32::NAN], 50.0).unwrap().is_nan());
        for (values, q) in [(&[][..], 50.0), (&[1.0], -1.0), (&[1.0], 100.5), (&[1.0], f64::NAN)] {
            assert_eq!(percentile(values, q), Err(Status::Range));
        }
    }

    #[test]
    fn remove_incoming_never_empties_a_layer() {
        let (mut indptr, mut indices) = ([0, 1, 2], [0, 1]);
        let (mut values, mut plane) = ([1.0, 1.0], [2.0, 3.0]);
        let mut connections = Connections {
            indptr: &mut indptr,
            indices: &mut indices,
            values: &mut values,
            planes: Planes::new(&mut plane, 1).unwrap(),
        };
        assert_eq!(remove_incoming(&mut connections, &[1.0, 1.0], 1.0, 1), Err(Status::Range));
        assert_eq!(remove_incoming(&mut connections, &[1.0], 0.5, 1), Err(Status::Structure));
        assert_eq!(connections.nnz(), Ok(2));
        assert_eq!(remove_incoming(&mut connections, &[1.0, 2.0], 1.0, 1), Ok(1));
        assert_eq!((indptr, indices[0], plane[0]), ([0, 0, 1], 1, 3.0));
    }
}

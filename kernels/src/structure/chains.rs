//! Chain removal: connections that no signal passes through go.

use crate::base::status::{Status, ensure, scratch};
use crate::structure::csr::{Connections, retain, stretches};

/// Keeps the connections from an input to a neuron that are both marked; returns the new nnz.
///
/// Kept connections keep weight and planes; all may go. O(nnz + inputs). Source: Zhang et al. 2025 (CHTs).
///
/// # Errors
/// [`Status::Length`] unless there is a mark for each input, or as in [`Connections::nnz`]; [`Status::Structure`] when a
/// target has no mark; [`Status::Memory`] before anything has changed.
pub fn keep_between(
    connections: &mut Connections,
    inputs: &[u8],
    neurons: &[u8],
    threads: usize,
) -> Result<usize, Status> {
    let nnz = connections.nnz()?;
    ensure(inputs.len() + 1 == connections.indptr.len(), Status::Length)?;
    ensure(connections.indptr.is_sorted(), Status::Structure)?;
    ensure(connections.indices[..nnz].iter().all(|&target| (target as usize) < neurons.len()), Status::Structure)?;
    if !inputs.contains(&0) && !neurons.contains(&0) {
        return Ok(nnz);
    }
    // Row ends change while threads pass them.
    let mut ends = scratch::<u32>(inputs.len())?;
    ends.copy_from_slice(&connections.indptr[1..]);
    let stretches = stretches(connections.indptr);
    retain(connections, &stretches, threads, |stretch| {
        let (mut row, mut at) = (stretches[stretch].rows.start, stretches[stretch].entries.start);
        let ends = &ends;
        move |target, _| {
            while ends[row] as usize <= at {
                row += 1;
            }
            at += 1;
            inputs[row] != 0 && neurons[target as usize] != 0
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::structure::fixture::Layer;

    #[test]
    fn keep_between_keeps_what_both_ends_allow_with_weight_and_planes() {
        for (inputs, neurons, probability) in [(0, 3, 1.0), (1, 1, 1.0), (31, 47, 0.1), (31, 47, 1.0), (700, 900, 0.4)]
        {
            for planes in [0, 1, 2] {
                for share in [1, 2, 3] {
                    let layer = Layer::random(inputs, neurons, probability, planes);
                    let of_input: Vec<u8> = (0..inputs).map(|input| u8::from(input % share != 1)).collect();
                    let of_neuron: Vec<u8> = (0..neurons).map(|neuron| u8::from(neuron % 5 < 5 - share)).collect();
                    let mut expected = layer.places();
                    expected.retain(|&(row, column), _| of_input[row] != 0 && of_neuron[column as usize] != 0);
                    for threads in [1, 2, 8] {
                        let mut kept = layer.clone();
                        let nnz = keep_between(&mut kept.view(), &of_input, &of_neuron, threads).unwrap();
                        assert_eq!((nnz, kept.places()), (expected.len(), expected.clone()));
                    }
                }
            }
        }
        let mut layer = Layer::random(3, 4, 1.0, 0);
        assert_eq!(keep_between(&mut layer.view(), &[0; 3], &[1; 4], 1), Ok(0));
        let mut layer = Layer::random(3, 4, 1.0, 0);
        assert_eq!(keep_between(&mut layer.view(), &[1; 2], &[1; 4], 1), Err(Status::Length));
        assert_eq!(keep_between(&mut layer.view(), &[1; 3], &[1; 3], 1), Err(Status::Structure));
    }
}

use super::*;
use crate::structure::init::{erdos_renyi_count, erdos_renyi_fill};
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
    // The last three are dealt into bins; the very last into bins of 65,536 neurons, of which many have none.
    let shapes = [(0, 0), (0, 5), (5, 0), (1, 1), (1, 9), (9, 1), (37, 53), (5_000, 700)];
    let binned = [(300, 40_000), (2_000, 70_000), (100, 4_000_000)];
    for (inputs, neurons) in shapes.into_iter().chain(binned) {
        for probability in [0.0, 0.001, 0.003, 0.05, 0.3, 1.0] {
            if (inputs * neurons) as f64 * probability > 4e6 {
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

//! Gradients at places without a connection.

use super::*;
use truly_sparse_kernels::base::shared::SharedSlice;
use truly_sparse_kernels::base::status::Status;
use truly_sparse_kernels::network::probe::{Probing, probe, probe_words};
use truly_sparse_kernels::network::sddmm::Places;

/// Gradients at all places of every layer, existing or not, in matrix order.
fn probe_all(net: &mut Network, width: usize, count: usize, training: Training, threads: usize) -> Vec<Vec<f32>> {
    let (_, input) = samples(net.sizes[0], count, width);
    let classes = net.sizes[net.sizes.len() - 1];
    let labels: Vec<u32> = (0..count).map(|sample| (sample * 7 % classes) as u32).collect();
    let batch = Batch { input: &input, truth: Truth::Classes(&labels), weights: &[], samples: count, width };
    let lists: Vec<(Vec<u32>, Vec<u32>)> = net
        .sizes
        .windows(2)
        .map(|pair| (pair[0] as u32, pair[1] as u32))
        .map(|(inputs, neurons)| (0..inputs * neurons).map(|place| (place / neurons, place % neurons)).unzip())
        .collect();
    let mut found: Vec<Vec<f32>> = lists.iter().map(|(rows, _)| vec![f32::NAN; rows.len()]).collect();
    let places: Vec<Places> = (lists.iter().zip(&mut found))
        .map(|((rows, columns), found)| Places { rows, columns, gradients: SharedSlice::new(found) })
        .collect();
    let Training { dropout, seed, step, memory, .. } = training;
    let words = probe_words(&net.layout, &net.slopes, width, dropout > 0.0, memory).unwrap();
    let mut work = vec![f32::NAN.to_bits(); words];
    let network = layers(&net.layout, &net.slopes, &mut net.arena, &mut [], 0).unwrap();
    let run = BatchRun { layers: &network, batch, threads };
    probe(run, &places, Probing { dropout, seed, step, memory }, &mut work).unwrap();
    found
}

#[test]
fn probe_gives_existing_connections_the_bits_of_their_written_gradients() {
    for sizes in [&[9, 5][..], &[1, 1, 1], &[30, 40, 20, 5], &[9, 40, 20, 30, 5]] {
        for (code, storage, recompute) in
            [(SLOPE, Storage::F32, false), (SRELU, Storage::F32, true), (SLOPE, Storage::Bf16, true)]
        {
            // One whole tile, one tile in part, several tiles.
            for (width, count) in [(64, 64), (64, 50), (16, 50)] {
                for dropout in [0.0, 0.25] {
                    let training = Training { dropout, memory: ActivationMemory { storage, recompute }, ..TRAINING };
                    let mut net = network(sizes, 0.3, code);
                    let (_, mut written) = step(&mut net, width, count, true, training, 1);
                    let before = net.arena.clone();
                    let found = probe_all(&mut net, width, count, training, 2);
                    assert_eq!(net.arena, before);
                    assert!(found.iter().flatten().all(|gradient| gradient.is_finite()));
                    let expected = gradients(&net.layout, &net.slopes, &mut written).unwrap().unwrap();
                    for ((weights, found), expected) in net.weights.iter().zip(&found).zip(&expected) {
                        // SAFETY: nobody writes.
                        let expected = unsafe { expected.values.read() };
                        for ((_, (row, column)), expected) in weights.iter().zip(expected) {
                            let found = found[row * weights.cols() + column];
                            assert_eq!(found.to_bits(), expected.to_bits(), "{sizes:?}, {code}, {width}, {count}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn probe_gives_the_same_bits_for_any_number_of_threads() {
    // Several chunks: 90,000 places of 4 vectors are 18 of 20,000 operations.
    for memory in [WHOLE, ActivationMemory { recompute: true, ..BF16 }] {
        let mut net = network(&[300, 300, 10], 0.1, SLOPE);
        let training = Training { memory, ..TRAINING };
        let one = probe_all(&mut net, 64, 150, training, 1);
        for threads in [2, 3, 8] {
            assert_eq!(probe_all(&mut net, 64, 150, training, threads), one);
        }
    }
}

#[test]
fn probe_of_layers_beyond_the_cache_asks_for_rows_that_exist() {
    // 70,000 neurons of 16 samples are 4.5 MB.
    let mut net = network(&[2, 70_000, 3], 1.0, SLOPE);
    let (_, mut written) = step(&mut net, 16, 20, true, TRAINING, 1);
    let found = probe_all(&mut net, 16, 20, TRAINING, 2);
    let expected = gradients(&net.layout, &net.slopes, &mut written).unwrap().unwrap();
    for (found, expected) in found.iter().zip(&expected) {
        // SAFETY: nobody writes.
        assert!(unsafe { expected.values.read() } == found);
    }
}

#[test]
fn probe_refuses_what_does_not_fit() {
    let call = |places: &[(&[u32], &[u32], usize)], dropout: f32, less: usize| {
        let mut net = network(&[6, 9, 4], 0.5, SLOPE);
        let (_, input) = samples(6, 40, 32);
        let batch = Batch { input: &input, truth: Truth::Classes(&[3; 40]), weights: &[], samples: 40, width: 32 };
        let mut found: Vec<Vec<f32>> = places.iter().map(|place| vec![0.0; place.2]).collect();
        let places: Vec<Places> = (places.iter().zip(&mut found))
            .map(|(&(rows, columns, _), found)| Places { rows, columns, gradients: SharedSlice::new(found) })
            .collect();
        let words = probe_words(&net.layout, &net.slopes, 32, dropout > 0.0, WHOLE).unwrap();
        let mut work = vec![0; words - less];
        let network = layers(&net.layout, &net.slopes, &mut net.arena, &mut [], 0).unwrap();
        let probing = Probing { dropout, seed: 1, step: 1, memory: WHOLE };
        probe(BatchRun { layers: &network, batch, threads: 1 }, &places, probing, &mut work)
    };
    let none: (&[u32], &[u32], usize) = (&[], &[], 0);
    assert_eq!(call(&[(&[0, 5], &[8, 0], 2), (&[8], &[3], 1)], 0.0, 0), Ok(()));
    assert_eq!(call(&[none, none], 0.5, 0), Ok(()));
    assert_eq!(call(&[none], 0.0, 0), Err(Status::Length));
    assert_eq!(call(&[none, none], 0.0, 1), Err(Status::Length));
    assert_eq!(call(&[(&[0, 1], &[0], 2), none], 0.0, 0), Err(Status::Length));
    assert_eq!(call(&[(&[0, 1], &[0, 1], 1), none], 0.0, 0), Err(Status::Length));
    assert_eq!(call(&[(&[6], &[0], 1), none], 0.0, 0), Err(Status::Range));
    assert_eq!(call(&[none, (&[0], &[4], 1)], 0.0, 0), Err(Status::Range));
    assert_eq!(call(&[none, none], 1.0, 0), Err(Status::Range));
}

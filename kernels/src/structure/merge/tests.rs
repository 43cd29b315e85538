use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::structure::init::{erdos_renyi_count, erdos_renyi_fill};

const SHAPES: [(usize, usize); 7] = [(0, 0), (0, 3), (1, 1), (1, 40), (40, 1), (37, 53), (200, 90)];
/// Beyond the width up to which rows are spread.
const WIDE: (usize, usize) = (3, 200_000);
const DENSITIES: [f64; 4] = [0.0, 0.05, 0.5, 1.0];

struct Matrix {
    indptr: Vec<u32>,
    indices: Vec<u32>,
    values: Vec<f32>,
}

fn random(inputs: usize, neurons: usize, probability: f64, seed: u64) -> Matrix {
    let mut indptr = vec![0; inputs + 1];
    let nnz = erdos_renyi_count(neurons, probability, seed, 1, 1, &mut indptr).unwrap();
    let mut indices = vec![0; nnz];
    erdos_renyi_fill(&indptr, neurons, probability, seed, 1, 1, &mut indices).unwrap();
    let values = (0..nnz).map(|at| ((at as u64 * 2_654_435_761 + seed) % 1000) as f32 / 7.0 - 60.0).collect();
    Matrix { indptr, indices, values }
}

fn entries(matrix: &Matrix) -> BTreeMap<(usize, u32), f32> {
    let rows = matrix.indptr.windows(2).enumerate();
    rows.flat_map(|(row, ends)| {
        (ends[0] as usize..ends[1] as usize).map(move |at| ((row, matrix.indices[at]), matrix.values[at]))
    })
    .collect()
}

#[test]
fn retain_valid_keeps_exactly_the_gradients_of_connections_that_exist() {
    for (inputs, neurons) in SHAPES.into_iter().chain([WIDE]) {
        for old_density in DENSITIES {
            for density in DENSITIES {
                let old = random(inputs, neurons, old_density, 5);
                let new = random(inputs, neurons, density, 6);
                let mut gradient = vec![f32::NAN; new.indices.len()];
                let dropped =
                    retain_valid(&old.indptr, &old.indices, &old.values, &new.indptr, &new.indices, &mut gradient)
                        .unwrap();
                let before = entries(&old);
                let after = entries(&Matrix { values: gradient, ..new });
                for (place, value) in &after {
                    assert_eq!(*value, before.get(place).copied().unwrap_or(0.0));
                }
                assert_eq!(dropped, before.keys().filter(|place| !after.contains_key(place)).count());
            }
        }
    }
}

#[test]
fn retain_valid_gives_a_current_gradient_back_unchanged() {
    let layer = random(60, 70, 0.2, 3);
    let mut gradient = vec![0.0; layer.indices.len()];
    let dropped =
        retain_valid(&layer.indptr, &layer.indices, &layer.values, &layer.indptr, &layer.indices, &mut gradient);
    assert_eq!(dropped, Ok(0));
    assert_eq!(gradient, layer.values);
}

#[test]
fn retain_valid_refuses_arrays_that_do_not_fit() {
    let run = |old: &[u32], new: &[u32], room: usize| {
        retain_valid(old, &[0, 1], &[1.0, 2.0], new, &[0, 1], &mut vec![0.0; room])
    };
    assert_eq!(run(&[0, 1, 2], &[0, 1, 2], 2), Ok(0));
    assert_eq!(run(&[0, 2], &[0, 1, 2], 2), Err(Status::Length));
    assert_eq!(run(&[0, 1, 3], &[0, 1, 2], 2), Err(Status::Length));
    assert_eq!(run(&[0, 1, 2], &[0, 1, 2], 1), Err(Status::Length));
    assert_eq!(run(&[0, 2, 1], &[0, 1, 2], 2), Err(Status::Structure));
}

#[test]
fn scale_and_accumulate_sum_weighted_terms_and_leave_a_single_one_as_it_is() {
    let (a, b): (Vec<f32>, Vec<f32>) = (0..5000).map(|at| (at as f32 * 0.1, 7.0 - at as f32)).unzip();
    let mut sum = a.clone();
    scale(&mut sum, 1.0);
    assert_eq!(sum, a);
    scale(&mut sum, 0.25);
    accumulate(&b, 0.75, &mut sum).unwrap();
    for at in 0..5000 {
        let exact = 0.25 * f64::from(a[at]) + 0.75 * f64::from(b[at]);
        // Two roundings of numbers below 5,000.
        assert!((f64::from(sum[at]) - exact).abs() < 1e-3);
    }
    assert_eq!(accumulate(&a, 1.0, &mut sum[1..]), Err(Status::Length));
}

#[test]
fn union_average_is_the_mean_of_the_dense_matrices() {
    for (inputs, neurons) in SHAPES {
        for models in [1, 2, 5] {
            for density in DENSITIES {
                let layers: Vec<Matrix> =
                    (0..models).map(|model| random(inputs, neurons, density, 10 + model as u64)).collect();
                let indptr: Vec<u32> = layers.iter().flat_map(|layer| layer.indptr.clone()).collect();
                let indices: Vec<u32> = layers.iter().flat_map(|layer| layer.indices.clone()).collect();
                let values: Vec<f32> = layers.iter().flat_map(|layer| layer.values.clone()).collect();
                let planes: Vec<f32> =
                    [-2.0, 0.5].iter().flat_map(|share| values.iter().map(move |value| share * value)).collect();
                let stack = Stack { indptr: &indptr, indices: &indices, values: &values, planes: &planes };
                let mut out = Matrix {
                    indptr: vec![9; inputs + 1],
                    indices: vec![9; indices.len()],
                    values: vec![9.0; indices.len()],
                };
                let mut out_planes = vec![9.0; 2 * indices.len()];
                let mut union = Union {
                    indptr: &mut out.indptr,
                    indices: &mut out.indices,
                    values: &mut out.values,
                    planes: Planes::new(&mut out_planes, 2).unwrap(),
                };
                let (nnz, spread) = union_average(models, &stack, &mut union).unwrap();
                let mut dense: BTreeMap<(usize, u32), f64> = BTreeMap::new();
                for layer in &layers {
                    for (place, value) in entries(layer) {
                        *dense.entry(place).or_default() += f64::from(value);
                    }
                }
                let found = entries(&out);
                assert_eq!(found.keys().collect::<Vec<_>>(), dense.keys().collect::<Vec<_>>());
                assert_eq!(nnz, dense.len());
                for (place, value) in found {
                    assert_eq!(value, (dense[&place] / models as f64) as f32);
                }
                for at in 0..nnz {
                    assert_eq!(out_planes[at], -2.0 * out.values[at]);
                    assert_eq!(out_planes[indices.len() + at], 0.5 * out.values[at]);
                }
                if models == 1 {
                    assert_eq!(out.values, values);
                }
                let (mut shared, mut squares) = (0, 0.0);
                for (one, layer) in layers.iter().enumerate() {
                    for other in &layers[one + 1..] {
                        let (mine, others) = (entries(layer), entries(other));
                        shared += mine.keys().filter(|place| others.contains_key(place)).count();
                        squares += dense.keys().fold(0.0, |sum, place| {
                            let weight = |of: &BTreeMap<_, f32>| f64::from(of.get(place).copied().unwrap_or(0.0));
                            sum + (weight(&mine) - weight(&others)).powi(2)
                        });
                    }
                }
                assert_eq!(spread.shared, shared as f64);
                // Sums of squares of f32 in f64, in another order.
                assert!((spread.squares - squares).abs() <= 1e-9 * squares, "{} {squares}", spread.squares);
            }
        }
    }
}

#[test]
fn average_held_and_unite_are_the_means_of_two_dense_matrices() {
    for (inputs, neurons) in SHAPES.into_iter().chain([WIDE]) {
        for density in DENSITIES {
            for other_density in DENSITIES {
                let (mine, other) = (random(inputs, neurons, density, 3), random(inputs, neurons, other_density, 4));
                let rows = Rows { indptr: &mine.indptr, indices: &mine.indices, values: &mine.values };
                let others = Rows { indptr: &other.indptr, indices: &other.indices, values: &other.values };
                let (had, theirs) = (entries(&mine), entries(&other));

                let mut held = mine.values.clone();
                average_held(&mine.indptr, &mine.indices, &mut held, &others).unwrap();
                for ((place, &weight), found) in had.iter().zip(&held) {
                    let mean = theirs.get(place).map_or(weight, |other| 0.5 * (weight + other));
                    assert_eq!(*found, mean);
                }

                let room = mine.indices.len() + other.indices.len();
                let mut planes: Vec<f32> = mine.values.iter().map(|weight| 3.0 * weight).collect();
                planes.extend(mine.values.iter().map(|weight| -weight));
                let mut out = Matrix { indptr: vec![9; inputs + 1], indices: vec![9; room], values: vec![9.0; room] };
                let mut out_planes = vec![9.0; 2 * room];
                let mut union = Union {
                    indptr: &mut out.indptr,
                    indices: &mut out.indices,
                    values: &mut out.values,
                    planes: Planes::new(&mut out_planes, 2).unwrap(),
                };
                let nnz = unite(&rows, &mut Planes::new(&mut planes, 2).unwrap(), &others, &mut union).unwrap();
                let found = entries(&out);
                let places: BTreeSet<_> = had.keys().chain(theirs.keys()).collect();
                assert_eq!(found.keys().collect::<Vec<_>>(), places.into_iter().collect::<Vec<_>>());
                assert_eq!(nnz, found.len());
                for (at, (place, &weight)) in found.iter().enumerate() {
                    let of = |from: &BTreeMap<_, f32>| f64::from(from.get(place).copied().unwrap_or(0.0));
                    assert_eq!(weight, ((of(&had) + of(&theirs)) / 2.0) as f32);
                    let kept = had.get(place).copied().unwrap_or(0.0);
                    assert_eq!(
                        [out_planes[at], out_planes[room + at]],
                        [3.0 * kept, if kept == 0.0 { 0.0 } else { -kept }]
                    );
                }
            }
        }
    }
}

#[test]
fn average_held_and_unite_refuse_arrays_that_do_not_fit() {
    let run = |indptr: &[u32], other: &[u32], room: usize| {
        let (indices, values) = ([0, 1], [1.0, 2.0]);
        let rows = Rows { indptr, indices: &indices, values: &values };
        let others = Rows { indptr: other, indices: &indices, values: &values };
        let mut union = Union {
            indptr: &mut vec![0; indptr.len()],
            indices: &mut vec![0; room],
            values: &mut vec![0.0; room],
            planes: Planes::new(&mut [], 0).unwrap(),
        };
        let united = unite(&rows, &mut Planes::new(&mut [], 0).unwrap(), &others, &mut union).map(|_| ());
        (average_held(indptr, &indices, &mut [1.0, 2.0], &others), united)
    };
    let both = |status| (Err(status), Err(status));
    assert_eq!(run(&[0, 1, 2], &[0, 2, 2], 3), (Ok(()), Ok(())));
    assert_eq!(run(&[0, 1, 2], &[0, 2, 2], 2), (Ok(()), Err(Status::Length)));
    assert_eq!(run(&[0, 2], &[0, 1, 2], 4), both(Status::Length));
    assert_eq!(run(&[0, 1, 3], &[0, 1, 2], 4), both(Status::Length));
    assert_eq!(run(&[0, 1, 2], &[0, 1, 3], 4), both(Status::Length));
    assert_eq!(run(&[0, 2, 1], &[0, 1, 2], 4), both(Status::Structure));
    assert_eq!(run(&[], &[], 4).1, Err(Status::Length));
}

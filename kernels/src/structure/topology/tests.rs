use std::collections::HashMap;

use super::*;
use crate::structure::csr::validate;
use crate::structure::init::{erdos_renyi_count, erdos_renyi_fill, init_values};

#[derive(Clone, Debug, PartialEq)]
struct Layer {
    neurons: usize,
    indptr: Vec<u32>,
    indices: Vec<u32>,
    values: Vec<f32>,
    velocity: Vec<f32>,
}

impl Layer {
    fn random(inputs: usize, neurons: usize, probability: f64) -> Self {
        let mut indptr = vec![0; inputs + 1];
        let nnz = erdos_renyi_count(neurons, probability, 1, 1, 1, &mut indptr).unwrap();
        let (mut indices, mut values) = (vec![0; nnz], vec![0.0; nnz]);
        erdos_renyi_fill(&indptr, neurons, probability, 1, 1, 1, &mut indices).unwrap();
        init_values(&mut values, Initializer::Uniform(1.0), 1, 1, 1).unwrap();
        let velocity = (1..=nnz).map(|place| place as f32).collect();
        Self { neurons, indptr, indices, values, velocity }
    }

    fn view(&mut self) -> Connections<'_> {
        Connections {
            indptr: &mut self.indptr,
            indices: &mut self.indices,
            values: &mut self.values,
            velocity: &mut self.velocity,
        }
    }

    fn nnz(&self) -> usize {
        *self.indptr.last().unwrap() as usize
    }

    /// (row, column) → (value, velocity), with the structure checked on the way.
    fn places(&self) -> HashMap<(usize, u32), (u32, u32)> {
        let nnz = self.nnz();
        assert_eq!(validate(&self.indptr, &self.indices[..nnz], self.indptr.len() - 1, self.neurons), Ok(()));
        (0..self.indptr.len() - 1)
            .flat_map(|row| (self.indptr[row] as usize..self.indptr[row + 1] as usize).map(move |at| (row, at)))
            .map(|(row, at)| ((row, self.indices[at]), (self.values[at].to_bits(), self.velocity[at].to_bits())))
            .collect()
    }

    /// Drops by sorting each side, the slow and obvious way; returns what must remain, in order.
    fn dropped_by_sorting(&self, zeta: f64) -> Vec<(u32, u32, u32)> {
        let nnz = self.nnz();
        let mut gone = vec![false; nnz];
        for negative in [false, true] {
            let mut side: Vec<usize> = (0..nnz).filter(|&at| self.values[at].is_sign_negative() == negative).collect();
            side.sort_by(|&a, &b| self.values[a].abs().total_cmp(&self.values[b].abs()).then(a.cmp(&b)));
            let count = (zeta * side.len() as f64).floor() as usize;
            side[..count].iter().for_each(|&at| gone[at] = true);
        }
        (0..nnz)
            .filter(|&at| !gone[at])
            .map(|at| (self.indices[at], self.values[at].to_bits(), self.velocity[at].to_bits()))
            .collect()
    }

    fn entries(&self) -> Vec<(u32, u32, u32)> {
        (0..self.nnz()).map(|at| (self.indices[at], self.values[at].to_bits(), self.velocity[at].to_bits())).collect()
    }
}

const SHAPES: [(usize, usize, f64); 12] = [
    (0, 0, 1.0),
    (0, 3, 1.0),
    (3, 0, 1.0),
    (1, 1, 1.0),
    (1, 500, 0.2),
    (500, 1, 0.2),
    (33, 47, 0.0),
    (33, 47, 0.05),
    (33, 47, 1.0),
    (784, 1000, 0.045),
    (3_000, 2_000, 0.05),
    (200_000, 3_000, 0.0004),
];
const GROWTH: Growth = Growth { seed: 4, epoch: 5, layer: 6 };

#[test]
fn drop_smallest_equals_sorting_for_all_shapes_and_threads() {
    for (inputs, neurons, probability) in SHAPES {
        for zeta in [0.0, 0.3, 0.999] {
            let layer = Layer::random(inputs, neurons, probability);
            let expected = layer.dropped_by_sorting(zeta);
            let mut one = layer.clone();
            let removed = drop_smallest(&mut one.view(), zeta, 1).unwrap();
            assert_eq!(removed, layer.nnz() - expected.len());
            assert_eq!(one.entries(), expected);
            let (before, after) = (layer.places(), one.places());
            assert!(after.iter().all(|(place, kept)| before[place] == *kept));
            for threads in [2, 8] {
                let mut again = layer.clone();
                assert_eq!(drop_smallest(&mut again.view(), zeta, threads), Ok(removed));
                assert_eq!((again.indptr.clone(), again.entries()), (one.indptr.clone(), one.entries()));
            }
        }
    }
}

#[test]
fn drop_smallest_breaks_ties_by_place_in_every_stretch() {
    // 240,000 connections of few values: ties reach over several stretches.
    for modulus in [1, 2, 7] {
        let mut layer = Layer::random(1_200, 2_000, 0.1);
        for (at, value) in layer.values.iter_mut().enumerate() {
            let size = (at % modulus) as f32 * 0.25;
            *value = if at % 3 == 0 { -size } else { size };
        }
        for threads in [1, 2] {
            let mut changed = layer.clone();
            drop_smallest(&mut changed.view(), 0.4, threads).unwrap();
            assert_eq!(changed.entries(), layer.dropped_by_sorting(0.4));
        }
    }
}

#[test]
fn drop_smallest_counts_zeros_by_sign_and_keeps_what_is_not_finite() {
    let values = [0.0, -0.0, 3.0, -1e-42, 1e-42, -2.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -f32::NAN];
    let mut layer = Layer {
        neurons: 10,
        indptr: vec![0, 10],
        indices: (0..10).collect(),
        values: values.to_vec(),
        velocity: vec![0.0; 10],
    };
    assert_eq!(drop_smallest(&mut layer.view(), 0.4, 1), Ok(4));
    assert_eq!(layer.indices[..layer.nnz()], [2, 5, 6, 7, 8, 9]);
    for zeta in [-0.1, 1.0, f64::NAN] {
        assert_eq!(drop_smallest(&mut layer.view(), zeta, 1), Err(Status::Range));
    }
    layer.velocity.truncate(3);
    assert_eq!(drop_smallest(&mut layer.view(), 0.4, 1), Err(Status::Length));
}

#[test]
fn grow_random_adds_the_count_and_keeps_the_rest_for_all_shapes_and_threads() {
    for (inputs, neurons, probability) in SHAPES {
        let start = Layer::random(inputs, neurons, probability);
        let absent = inputs * neurons - start.nnz();
        for count in [0, 1, absent / 3, absent, absent + 10] {
            let count = count.min(300_000);
            let mut layer = start.clone();
            let capacity = start.nnz() + count.min(absent);
            layer.indices.resize(capacity, 7);
            layer.values.resize(capacity, 7.0);
            layer.velocity.resize(capacity, 7.0);
            let mut one = layer.clone();
            let grow = |layer: &mut Layer, threads| {
                grow_random(&mut layer.view(), neurons, count, Initializer::Uniform(0.5), GROWTH, threads)
            };
            assert_eq!(grow(&mut one, 1), Ok(count.min(absent)));
            let (before, after) = (start.places(), one.places());
            assert_eq!(after.len(), capacity);
            assert!(before.iter().all(|(place, kept)| after[place] == *kept));
            let fresh: Vec<_> = after.iter().filter(|(place, _)| !before.contains_key(place)).collect();
            assert_eq!(fresh.len(), count.min(absent));
            for (_, (value, velocity)) in fresh {
                assert!(f32::from_bits(*value).abs() <= 0.5 && *velocity == 0);
            }
            for threads in [2, 8] {
                let mut again = layer.clone();
                grow(&mut again, threads).unwrap();
                assert_eq!(again, one);
            }
        }
    }
}

#[test]
fn grow_random_chooses_every_absent_place_equally_often() {
    // A 5 × 7 layer with 11 connections: 24 absent places, 6 of them drawn in each of 8,000 epochs.
    let start = Layer::random(5, 7, 0.3);
    let absent = 35 - start.nnz();
    let before = start.places();
    let mut hits = HashMap::new();
    for epoch in 0..8_000 {
        let mut layer = start.clone();
        layer.indices.resize(start.nnz() + 6, 0);
        layer.values.resize(start.nnz() + 6, 0.0);
        layer.velocity.resize(start.nnz() + 6, 0.0);
        let growth = Growth { epoch, ..GROWTH };
        grow_random(&mut layer.view(), 7, 6, Initializer::Normal(0.1), growth, 1).unwrap();
        for place in layer.places().into_keys().filter(|place| !before.contains_key(place)) {
            *hits.entry(place).or_insert(0u32) += 1;
        }
    }
    assert_eq!(hits.len(), absent);
    let mean = 6.0 * 8_000.0 / absent as f64;
    let chi_square: f64 = hits.values().map(|&count| (f64::from(count) - mean).powi(2) / mean).sum();
    // Drawn without replacement, so below chi-square with absent − 1 ≤ 34 degrees of freedom; 0.9999 quantile 73.
    assert!(chi_square < 73.0, "{chi_square} over {absent} places");
}

#[test]
fn grow_random_refuses_what_does_not_fit() {
    let mut layer = Layer::random(10, 10, 0.3);
    let before = layer.clone();
    let mut grow = |neurons, count| grow_random(&mut layer.view(), neurons, count, Initializer::Normal(0.1), GROWTH, 1);
    assert_eq!(grow(10, 5), Err(Status::Length));
    assert_eq!(grow(1, 5), Err(Status::Structure));
    assert_eq!(layer, before);
}

#[test]
fn set_keeps_the_number_of_connections_over_many_epochs() {
    let mut layer = Layer::random(200, 300, 0.1);
    let nnz = layer.nnz();
    for epoch in 0..50 {
        let removed = drop_smallest(&mut layer.view(), 0.3, 2).unwrap();
        let growth = Growth { epoch, ..GROWTH };
        let grown = grow_random(&mut layer.view(), 300, removed, Initializer::Uniform(1.0), growth, 2);
        assert_eq!(grown, Ok(removed));
        assert_eq!(layer.places().len(), nnz);
    }
}

#[test]
fn drop_to_leaves_exactly_the_target_and_drops_each_sign_in_proportion() {
    let full = Layer::random(60, 70, 0.3);
    let side = |layer: &Layer, negative: bool| {
        let nnz = layer.nnz();
        let mut values: Vec<f32> =
            layer.values[..nnz].iter().copied().filter(|v| v.is_sign_negative() == negative).map(f32::abs).collect();
        values.sort_by(f32::total_cmp);
        values
    };
    let nnz = full.nnz();
    for target in [0, 1, 7, nnz / 2, nnz - 1, nnz, nnz + 5] {
        for threads in [1, 2] {
            let mut layer = full.clone();
            let excess = nnz.saturating_sub(target);
            assert_eq!(drop_to(&mut layer.view(), target, threads), Ok(excess));
            assert_eq!(layer.nnz(), nnz - excess);
            for negative in [false, true] {
                let (before, after) = (side(&full, negative), side(&layer, negative));
                let gone = before.len() - after.len();
                assert!((gone as f64 - excess as f64 * before.len() as f64 / nnz as f64).abs() < 1.0);
                assert_eq!(after, before[gone..]);
            }
        }
    }
}

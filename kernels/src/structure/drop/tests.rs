use std::collections::HashSet;

use super::*;
use crate::base::random::Stream;
use crate::structure::fixture::{Layer, SHAPES};

/// Drops by sorting each side, the slow and obvious way; returns what must remain, in order.
fn dropped_by_sorting(layer: &Layer, zeta: f64) -> Vec<(u32, u32, Vec<u32>)> {
    let nnz = layer.nnz();
    let mut gone = vec![false; nnz];
    for negative in [false, true] {
        let mut side: Vec<usize> = (0..nnz).filter(|&at| layer.values[at].is_sign_negative() == negative).collect();
        side.sort_by(|&a, &b| layer.values[a].abs().total_cmp(&layer.values[b].abs()).then(a.cmp(&b)));
        let count = (zeta * side.len() as f64).floor() as usize;
        side[..count].iter().for_each(|&at| gone[at] = true);
    }
    layer.entries().into_iter().zip(gone).filter_map(|(entry, gone)| (!gone).then_some(entry)).collect()
}

#[test]
fn drop_smallest_equals_sorting_for_all_shapes_and_threads() {
    for ((inputs, neurons, probability), planes) in SHAPES.into_iter().zip([0, 1, 2].into_iter().cycle()) {
        for zeta in [0.0, 0.3, 0.999] {
            let layer = Layer::random(inputs, neurons, probability, planes);
            let expected = dropped_by_sorting(&layer, zeta);
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
        let mut layer = Layer::random(1_200, 2_000, 0.1, 1);
        for (at, value) in layer.values.iter_mut().enumerate() {
            let size = (at % modulus) as f32 * 0.25;
            *value = if at % 3 == 0 { -size } else { size };
        }
        for threads in [1, 2] {
            let mut changed = layer.clone();
            drop_smallest(&mut changed.view(), 0.4, threads).unwrap();
            assert_eq!(changed.entries(), dropped_by_sorting(&layer, 0.4));
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
        planes: vec![0.0; 10],
        count: 1,
    };
    assert_eq!(drop_smallest(&mut layer.view(), 0.4, 1), Ok(4));
    assert_eq!(layer.indices[..layer.nnz()], [2, 5, 6, 7, 8, 9]);
    for zeta in [-0.1, 1.0, f64::NAN] {
        assert_eq!(drop_smallest(&mut layer.view(), zeta, 1), Err(Status::Range));
    }
    layer.planes.truncate(3);
    assert_eq!(drop_smallest(&mut layer.view(), 0.4, 1), Err(Status::Length));
}

#[test]
fn drop_to_leaves_exactly_the_target_and_drops_each_sign_in_proportion() {
    let full = Layer::random(60, 70, 0.3, 1);
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

#[test]
fn drop_lowest_equals_sorting_scores_of_any_sign_with_ties_for_all_threads() {
    for ((inputs, neurons, probability), planes) in SHAPES.into_iter().zip([0, 1, 2].into_iter().cycle()) {
        for distinct in [1, 5, 1 << 20] {
            let layer = Layer::random(inputs, neurons, probability, planes);
            let nnz = layer.nnz();
            let mut stream = Stream::new(5);
            let mut scores: Vec<f32> =
                (0..nnz).map(|_| stream.below(distinct) as f32 / 3.0 - distinct as f32 / 7.0).collect();
            if nnz > 40 {
                (scores[3], scores[9], scores[11]) = (f32::NAN, -0.0, 0.0);
                (scores[20], scores[30], scores[31]) = (-f32::NAN, f32::INFINITY, f32::NEG_INFINITY);
            }
            let mut order: Vec<usize> = (0..nnz).collect();
            let high = |at: usize| if scores[at].is_nan() { f64::INFINITY } else { f64::from(scores[at]).min(1e300) };
            order.sort_by(|&a, &b| high(a).partial_cmp(&high(b)).unwrap().then(a.cmp(&b)));
            for count in [0, 1, nnz / 3, nnz, nnz + 1] {
                let kept: HashSet<usize> = order[count.min(nnz)..].iter().copied().collect();
                let entries = layer.entries().into_iter().enumerate();
                let expected: Vec<_> = entries.filter_map(|(at, entry)| kept.contains(&at).then_some(entry)).collect();
                for threads in [1, 3] {
                    let mut changed = layer.clone();
                    assert_eq!(drop_lowest(&mut changed.view(), &scores, count, threads), Ok(count.min(nnz)));
                    assert_eq!(changed.entries(), expected);
                }
            }
        }
    }
    let mut layer = Layer::random(10, 10, 0.5, 1);
    assert_eq!(drop_lowest(&mut layer.view(), &[1.0], 1, 1), Err(Status::Length));
}

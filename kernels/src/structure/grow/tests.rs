use std::collections::HashMap;

use super::*;
use crate::structure::drop::drop_smallest;
use crate::structure::fixture::{Layer, SHAPES};

const GROWTH: Growth = Growth { seed: 4, epoch: 5, layer: 6 };

fn seedling(scale: f64) -> Seedling {
    Seedling { weights: Initializer::Uniform(scale), state: FreshState::default() }
}

fn sowing(neurons: usize, scale: f64, threads: usize) -> Sowing {
    Sowing { neurons, seedling: seedling(scale), growth: GROWTH, threads }
}

#[test]
fn grow_random_adds_the_count_and_keeps_the_rest_for_all_shapes_and_threads() {
    for ((inputs, neurons, probability), planes) in SHAPES.into_iter().zip([0, 1, 2].into_iter().cycle()) {
        let start = Layer::random(inputs, neurons, probability, planes);
        let absent = inputs * neurons - start.nnz();
        for count in [0, 1, absent / 3, absent, absent + 10] {
            let count = count.min(300_000);
            let capacity = start.nnz() + count.min(absent);
            let layer = start.clone().with_room(capacity);
            let mut one = layer.clone();
            let grow =
                |layer: &mut Layer, threads| grow_random(&mut layer.view(), count, sowing(neurons, 0.5, threads));
            assert_eq!(grow(&mut one, 1), Ok(count.min(absent)));
            let (before, after) = (start.places(), one.places());
            assert_eq!(after.len(), capacity);
            assert!(before.iter().all(|(place, kept)| after[place] == *kept));
            let fresh: Vec<_> = after.iter().filter(|(place, _)| !before.contains_key(place)).collect();
            assert_eq!(fresh.len(), count.min(absent));
            for (_, (value, state)) in fresh {
                assert!(f32::from_bits(*value).abs() <= 0.5 && state.iter().all(|&bits| bits == 0));
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
    let start = Layer::random(5, 7, 0.3, 1);
    let absent = 35 - start.nnz();
    let before = start.places();
    let mut hits = HashMap::new();
    for epoch in 0..8_000 {
        let mut layer = start.clone().with_room(start.nnz() + 6);
        let growth = Growth { epoch, ..GROWTH };
        grow_random(&mut layer.view(), 6, Sowing { growth, ..sowing(7, 0.1, 1) }).unwrap();
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
    let mut layer = Layer::random(10, 10, 0.3, 1);
    let before = layer.clone();
    let mut grow = |neurons, count| grow_random(&mut layer.view(), count, sowing(neurons, 0.1, 1));
    assert_eq!(grow(10, 5), Err(Status::Length));
    assert_eq!(grow(1, 5), Err(Status::Structure));
    assert_eq!(layer, before);
}

#[test]
fn set_keeps_the_number_of_connections_over_many_epochs() {
    let mut layer = Layer::random(200, 300, 0.1, 1);
    let nnz = layer.nnz();
    for epoch in 0..50 {
        let removed = drop_smallest(&mut layer.view(), 0.3, 2).unwrap();
        let growth = Growth { epoch, ..GROWTH };
        let grown = grow_random(&mut layer.view(), removed, Sowing { growth, ..sowing(300, 1.0, 2) });
        assert_eq!(grown, Ok(removed));
        assert_eq!(layer.places().len(), nnz);
    }
}

#[test]
fn absent_places_are_absent_distinct_and_those_that_grow_random_fills() {
    for (inputs, neurons, probability) in SHAPES {
        let start = Layer::random(inputs, neurons, probability, 0);
        let count = (inputs * neurons - start.nnz()).min(1000);
        let places = absent_places(&start.indptr, &start.indices, neurons, count, GROWTH, 2).unwrap();
        let before = start.places();
        assert!(places.len() == count && places.is_sorted_by(|one, next| one < next));
        assert!(places.iter().all(|&at| !before.contains_key(&(row_of(at), column_of(at)))));
        let mut random = start.clone().with_room(start.nnz() + count);
        let mut chosen = random.clone();
        grow_random(&mut random.view(), count, sowing(neurons, 0.5, 1)).unwrap();
        assert_eq!(insert(&mut chosen.view(), &places, sowing(neurons, 0.5, 2)), Ok(count));
        assert_eq!(chosen, random);
    }
}

#[test]
fn insert_begins_planes_at_zero_or_at_the_mean_of_the_layer() {
    let layer = Layer::random(9, 8, 0.5, 2);
    let nnz = layer.nnz();
    let places = absent_places(&layer.indptr, &layer.indices, 8, 5, GROWTH, 1).unwrap();
    let state = FreshState { mean_planes: 0b10 };
    let before = layer.places();
    let mut grown = layer.clone().with_room(nnz + 5);
    let seedling = Seedling { weights: Initializer::Normal(0.0), state };
    insert(&mut grown.view(), &places, Sowing { seedling, ..sowing(8, 0.5, 1) }).unwrap();
    // Plane 1 holds 1001 … 1000 + nnz.
    let mean = (1000.0 + (nnz as f64 + 1.0) / 2.0) as f32;
    for (place, entry) in grown.places() {
        let kept = before.get(&place);
        assert_eq!(entry, kept.cloned().unwrap_or((0, vec![0, mean.to_bits()])));
    }
}

#[test]
fn insert_refuses_places_that_are_taken_repeated_unsorted_or_outside_and_changes_nothing() {
    let start = Layer::random(10, 10, 0.3, 1);
    let taken = place(0, start.indices[0]);
    let free = absent_places(&start.indptr, &start.indices, 10, 3, GROWTH, 1).unwrap();
    let mut layer = start.clone().with_room(start.nnz() + 3);
    let before = layer.clone();
    let mut grow = |places: &[Place]| insert(&mut layer.view(), places, sowing(10, 1.0, 1));
    for places in [&[taken][..], &[free[1], free[0]], &[free[0], free[0]], &[place(10, 0)], &[place(0, 10)]] {
        assert_eq!(grow(places), Err(Status::Structure));
    }
    assert_eq!(grow(&[1, 2, 3, 4].map(|column| place(9, column))), Err(Status::Length));
    assert_eq!(layer, before);
}

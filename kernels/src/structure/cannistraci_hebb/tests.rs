use std::collections::BTreeMap;

use super::*;
use crate::base::random::unit_at;
use crate::structure::csr::incoming_view;
use crate::structure::fixture::Layer;

const GROWTH: Growth = Growth { seed: 3, epoch: 5, layer: 1 };

/// A layer's rows, and its incoming view.
struct Sides {
    layer: Layer,
    incoming_ptr: Vec<u32>,
    source: Vec<u32>,
}

impl Sides {
    fn of(layer: Layer) -> Self {
        let (inputs, nnz) = (layer.indptr.len() - 1, layer.nnz());
        let (mut incoming_ptr, mut source, mut position) = (vec![0; layer.neurons + 1], vec![0; nnz], vec![0; nnz]);
        let (ptr, indices) = (&layer.indptr, &layer.indices);
        incoming_view(ptr, indices, inputs, layer.neurons, 1, &mut incoming_ptr, &mut source, &mut position).unwrap();
        Self { layer, incoming_ptr, source }
    }

    fn inputs(&self) -> Side<'_> {
        Side { starts: &self.layer.indptr, neighbours: &self.layer.indices }
    }

    fn neurons(&self) -> Side<'_> {
        Side { starts: &self.incoming_ptr, neighbours: &self.source }
    }

    fn likely(&self, count: usize, growth: Growth, threads: usize) -> Vec<Place> {
        likely_places(self.inputs(), self.neurons(), count, growth, threads).unwrap()
    }
}

/// The part of each absent pair's score that sums over rows, by the definition, on a dense matrix.
fn dense_part(matrix: &[Vec<bool>]) -> Vec<Vec<f64>> {
    let degree = |row: usize| matrix[row].iter().filter(|&&one| one).count();
    let shared = |u: usize, j: usize| matrix[u].iter().zip(&matrix[j]).filter(|&(&a, &b)| a && b).count();
    let columns = matrix.first().map_or(0, Vec::len);
    let part = |u: usize, v: usize| {
        let others = (0..matrix.len()).filter(|&j| j != u && matrix[j][v] && shared(u, j) > 0);
        let weight = |j: usize| (shared(u, j) + 1) as f64 / (degree(j) - shared(u, j)).max(1) as f64;
        if matrix[u][v] { 0.0 } else { others.map(weight).sum() }
    };
    (0..matrix.len()).map(|u| (0..columns).map(|v| part(u, v)).collect()).collect()
}

fn dense(side: Side, others: usize) -> Vec<Vec<bool>> {
    (0..side.len() as u32).map(|one| (0..others as u32).map(|other| side.of(one).contains(&other)).collect()).collect()
}

const SHAPES: [(usize, usize, f64); 7] =
    [(1, 1, 1.0), (3, 2, 0.5), (20, 30, 0.0), (20, 30, 0.1), (31, 17, 0.4), (12, 25, 0.9), (9, 9, 1.0)];

#[test]
fn scores_are_those_of_the_definition_on_a_dense_matrix_row_by_row_and_sixteen_at_once() {
    for (inputs, neurons, probability) in SHAPES {
        let sides = Sides::of(Layer::random(inputs, neurons, probability, 0));
        for (near, far) in [(sides.inputs(), sides.neurons()), (sides.neurons(), sides.inputs())] {
            let (rows, columns) = (near.len() as u32, far.len() as u32);
            let expected = dense_part(&dense(near, far.len()));
            let mut found = vec![vec![vec![0.0; far.len()]; near.len()]; 2];
            let mut scorer = RowScorer::new(near.len(), far.len()).unwrap();
            for u in 0..rows {
                scorer.score(u, near, far);
                scorer.take(7, |v, _, score| {
                    found[0][u as usize][v as usize] = score;
                    f64::INFINITY
                });
            }
            let mut scorer = RowsScorer::new(near.len(), far.len()).unwrap();
            for start in (0..rows).step_by(LANES) {
                scorer.score(start..(start + LANES as u32).min(rows), near, far);
                scorer.take(u64::from, |u, v, draw, score| {
                    assert_eq!(draw, unit_at(u64::from(u), u64::from(v)));
                    found[1][u as usize][v as usize] = score;
                    f64::MAX
                });
            }
            for (u, v) in (0..rows as usize).flat_map(|u| (0..columns as usize).map(move |v| (u, v))) {
                let exact = expected[u][v];
                // Sums of at most 31 terms in another order, of f64 and of f32.
                assert!((found[0][u][v] - exact).abs() <= 1e-13 * exact, "{} {exact}", found[0][u][v]);
                assert!((found[1][u][v] - exact).abs() <= 3e-6 * exact, "{} {exact}", found[1][u][v]);
            }
        }
    }
}

#[test]
fn likely_places_are_the_shortest_waits_of_all_pairs_for_any_number_of_threads() {
    for (inputs, neurons, probability) in SHAPES {
        let sides = Sides::of(Layer::random(inputs, neurons, probability, 0));
        let by_rows = dense_part(&dense(sides.inputs(), neurons));
        let by_columns = dense_part(&dense(sides.neurons(), inputs));
        let waits_of = |near: usize, far: usize, side: u64, score: f64| {
            let side_key = key(GROWTH.seed, Purpose::Growth, &[GROWTH.layer, GROWTH.epoch, side]);
            let draw = unit_at(mix(side_key ^ mix(near as u64)), far as u64);
            if score > 0.0 { -(1.0 - draw).ln() / score } else { f64::INFINITY }
        };
        let mut waits = Vec::new();
        for u in 0..inputs {
            for v in 0..neurons {
                let wait = waits_of(u, v, 0, by_rows[u][v]).min(waits_of(v, u, 1, by_columns[v][u]));
                if wait.is_finite() {
                    waits.push((wait, place(u as u32, v as u32)));
                }
            }
        }
        waits.sort_by(|one, other| one.0.total_cmp(&other.0));
        for count in [0, 1, waits.len() / 3, waits.len(), waits.len() + 5] {
            let mut expected: Vec<Place> = waits.iter().take(count).map(|&(_, at)| at).collect();
            expected.sort_unstable();
            for threads in [1, 2, 8] {
                assert_eq!(sides.likely(count, GROWTH, threads), expected);
            }
        }
    }
}

#[test]
fn a_large_layer_gives_the_same_places_for_all_threads() {
    // The last has few paths a pair.
    for (probability, count) in [(0.05, 10), (0.05, 5_000), (0.01, 5_000)] {
        let sides = Sides::of(Layer::random(300, 400, probability, 0));
        assert_eq!(is_crowded(sides.inputs(), sides.neurons()), probability > 0.02);
        let one = sides.likely(count, GROWTH, 1);
        assert_eq!(one.len(), count);
        assert!([2, 8].iter().all(|&threads| sides.likely(count, GROWTH, threads) == one));
        assert_ne!(sides.likely(count, Growth { epoch: 6, ..GROWTH }, 1), one);
    }
}

#[test]
fn places_are_drawn_in_proportion_to_the_whole_score() {
    const RUNS: u64 = 30_000;
    let sides = Sides::of(Layer::random(6, 5, 0.4, 0));
    let by_rows = dense_part(&dense(sides.inputs(), 5));
    let by_columns = dense_part(&dense(sides.neurons(), 6));
    let scores: BTreeMap<Place, f64> = (0..6)
        .flat_map(|u| (0..5).map(move |v| (u, v)))
        .map(|(u, v)| (place(u as u32, v as u32), by_rows[u][v] + by_columns[v][u]))
        .filter(|&(_, score)| score > 0.0)
        .collect();
    assert!(scores.len() > 4, "{}", scores.len());
    let all: f64 = scores.values().sum();
    let (mut alone, mut pairs) = (BTreeMap::new(), BTreeMap::new());
    for epoch in 0..RUNS {
        let growth = Growth { seed: 8, epoch, layer: 0 };
        *alone.entry(sides.likely(1, growth, 1)[0]).or_insert(0u32) += 1;
        *pairs.entry(sides.likely(2, growth, 1)).or_insert(0u32) += 1;
    }
    let chi_square =
        |found: u32, chance: f64| (f64::from(found) - RUNS as f64 * chance).powi(2) / (RUNS as f64 * chance);
    let of_one: f64 = scores.iter().map(|(at, score)| chi_square(*alone.get(at).unwrap_or(&0), score / all)).sum();
    let mut of_two = 0.0;
    let mut kinds = 0;
    for (one, a) in &scores {
        for (other, b) in scores.range(*one + 1..) {
            let chance = a / all * b / (all - a) + b / all * a / (all - b);
            of_two += chi_square(*pairs.get(&vec![*one, *other]).unwrap_or(&0), chance);
            kinds += 1;
        }
    }
    // Mean and standard deviation of chi-square with k degrees of freedom are k and √(2k); six of them.
    let bound = |freedom: f64| freedom + 6.0 * (2.0 * freedom).sqrt();
    assert!(of_one < bound(scores.len() as f64 - 1.0), "{of_one} of {}", scores.len());
    assert!(of_two < bound(f64::from(kinds) - 1.0), "{of_two} of {kinds}");
}

#[test]
fn likely_places_refuse_sides_that_are_not_of_one_layer() {
    let sides = Sides::of(Layer::random(6, 5, 0.4, 0));
    let (inputs, neurons) = (sides.inputs(), sides.neurons());
    let refused = |one: Side, other: Side| likely_places(one, other, 3, GROWTH, 1).unwrap_err();
    assert_eq!(refused(Side { starts: &[], neighbours: &[] }, neurons), Status::Length);
    assert_eq!(refused(inputs, Side { neighbours: &neurons.neighbours[1..], ..neurons }), Status::Structure);
    assert_eq!(refused(inputs, Side { neighbours: &vec![6; neurons.neighbours.len()], ..neurons }), Status::Structure);
    assert_eq!(refused(Side { starts: &[0, 9, 3], ..inputs }, neurons), Status::Structure);
}

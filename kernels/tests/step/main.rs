//! Training and evaluation of whole networks: against sprs, in every number of threads, and with arguments that do not fit.

mod differentiation;
mod probe;
mod refusals;

use sprs::prod::mul_acc_mat_vec_csr;
use sprs::{CsMat, TriMat};
use truly_sparse_kernels::base::random::Stream;
use truly_sparse_kernels::network::batch::{Batch, BatchRun};
use truly_sparse_kernels::network::layer::{LAYOUT_COLUMNS, STATE_HEAD_WORDS, gradients, layers};
use truly_sparse_kernels::network::loss::{Total, Truth};
use truly_sparse_kernels::network::method::Method;
use truly_sparse_kernels::network::sgd::Sgd;
use truly_sparse_kernels::network::step::{Training, evaluate, train};
use truly_sparse_kernels::network::storage::Storage;
use truly_sparse_kernels::network::update::{DecayForm, OptimizerStep, apply_gradients, squared_norm};
use truly_sparse_kernels::network::workspace::{ActivationMemory, WorkUse, workspace_words};

const IDENTITY: u32 = 0;
const SLOPE: u32 = 1;
const SRELU: u32 = 5;

/// A network as the caller owns it, and its weights as sprs sees them.
#[derive(Clone)]
struct Network {
    sizes: Vec<usize>,
    layout: Vec<u32>,
    slopes: Vec<f32>,
    arena: Vec<u32>,
    /// One plane: the velocity.
    state: Vec<u32>,
    weights: Vec<CsMat<f32>>,
    biases: Vec<Vec<f32>>,
}

fn number(stream: &mut Stream) -> f32 {
    (2.0 * stream.unit() - 1.0) as f32
}

fn push_section(arena: &mut Vec<u32>, words: impl IntoIterator<Item = u32>) {
    arena.extend(words);
    arena.resize(arena.len().next_multiple_of(16), 0);
}

/// A random network; hidden layers have the activation of `code`, with slopes −0.5, +0.5 in turn.
fn network(sizes: &[usize], density: f64, code: u32) -> Network {
    let mut stream = Stream::new(sizes.iter().sum::<usize>() as u64);
    let mut net = Network {
        sizes: sizes.to_vec(),
        layout: vec![],
        slopes: vec![],
        arena: vec![],
        state: vec![0; STATE_HEAD_WORDS],
        weights: vec![],
        biases: vec![],
    };
    for (index, pair) in sizes.windows(2).enumerate() {
        let (inputs, neurons) = (pair[0], pair[1]);
        let mut triplets = TriMat::new((inputs, neurons));
        for row in 0..inputs {
            for column in 0..neurons {
                if stream.unit() < density {
                    triplets.add_triplet(row, column, number(&mut stream));
                }
            }
        }
        let weights: CsMat<f32> = triplets.to_csr();
        let nnz = weights.nnz();
        let pointers = weights.indptr().raw_storage().to_vec();
        let positions = CsMat::new((inputs, neurons), pointers.clone(), weights.indices().to_vec(), (0..nnz).collect());
        let incoming = positions.to_csc();
        let hidden = index + 2 < sizes.len();
        let code = if hidden { code } else { IDENTITY };
        let shape = if code == SRELU { 4 } else { 0 };
        let bias: Vec<f32> = (0..neurons).map(|_| number(&mut stream)).collect();
        let word = |&value: &usize| value as u32;
        let (arena, state) = (&mut net.arena, &mut net.state);
        push_section(arena, pointers.iter().map(word));
        push_section(arena, weights.indices().iter().map(word));
        push_section(arena, weights.data().iter().map(|value| value.to_bits()));
        push_section(state, (0..nnz).map(|_| (0.01 * number(&mut stream)).to_bits()));
        push_section(arena, incoming.indptr().raw_storage().iter().map(word));
        push_section(arena, incoming.indices().iter().map(word));
        push_section(arena, incoming.data().iter().map(word));
        push_section(arena, bias.iter().map(|value| value.to_bits()));
        push_section(state, vec![0; neurons]);
        push_section(arena, (0..shape * neurons).map(|at| [-0.2f32, 0.2, 0.4, 0.7][at % 4].to_bits()));
        push_section(state, vec![0; shape * neurons]);
        net.layout.extend([inputs as u32, neurons as u32, nnz as u32, nnz as u32, code]);
        net.slopes.push(if index % 2 == 0 { -0.5 } else { 0.5 });
        net.weights.push(weights);
        net.biases.push(bias);
    }
    net
}

impl Network {
    fn gradient_words(&self) -> usize {
        let padded = |len: usize| len.next_multiple_of(16);
        self.layout
            .chunks(LAYOUT_COLUMNS)
            .map(|row| {
                let (neurons, capacity) = (row[1] as usize, row[3] as usize);
                padded(capacity) + padded(neurons) + if row[4] == SRELU { padded(4 * neurons) } else { 0 }
            })
            .sum()
    }

    fn work(&self, width: usize, training: bool, memory: ActivationMemory) -> Vec<u32> {
        let purpose = WorkUse { training, dropout: training, memory };
        // NaN everywhere: what is read before it is written shows.
        vec![f32::NAN.to_bits(); workspace_words(&self.layout, &self.slopes, width, purpose).unwrap()]
    }

    /// Outputs of one sample, by products of sprs.
    fn forward(&self, sample: &[f32]) -> Vec<f32> {
        let mut values = sample.to_vec();
        for (index, (weights, bias)) in self.weights.iter().zip(&self.biases).enumerate() {
            let mut sums = bias.clone();
            mul_acc_mat_vec_csr(weights.transpose_view().to_csr().view(), &values[..], &mut sums[..]);
            let hidden = index + 1 < self.weights.len();
            let slope = self.slopes[index];
            values = sums.into_iter().map(|sum| if hidden && sum <= 0.0 { slope * sum } else { sum }).collect();
        }
        values
    }
}

/// Random samples, and the same as tiles.
fn samples(features: usize, count: usize, width: usize) -> (Vec<Vec<f32>>, Vec<f32>) {
    let mut stream = Stream::new(count as u64);
    let rows: Vec<Vec<f32>> = (0..count).map(|_| (0..features).map(|_| number(&mut stream)).collect()).collect();
    let mut tiles = vec![0.0; count.div_ceil(width) * features * width];
    for (sample, row) in rows.iter().enumerate() {
        for (feature, &value) in row.iter().enumerate() {
            tiles[(sample / width * features + feature) * width + sample % width] = value;
        }
    }
    (rows, tiles)
}

const SGD: Sgd<1> = Sgd { momentum: 0.9, nesterov: false };
const STEP: OptimizerStep = OptimizerStep {
    method: Method::Sgd(SGD),
    rate: 0.1,
    fan_in_limit: f32::INFINITY,
    decay: 0.01,
    decay_form: DecayForm::Outside,
};
const NESTEROV: OptimizerStep = OptimizerStep { method: Method::Sgd(Sgd { nesterov: true, ..SGD }), ..STEP };
const WHOLE: ActivationMemory = ActivationMemory { storage: Storage::F32, recompute: false };
const BF16: ActivationMemory = ActivationMemory { storage: Storage::Bf16, recompute: false };
const TRAINING: Training =
    Training { optimizer: STEP, dropout: 0.25, label_smoothing: 0.0, seed: 3, step: 5, memory: WHOLE, halves: false };

#[test]
fn evaluate_agrees_with_sprs_for_all_shapes_densities_widths_and_threads() {
    for sizes in [&[1, 1][..], &[7, 5], &[130, 33], &[64, 200, 9], &[31, 1, 17, 4]] {
        for density in [0.0, 0.1, 1.0] {
            let mut net = network(sizes, density, SLOPE);
            let outputs = sizes[sizes.len() - 1];
            for (count, width) in [(1, 16), (17, 16), (130, 128), (100, 48)] {
                let (rows, input) = samples(sizes[0], count, width);
                let expected: Vec<f32> = rows.iter().flat_map(|row| net.forward(row)).collect();
                let truth = Truth::Values(&expected);
                for threads in [1, 3] {
                    let mut work = net.work(width, false, WHOLE);
                    let mut found = vec![f32::NAN; count * outputs];
                    let batch = Batch { input: &input, truth, weights: &[], samples: count, width };
                    let layers = layers(&net.layout, &net.slopes, &mut net.arena, &mut net.state, 1).unwrap();
                    let run = BatchRun { layers: &layers, batch, threads };
                    let total = evaluate(run, Storage::F32, &mut work, &mut found).unwrap();
                    let largest = expected.iter().fold(1.0f32, |most, value| most.max(value.abs()));
                    // Up to 200 products a sum, each rounded: 200 · 2⁻²⁴ is 1.2e-5 of the largest.
                    assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() <= 2e-5 * largest));
                    assert!(total.loss <= count as f64 * f64::from(2e-5 * largest).powi(2));
                    assert_eq!(total.correct, 0.0);
                }
            }
        }
    }
}

/// One step with labels; returns the total and the written gradients (none: the fused update).
fn step(
    net: &mut Network,
    width: usize,
    count: usize,
    write: bool,
    training: Training,
    threads: usize,
) -> (Total, Vec<u32>) {
    let (_, input) = samples(net.sizes[0], count, width);
    let classes = net.sizes[net.sizes.len() - 1];
    let labels: Vec<u32> = (0..count).map(|sample| (sample * 7 % classes) as u32).collect();
    let mut written = vec![f32::NAN.to_bits(); if write { net.gradient_words() } else { 0 }];
    let mut work = net.work(width, true, training.memory);
    let batch = Batch { input: &input, truth: Truth::Classes(&labels), weights: &[], samples: count, width };
    let network = layers(&net.layout, &net.slopes, &mut net.arena, &mut net.state, 1).unwrap();
    let places = gradients(&net.layout, &net.slopes, &mut written).unwrap();
    let total = train(BatchRun { layers: &network, batch, threads }, places.as_deref(), training, &mut work).unwrap();
    (total, written)
}

#[test]
fn train_writes_gradients_whose_application_equals_the_fused_update() {
    let forms = [DecayForm::Outside, DecayForm::Coupled, DecayForm::Decoupled];
    for (decay_form, step_of) in forms.into_iter().flat_map(|form| [(form, STEP), (form, NESTEROV)]) {
        for code in [SLOPE, SRELU] {
            let training = Training { optimizer: OptimizerStep { decay_form, ..step_of }, ..TRAINING };
            let start = network(&[30, 40, 20, 5], 0.3, code);
            let (mut fused, mut other) = (start.clone(), start.clone());
            let (total, _) = step(&mut fused, 64, 50, false, training, 1);
            let (same, mut written) = step(&mut other, 64, 50, true, training, 2);
            assert_eq!(total, same);
            assert_eq!(other.arena, start.arena);
            let network = layers(&other.layout, &other.slopes, &mut other.arena, &mut other.state, 1).unwrap();
            let places = gradients(&other.layout, &other.slopes, &mut written).unwrap().unwrap();
            assert!(squared_norm(&places) > 0.0);
            apply_gradients(&network, &places, &[], training.optimizer, 2).unwrap();
            drop((network, places));
            assert_eq!((&fused.arena, &fused.state), (&other.arena, &other.state));
            assert_ne!(fused.arena, start.arena);
        }
    }
}

/// Asserts that a step on several threads gives the bits of one on a single thread.
fn same_for_all_threads(start: &Network, width: usize, count: usize, write: bool, training: Training) {
    let mut one = start.clone();
    let expected = step(&mut one, width, count, write, training, 1);
    for threads in [2, 3, 8] {
        let mut other = start.clone();
        assert_eq!(step(&mut other, width, count, write, training, threads), expected);
        assert_eq!((&other.arena, &other.state), (&one.arena, &one.state));
    }
}

#[test]
fn train_gives_the_same_bits_for_any_number_of_threads() {
    // Rows enough for several chunks: 90,000 connections of 4 vectors are 18 of 20,000 operations.
    let start = network(&[300, 300, 10], 1.0, SRELU);
    for write in [false, true] {
        same_for_all_threads(&start, 64, 150, write, TRAINING);
    }
}

#[test]
fn train_gives_the_same_bits_when_every_second_layer_is_computed_again() {
    for sizes in [&[9, 5][..], &[9, 20, 5], &[9, 20, 30, 5], &[9, 40, 20, 30, 5], &[9, 10, 20, 30, 25, 15, 5]] {
        for (code, storage) in [(SLOPE, Storage::F32), (SRELU, Storage::F32), (SLOPE, Storage::Bf16)] {
            for write in [false, true] {
                let start = network(sizes, 0.4, code);
                let (mut kept, mut again) = (start.clone(), start.clone());
                let training = |recompute| Training { memory: ActivationMemory { storage, recompute }, ..TRAINING };
                let expected = step(&mut kept, 32, 80, write, training(false), 1);
                let words = [kept.work(32, true, training(false).memory), again.work(32, true, training(true).memory)];
                assert!(words[1].len() < words[0].len() || sizes.len() < 5);
                assert_eq!(step(&mut again, 32, 80, write, training(true), 2), expected);
                assert_eq!((again.arena, again.state), (kept.arena, kept.state));
            }
        }
    }
}

#[test]
fn train_with_bfloat16_stays_close_to_f32_and_gives_the_same_bits_for_any_number_of_threads() {
    let start = network(&[300, 300, 100, 10], 0.3, SLOPE);
    let half = Training { memory: BF16, ..TRAINING };
    let (exact, gradients) = step(&mut start.clone(), 64, 150, true, TRAINING, 1);
    let (total, rounded) = step(&mut start.clone(), 64, 150, true, half, 1);
    assert!((total.loss - exact.loss).abs() < 0.01 * exact.loss, "{} {}", total.loss, exact.loss);
    let (mut difference, mut square) = (0.0, 0.0);
    for (a, b) in gradients.iter().zip(&rounded) {
        let (a, b) = (f64::from(f32::from_bits(*a)), f64::from(f32::from_bits(*b)));
        if !a.is_nan() {
            difference += (a - b).powi(2);
            square += a * a;
        }
    }
    // Each number is rounded to 8 bits, 2⁻⁹ of it at most, three times on the way; signs near zero may turn.
    assert!(difference > 0.0 && difference < 0.02f64.powi(2) * square, "{}", (difference / square).sqrt());
    same_for_all_threads(&start, 32, 150, false, half);
}

#[test]
fn layers_beyond_the_cache_give_the_same_bits_for_any_number_of_threads() {
    // 140,000 neurons of 16 samples are 9 MB: rows are asked for ahead of use, also those near the end.
    let start = network(&[2, 140_000, 3], 1.0, SLOPE);
    for memory in [WHOLE, ActivationMemory { recompute: true, ..BF16 }] {
        let training = Training { memory, ..TRAINING };
        let width = if memory.storage == Storage::Bf16 { 32 } else { 16 };
        same_for_all_threads(&start, width, 40, false, training);
    }
}

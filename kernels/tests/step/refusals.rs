//! What training and evaluation do with arguments that do not fit.

use truly_sparse_kernels::base::status::{Status, guarded};
use truly_sparse_kernels::network::batch::{Batch, BatchRun};
use truly_sparse_kernels::network::layer::{gradients, layers};
use truly_sparse_kernels::network::loss::{Total, Truth};
use truly_sparse_kernels::network::step::{Training, evaluate, train};
use truly_sparse_kernels::network::workspace::{WorkUse, workspace_words};

use super::{BF16, NESTEROV, Network, SLOPE, TRAINING, WHOLE, network, samples};

/// What a call gets; a test spoils one part of it.
struct Call {
    net: Network,
    input: Vec<f32>,
    labels: Vec<u32>,
    targets: Vec<f32>,
    weights: Vec<f32>,
    samples: usize,
    width: usize,
    training: Training,
    work: Vec<u32>,
    outputs: Vec<f32>,
    gradients: Vec<u32>,
}

fn call() -> Call {
    let net = network(&[6, 9, 4], 0.5, SLOPE);
    let (_, input) = samples(6, 40, 32);
    let work = net.work(32, true, WHOLE);
    Call {
        net,
        input,
        labels: vec![3; 40],
        targets: vec![],
        weights: vec![],
        samples: 40,
        width: 32,
        training: TRAINING,
        work,
        outputs: vec![],
        gradients: vec![],
    }
}

impl Call {
    fn run(&mut self, training: bool) -> Result<Total, Status> {
        let Self { net, input, labels, targets, weights, samples, width, .. } = self;
        let network = layers(&net.layout, &net.slopes, &mut net.arena, &mut net.state, 1)?;
        let truth = if labels.is_empty() { Truth::Values(targets) } else { Truth::Classes(labels) };
        let batch = Batch { input, truth, weights, samples: *samples, width: *width };
        let run = BatchRun { layers: &network, batch, threads: 2 };
        if training {
            let places = gradients(&net.layout, &net.slopes, &mut self.gradients)?;
            train(run, places.as_deref(), self.training, &mut self.work)
        } else {
            evaluate(run, self.training.memory.storage, &mut self.work, &mut self.outputs)
        }
    }
}

type Spoil = fn(&mut Call);

#[test]
fn train_and_evaluate_refuse_what_does_not_fit_and_change_nothing() {
    let both: [(Spoil, Status); 19] = [
        (|c| c.input.truncate(100), Status::Length),
        (|c| c.input.push(0.0), Status::Length),
        (|c| c.labels.truncate(39), Status::Length),
        (|c| c.labels.push(0), Status::Length),
        (|c| c.labels.clear(), Status::Length),
        (|c| (c.labels, c.targets) = (vec![], vec![0.0; 159]), Status::Length),
        (|c| c.weights = vec![1.0; 39], Status::Length),
        (|c| c.weights = vec![1.0; 41], Status::Length),
        (|c| c.labels[39] = 4, Status::Range),
        (|c| c.labels[0] = u32::MAX, Status::Range),
        (|c| c.samples = 0, Status::Range),
        (|c| c.samples = 41, Status::Length),
        (|c| c.width = 0, Status::Range),
        (|c| c.width = 24, Status::Range),
        (|c| (c.width, c.input) = (144, vec![0.0; 144 * 6]), Status::Range),
        (|c| c.width = 16, Status::Length),
        (|c| c.work.clear(), Status::Length),
        (|c| c.net.arena.push(0), Status::Length),
        (|c| c.net.state.push(0), Status::Length),
    ];
    for (index, (spoil, status)) in both.into_iter().enumerate() {
        for training in [false, true] {
            let mut call = call();
            spoil(&mut call);
            let before = call.net.arena.clone();
            assert_eq!(call.run(training), Err(status), "case {index}, training {training}");
            assert_eq!(call.net.arena, before);
        }
    }
    assert!(call().run(true).is_ok() && call().run(false).is_ok());
}

fn without_dropout(call: &Call) -> usize {
    let purpose = WorkUse { training: true, dropout: false, memory: WHOLE };
    workspace_words(&call.net.layout, &call.net.slopes, 32, purpose).unwrap()
}

#[test]
fn train_refuses_settings_and_gradients_that_do_not_fit() {
    let cases: [(Spoil, Status); 8] = [
        (|c| c.training.dropout = 1.0, Status::Range),
        (|c| c.training.dropout = -0.1, Status::Range),
        (|c| c.training.dropout = f32::NAN, Status::Range),
        (|c| c.training.optimizer = NESTEROV, Status::Range),
        (|c| c.gradients = vec![0; c.net.gradient_words() - 1], Status::Length),
        (|c| c.gradients = vec![0; c.net.gradient_words() + 1], Status::Length),
        (|c| c.work.truncate(c.work.len() - 1), Status::Length),
        (|c| c.work.truncate(without_dropout(c)), Status::Length),
    ];
    for (index, (spoil, status)) in cases.into_iter().enumerate() {
        let mut call = call();
        spoil(&mut call);
        assert_eq!(call.run(true), Err(status), "case {index}");
    }
    let mut uneven = call();
    uneven.training.memory = BF16;
    (uneven.width, uneven.input) = (48, vec![0.0; 48 * 6]);
    assert_eq!(uneven.run(true), Err(Status::Range), "bfloat16 comes in widths of 16 times a power of two");
    let mut whole = call();
    whole.training.optimizer = NESTEROV;
    whole.gradients = vec![0; whole.net.gradient_words()];
    assert!(whole.run(true).is_ok(), "Nesterov's form passes over several tiles where gradients are written");
}

#[test]
fn evaluate_refuses_outputs_that_do_not_fit() {
    for len in [1, 159, 161] {
        let mut call = call();
        call.outputs = vec![0.0; len];
        assert_eq!(call.run(false), Err(Status::Length));
    }
}

#[test]
fn layers_refuses_layouts_that_contradict_themselves() {
    let cases: [(Spoil, Status); 8] = [
        (|c| c.net.layout.truncate(9), Status::Length),
        (|c| (c.net.layout, c.net.slopes) = (vec![], vec![]), Status::Length),
        (|c| c.net.layout[0] = 0, Status::Range),
        (|c| c.net.layout[2] += 1, Status::Range),
        (|c| c.net.layout[2] -= 1, Status::Structure),
        (|c| c.net.layout[5] = 8, Status::Length),
        (|c| c.net.layout[4] = 7, Status::Range),
        // The output layer has no activation of its own: that belongs to the loss.
        (|c| c.net.layout[9] = SLOPE, Status::Range),
    ];
    for (index, (spoil, status)) in cases.into_iter().enumerate() {
        let mut call = call();
        spoil(&mut call);
        assert_eq!(call.run(true), Err(status), "case {index}");
    }
}

#[test]
fn an_index_outside_the_layer_becomes_a_status_not_a_crash() {
    let mut call = call();
    let indices = 16;
    call.net.arena[indices] = 1_000_000;
    assert_eq!(guarded(|| call.run(true).map(|_| ())), Status::Panic as i32);
}

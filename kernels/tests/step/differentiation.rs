//! Gradients from a given gradient of the outputs, those of the features, and activations of a layer.

use super::*;
use truly_sparse_kernels::base::status::Status;
use truly_sparse_kernels::network::activations::activations;
use truly_sparse_kernels::network::differentiation::differentiate;

/// What [`differentiate`] writes: the arena of gradients and the gradient of the features, in the shape of tiles.
fn gradients_of(
    net: &mut Network,
    (width, count): (usize, usize),
    given: Option<&[f32]>,
    threads: usize,
) -> (Total, Vec<u32>, Vec<f32>) {
    let (_, input) = samples(net.sizes[0], count, width);
    let classes = net.sizes[net.sizes.len() - 1];
    let labels: Vec<u32> = (0..count).map(|sample| (sample * 7 % classes) as u32).collect();
    let batch = Batch { input: &input, truth: Truth::Classes(&labels), weights: &[], samples: count, width };
    let training = WorkUse { training: true, dropout: false, memory: WHOLE };
    let words = workspace_words(&net.layout, &net.slopes, width, training).unwrap();
    let mut work = vec![f32::NAN.to_bits(); words];
    let mut written = vec![f32::NAN.to_bits(); net.gradient_words()];
    let mut inputs = vec![f32::NAN; input.len()];
    let network = layers(&net.layout, &net.slopes, &mut net.arena, &mut [], 0).unwrap();
    let views = gradients(&net.layout, &net.slopes, &mut written).unwrap().unwrap();
    let run = BatchRun { layers: &network, batch, threads };
    let total = differentiate(run, given, &views, &mut inputs, &mut work).unwrap();
    drop(views);
    (total, written, inputs)
}

fn outputs_of(net: &mut Network, (width, count): (usize, usize), layer: usize, threads: usize) -> Vec<f32> {
    let (_, input) = samples(net.sizes[0], count, width);
    let evaluation = WorkUse { training: false, dropout: false, memory: WHOLE };
    let words = workspace_words(&net.layout, &net.slopes, width, evaluation).unwrap();
    let mut work = vec![f32::NAN.to_bits(); words];
    let mut found = vec![f32::NAN; count * net.sizes[layer + 1]];
    let network = layers(&net.layout, &net.slopes, &mut net.arena, &mut [], 0).unwrap();
    let batch = Batch { input: &input, truth: Truth::Values(&[]), weights: &[], samples: count, width };
    activations(BatchRun { layers: &network, batch, threads }, layer, &mut work, &mut found).unwrap();
    found
}

#[test]
fn differentiate_gives_the_bits_of_written_gradients() {
    for sizes in [&[9, 5][..], &[1, 1, 1], &[30, 40, 20, 5], &[9, 40, 20, 30, 5]] {
        for code in [SLOPE, SRELU] {
            for shape in [(64, 64), (64, 50), (16, 50)] {
                let mut net = network(sizes, 0.3, code);
                let training = Training { dropout: 0.0, memory: WHOLE, ..TRAINING };
                let (total, written) = step(&mut net, shape.0, shape.1, true, training, 1);
                let before = net.arena.clone();
                let (found, gradients, inputs) = gradients_of(&mut net, shape, None, 2);
                assert_eq!((found, &gradients), (total, &written), "{sizes:?}, {code}, {shape:?}");
                assert!(inputs.iter().all(|gradient| gradient.is_finite()));
                assert_eq!(net.arena, before);
            }
        }
    }
}

#[test]
fn differentiate_of_one_layer_multiplies_the_given_gradient_with_weights_and_features() {
    for shape @ (width, count) in [(16, 1), (32, 20), (16, 50)] {
        let mut net = network(&[7, 4], 0.5, IDENTITY);
        let given: Vec<f32> = (0..count * 4).map(|at| (at * 5 % 13) as f32 - 6.0).collect();
        let (total, mut written, inputs) = gradients_of(&mut net, shape, Some(&given), 1);
        assert_eq!(total, Total::default());
        let (rows, _) = samples(7, count, width);
        let found = gradients(&net.layout, &net.slopes, &mut written).unwrap().unwrap();
        // SAFETY: nobody writes.
        let (values, bias) = unsafe { (found[0].values.read(), found[0].bias.read()) };
        for ((_, (input, output)), found) in net.weights[0].iter().zip(values) {
            let exact: f64 = (0..count).map(|s| f64::from(rows[s][input]) * f64::from(given[s * 4 + output])).sum();
            // At most 50 products of up to 6, in f32.
            assert!((exact - f64::from(*found)).abs() < 1e-4);
        }
        for (output, found) in bias.iter().enumerate() {
            assert_eq!(*found, (0..count).map(|s| given[s * 4 + output]).sum::<f32>());
        }
        for (sample, by_output) in given.chunks(4).enumerate() {
            for input in 0..7 {
                let weights = net.weights[0].iter().filter(|(_, place)| place.0 == input);
                let exact: f64 = weights.map(|(w, place)| f64::from(*w) * f64::from(by_output[place.1])).sum();
                let found = inputs[(sample / width * 7 + input) * width + sample % width];
                assert!((exact - f64::from(found)).abs() < 1e-5);
            }
        }
    }
}

#[test]
fn differentiate_and_activations_give_the_same_bits_for_any_number_of_threads() {
    let mut net = network(&[300, 300, 200, 10], 0.2, SRELU);
    let given: Vec<f32> = (0..150 * 10).map(|at| (at % 17) as f32 * 0.1 - 0.8).collect();
    let one = gradients_of(&mut net, (64, 150), Some(&given), 1);
    let hidden = outputs_of(&mut net, (64, 150), 1, 1);
    for threads in [2, 3, 8] {
        assert_eq!(gradients_of(&mut net, (64, 150), Some(&given), threads), one);
        assert_eq!(outputs_of(&mut net, (64, 150), 1, threads), hidden);
    }
}

#[test]
fn activations_do_not_depend_on_the_width_of_tiles() {
    let mut net = network(&[9, 40, 20, 30, 5], 0.3, SLOPE);
    for layer in 0..4 {
        let whole = outputs_of(&mut net, (64, 50), layer, 1);
        assert!(whole.iter().all(|activation| activation.is_finite()));
        assert_eq!(outputs_of(&mut net, (16, 50), layer, 1), whole);
    }
}

#[test]
fn differentiate_and_activations_refuse_what_does_not_fit() {
    let call = |given: Option<usize>, labels: &[u32], inputs: usize, less: usize| {
        let mut net = network(&[6, 9, 4], 0.5, SLOPE);
        let (_, input) = samples(6, 40, 32);
        let batch = Batch { input: &input, truth: Truth::Classes(labels), weights: &[], samples: 40, width: 32 };
        let training = WorkUse { training: true, dropout: false, memory: WHOLE };
        let mut work = vec![0; workspace_words(&net.layout, &net.slopes, 32, training).unwrap() - less];
        let mut written = vec![f32::NAN.to_bits(); net.gradient_words()];
        let network = layers(&net.layout, &net.slopes, &mut net.arena, &mut [], 0).unwrap();
        let views = gradients(&net.layout, &net.slopes, &mut written).unwrap().unwrap();
        let given = given.map(|len| vec![1.0; len]);
        let run = BatchRun { layers: &network, batch, threads: 1 };
        differentiate(run, given.as_deref(), &views, &mut vec![0.0; inputs], &mut work).map(|_| ())
    };
    assert_eq!(call(Some(160), &[], 2 * 6 * 32, 0), Ok(()));
    assert_eq!(call(None, &[3; 40], 0, 0), Ok(()));
    assert_eq!(call(None, &[4; 40], 0, 0), Err(Status::Range));
    assert_eq!(call(None, &[3; 39], 0, 0), Err(Status::Length));
    assert_eq!(call(Some(159), &[], 0, 0), Err(Status::Length));
    assert_eq!(call(Some(160), &[], 6 * 32, 0), Err(Status::Length));
    assert_eq!(call(Some(160), &[], 0, 16), Err(Status::Length));
    let layer = |layer: usize, len: usize| {
        let mut net = network(&[6, 9, 4], 0.5, SLOPE);
        let (_, input) = samples(6, 40, 32);
        let evaluation = WorkUse { training: false, dropout: false, memory: WHOLE };
        let mut work = vec![0; workspace_words(&net.layout, &net.slopes, 32, evaluation).unwrap()];
        let network = layers(&net.layout, &net.slopes, &mut net.arena, &mut [], 0).unwrap();
        let batch = Batch { input: &input, truth: Truth::Values(&[]), weights: &[], samples: 40, width: 32 };
        activations(BatchRun { layers: &network, batch, threads: 1 }, layer, &mut work, &mut vec![0.0; len])
    };
    assert_eq!(layer(0, 360), Ok(()));
    assert_eq!(layer(1, 160), Ok(()));
    assert_eq!(layer(1, 360), Err(Status::Length));
    assert_eq!(layer(2, 0), Err(Status::Range));
}

use super::*;
use crate::base::random::mix;
use crate::network::activation::Activation;

struct Net {
    inputs: usize,
    incoming_ptr: Vec<u32>,
    source: Vec<u32>,
    values: Vec<f32>,
    bias: Vec<f32>,
    parameters: Vec<f32>,
}

/// Layers 20 to 37 to 9 to 20 neurons wide, with clipped sums; the fewer of them, the more samples die.
fn nets(bias: f32) -> Vec<Net> {
    let sizes = [20, 37, 9, 20];
    let net = |index: usize| {
        let (inputs, neurons) = (sizes[index], sizes[index + 1]);
        let (mut incoming_ptr, mut source, mut values) = (vec![0], vec![], vec![]);
        for neuron in 0..neurons {
            for input in 0..inputs {
                let hash = mix((index * 10_000 + neuron * 100 + input) as u64);
                if hash.is_multiple_of(3) && neuron != 5 {
                    source.push(input as u32);
                    values.push(((hash >> 20) % 64) as f32 / 32.0 - 0.7);
                }
            }
            incoming_ptr.push(source.len() as u32);
        }
        let parameters = [0.0, 0.0, 2.0, 0.0].repeat(neurons);
        Net { inputs, incoming_ptr, source, values, bias: vec![bias; neurons], parameters }
    };
    (0..3).map(net).collect()
}

fn layers(nets: &[Net]) -> Vec<Layer<'_>> {
    fn layer(net: &Net) -> Layer<'_> {
        let Net { inputs, incoming_ptr, source, values, bias, parameters } = net;
        Layer {
            inputs: *inputs,
            neurons: bias.len(),
            activation: Activation::Srelu,
            incoming_ptr,
            source,
            values,
            bias,
            activation_parameters: parameters,
        }
    }
    nets.iter().map(layer).collect()
}

/// Dense, one sample at a time, products added one by one with one rounding each.
fn expected(nets: &[Net], sample: &[f32]) -> Vec<f32> {
    nets.iter().fold(sample.to_vec(), |input, net| {
        let neuron = |neuron: usize| {
            let row = net.incoming_ptr[neuron] as usize..net.incoming_ptr[neuron + 1] as usize;
            let places = net.source[row.clone()].iter().zip(&net.values[row]);
            let sum = places.fold(net.bias[neuron], |sum, (&from, &weight)| weight.mul_add(input[from as usize], sum));
            sum.clamp(0.0, 2.0)
        };
        (0..net.bias.len()).map(neuron).collect()
    })
}

type Given = (Vec<f32>, Vec<f32>);

fn run(nets: &[Net], data: &[f32], order: &[u32], drop: bool, width: usize, threads: usize) -> Result<Given, Status> {
    let layers = layers(nets);
    let samples = Samples { data, features: 20, selection: &[] };
    let propagation = Propagation { order, mean: &[0.0; 20], scale: &[1.0; 20], width, drop };
    let mut work = vec![0; threads * workspace_words(&layers, width)];
    let (mut outputs, mut magnitudes) = (vec![-7.0; order.len() * 20], vec![-7.0; order.len()]);
    propagate(&layers, samples, propagation, threads, &mut work, &mut outputs, &mut magnitudes)?;
    Ok((outputs, magnitudes))
}

/// A quarter of ones; every third sample is dead from the start.
fn data(samples: usize) -> Vec<f32> {
    let value = |at: usize| f32::from(!(at / 20).is_multiple_of(3) && mix(at as u64).is_multiple_of(4));
    (0..samples * 20).map(value).collect()
}

#[test]
fn activations_are_those_of_a_dense_network_whatever_the_tiles() {
    let data = data(150);
    let order: Vec<u32> = (0..140).rev().collect();
    for (bias, drop) in [(-0.3, true), (-0.3, false), (0.1, false)] {
        let nets = nets(bias);
        let first = run(&nets, &data, &order, drop, 16, 1).unwrap();
        let mut dead = 0;
        for (place, &sample) in order.iter().enumerate() {
            let sample = &data[sample as usize * 20..][..20];
            let (own, magnitude) = (&first.0[place * 20..][..20], first.1[place]);
            let oracle = expected(&nets, sample);
            assert_eq!(magnitude == 0.0, oracle.iter().all(|&value| value == 0.0));
            if drop && magnitude == 0.0 {
                assert_eq!(own, [-7.0; 20]);
                dead += 1;
            } else {
                // The portable level may round twice where others do once.
                for (own, expected) in own.iter().zip(oracle) {
                    assert!((own - expected).abs() < 1e-5, "{own} {expected}");
                }
            }
        }
        assert!(!drop || dead > 20 && dead < 120, "{dead}");
        for (width, threads) in [(32, 1), (48, 2), (80, 3), (128, 2)] {
            let (outputs, magnitudes) = run(&nets, &data, &order, drop, width, threads).unwrap();
            assert_eq!(outputs, first.0);
            assert_eq!(magnitudes, first.1);
        }
    }
}

#[test]
fn connections_of_inputs_that_there_are_not_are_refused() {
    let mut nets = nets(0.0);
    nets[1].source[3] = 37;
    assert_eq!(run(&nets, &data(3), &[0, 1, 2], false, 16, 1), Err(Status::Structure));
    nets[1].source[3] = 0;
    nets[1].incoming_ptr[1] = 4000;
    assert_eq!(run(&nets, &data(3), &[0, 1, 2], false, 16, 1), Err(Status::Structure));
}

#[test]
fn what_is_not_finite_is_seen() {
    let (mut data, mut nets) = (data(20), nets(0.0));
    nets[2].values.fill(f32::MAX);
    nets[2].parameters = [0.0, 0.0, f32::MAX, 1.0].repeat(20);
    let (_, magnitudes) = run(&nets, &data, &[4, 5], false, 16, 1).unwrap();
    assert!(magnitudes.iter().any(|sum| !sum.is_finite()));
    data[100] = f32::NAN;
    assert_eq!(run(&nets, &data, &[4, 5], false, 16, 1), Err(Status::NotFinite));
}

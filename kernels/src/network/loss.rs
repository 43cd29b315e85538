//! Loss at the output: softmax with cross-entropy, or mean squared error, and its gradient.

use crate::base::simd::{Block, LANES};

/// What the batch should have given.
#[derive(Clone, Copy)]
pub enum Truth<'a> {
    /// Class of each sample of the batch.
    Classes(&'a [u32]),
    /// Values of each sample of the batch, `[samples][outputs]`.
    Values(&'a [f32]),
}

/// Loss and hits of one tile.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Total {
    /// Sum over the samples of the loss of each times its weight.
    pub loss: f64,
    /// Samples whose largest output is their class; 0 for values.
    pub correct: f64,
}

/// Computes the loss of a tile and turns its outputs into the gradient with respect to them, in place.
///
/// `outputs` has shape `[outputs][vectors]`; `first` is the batch index of the tile's first sample. Samples from
/// `samples` on are padding and get gradient 0. The gradient is that of the *mean* over the `samples` of the batch of
/// each one's loss times its weight; without `weights` each has 1, with the bits that weights of 1 give.
/// With `probabilities`, cross-entropy leaves the softmax in place of the gradient (and squared error the outputs).
///
/// Cross-entropy: −ln softmax(z)[class]; squared error: the mean over outputs of (z − t)².
pub fn loss(
    outputs: &mut [Block],
    vectors: usize,
    truth: Truth,
    weights: &[f32],
    first: usize,
    samples: usize,
    probabilities: bool,
) -> Total {
    let count = outputs.len() / vectors;
    let mut total = Total::default();
    let share = 1.0 / samples as f32;
    for column in 0..vectors * LANES {
        let (vector, lane) = (column / LANES, column % LANES);
        let place = |output: usize| output * vectors + vector;
        let sample = first + column;
        if sample >= samples {
            (0..count).for_each(|output| outputs[place(output)][lane] = 0.0);
            continue;
        }
        let weight = if weights.is_empty() { 1.0 } else { weights[sample] };
        let share = weight * share;
        let weight = f64::from(weight);
        match truth {
            Truth::Classes(classes) => {
                let class = classes[sample] as usize;
                let (mut best, mut highest) = (0, f32::NEG_INFINITY);
                for output in 0..count {
                    let z = outputs[place(output)][lane];
                    if z > highest {
                        (best, highest) = (output, z);
                    }
                }
                let own = outputs[place(class)][lane];
                let mut sum = 0.0;
                for output in 0..count {
                    let slot = &mut outputs[place(output)][lane];
                    *slot = (*slot - highest).exp();
                    sum += *slot;
                }
                for output in 0..count {
                    let slot = &mut outputs[place(output)][lane];
                    let probability = *slot / sum;
                    let target = if output == class { 1.0 } else { 0.0 };
                    *slot = if probabilities { probability } else { (probability - target) * share };
                }
                total.loss += weight * (f64::from(sum.ln()) - (f64::from(own) - f64::from(highest)));
                total.correct += f64::from(u8::from(best == class));
            }
            Truth::Values(values) => {
                let targets = &values[sample * count..(sample + 1) * count];
                for (output, &target) in targets.iter().enumerate() {
                    let slot = &mut outputs[place(output)][lane];
                    let error = *slot - target;
                    total.loss += weight * (f64::from(error) * f64::from(error) / count as f64);
                    if !probabilities {
                        *slot = 2.0 * error * share / count as f32;
                    }
                }
            }
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outputs(count: usize) -> Vec<Block> {
        (0..count).map(|o| std::array::from_fn(|lane| ((o * 7 + lane * 3) % 11) as f32 * 0.3 - 1.0)).collect()
    }

    fn check_gradient(truth: Truth, weights: &[f32], samples: usize) {
        let count = 3;
        let mut gradient = outputs(count);
        loss(&mut gradient, 1, truth, weights, 0, samples, false);
        for output in 0..count {
            for lane in 0..LANES {
                let at = |shift: f32| {
                    let mut moved = outputs(count);
                    moved[output][lane] += shift;
                    loss(&mut moved, 1, truth, weights, 0, samples, false).loss / samples as f64
                };
                let numeric = (at(0.01) - at(-0.01)) / 0.02;
                // Second order in the step, and f32 outputs: 1e-4 is ten times the error seen.
                assert!((numeric - f64::from(gradient[output][lane])).abs() < 1e-4);
            }
        }
    }

    #[test]
    fn gradients_equal_finite_differences() {
        let classes: Vec<u32> = (0..16).map(|s| s % 3).collect();
        let values: Vec<f32> = (0..48).map(|v| v as f32 * 0.1 - 2.0).collect();
        let weights: Vec<f32> = (0..16).map(|s| (s % 4) as f32 * 0.6).collect();
        for weights in [&[], &weights[..]] {
            check_gradient(Truth::Classes(&classes), weights, 16);
            check_gradient(Truth::Classes(&classes), weights, 5);
            check_gradient(Truth::Values(&values), weights, 16);
            check_gradient(Truth::Values(&values), weights, 7);
        }
    }

    #[test]
    fn weights_of_one_give_the_bits_of_none() {
        let classes: Vec<u32> = (0..16).map(|s| s % 3).collect();
        let values: Vec<f32> = (0..48).map(|v| v as f32 * 0.1 - 2.0).collect();
        for truth in [Truth::Classes(&classes), Truth::Values(&values)] {
            let (mut with, mut without) = (outputs(3), outputs(3));
            let weighted = loss(&mut with, 1, truth, &[1.0; 16], 0, 13, false);
            assert_eq!(weighted, loss(&mut without, 1, truth, &[], 0, 13, false));
            assert_eq!(with, without);
        }
    }

    #[test]
    fn a_sure_and_right_answer_costs_nothing() {
        let mut sure = vec![[0.0; LANES]; 2];
        sure[1] = [1000.0; LANES];
        let total = loss(&mut sure, 1, Truth::Classes(&[1; 16]), &[], 0, 16, true);
        assert_eq!(total, Total { loss: 0.0, correct: 16.0 });
        assert_eq!(sure[1], [1.0; LANES]);
    }
}

//! Loss at the output and its gradient: softmax with cross-entropy, mean squared error, or sigmoid with cross-entropy.

use crate::base::simd::{Block, LANES};

use crate::base::status::{Outcome, Status, ensure};

/// What the batch should have given, and by that how wrong outputs are.
#[derive(Clone, Copy)]
pub enum Truth<'a> {
    /// Softmax cross-entropy: the class of each sample of the batch.
    Classes(&'a [u32]),
    /// As [`Truth::Classes`] with this share of each answer spread over all classes alike (Szegedy et al. 2016).
    Smoothed(&'a [u32], f32),
    /// Squared error: values of each sample of the batch, `[samples][outputs]`.
    Values(&'a [f32]),
    /// Sigmoid cross-entropy: how far each label applies to each sample, from 0 to 1, `[samples][outputs]`.
    Labels(&'a [f32]),
    /// Sigmoid cross-entropy of one output: the class of each sample, 0 or 1.
    Sides(&'a [u32]),
}

impl<'a> Truth<'a> {
    /// The truth of a loss by its code (0 softmax cross-entropy, 1 squared error, 2 sigmoid cross-entropy).
    ///
    /// Sigmoid cross-entropy takes classes where there are any, and else targets.
    ///
    /// # Errors
    /// [`Status::Range`] for another code.
    pub fn of(loss: u32, classes: &'a [u32], targets: &'a [f32]) -> Result<Self, Status> {
        match loss {
            0 => Ok(Self::Classes(classes)),
            1 => Ok(Self::Values(targets)),
            2 if classes.is_empty() => Ok(Self::Labels(targets)),
            2 => Ok(Self::Sides(classes)),
            _ => Err(Status::Range),
        }
    }

    /// With this share of each answer spread over all classes alike; 0 changes nothing.
    ///
    /// # Errors
    /// [`Status::Range`] where the share is not in `[0, 1)`, or there is one to spread and no classes of a softmax.
    pub fn smoothed(self, share: f32) -> Result<Self, Status> {
        ensure((0.0..1.0).contains(&share), Status::Range)?;
        match self {
            _ if share == 0.0 => Ok(self),
            Self::Classes(classes) => Ok(Self::Smoothed(classes, share)),
            _ => Err(Status::Range),
        }
    }

    /// Checks that it is that of so many samples with so many outputs each.
    ///
    /// # Errors
    /// [`Status::Length`] where it is longer or shorter, [`Status::Range`] for a class or a label that cannot be.
    pub fn check(&self, samples: usize, outputs: usize) -> Outcome {
        match *self {
            Self::Classes(classes) | Self::Smoothed(classes, _) => {
                ensure(classes.len() == samples, Status::Length)?;
                ensure(classes.iter().all(|&class| (class as usize) < outputs), Status::Range)
            }
            Self::Values(values) => ensure(values.len() == samples * outputs, Status::Length),
            Self::Labels(labels) => {
                ensure(labels.len() == samples * outputs, Status::Length)?;
                ensure(labels.iter().all(|label| (0.0..=1.0).contains(label)), Status::Range)
            }
            Self::Sides(classes) => {
                ensure(classes.len() == samples && outputs == 1, Status::Length)?;
                ensure(classes.iter().all(|&class| class < 2), Status::Range)
            }
        }
    }

    /// That of a range of the samples.
    pub fn part(&self, samples: std::ops::Range<usize>, outputs: usize) -> Self {
        let numbers = samples.start * outputs..samples.end * outputs;
        match *self {
            Self::Classes(classes) => Self::Classes(&classes[samples]),
            Self::Smoothed(classes, share) => Self::Smoothed(&classes[samples], share),
            Self::Values(values) => Self::Values(&values[numbers]),
            Self::Labels(labels) => Self::Labels(&labels[numbers]),
            Self::Sides(classes) => Self::Sides(&classes[samples]),
        }
    }
}

/// Loss and hits of samples.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Total {
    /// Sum over the samples of the loss of each times its weight.
    pub loss: f64,
    /// Samples whose largest output is their class, or with a sigmoid all of whose outputs are above 0 where the truth is
    /// 0.5 or more and nowhere else; 0 for values.
    pub correct: f64,
}

/// Adds the loss of a tile to a total, sample by sample, and turns its outputs into the gradient with respect to them, in
/// place.
///
/// `outputs` has shape `[outputs][vectors]`; `first` is the batch index of the tile's first sample. Samples from
/// `samples` on are padding and get gradient 0. The gradient is that of the *mean* over the `samples` of the batch of
/// each one's loss times its weight; without `weights` each has 1, with the bits that weights of 1 give.
/// With `probabilities`, cross-entropy leaves the softmax or the sigmoid in place of the gradient. Squared error leaves the
/// outputs, and so does the sigmoid of one output for two classes: of a sure answer, 1 − σ(z) would have no digits left.
///
/// Softmax cross-entropy: −ln softmax(z)[class]; with a share s of each answer spread over all classes, (1 − s) times that
/// and s times its mean over the classes. Squared error: the mean over outputs of (z − t)². Sigmoid cross-entropy:
/// the mean over outputs of −t·ln σ(z) − (1 − t)·ln(1 − σ(z)), computed as max(z, 0) − z·t + ln(1 + e^−|z|).
pub fn loss(
    outputs: &mut [Block],
    vectors: usize,
    truth: Truth,
    weights: &[f32],
    first: usize,
    samples: usize,
    probabilities: bool,
    total: &mut Total,
) {
    let count = outputs.len() / vectors;
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
            Truth::Classes(classes) | Truth::Smoothed(classes, _) => {
                let spread = if let Truth::Smoothed(_, spread) = truth { spread } else { 0.0 };
                let class = classes[sample] as usize;
                let (mut best, mut highest) = (0, f32::NEG_INFINITY);
                let mut all = 0.0;
                for output in 0..count {
                    let z = outputs[place(output)][lane];
                    all += f64::from(z);
                    if z > highest {
                        (best, highest) = (output, z);
                    }
                }
                let own = outputs[place(class)][lane];
                let others = spread / count as f32;
                let mut sum = 0.0;
                for output in 0..count {
                    let slot = &mut outputs[place(output)][lane];
                    *slot = (*slot - highest).exp();
                    sum += *slot;
                }
                for output in 0..count {
                    let slot = &mut outputs[place(output)][lane];
                    let probability = *slot / sum;
                    let target = if output == class { 1.0 - spread + others } else { others };
                    *slot = if probabilities { probability } else { (probability - target) * share };
                }
                total.loss += weight * (f64::from(sum.ln()) - (f64::from(own) - f64::from(highest)));
                if spread > 0.0 {
                    total.loss += weight * f64::from(spread) * (f64::from(own) - all / count as f64);
                }
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
            Truth::Labels(labels) => {
                let labels = &labels[sample * count..(sample + 1) * count];
                let mut correct = true;
                for (output, &label) in labels.iter().enumerate() {
                    let slot = &mut outputs[place(output)][lane];
                    let z = *slot;
                    correct &= (z > 0.0) == (label >= 0.5);
                    total.loss += weight * (sigmoid_cross_entropy(z, label) / count as f64);
                    *slot = if probabilities { sigmoid(z) } else { (sigmoid(z) - label) * share / count as f32 };
                }
                total.correct += f64::from(u8::from(correct));
            }
            Truth::Sides(classes) => {
                let slot = &mut outputs[vector][lane];
                let (z, class) = (*slot, classes[sample]);
                let label = if class == 1 { 1.0 } else { 0.0 };
                total.correct += f64::from(u8::from((z > 0.0) == (class == 1)));
                total.loss += weight * sigmoid_cross_entropy(z, label);
                if !probabilities {
                    *slot = (sigmoid(z) - label) * share;
                }
            }
        }
    }
}

/// 1 / (1 + e^−z), without overflow.
pub fn sigmoid(z: f32) -> f32 {
    let small = (-z.abs()).exp();
    if z < 0.0 { small / (1.0 + small) } else { 1.0 / (1.0 + small) }
}

fn sigmoid_cross_entropy(z: f32, label: f32) -> f64 {
    f64::from(z.max(0.0)) - f64::from(z) * f64::from(label) + f64::from((-z.abs()).exp().ln_1p())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outputs(count: usize) -> Vec<Block> {
        (0..count).map(|o| std::array::from_fn(|lane| ((o * 7 + lane * 3) % 11) as f32 * 0.3 - 1.0)).collect()
    }

    /// The loss of a tile of one vector.
    fn loss_of(outputs: &mut [Block], truth: Truth, weights: &[f32], samples: usize, probabilities: bool) -> Total {
        let mut total = Total::default();
        loss(outputs, 1, truth, weights, 0, samples, probabilities, &mut total);
        total
    }

    fn check_gradient(truth: Truth, weights: &[f32], samples: usize) {
        check_gradient_of(3, truth, weights, samples);
    }

    fn check_gradient_of(count: usize, truth: Truth, weights: &[f32], samples: usize) {
        let mut gradient = outputs(count);
        loss_of(&mut gradient, truth, weights, samples, false);
        for output in 0..count {
            for lane in 0..LANES {
                let at = |shift: f32| {
                    let mut moved = outputs(count);
                    moved[output][lane] += shift;
                    loss_of(&mut moved, truth, weights, samples, false).loss / samples as f64
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
        let labels: Vec<f32> = (0..48).map(|v| (v % 5) as f32 * 0.25).collect();
        let weights: Vec<f32> = (0..16).map(|s| (s % 4) as f32 * 0.6).collect();
        for weights in [&[], &weights[..]] {
            check_gradient(Truth::Classes(&classes), weights, 16);
            check_gradient(Truth::Classes(&classes), weights, 5);
            check_gradient(Truth::Smoothed(&classes, 0.1), weights, 16);
            check_gradient(Truth::Smoothed(&classes, 0.5), weights, 5);
            check_gradient(Truth::Values(&values), weights, 16);
            check_gradient(Truth::Values(&values), weights, 7);
            check_gradient(Truth::Labels(&labels), weights, 16);
            check_gradient(Truth::Labels(&labels), weights, 9);
        }
        let sides: Vec<u32> = (0..16).map(|s| s % 3 / 2).collect();
        for samples in [16, 3] {
            check_gradient_of(1, Truth::Sides(&sides), &weights, samples);
        }
    }

    #[test]
    fn weights_of_one_give_the_bits_of_none() {
        let classes: Vec<u32> = (0..16).map(|s| s % 3).collect();
        let values: Vec<f32> = (0..48).map(|v| v as f32 * 0.1 - 2.0).collect();
        let labels: Vec<f32> = (0..48).map(|v| (v % 2) as f32).collect();
        for truth in [Truth::Classes(&classes), Truth::Values(&values), Truth::Labels(&labels)] {
            let (mut with, mut without) = (outputs(3), outputs(3));
            let weighted = loss_of(&mut with, truth, &[1.0; 16], 13, false);
            assert_eq!(weighted, loss_of(&mut without, truth, &[], 13, false));
            assert_eq!(with, without);
        }
    }

    #[test]
    fn a_sure_and_right_answer_costs_nothing() {
        let mut sure = vec![[0.0; LANES]; 2];
        sure[1] = [1000.0; LANES];
        let total = loss_of(&mut sure, Truth::Classes(&[1; 16]), &[], 16, true);
        assert_eq!(total, Total { loss: 0.0, correct: 16.0 });
        assert_eq!(sure[1], [1.0; LANES]);
    }
    #[test]
    fn sigmoid_cross_entropy_is_finite_and_exact_at_any_output() {
        for z in [-1e30f32, -104.0, -88.0, -3.0, -1e-9, 0.0, 1e-9, 0.5, 20.0, 88.0, 1e30] {
            let wide = f64::from(z);
            let other = if z > 0.0 { (-wide).exp() } else { wide.exp() }.ln_1p();
            for label in [0.0f32, 0.25, 1.0] {
                let expected = wide.max(0.0) - wide * f64::from(label) + other;
                let found = sigmoid_cross_entropy(z, label);
                // e^−|z| and its logarithm are f32.
                assert!(
                    (found - expected).abs() <= 2e-7 * expected.abs().max(1e-30),
                    "{z} {label}: {found} {expected}"
                );
            }
            let share = 1.0 / (1.0 + (-wide).exp());
            assert!((f64::from(sigmoid(z)) - share).abs() < 1e-7);
        }
        assert!(sigmoid_cross_entropy(f32::NAN, 0.0).is_nan() && sigmoid(f32::NAN).is_nan());
    }

    #[test]
    fn a_sample_counts_when_each_of_its_outputs_is_on_the_right_side() {
        let mut two = vec![[0.0; LANES]; 2];
        let labels: Vec<f32> = (0..32).map(|place| if place < 8 { [1.0, 0.0][place % 2] } else { 0.0 }).collect();
        two[0] = std::array::from_fn(|lane| if lane < 3 { 2.0 } else { -2.0 });
        let mut kept = two.clone();
        assert_eq!(loss_of(&mut two, Truth::Labels(&labels), &[], 16, false).correct, 15.0);
        loss_of(&mut kept, Truth::Labels(&labels), &[], 16, true);
        assert_eq!((kept[0][0], kept[1][0]), (sigmoid(2.0), 0.5), "with probabilities, sigmoids are left");
        let mut one = vec![[0.0; LANES]; 1];
        one[0] = std::array::from_fn(|lane| lane as f32 - 4.0);
        let before = one.clone();
        let sides: Vec<u32> = (0..16).map(|sample| u32::from(sample > 5)).collect();
        assert_eq!(loss_of(&mut one, Truth::Sides(&sides), &[], 16, true).correct, 15.0);
        assert_eq!(one, before, "with probabilities, the one output is left");
    }

    #[test]
    fn an_answer_can_be_spread_over_all_classes() {
        let classes: Vec<u32> = (0..16).map(|s| s % 3).collect();
        let of = |class: u32, samples| loss_of(&mut outputs(3), Truth::Classes(&[class; 16]), &[], samples, false).loss;
        let mean = (0..3).map(|class| of(class, 16)).sum::<f64>() / 3.0;
        let total = loss_of(&mut outputs(3), Truth::Classes(&classes), &[], 16, false);
        let spread = loss_of(&mut outputs(3), Truth::Smoothed(&classes, 0.25), &[], 16, false);
        assert!((spread.loss - (0.75 * total.loss + 0.25 * mean)).abs() < 1e-5);
        assert_eq!(spread.correct, total.correct);
        let plain = Truth::Classes(&classes);
        assert!(matches!(plain.smoothed(0.0), Ok(Truth::Classes(_))));
        assert!(matches!(plain.smoothed(0.1), Ok(Truth::Smoothed(_, 0.1))));
        assert!([1.0, -0.1, f32::NAN].iter().all(|&share| plain.smoothed(share).is_err()));
        assert!(Truth::Values(&[]).smoothed(0.1).is_err() && Truth::Sides(&[]).smoothed(0.1).is_err());
    }

    #[test]
    fn a_truth_is_checked() {
        let check = |loss, classes: &[u32], targets: &[f32], outputs| {
            Truth::of(loss, classes, targets).and_then(|truth| truth.check(2, outputs))
        };
        assert_eq!(check(0, &[1, 2], &[], 3), Ok(()));
        assert_eq!(check(0, &[1, 3], &[], 3), Err(Status::Range));
        assert_eq!(check(0, &[], &[0.0; 6], 3), Err(Status::Length));
        assert_eq!(check(1, &[], &[7.0; 6], 3), Ok(()));
        assert_eq!(check(1, &[], &[7.0; 5], 3), Err(Status::Length));
        assert_eq!(check(2, &[], &[1.0, 0.0, 0.5, 1.0], 2), Ok(()));
        assert_eq!(check(2, &[], &[1.0, 0.0, 0.5, 1.5], 2), Err(Status::Range));
        assert_eq!(check(2, &[], &[1.0, 0.0, 0.5, f32::NAN], 2), Err(Status::Range));
        assert_eq!(check(2, &[], &[1.0], 2), Err(Status::Length));
        assert_eq!(check(2, &[0, 1], &[], 1), Ok(()));
        assert_eq!(check(2, &[0, 2], &[], 1), Err(Status::Range));
        assert_eq!(check(2, &[0, 1], &[], 2), Err(Status::Length));
        assert_eq!(check(3, &[0, 1], &[], 2), Err(Status::Range));
    }
}

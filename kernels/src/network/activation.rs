//! What a neuron does with its sum, and the derivative on the way back.
//!
//! Hidden layers only: the output layer is [`Activation::Identity`], its non-linearity belongs to the loss.

use crate::base::random::{Purpose, key, mix};
use crate::base::simd::{Block, LANES, Lanes};
use crate::base::status::{Status, ensure};

/// An activation function.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    /// f(x) = x.
    Identity,
    /// f(x) = x above zero, `slope`·x else: ReLU (0), Leaky ReLU, and All-ReLU, whose slope alternates −α, +α
    /// from layer to layer (Paper: §2.1 Eq. 3).
    Slope(f32),
    /// f(x) = 1 / (1 + e⁻ˣ).
    Sigmoid,
    /// f(x) = tanh x.
    Tanh,
    /// As [`Activation::Slope`] with one trainable slope a neuron (He et al. 2015).
    Prelu,
    /// S-shaped ReLU with four trainable parameters a neuron (Jin et al. 2016), in this order: left threshold tₗ and
    /// slope aₗ, right threshold tᵣ and slope aᵣ. f(x) = tₗ + aₗ(x − tₗ) below tₗ, tᵣ + aᵣ(x − tᵣ) above tᵣ, else x.
    Srelu,
}

impl Activation {
    /// The activation of a code of the layout table.
    pub fn from_code(code: u32, slope: f32) -> Result<Self, Status> {
        Ok(match code {
            0 => Self::Identity,
            1 => Self::Slope(slope),
            2 => Self::Sigmoid,
            3 => Self::Tanh,
            4 => Self::Prelu,
            5 => Self::Srelu,
            _ => return Err(Status::Range),
        })
    }

    /// Trainable parameters a neuron.
    pub fn parameters(self) -> usize {
        match self {
            Self::Prelu => 1,
            Self::Srelu => 4,
            _ => 0,
        }
    }

    /// Whether the backward pass needs to know which sums were positive, and whether it needs the sums themselves.
    pub(crate) fn keeps(self) -> [bool; 2] {
        [matches!(self, Self::Slope(_)), self.parameters() > 0]
    }

    /// Applies the function to one vector of sums of a neuron and returns the signs (for [`Activation::Slope`]).
    ///
    /// `parameters` are the neuron's trainable parameters.
    #[inline(always)]
    pub fn apply<L: Lanes>(self, lanes: L, sum: L::Vector, parameters: [f32; 4]) -> (L::Vector, u16) {
        match self {
            Self::Identity => (sum, 0),
            Self::Slope(slope) => {
                let signs = lanes.positive(sum);
                (lanes.select(signs, sum, lanes.mul(sum, lanes.splat(slope))), signs)
            }
            Self::Sigmoid => (map(lanes, sum, |x| 1.0 / (1.0 + (-x).exp())), 0),
            Self::Tanh => (map(lanes, sum, f32::tanh), 0),
            Self::Prelu => (lanes.select(lanes.positive(sum), sum, lanes.mul(sum, lanes.splat(parameters[0]))), 0),
            Self::Srelu => {
                let [tl, al, tr, ar] = parameters;
                let beyond = |threshold: f32| lanes.add(sum, lanes.splat(-threshold));
                let line = |threshold: f32, slope: f32| {
                    lanes.add(lanes.splat(threshold), lanes.mul(lanes.splat(slope), beyond(threshold)))
                };
                let below = lanes.positive(lanes.mul(beyond(tl), lanes.splat(-1.0)));
                let right = lanes.select(lanes.positive(beyond(tr)), line(tr, ar), sum);
                (lanes.select(below, line(tl, al), right), 0)
            }
        }
    }

    /// Multiplies one vector of the gradient with respect to the output by the derivative.
    ///
    /// `output` is the activation after dropout and `undo` the factor that takes dropout's scale back, `sum` the sum (for
    /// trainable functions); `parameter_gradient` gathers the gradients of the trainable parameters.
    #[inline(always)]
    pub fn differentiate<L: Lanes>(
        self,
        lanes: L,
        gradient: L::Vector,
        signs: u16,
        output: L::Vector,
        undo: f32,
        sum: &Block,
        parameters: [f32; 4],
        parameter_gradient: &mut [f32; 4],
    ) -> L::Vector {
        match self {
            Self::Identity => gradient,
            Self::Slope(slope) => lanes.select(signs, gradient, lanes.mul(gradient, lanes.splat(slope))),
            Self::Sigmoid => times(lanes, gradient, output, |output| output * undo * (1.0 - output * undo)),
            Self::Tanh => times(lanes, gradient, output, |output| 1.0 - (output * undo).powi(2)),
            Self::Prelu => {
                let mut block = [0.0; LANES];
                lanes.store(gradient, &mut block);
                for (slot, &x) in block.iter_mut().zip(sum) {
                    if x <= 0.0 {
                        parameter_gradient[0] += *slot * x;
                        *slot *= parameters[0];
                    }
                }
                lanes.load(&block)
            }
            Self::Srelu => {
                let [tl, al, tr, ar] = parameters;
                let mut block = [0.0; LANES];
                lanes.store(gradient, &mut block);
                for (slot, &x) in block.iter_mut().zip(sum) {
                    if x < tl {
                        parameter_gradient[0] += *slot * (1.0 - al);
                        parameter_gradient[1] += *slot * (x - tl);
                        *slot *= al;
                    } else if x > tr {
                        parameter_gradient[2] += *slot * (1.0 - ar);
                        parameter_gradient[3] += *slot * (x - tr);
                        *slot *= ar;
                    }
                }
                lanes.load(&block)
            }
        }
    }
}

/// The code of a layer that learns its slope; its slope in the layout table is the sign, −1 or 1.
pub(crate) const LEARNED_SLOPE_CODE: u32 = 6;

/// The smallest size of a slope that is learned: that of a ReLU, to three decimals.
const SMALLEST_SLOPE: f32 = 1.0 / 1024.0;

/// The slope below zero of a layer that learns it, by its sign and its one parameter.
pub(crate) fn learned_slope(sign: f32, parameter: f32) -> f32 {
    sign * parameter.abs().max(SMALLEST_SLOPE)
}

#[inline(always)]
fn map<L: Lanes>(lanes: L, vector: L::Vector, function: impl Fn(f32) -> f32) -> L::Vector {
    let mut block = [0.0; LANES];
    lanes.store(vector, &mut block);
    lanes.load(&block.map(function))
}

#[inline(always)]
fn times<L: Lanes>(lanes: L, vector: L::Vector, output: L::Vector, factor: impl Fn(f32) -> f32) -> L::Vector {
    lanes.mul(vector, map(lanes, output, factor))
}

/// Dropout of one layer in one step (Srivastava et al. 2014, inverted: kept units are scaled by 1 / (1 − rate)).
///
/// Which units are dropped is a function of seed, step, layer, neuron and sample: it does not depend on tiles or threads.
#[derive(Clone, Copy, Debug)]
pub struct Dropout {
    /// Keys of the hash.
    pub keys: [u32; 2],
    /// A unit is dropped where its 16 random bits lie below this: the rate, to 1/65536.
    pub threshold: u16,
    /// Factor of the units kept.
    pub scale: f32,
    /// Words of random bits a neuron: 16 for each two vectors of samples of the batch, whatever its tiles pad.
    pub words: u32,
}

impl Dropout {
    /// Dropout of each of `depth` layers in one step on `samples` samples: none where the rate is 0, nor at the output.
    ///
    /// # Errors
    /// [`Status::Range`] when the rate is not in `[0, 1)`.
    pub(crate) fn of_layers(
        depth: usize,
        samples: usize,
        rate: f32,
        seed: u64,
        step: u64,
    ) -> Result<Vec<Option<Self>>, Status> {
        ensure((0.0..1.0).contains(&rate), Status::Range)?;
        // Threshold and scale agree exactly: the rate in force is a whole number of 65536ths.
        let threshold = (rate * 65_536.0).round().min(65_535.0) as u16;
        let of_layer = |index: usize| {
            let key = key(seed, Purpose::Dropout, &[step, index as u64]);
            (rate > 0.0 && index + 1 < depth).then_some(Self {
                keys: [key as u32, (key >> 32) as u32],
                threshold,
                scale: (65_536.0 / (65_536.0 - f64::from(threshold))) as f32,
                words: samples.div_ceil(2 * LANES) as u32 * LANES as u32,
            })
        };
        Ok((0..depth).map(of_layer).collect())
    }

    /// The masks of the `R` vectors of samples of `neuron` that begin at vector `first` of the batch.
    #[inline(always)]
    pub fn masks<L: Lanes, const R: usize>(&self, lanes: L, neuron: usize, first: usize) -> [u16; R] {
        let base = neuron as u64 * u64::from(self.words);
        let last = base + ((first + R) / 2 * LANES) as u64;
        if last >> 32 == 0 {
            let keep = |counter| lanes.keep_masks(counter as u32, self.keys, self.threshold);
            pairs(base, first, keep)
        } else {
            pairs(base, first, |counter| lanes.keep_masks(counter as u32, self.keys_of(counter), self.threshold))
        }
    }

    /// Keys for counters with an upper half: the hash takes 32 bits, and the others choose its keys.
    #[cold]
    fn keys_of(&self, counter: u64) -> [u32; 2] {
        let high = (counter >> 32) as u32;
        if high == 0 {
            return self.keys;
        }
        let key = mix(u64::from(self.keys[0]) | u64::from(self.keys[1]) << 32) ^ u64::from(high);
        let key = mix(key);
        [key as u32, (key >> 32) as u32]
    }
}

/// The masks of `R` vectors: each counter gives those of two.
#[inline(always)]
fn pairs<const R: usize>(base: u64, first: usize, mut keep: impl FnMut(u64) -> [u16; 2]) -> [u16; R] {
    let mut masks = [0; R];
    let mut pair = [0; 2];
    for (offset, mask) in masks.iter_mut().enumerate() {
        let vector = first + offset;
        if offset == 0 || vector.is_multiple_of(2) {
            // A multiple of 16, so that the 16 counters from here on have one upper half.
            pair = keep(base + (vector / 2 * LANES) as u64);
        }
        *mask = pair[vector % 2];
    }
    masks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::simd::{Kernel, dispatch, hash};

    const KEYS: [u32; 2] = [7, 9];
    /// Drops 30 %.
    const THRESHOLD: u16 = 19_661;

    /// The masks of one neuron for a batch of 128 samples, or of 96.
    struct Masks {
        neuron: usize,
        samples: u32,
    }

    impl Kernel for Masks {
        type Output = [u16; 6];

        #[inline(always)]
        fn run<L: Lanes>(self, lanes: L) -> [u16; 6] {
            let words = self.samples.div_ceil(32) * 16;
            Dropout { keys: KEYS, threshold: THRESHOLD, scale: 1.0, words }.masks(lanes, self.neuron, 0)
        }
    }

    fn masks(neuron: usize, samples: u32) -> [u16; 6] {
        dispatch(Masks { neuron, samples })
    }

    #[test]
    fn a_learned_slope_keeps_its_sign_and_is_never_zero() {
        assert_eq!(learned_slope(-1.0, 0.6), -0.6);
        assert_eq!(learned_slope(-1.0, -0.25), -0.25);
        assert_eq!(learned_slope(1.0, -0.25), 0.25);
        let smallest = 1.0 / 1024.0;
        assert_eq!([learned_slope(1.0, 0.0), learned_slope(-1.0, -1e-9)], [smallest, -smallest]);
    }

    #[test]
    fn masks_are_hashes_of_neuron_and_sample() {
        for (neuron, samples) in [(0, 128), (5, 128), (5, 96), ((1 << 26) - 1, 128)] {
            let first = neuron as u32 * (samples / 2);
            let expected: [u16; 6] = std::array::from_fn(|vector| {
                (0..16).fold(0, |mask, lane| {
                    let hash = hash(first + vector as u32 / 2 * 16 + lane, KEYS) >> (vector % 2 * 16);
                    mask | u16::from(hash as u16 >= THRESHOLD) << lane
                })
            });
            assert_eq!(masks(neuron, samples), expected);
        }
    }

    #[test]
    fn masks_of_neurons_2_26_apart_have_nothing_in_common() {
        for high in [1 << 26, 1 << 27, 3 << 26, 1 << 40] {
            let neurons = 4_096;
            let differing: u32 = (0..neurons)
                .flat_map(|neuron| masks(neuron, 128).into_iter().zip(masks(neuron + high, 128)))
                .map(|(low, high)| (low ^ high).count_ones())
                .sum();
            let bits = (neurons * 96) as f64;
            // One of two units is dropped, the other not: 2 · 0.3 · 0.7, within five standard deviations.
            let fraction = f64::from(differing) / bits;
            assert!((fraction - 0.42).abs() < 5.0 * (0.42 * 0.58 / bits).sqrt(), "{high}: {fraction}");
        }
    }

    #[test]
    fn masks_do_not_begin_anew_inside_a_neuron() {
        // 48 words a neuron: the counters of this one pass 2³² behind its first pair of vectors.
        let [_, _, second, ..] = masks(((1u64 << 32) / 48) as usize, 96);
        assert_ne!(second, masks(0, 96)[0]);
    }
}

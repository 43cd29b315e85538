//! One slope a layer that is learned with the weights: the size of All-ReLU's α, whose sign the layer's number fixes.
//!
//! f(z) = z above zero, s·max(|a|, 2⁻¹⁰)·z else, where s = ±1 is the layer's sign and a its one parameter. The size is
//! taken of a, so that the function keeps its sign wherever an update takes a: one that crosses zero is reflected. The
//! smallest size lets z be found again from what the layer gave, so that learning the slope takes no memory for sums:
//! ∂L/∂a = s·sgn(a)·Σ δ·z over z < 0, where δ is the gradient of the layer's output. With the deltas of the sums,
//! d = slope·δ, and the activations, y = slope·z·scale of dropout, that is s·sgn(a)·Σ d·y / (slope²·scale). Below the
//! smallest size the same is used, so that a slope may grow again.
//!
//! Σ d·y is gathered in the sweep that forms d, sixteen lanes a chunk of rows and part of the tile; chunks and lanes are
//! summed here, in their order, so that the bits do not depend on the number of threads.

use crate::base::simd::{Block, Kernel, Lanes};
use crate::network::update::{StateSlices, Update};

/// Learns the slope of one layer from what the chunks of the sweep above it have gathered.
pub(crate) struct SlopeStep<'a> {
    /// Σ d·y of each chunk, over the sums that were not positive, in the first part of the tile and the second.
    pub(crate) gathered: &'a [[Block; 2]],
    /// How many parts the tile has.
    pub(crate) parts: usize,
    /// The slope that was in force.
    pub(crate) slope: f32,
    /// The factor of dropout on the units it kept; 1 without.
    pub(crate) scale: f32,
    /// What becomes of the gradient.
    pub(crate) update: Update,
    /// The parameter, `[1]`.
    pub(crate) parameter: &'a mut [f32],
    /// Its planes and its written gradient.
    pub(crate) state: StateSlices<'a>,
}

impl Kernel for SlopeStep<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(mut self, lanes: L) {
        let [slope, scale] = [self.slope, self.scale].map(f64::from);
        // s·sgn(a): the sign of the layer, turned where the size is that of a negative a.
        let side = slope.signum() * f64::from(self.parameter[0].signum());
        let gradient = [0, 1].map(|part| {
            let sum: f64 = self.gathered.iter().flat_map(|chunk| chunk[part]).map(f64::from).sum();
            lanes.splat((side * sum / (slope * slope * scale)) as f32)
        });
        self.update.apply(lanes, &gradient[..self.parts], 0, 1, self.parameter, &mut self.state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::activation::learned_slope;

    #[test]
    fn the_gradient_of_a_size_is_that_of_the_sum_over_negative_sums() {
        // Two chunks, a product d·y = slope²·δ·z of each in the first part: δ·z is 3 and 5. In the second one of 2.
        let mut gathered = [[[0.0; 16]; 2]; 2];
        gathered[0][0][2] = 0.25 * 3.0;
        gathered[1][0][7] = 0.25 * 5.0;
        gathered[1][1][1] = 0.25 * 2.0;
        for (sign, parameter, parts, expected) in
            [(1.0, 0.5, 1, 8.0), (-1.0, 0.5, 1, -8.0), (-1.0, -0.5, 1, 8.0), (1.0, 0.5, 2, 10.0)]
        {
            let (mut own, mut gradient) = ([parameter], [0.0f32]);
            let state = StateSlices { gradient: &mut gradient, ..StateSlices::default() };
            crate::base::simd::dispatch(SlopeStep {
                gathered: &gathered,
                parts,
                slope: learned_slope(sign, parameter),
                scale: 1.0,
                update: Update::Written { first: true },
                parameter: &mut own,
                state,
            });
            assert_eq!(gradient[0], expected);
        }
    }
}

//! Adam (Kingma & Ba 2015), and with decoupled weight decay AdamW (Loshchilov & Hutter 2019).

use bytemuck::{Pod, Zeroable};

use crate::base::simd::Lanes;
use crate::base::status::{Status, ensure};
use crate::network::optimizer::{Optimizer, Part, State, own_settings};

/// What a settings block says of Adam; `src/optimizer/adam.ts` has the same list.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct AdamSettings {
    beta1: f64,
    beta2: f64,
    adam_epsilon: f64,
}

/// m ← β₁·m + (1 − β₁)·g, s ← β₂·s + (1 − β₂)·g², then w moves by −η·m̂ / (√ŝ + ε), where m̂ = m / (1 − β₁ᵗ) and
/// ŝ = s / (1 − β₂ᵗ) at the t-th update.
///
/// The planes are m and s. All parameters share t; a connection that grew later begins with m = 0 and the layer's mean
/// of s, so its first steps are as short as those of its neighbours.
#[derive(Clone, Copy, Debug)]
pub struct Adam {
    /// β₁.
    beta1: f32,
    /// 1 − β₁.
    rest1: f32,
    /// β₂.
    beta2: f32,
    /// 1 − β₂.
    rest2: f32,
    /// ε.
    epsilon: f32,
    /// 1 / (1 − β₁ᵗ).
    correction1: f32,
    /// 1 / (1 − β₂ᵗ).
    correction2: f32,
}

impl Adam {
    /// Reads a settings block, for the `update`-th update, counted from 1.
    ///
    /// # Errors
    /// [`Status::Length`] for another number of settings; [`Status::Range`] when β is not in `[0, 1)`, ε is no positive
    /// normal number of 32 bits, or updates are not counted from 1.
    pub fn from_block(own: &[f64], update: f64) -> Result<Self, Status> {
        let AdamSettings { beta1, beta2, adam_epsilon } = own_settings(own)?;
        let fraction = 0.0..1.0;
        let epsilon = adam_epsilon as f32;
        ensure(fraction.contains(&beta1) && fraction.contains(&beta2), Status::Range)?;
        // 0 / 0 where there has been no gradient; subnormal numbers are flushed.
        ensure(epsilon.is_normal() && epsilon > 0.0, Status::Range)?;
        ensure(update >= 1.0, Status::Range)?;
        Ok(Self {
            beta1: beta1 as f32,
            rest1: (1.0 - beta1) as f32,
            beta2: beta2 as f32,
            rest2: (1.0 - beta2) as f32,
            epsilon,
            correction1: (1.0 / (1.0 - beta1.powf(update))) as f32,
            correction2: (1.0 / (1.0 - beta2.powf(update))) as f32,
        })
    }
}

impl Optimizer for Adam {
    const PLANES: usize = 2;

    /// The square of a sum is not the sum of squares: a batch is needed as a whole.
    fn takes_parts(self) -> bool {
        false
    }

    #[inline(always)]
    fn step<L: Lanes>(self, lanes: L, part: Part, gradient: L::Vector, state: &mut State<L::Vector>) -> L::Vector {
        let moved =
            |decay: f32, old, rest: f32, new| lanes.mul_add(lanes.splat(rest), new, lanes.mul(lanes.splat(decay), old));
        state[0] = moved(self.beta1, state[0], self.rest1, gradient);
        state[1] = moved(self.beta2, state[1], self.rest2, lanes.mul(gradient, gradient));
        let root = lanes.sqrt(lanes.mul(state[1], lanes.splat(self.correction2)));
        let rate = lanes.splat(-part.rate * self.correction1);
        lanes.div(lanes.mul(rate, state[0]), lanes.add(root, lanes.splat(self.epsilon)))
    }
}

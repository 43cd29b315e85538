//! Stochastic gradient descent with momentum, the paper's optimiser.

use bytemuck::{Pod, Zeroable};

use crate::base::simd::Lanes;
use crate::base::status::Status;
use crate::network::optimizer::{Optimizer, Part, State, own_settings};

/// What a settings block says of SGD; `src/optimizer/sgd.ts` has the same list.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct SgdSettings {
    momentum: f64,
    nesterov: f64,
}

/// Momentum SGD where `P` is 1: the plane is the velocity. Without momentum `P` is 0 and nothing is kept.
///
/// Paper: §2.1 Eq. 1. v ← μ·v − η·g, then w moves by v, or with `nesterov` by μ·v − η·g.
#[derive(Clone, Copy, Debug)]
pub struct Sgd<const P: usize> {
    /// μ.
    pub momentum: f32,
    /// Whether the step looks ahead.
    pub nesterov: bool,
}

impl<const P: usize> Sgd<P> {
    /// Reads a settings block.
    ///
    /// # Errors
    /// [`Status::Length`] for another number of settings; [`Status::Range`] where there is momentum and no plane.
    pub fn from_block(own: &[f64]) -> Result<Self, Status> {
        let SgdSettings { momentum, nesterov } = own_settings(own)?;
        let sgd = Self { momentum: momentum as f32, nesterov: nesterov != 0.0 };
        if P == 0 && sgd.momentum != 0.0 { Err(Status::Range) } else { Ok(sgd) }
    }
}

impl<const P: usize> Optimizer for Sgd<P> {
    const PLANES: usize = P;

    /// The velocity takes part of the gradient with each tile. Nesterov's form needs the whole of it.
    fn takes_parts(self) -> bool {
        P == 1 && !self.nesterov
    }

    #[inline(always)]
    fn step<L: Lanes>(self, lanes: L, part: Part, gradient: L::Vector, state: &mut State<L::Vector>) -> L::Vector {
        let rate = lanes.splat(-part.rate);
        if P == 0 {
            return lanes.mul(rate, gradient);
        }
        let momentum = lanes.splat(self.momentum);
        let carried = if part.first { lanes.mul(momentum, state[0]) } else { state[0] };
        state[0] = lanes.mul_add(rate, gradient, carried);
        if self.nesterov { lanes.mul_add(rate, gradient, lanes.mul(momentum, state[0])) } else { state[0] }
    }
}

//! Gradients of older parameters, brought closer to those of the current ones.
//!
//! Source: Zheng et al. 2017 ("Asynchronous Stochastic Gradient Descent with Delay Compensation").

use crate::base::simd::{Kernel, LANES, Lanes, dispatch};
use crate::base::status::{Outcome, Status, ensure};

struct Compensate<'a> {
    gradient: &'a mut [f32],
    now: &'a [f32],
    then: &'a [f32],
    strength: f32,
}

impl Kernel for Compensate<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, _: L) {
        for ((gradient, now), then) in self.gradient.iter_mut().zip(self.now).zip(self.then) {
            let g = *gradient;
            // Not fused anywhere: each operation is rounded.
            *gradient = g + self.strength * g * g * (now - then);
        }
    }
}

/// `g ← g + λ·g²·(now − then)`: a first-order step from the parameters a gradient was computed with to those it is
/// applied to, with g² in place of the second derivatives.
///
/// A gradient of 0 stays 0. Element by element, each operation rounded: the same bits on every instruction set.
///
/// # Errors
/// [`Status::Length`] when the lengths differ.
pub fn compensate(gradient: &mut [f32], now: &[f32], then: &[f32], strength: f32) -> Outcome {
    ensure(now.len() == gradient.len() && then.len() == gradient.len(), Status::Length)?;
    let blocks = gradient.chunks_mut(LANES << 8).zip(now.chunks(LANES << 8)).zip(then.chunks(LANES << 8));
    for ((gradient, now), then) in blocks {
        dispatch(Compensate { gradient, now, then, strength });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compensate_moves_each_gradient_as_the_formula_says_to_the_bit() {
        for len in [0, 1, 15, 16, 17, 5000] {
            let gradient: Vec<f32> = (0..len).map(|at| ((at * 37) % 101) as f32 / 17.0 - 2.9).collect();
            let now: Vec<f32> = (0..len).map(|at| ((at * 53) % 97) as f32 * 0.013 - 0.6).collect();
            let then: Vec<f32> = (0..len).map(|at| ((at * 29) % 89) as f32 * 0.011 - 0.4).collect();
            for strength in [0.04, 2.0] {
                let mut found = gradient.clone();
                compensate(&mut found, &now, &then, strength).unwrap();
                for at in 0..len {
                    let squared = std::hint::black_box(strength * gradient[at]) * gradient[at];
                    let expected = gradient[at] + std::hint::black_box(squared * (now[at] - then[at]));
                    assert_eq!(found[at].to_bits(), expected.to_bits(), "element {at} of {len}");
                }
            }
        }
    }

    #[test]
    fn compensate_leaves_gradients_of_parameters_that_have_not_moved_and_those_of_zero() {
        let mut gradient = vec![1.5, 0.0, -3.0];
        compensate(&mut gradient, &[0.1, 7.0, -0.2], &[0.1, -7.0, -0.2], 0.04).unwrap();
        assert_eq!(gradient, [1.5, 0.0, -3.0]);
    }

    #[test]
    fn compensate_refuses_arrays_that_do_not_fit() {
        assert_eq!(compensate(&mut [1.0, 2.0], &[0.0], &[0.0, 0.0], 1.0), Err(Status::Length));
        assert_eq!(compensate(&mut [1.0, 2.0], &[0.0, 0.0], &[0.0], 1.0), Err(Status::Length));
    }
}

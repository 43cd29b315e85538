//! Draws in proportion to given weights in constant time: Walker's alias tables, built as Vose (1991) does.

use crate::base::random::Stream;
use crate::base::status::{Status, scratch};

/// For each number how likely it keeps a draw of its own, and who gets the rest.
pub struct AliasTable {
    kept: Vec<f64>,
    alias: Vec<u32>,
}

impl AliasTable {
    /// The table of `weights`, which count by their distance from zero; none where their sum is zero or not finite.
    ///
    /// O(weights), 20 bytes of scratch each.
    ///
    /// # Errors
    /// [`Status::Memory`].
    pub fn new(weights: &[f32]) -> Result<Option<Self>, Status> {
        let sum: f64 = weights.iter().map(|&weight| f64::from(weight.abs())).sum();
        if sum == 0.0 || !sum.is_finite() {
            return Ok(None);
        }
        let mut kept = scratch::<f64>(weights.len())?;
        let mut alias = scratch::<u32>(weights.len())?;
        // Those below the mean from the front, the others from the back.
        let mut stacks = scratch::<u32>(weights.len())?;
        let (mut small, mut large) = (0, weights.len());
        for (at, (share, weight)) in kept.iter_mut().zip(weights).enumerate() {
            *share = f64::from(weight.abs()) / sum * weights.len() as f64;
            if *share < 1.0 {
                stacks[small] = at as u32;
                small += 1;
            } else {
                large -= 1;
                stacks[large] = at as u32;
            }
        }
        while small > 0 && large < weights.len() {
            let (poor, rich) = (stacks[small - 1] as usize, stacks[large] as usize);
            small -= 1;
            alias[poor] = rich as u32;
            kept[rich] -= 1.0 - kept[poor];
            if kept[rich] < 1.0 {
                large += 1;
                stacks[small] = rich as u32;
                small += 1;
            }
        }
        // What is left differs from 1 by rounding alone; a weight of zero is never drawn, however that went.
        let fallback = stacks.get(large).copied();
        for &at in &stacks[..small] {
            let at = at as usize;
            if weights[at] != 0.0 {
                kept[at] = 1.0;
            } else {
                alias[at] = fallback.unwrap_or_else(|| heaviest(weights));
            }
        }
        stacks[large..].iter().for_each(|&at| kept[at as usize] = 1.0);
        Ok(Some(Self { kept, alias }))
    }

    /// A number, as often as its weight says.
    #[inline]
    pub fn draw(&self, stream: &mut Stream) -> u32 {
        let at = stream.below(self.kept.len() as u64) as usize;
        if stream.unit() < self.kept[at] { at as u32 } else { self.alias[at] }
    }
}

fn heaviest(weights: &[f32]) -> u32 {
    let most = |best: usize, at: usize| if weights[at].abs() > weights[best].abs() { at } else { best };
    (0..weights.len()).fold(0, most) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_come_in_proportion_and_weights_of_zero_never() {
        let mut stream = Stream::new(3);
        let mut weights: Vec<f32> = (0..200).map(|_| stream.normal() as f32).collect();
        weights.iter_mut().step_by(3).for_each(|weight| *weight = 0.0);
        weights[7] = 100.0;
        let table = AliasTable::new(&weights).unwrap().unwrap();
        let sum: f64 = weights.iter().map(|&weight| f64::from(weight.abs())).sum();
        let mut hits = [0u32; 200];
        let draws = 400_000;
        (0..draws).for_each(|_| hits[table.draw(&mut stream) as usize] += 1);
        for (&weight, &hit) in weights.iter().zip(&hits) {
            let expected = f64::from(weight.abs()) / sum * f64::from(draws);
            // Six standard deviations.
            assert!((f64::from(hit) - expected).abs() <= 6.0 * expected.sqrt(), "{hit} of {expected}");
        }
    }

    #[test]
    fn there_is_nothing_to_draw_by_where_all_weights_are_zero_or_one_is_not_finite() {
        for weights in [&[] as &[f32], &[0.0, -0.0], &[1.0, f32::NAN], &[f32::INFINITY]] {
            assert!(AliasTable::new(weights).unwrap().is_none());
        }
        let single = AliasTable::new(&[0.0, 1e-30, 0.0]).unwrap().unwrap();
        let mut stream = Stream::new(1);
        assert!((0..1_000).all(|_| single.draw(&mut stream) == 1));
    }
}

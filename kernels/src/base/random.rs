//! Counter-based random numbers: the value is a function of the key and the place, never of who asks first.

/// What a stream is for; keeps the streams of one seed apart.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
pub enum Purpose {
    /// Which connections exist at the start.
    Structure = 1,
    /// Values of new connections.
    Weights = 2,
    /// The order of the samples.
    Shuffle = 3,
    /// Which units a step drops.
    Dropout = 4,
    /// Which absent places evolution fills.
    Growth = 5,
    /// Rotation, shift and flip of an image.
    Augment = 6,
    /// Made-up data.
    Generator = 7,
    /// Signs of samples in signed sums.
    Signs = 9,
}

/// Mixes 64 bits so that close inputs give unrelated outputs (the finaliser of SplitMix64, Steele et al. 2014).
#[inline]
pub fn mix(value: u64) -> u64 {
    let z = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The key of a stream: a seed, a purpose and where it is used (layer, epoch, row …).
pub fn key(seed: u64, purpose: Purpose, place: &[u64]) -> u64 {
    place.iter().fold(mix(seed ^ mix(purpose as u64)), |state, &part| mix(state ^ mix(part)))
}

/// A sequence of random numbers, fully given by its key.
#[derive(Clone, Debug)]
pub struct Stream {
    key: u64,
    counter: u64,
}

impl Stream {
    /// The stream of `key`, at its beginning.
    pub fn new(key: u64) -> Self {
        Self { key, counter: 0 }
    }

    /// The next 64 random bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        self.counter += 1;
        mix(self.key ^ self.counter.wrapping_mul(0xD134_2543_DE82_EF95))
    }

    /// Uniform in `[0, 1)`, 53 bits.
    #[inline]
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Uniform in `[0, bound)` without bias (Lemire 2019); `bound` is at least 1.
    #[inline]
    pub fn below(&mut self, bound: u64) -> u64 {
        let mut product = u128::from(self.bits()) * u128::from(bound);
        if (product as u64) < bound {
            let threshold = bound.wrapping_neg() % bound;
            while (product as u64) < threshold {
                product = u128::from(self.bits()) * u128::from(bound);
            }
        }
        (product >> 64) as u64
    }

    /// Standard normal (Box–Muller; one of the pair is used, so that a draw has a fixed cost).
    #[inline]
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }
}

/// Writes a uniformly random order of `0..order.len()` (Fisher–Yates).
pub fn shuffle(order: &mut [u32], stream: &mut Stream) {
    for (index, slot) in order.iter_mut().enumerate() {
        *slot = index as u32;
    }
    for last in (1..order.len()).rev() {
        order.swap(last, stream.below(last as u64 + 1) as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_is_uniform() {
        let mut stream = Stream::new(key(1, Purpose::Growth, &[2, 3]));
        let mut counts = [0u32; 7];
        (0..70_000).for_each(|_| counts[stream.below(7) as usize] += 1);
        // Standard deviation of a count is 92.6; six of them.
        assert!(counts.iter().all(|&count| count.abs_diff(10_000) < 556), "{counts:?}");
    }

    #[test]
    fn normal_has_zero_mean_and_unit_variance() {
        let mut stream = Stream::new(9);
        let draws: Vec<f64> = (0..100_000).map(|_| stream.normal()).collect();
        let mean = draws.iter().sum::<f64>() / 1e5;
        let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 1e5;
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.03, "{mean} {variance}");
    }

    #[test]
    fn shuffle_is_a_permutation_and_depends_on_the_key() {
        let (mut one, mut two) = ([0; 100], [0; 100]);
        shuffle(&mut one, &mut Stream::new(1));
        shuffle(&mut two, &mut Stream::new(2));
        assert_ne!(one, two);
        one.sort_unstable();
        assert!(one.iter().enumerate().all(|(index, &value)| index as u32 == value));
    }
}

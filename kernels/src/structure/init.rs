//! How a layer begins: an Erdős–Rényi structure and initial weights, both in O(connections).
//!
//! Row `i` of layer `l` is drawn from its own counter-based stream, so rows can be made in any order.

use std::ops::Range;

use crate::base::pool::{chunk_count, run_chunks};
use crate::base::random::{Purpose, Stream, key, mix};
use crate::base::shared::SharedSlice;
use crate::base::status::{Outcome, Status, ensure};

/// Connections (and rows) that one chunk should hold.
const GRAIN: usize = 1 << 15;

/// Where initial values come from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Initializer {
    /// Uniform in ±scale.
    Uniform(f64),
    /// Normal with mean 0 and standard deviation scale.
    Normal(f64),
}

impl Initializer {
    /// The initialiser of an ABI code: 0 uniform, 1 normal.
    ///
    /// # Errors
    /// [`Status::Range`] for another code, or a scale that is negative or not finite.
    pub fn from_code(kind: u32, scale: f64) -> Result<Self, Status> {
        ensure(scale.is_finite() && scale >= 0.0, Status::Range)?;
        match kind {
            0 => Ok(Self::Uniform(scale)),
            1 => Ok(Self::Normal(scale)),
            _ => Err(Status::Range),
        }
    }

    /// The value at `position` under `key`; depends on nothing else. A scale of 0 gives +0, drawing nothing.
    #[inline]
    pub fn value(self, key: u64, position: u64) -> f32 {
        if matches!(self, Self::Uniform(0.0) | Self::Normal(0.0)) {
            return 0.0;
        }
        let mut stream = Stream::new(key ^ mix(position));
        match self {
            Self::Uniform(scale) => ((2.0 * stream.unit() - 1.0) * scale) as f32,
            Self::Normal(scale) => (stream.normal() * scale) as f32,
        }
    }
}

/// Writes initial values; `values[i]` is a function of the seed, the layer and `i` alone.
///
/// # Errors
/// [`Status::Panic`] only.
pub fn init_values(values: &mut [f32], initializer: Initializer, seed: u64, layer: u64, threads: usize) -> Outcome {
    let key = key(seed, Purpose::Weights, &[layer]);
    let len = values.len();
    let chunks = chunk_count(len, GRAIN);
    let values = SharedSlice::new(values);
    run_chunks(threads, chunks, &|chunk| {
        let range = part(len, chunks, chunk);
        // SAFETY: the parts of different chunks do not overlap.
        let here = unsafe { values.range(range.clone()) };
        for (value, position) in here.iter_mut().zip(range) {
            *value = initializer.value(key, position as u64);
        }
    })
}

/// Draws how many connections each row has: writes `indptr` `[inputs + 1]` and returns nnz.
///
/// Each of the `neurons` places of a row holds a connection with the given probability. Expected cost:
/// O(inputs + nnz).
///
/// # Errors
/// [`Status::Range`] when the probability lies outside `[0, 1]`, or sizes or nnz pass `u32::MAX`;
/// [`Status::Length`] when `indptr` is empty.
pub fn erdos_renyi_count(
    neurons: usize,
    probability: f64,
    seed: u64,
    layer: u64,
    threads: usize,
    indptr: &mut [u32],
) -> Result<usize, Status> {
    let rows = RowLaw::new(neurons, probability, seed, layer)?;
    ensure(!indptr.is_empty(), Status::Length)?;
    indptr[0] = 0;
    let inputs = indptr.len() - 1;
    ensure(u32::try_from(inputs).is_ok(), Status::Range)?;
    // Refuse before the work where the outcome is beyond doubt (ten standard deviations past the limit).
    let expected = inputs as f64 * neurons as f64 * probability;
    ensure(expected - 10.0 * expected.sqrt() <= f64::from(u32::MAX), Status::Range)?;
    let chunks = chunk_count(inputs + expected as usize, GRAIN);
    let counts = SharedSlice::new(&mut indptr[1..]);
    run_chunks(threads, chunks, &|chunk| {
        let range = part(inputs, chunks, chunk);
        // SAFETY: the rows of different chunks do not overlap.
        let counts = unsafe { counts.range(range.clone()) };
        for (count, row) in counts.iter_mut().zip(range) {
            *count = 0;
            rows.draw(row, |_| *count += 1);
        }
    })?;
    let mut nnz = 0u32;
    for end in &mut indptr[1..] {
        nnz = nnz.checked_add(*end).ok_or(Status::Range)?;
        *end = nnz;
    }
    Ok(nnz as usize)
}

/// Writes the target neurons that [`erdos_renyi_count`] has counted with the same arguments.
///
/// # Errors
/// [`Status::Length`] when `indices` is shorter than nnz; [`Status::Structure`] when `indptr` was not counted with
/// these arguments.
pub fn erdos_renyi_fill(
    indptr: &[u32],
    neurons: usize,
    probability: f64,
    seed: u64,
    layer: u64,
    threads: usize,
    indices: &mut [u32],
) -> Outcome {
    let law = RowLaw::new(neurons, probability, seed, layer)?;
    let nnz = *indptr.last().ok_or(Status::Length)? as usize;
    ensure(nnz <= indices.len(), Status::Length)?;
    ensure(indptr[0] == 0 && indptr.is_sorted(), Status::Structure)?;
    let inputs = indptr.len() - 1;
    let chunks = chunk_count(inputs + nnz, GRAIN);
    let mut misfits = vec![0u8; chunks];
    {
        let indices = SharedSlice::new(indices);
        let misfits = SharedSlice::new(&mut misfits);
        run_chunks(threads, chunks, &|chunk| {
            let range = part(inputs, chunks, chunk);
            let base = indptr[range.start] as usize;
            // SAFETY: the rows of different chunks do not overlap, nor do their connections; one mark a chunk.
            let (indices, misfit) =
                unsafe { (indices.range(base..indptr[range.end] as usize), misfits.range(chunk..chunk + 1)) };
            for row in range {
                let places = &mut indices[indptr[row] as usize - base..indptr[row + 1] as usize - base];
                let mut count = 0;
                law.draw(row, |target| {
                    if let Some(place) = places.get_mut(count) {
                        *place = target;
                    }
                    count += 1;
                });
                misfit[0] |= u8::from(count != places.len());
            }
        })?;
    }
    ensure(misfits.iter().all(|&misfit| misfit == 0), Status::Structure)
}

/// Equal part `chunk` of `chunks` of `0..len`.
fn part(len: usize, chunks: usize, chunk: usize) -> Range<usize> {
    len * chunk / chunks..len * (chunk + 1) / chunks
}

/// The law of one row: each place holds a connection with the same probability.
struct RowLaw {
    neurons: u64,
    probability: f64,
    /// 1 / ln(1 − probability), which turns −ln of a uniform number into a geometric gap.
    inverse_log: f64,
    key: u64,
}

impl RowLaw {
    fn new(neurons: usize, probability: f64, seed: u64, layer: u64) -> Result<Self, Status> {
        ensure((0.0..=1.0).contains(&probability), Status::Range)?;
        ensure(u32::try_from(neurons).is_ok(), Status::Range)?;
        let inverse_log = (-probability).ln_1p().recip();
        let key = key(seed, Purpose::Structure, &[layer]);
        Ok(Self { neurons: neurons as u64, probability, inverse_log, key })
    }

    /// Calls `found(target)` for each connection of `row`, ascending, by jumping over the gaps between them.
    #[inline]
    fn draw(&self, row: usize, mut found: impl FnMut(u32)) {
        if self.probability >= 1.0 {
            (0..self.neurons as u32).for_each(found);
            return;
        }
        if self.probability <= 0.0 {
            return;
        }
        let mut stream = Stream::new(mix(self.key ^ mix(row as u64)));
        let mut place = 0;
        while place < self.neurons {
            let gap = (1.0 - stream.unit()).ln() * self.inverse_log;
            // Also ends the row when the gap is no number (probability so small that its logarithm is 0).
            let inside = gap < (self.neurons - place) as f64;
            if !inside {
                return;
            }
            place += gap as u64;
            found(place as u32);
            place += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::structure::csr::validate;

    fn make(inputs: usize, neurons: usize, probability: f64, threads: usize) -> (Vec<u32>, Vec<u32>) {
        let mut indptr = vec![9; inputs + 1];
        let nnz = erdos_renyi_count(neurons, probability, 3, 2, threads, &mut indptr).unwrap();
        let mut indices = vec![u32::MAX; nnz];
        erdos_renyi_fill(&indptr, neurons, probability, 3, 2, threads, &mut indices).unwrap();
        (indptr, indices)
    }

    #[test]
    fn erdos_renyi_is_valid_for_all_shapes_and_equal_for_all_threads() {
        for (inputs, neurons) in [(0, 0), (0, 3), (3, 0), (1, 1), (1, 1000), (1000, 1), (97, 61), (3000, 2000)] {
            for probability in [0.0, 1e-300, 1e-6, 0.02, 0.7, 1.0] {
                let (indptr, indices) = make(inputs, neurons, probability, 1);
                assert_eq!(validate(&indptr, &indices, inputs, neurons), Ok(()));
                for threads in [2, 8] {
                    assert_eq!(make(inputs, neurons, probability, threads), (indptr.clone(), indices.clone()));
                }
                let mean = inputs as f64 * neurons as f64 * probability;
                // Six standard deviations of a binomial count.
                let bound = 6.0 * (mean * (1.0 - probability)).sqrt();
                assert!((indices.len() as f64 - mean).abs() <= bound + 1e-9, "{} {mean}", indices.len());
            }
        }
    }

    #[test]
    fn erdos_renyi_reaches_each_place_equally_often() {
        let mut hits = [0u32; 12];
        for seed in 0..20_000 {
            let mut indptr = [0; 4];
            let nnz = erdos_renyi_count(4, 0.3, seed, 1, 1, &mut indptr).unwrap();
            let mut indices = vec![0; nnz];
            erdos_renyi_fill(&indptr, 4, 0.3, seed, 1, 1, &mut indices).unwrap();
            for row in 0..3 {
                for &target in &indices[indptr[row] as usize..indptr[row + 1] as usize] {
                    hits[row * 4 + target as usize] += 1;
                }
            }
        }
        // Mean 6,000, standard deviation 64.8; six of them.
        assert!(hits.iter().all(|&count| count.abs_diff(6_000) < 389), "{hits:?}");
    }

    #[test]
    fn erdos_renyi_refuses_what_cannot_be() {
        let mut indptr = [0; 3];
        for probability in [-0.1, 1.1, f64::NAN] {
            assert_eq!(erdos_renyi_count(5, probability, 1, 1, 1, &mut indptr), Err(Status::Range));
        }
        assert_eq!(erdos_renyi_count(1 << 31, 1.0, 1, 1, 1, &mut [0; 4]), Err(Status::Range));
        assert_eq!(erdos_renyi_count(1 << 32, 0.0, 1, 1, 1, &mut indptr), Err(Status::Range));
        assert_eq!(erdos_renyi_count(5, 0.5, 1, 1, 1, &mut []), Err(Status::Length));
        let nnz = erdos_renyi_count(500, 0.5, 1, 1, 1, &mut indptr).unwrap();
        let mut indices = vec![0; nnz];
        assert_eq!(erdos_renyi_fill(&indptr, 500, 0.5, 1, 1, 1, &mut indices[1..]), Err(Status::Length));
        assert_eq!(erdos_renyi_fill(&indptr, 500, 0.5, 2, 1, 1, &mut indices), Err(Status::Structure));
    }

    #[test]
    fn values_follow_their_distribution_and_depend_on_the_place_alone() {
        let mut one = vec![0.0; 100_001];
        init_values(&mut one, Initializer::Uniform(0.5), 1, 2, 1).unwrap();
        let mean = one.iter().map(|&x| f64::from(x)).sum::<f64>() / 1e5;
        let square = one.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / 1e5;
        assert!(one.iter().all(|x| x.abs() <= 0.5));
        // Variance 1/12; bounds are about six standard deviations of the two estimates.
        assert!(mean.abs() < 0.0055 && (square - 1.0 / 12.0).abs() < 0.0015, "{mean} {square}");

        let mut normal = vec![0.0; 100_001];
        init_values(&mut normal, Initializer::Normal(0.1), 1, 2, 1).unwrap();
        let square = normal.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / 1e5;
        assert!((square - 0.01).abs() < 0.0003, "{square}");

        for threads in [2, 8] {
            let mut again = vec![0.0; 70_000];
            init_values(&mut again, Initializer::Uniform(0.5), 1, 2, threads).unwrap();
            assert_eq!(again[..], one[..70_000]);
        }
        let mut other = vec![0.0; 10];
        init_values(&mut other, Initializer::Uniform(0.5), 1, 3, 1).unwrap();
        assert_ne!(other[..], one[..10]);
    }

    #[test]
    fn an_initializer_needs_a_known_kind_and_a_finite_scale() {
        assert_eq!(Initializer::from_code(1, 0.1), Ok(Initializer::Normal(0.1)));
        for (kind, scale) in [(2, 0.1), (0, -1.0), (0, f64::NAN), (1, f64::INFINITY)] {
            assert_eq!(Initializer::from_code(kind, scale), Err(Status::Range));
        }
    }
}

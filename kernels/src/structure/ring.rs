//! Receptive fields: each neuron is connected with inputs near its own place, on a ring.
//!
//! Source: Zhang et al. 2025 (Bipartite Receptive Field). Deviation: all neurons of a layer have equally many connections,
//! up to one, so that their number is exact and no draw depends on another neuron's.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::base::pool::{chunk_count, run_chunks};
use crate::base::random::{Purpose, Stream, key, mix};
use crate::base::shared::SharedSlice;
use crate::base::status::{Outcome, Status, ensure, scratch};

/// Connections (or inputs of a tree of weights) that one chunk should hold.
const GRAIN: usize = 1 << 15;

/// The most inputs of a layer; each thread has a tree of weights over them.
const MOST_INPUTS: usize = 1 << 24;

/// A layer of receptive fields.
#[derive(Clone, Copy, Debug)]
pub struct Ring {
    /// Inputs of the layer.
    pub inputs: usize,
    /// Its neurons.
    pub neurons: usize,
    /// How fast the probability falls: (1 + distance)^−`exponent`; infinite for the nearest alone.
    pub exponent: f64,
    /// Seed of the model.
    pub seed: u64,
    /// Number of the layer.
    pub layer: u64,
}

/// Writes the places of exactly `rows.len()` connections, in matrix order.
///
/// Of k connections of m neurons, neuron j has those from ⌊k·j/m⌋ up to ⌊k·(j + 1)/m⌋. They are drawn without
/// replacement among the n inputs, with probability in proportion to (1 + d)^−exponent: d is the distance to the input
/// ⌊(2j + 1)·n/(2m)⌋ on a ring of n. O(k·log n + n) time, 4 bytes of scratch a connection and 17 to 33 bytes an input and
/// thread. The same for any number of threads.
///
/// # Errors
/// [`Status::Range`] when there are fewer places than connections, more than 2²⁴ inputs or 2³² − 1 neurons;
/// [`Status::Length`] when the lists differ in length; [`Status::Memory`].
pub fn ring_places(ring: Ring, rows: &mut [u32], columns: &mut [u32], threads: usize) -> Outcome {
    let Ring { inputs, neurons, exponent, seed, layer } = ring;
    let count = rows.len();
    ensure(columns.len() == count, Status::Length)?;
    ensure(inputs <= MOST_INPUTS && u32::try_from(neurons).is_ok(), Status::Range)?;
    ensure(exponent >= 0.0 && count as u128 <= inputs as u128 * neurons as u128, Status::Range)?;
    if count == 0 {
        return Ok(());
    }
    let field = |neuron: usize| (count as u128 * neuron as u128 / neurons as u128) as usize;
    let centre = |neuron: usize| ((2 * neuron as u128 + 1) * inputs as u128 / (2 * neurons as u128)) as usize;
    let weights = Weights::new(inputs, exponent)?;
    let key = key(seed, Purpose::Structure, &[layer]);
    let mut sources = scratch::<u32>(count)?;
    let chunks = chunk_count(count + neurons, GRAIN.max(inputs)).min(neurons);
    let memory = SharedSlice::new(&mut sources);
    let starved = AtomicBool::new(false);
    run_chunks(threads, chunks, &|chunk| {
        let own = neurons * chunk / chunks..neurons * (chunk + 1) / chunks;
        let (Ok(mut left), Ok(mut taken)) = (weights.copy(), scratch::<bool>(inputs)) else {
            starved.store(true, Ordering::Relaxed);
            return;
        };
        for neuron in own {
            // SAFETY: neurons share no connections.
            let sources = unsafe { memory.range(field(neuron)..field(neuron + 1)) };
            let mut stream = Stream::new(mix(key ^ mix(neuron as u64)));
            left.draw(sources, &weights, &mut taken, &mut stream);
            for source in &mut *sources {
                *source = ((offset(*source as usize, inputs) + centre(neuron)) % inputs) as u32;
            }
            sources.sort_unstable();
        }
    })?;
    ensure(!starved.into_inner(), Status::Memory)?;
    let mut starts = scratch::<u32>(inputs + 1)?;
    for &source in &sources {
        starts[source as usize + 1] += 1;
    }
    for input in 0..inputs {
        starts[input + 1] += starts[input];
        rows[starts[input] as usize..starts[input + 1] as usize].fill(input as u32);
    }
    for neuron in 0..neurons {
        for &source in &sources[field(neuron)..field(neuron + 1)] {
            let next = &mut starts[source as usize];
            columns[*next as usize] = neuron as u32;
            *next += 1;
        }
    }
    Ok(())
}

/// The `rank`-th nearest input, as what is to be added to the centre on a ring: 0, +1, −1, +2, −2 …
fn offset(rank: usize, inputs: usize) -> usize {
    let distance = rank.div_ceil(2);
    if rank % 2 == 1 { distance } else { inputs - distance }
}

/// A tree of sums over the weights of inputs by their rank, from which a draw takes one away.
struct Weights {
    /// Sums of pairs, the root at 1; leaves from `leaves` on. Sums are formed anew, never subtracted from: what is left of
    /// large weights does not hide small ones.
    sums: Vec<f64>,
    leaves: usize,
}

impl Weights {
    fn new(inputs: usize, exponent: f64) -> Result<Self, Status> {
        let leaves = inputs.next_power_of_two();
        let mut sums = scratch::<f64>(2 * leaves)?;
        for (rank, weight) in sums[leaves..leaves + inputs].iter_mut().enumerate() {
            // The standard library's power is the platform's: other last bits, other draws.
            *weight = libm::pow(1.0 + rank.div_ceil(2) as f64, -exponent);
        }
        for node in (1..leaves).rev() {
            sums[node] = sums[2 * node] + sums[2 * node + 1];
        }
        Ok(Self { sums, leaves })
    }

    fn copy(&self) -> Result<Self, Status> {
        let mut sums = scratch::<f64>(self.sums.len())?;
        sums.copy_from_slice(&self.sums);
        Ok(Self { sums, leaves: self.leaves })
    }

    fn of(&self, rank: u32) -> f64 {
        self.sums[self.leaves + rank as usize]
    }

    fn set(&mut self, rank: u32, weight: f64) {
        let mut node = self.leaves + rank as usize;
        self.sums[node] = weight;
        while node > 1 {
            node /= 2;
            self.sums[node] = self.sums[2 * node] + self.sums[2 * node + 1];
        }
    }

    /// A rank, drawn by the weights; undefined where there are none.
    fn find(&self, unit: f64) -> u32 {
        let mut target = unit * self.sums[1];
        let mut node = 1;
        while node < self.leaves {
            let (left, right) = (self.sums[2 * node], self.sums[2 * node + 1]);
            let goes_left = right == 0.0 || (left > 0.0 && target < left);
            target -= if goes_left { 0.0 } else { left };
            node = 2 * node + usize::from(!goes_left);
        }
        (node - self.leaves) as u32
    }

    /// Draws as many different ranks as there is room for; where only weights of 0 are left, the nearest of those.
    ///
    /// `taken` has a false for each input. Both it and the weights are as before then.
    fn draw(&mut self, ranks: &mut [u32], original: &Self, taken: &mut [bool], stream: &mut Stream) {
        let mut nearest = 0;
        for slot in &mut *ranks {
            let rank = if self.sums[1] > 0.0 {
                self.find(stream.unit())
            } else {
                while taken[nearest] {
                    nearest += 1;
                }
                nearest as u32
            };
            *slot = rank;
            taken[rank as usize] = true;
            self.set(rank, 0.0);
        }
        for &rank in &*ranks {
            taken[rank as usize] = false;
            self.set(rank, original.of(rank));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(ring: Ring, count: usize, threads: usize) -> Vec<(u32, u32)> {
        let (mut rows, mut columns) = (vec![9; count], vec![9; count]);
        ring_places(ring, &mut rows, &mut columns, threads).unwrap();
        rows.into_iter().zip(columns).collect()
    }

    fn ring(inputs: usize, neurons: usize, exponent: f64) -> Ring {
        Ring { inputs, neurons, exponent, seed: 3, layer: 1 }
    }

    #[test]
    fn weights_have_the_same_bits_on_every_platform() {
        let mut bits = 0u64;
        for exponent in [0.3, 1.0, 1.7, 2.5, 40.0] {
            for weight in &Weights::new(1_000, exponent).unwrap().sums[1..] {
                bits = mix(bits ^ weight.to_bits());
            }
        }
        assert_eq!(bits, 0xa758_05d7_0ce9_f01c);
    }

    #[test]
    fn places_are_exact_sorted_distinct_and_equal_for_all_threads() {
        for (inputs, neurons) in [(1, 1), (1, 9), (9, 1), (8, 8), (7, 30), (300, 200)] {
            for exponent in [0.0, 1.0, 40.0, 3_000.0, f64::INFINITY] {
                for count in [0, 1, inputs * neurons / 3, inputs * neurons] {
                    let found = places(ring(inputs, neurons, exponent), count, 1);
                    assert!(found.windows(2).all(|pair| pair[0] < pair[1]), "{inputs} {neurons} {exponent} {count}");
                    assert!(found.iter().all(|&(row, column)| (row as usize) < inputs && (column as usize) < neurons));
                    let mut degrees = vec![0; neurons];
                    found.iter().for_each(|&(_, column)| degrees[column as usize] += 1);
                    let (least, most) = (degrees.iter().min().unwrap(), degrees.iter().max().unwrap());
                    assert!(most - least <= 1);
                    assert_eq!(places(ring(inputs, neurons, exponent), count, 8), found);
                }
            }
        }
        let mut none: [u32; 0] = [];
        assert_eq!(ring_places(ring(2, 2, 1.0), &mut [0; 5], &mut [0; 5], 1), Err(Status::Range));
        assert_eq!(ring_places(ring(2, 2, 1.0), &mut [0; 2], &mut none, 1), Err(Status::Length));
        assert_eq!(ring_places(ring(2, 2, f64::NAN), &mut [0; 2], &mut [0; 2], 1), Err(Status::Range));
    }

    #[test]
    fn an_infinite_exponent_gives_a_band_around_the_diagonal() {
        // Three of nine inputs: the one below the neuron's own place and its two neighbours.
        for (row, column) in places(ring(9, 18, f64::INFINITY), 54, 1) {
            let centre = (2 * column + 1) * 9 / 36;
            let distance = row.abs_diff(centre).min(9 - row.abs_diff(centre));
            assert!(distance <= 1, "{row} {column}");
        }
    }

    #[test]
    fn distances_follow_their_probability() {
        // One connection a neuron: P(d) ∝ (1 + d)^−2 over a ring of five.
        let mut counts = [0u32; 3];
        for (row, column) in places(ring(5, 50_000, 2.0), 50_000, 2) {
            let centre = (2 * column + 1) * 5 / 100_000;
            let distance = row.abs_diff(centre);
            counts[distance.min(5 - distance) as usize] += 1;
        }
        let weights = [1.0, 2.0 / 4.0, 2.0 / 9.0];
        let sum: f64 = weights.iter().sum();
        for (count, weight) in counts.into_iter().zip(weights) {
            let (mean, p) = (50_000.0 * weight / sum, weight / sum);
            // Six standard deviations.
            assert!((f64::from(count) - mean).abs() < 6.0 * (mean * (1.0 - p)).sqrt(), "{count} {mean}");
        }
    }
}

//! Made-up data to classify: clusters at the corners of a hypercube, hidden among noise.
//!
//! The design is Guyon's for the NIPS 2003 feature selection challenge (Madelon), with the parameters that
//! scikit-learn's `make_classification` made familiar. Every number is a function of the seed and its place, so any
//! block of samples can be made on its own, on any number of threads, with the same bits on every machine: nothing
//! here calls the platform's logarithm or cosine.

use crate::base::pool::{chunk_count, run_chunks};
use crate::base::random::{Purpose, Stream, key, mix, shuffle};
use crate::base::shared::SharedSlice;
use crate::base::status::{Outcome, Status, ensure, scratch};

/// Which part of the design a stream draws.
const CORNERS: u64 = 1;
const SPREAD: u64 = 2;
const BLEND: u64 = 3;
const REPEAT: u64 = 4;
const PLACES: u64 = 5;
const TURNS: u64 = 6;
const SAMPLE: u64 = 7;
const NOISE: u64 = 8;

/// Informative features that are enough to give every cluster a corner of its own.
const CORNER_BITS: usize = 20;
/// Numbers of one chunk of work.
const CHUNK_NUMBERS: usize = 1 << 16;

/// What data to make.
#[derive(Clone, Copy, Debug)]
pub struct Design {
    /// Features of each sample.
    pub features: usize,
    /// Features that carry the clusters.
    pub informative: usize,
    /// Features that are random sums of informative ones.
    pub redundant: usize,
    /// Features that are copies of informative or redundant ones.
    pub repeated: usize,
    /// Number of classes.
    pub classes: usize,
    /// Clusters of each class.
    pub clusters_per_class: usize,
    /// Half the side of the hypercube.
    pub class_separation: f64,
    /// Share of samples that get a random class.
    pub label_noise: f64,
    /// Whether columns stand in random order and clusters come in random turns.
    pub shuffle: bool,
    /// Seed of all draws.
    pub seed: u64,
}

/// Samples to make, by their number.
#[derive(Clone, Copy)]
pub struct Chosen<'a> {
    /// Number of the first sample there is.
    pub first: u64,
    /// Which samples, counted from the first one; empty for as many as there are labels, in order.
    pub order: &'a [u32],
}

impl Design {
    /// Columns that are not noise: informative, redundant, repeated, in this order.
    pub fn structured(&self) -> usize {
        self.informative + self.redundant + self.repeated
    }

    fn clusters(&self) -> usize {
        self.classes * self.clusters_per_class
    }

    fn stream(&self, place: &[u64]) -> Stream {
        Stream::new(key(self.seed, Purpose::Generator, place))
    }

    /// Refuses designs without classes, without a corner for each cluster, or with too few features.
    fn check(&self) -> Outcome {
        let limit = u32::MAX as usize;
        let counts = [self.features, self.informative, self.redundant, self.repeated, self.classes];
        ensure(counts.iter().all(|&count| count <= limit) && self.clusters_per_class <= limit, Status::Range)?;
        ensure(self.informative > 0 && self.classes > 0 && self.clusters_per_class > 0, Status::Range)?;
        ensure(self.structured() <= self.features, Status::Range)?;
        ensure(self.clusters() <= 1 << self.informative.min(CORNER_BITS), Status::Range)?;
        ensure(self.class_separation.is_finite() && (0.0..=1.0).contains(&self.label_noise), Status::Range)
    }

    /// Writes the column of each informative, redundant and repeated feature, in this order.
    ///
    /// # Errors
    /// [`Status::Range`] for an impossible design, [`Status::Length`] when `places` is not one slot a feature.
    pub fn places(&self, places: &mut [u32]) -> Outcome {
        self.check()?;
        ensure(places.len() == self.structured(), Status::Length)?;
        if !self.shuffle {
            places.iter_mut().zip(0..).for_each(|(place, column)| *place = column);
            return Ok(());
        }
        let mut order = scratch::<u32>(self.features)?;
        shuffle(&mut order, &mut self.stream(&[PLACES]));
        places.copy_from_slice(&order[..places.len()]);
        Ok(())
    }

    /// Writes the chosen samples and their classes: the same bits for a sample whichever others are chosen.
    ///
    /// `features` is `[samples, features]`, or empty for classes alone; `labels` may be empty where there is an order.
    /// Cost: O(features + informative · (informative + redundant)) a sample.
    ///
    /// # Errors
    /// [`Status::Range`] for an impossible design, [`Status::Length`] when the slices do not agree.
    pub fn generate(&self, chosen: Chosen, features: &mut [f32], labels: &mut [u32], threads: usize) -> Outcome {
        self.check()?;
        let Chosen { first, order } = chosen;
        let samples = if order.is_empty() { labels.len() } else { order.len() };
        ensure(labels.len() == samples || (labels.is_empty() && !features.is_empty()), Status::Length)?;
        ensure(features.is_empty() || samples.checked_mul(self.features) == Some(features.len()), Status::Length)?;
        ensure(first.checked_add(samples.max(u32::MAX as usize) as u64).is_some(), Status::Range)?;
        let number = |row: usize| first + order.get(row).map_or(row as u64, |&sample| u64::from(sample));
        let plan = Plan::new(self)?;
        if features.is_empty() {
            labels.iter_mut().enumerate().for_each(|(row, label)| *label = plan.label(number(row)));
            return Ok(());
        }
        let labelled = !labels.is_empty();
        let chunks = chunk_count(features.len(), CHUNK_NUMBERS).min(samples.max(1));
        let features = SharedSlice::new(features);
        let labels = SharedSlice::new(labels);
        run_chunks(threads, chunks, &|chunk| {
            let rows = samples * chunk / chunks..samples * (chunk + 1) / chunks;
            // SAFETY: each sample belongs to one chunk alone.
            let (block, labels) = unsafe {
                let named = if labelled { rows.clone() } else { 0..0 };
                (features.range(rows.start * self.features..rows.end * self.features), labels.range(named))
            };
            labels.iter_mut().zip(rows.clone()).for_each(|(label, row)| *label = plan.label(number(row)));
            let mut values = vec![0.0; self.structured() + self.informative];
            for (features, row) in block.chunks_exact_mut(self.features).zip(rows) {
                plan.features(number(row), features, &mut values);
            }
        })
    }
}

/// The draws all samples share.
struct Plan<'a> {
    design: &'a Design,
    /// `[clusters, informative]`
    corners: Vec<f64>,
    /// `[informative, redundant]`
    blend: Vec<f64>,
    /// Which structured feature each repeated one copies.
    copied: Vec<usize>,
    places: Vec<u32>,
    /// `[clusters, informative, informative]`
    spread: Vec<f64>,
}

impl<'a> Plan<'a> {
    fn new(design: &'a Design) -> Result<Self, Status> {
        let (clusters, informative) = (design.clusters(), design.informative);
        let uniform = |rows: usize, columns: usize, place: u64| -> Result<Vec<f64>, Status> {
            let mut numbers = scratch::<f64>(rows.checked_mul(columns).ok_or(Status::Memory)?)?;
            let mut stream = design.stream(&[place]);
            numbers.iter_mut().for_each(|number| *number = 2.0 * stream.unit() - 1.0);
            Ok(numbers)
        };
        let mut repeat = design.stream(&[REPEAT]);
        let sources = (informative + design.redundant) as u64;
        let mut places = scratch::<u32>(design.structured())?;
        design.places(&mut places)?;
        Ok(Self {
            design,
            corners: corners(design)?,
            spread: uniform(clusters * informative, informative, SPREAD)?,
            blend: uniform(informative, design.redundant, BLEND)?,
            copied: (0..design.repeated).map(|_| repeat.below(sources) as usize).collect(),
            places,
        })
    }

    /// The cluster of a sample: clusters take turns, in an order drawn anew for each round.
    fn cluster(&self, sample: u64) -> usize {
        let clusters = self.design.clusters();
        let (round, turn) = (sample / clusters as u64, (sample % clusters as u64) as usize);
        if !self.design.shuffle {
            return turn;
        }
        cycle_walk(turn, clusters, key(self.design.seed, Purpose::Generator, &[TURNS, round]))
    }

    /// The class of a sample.
    fn label(&self, sample: u64) -> u32 {
        let Design { label_noise, classes, .. } = *self.design;
        let mut draws = self.design.stream(&[SAMPLE, sample, NOISE]);
        let random = draws.unit() < label_noise;
        if random { draws.below(classes as u64) as u32 } else { (self.cluster(sample) % classes) as u32 }
    }

    /// Writes the features of a sample; `values` has room for the structured ones and the draws behind them.
    fn features(&self, sample: u64, row: &mut [f32], values: &mut [f64]) {
        let design = self.design;
        let informative = design.informative;
        noise(row, key(design.seed, Purpose::Generator, &[NOISE, sample]));
        let (draws, values) = values.split_at_mut(informative);
        let mut normals = [0.0f32; LANES];
        let stream = key(design.seed, Purpose::Generator, &[SAMPLE, sample]);
        for (block, draws) in draws.chunks_mut(LANES).enumerate() {
            normal_block(stream, block as u64, &mut normals);
            draws.iter_mut().zip(normals).for_each(|(draw, normal)| *draw = f64::from(normal));
        }
        let cluster = self.cluster(sample);
        values[..informative].copy_from_slice(&self.corners[cluster * informative..(cluster + 1) * informative]);
        let spread = &self.spread[cluster * informative * informative..];
        add_product(draws, spread, &mut values[..informative]);
        let (source, rest) = values.split_at_mut(informative);
        let (redundant, repeated) = rest.split_at_mut(design.redundant);
        redundant.fill(0.0);
        add_product(source, &self.blend, redundant);
        for (value, &from) in repeated.iter_mut().zip(&self.copied) {
            *value = if from < informative { source[from] } else { redundant[from - informative] };
        }
        for (&place, &value) in self.places.iter().zip(values.iter()) {
            row[place as usize] = value as f32;
        }
    }
}

/// Adds `row · matrix` to `out`; `matrix` is `[row.len(), out.len()]`, perhaps with more behind it.
fn add_product(row: &[f64], matrix: &[f64], out: &mut [f64]) {
    let width = out.len();
    if width == 0 {
        return;
    }
    for (&value, weights) in row.iter().zip(matrix.chunks_exact(width)) {
        out.iter_mut().zip(weights).for_each(|(out, &weight)| *out += value * weight);
    }
}

/// Distinct random corners of the hypercube, one a cluster.
fn corners(design: &Design) -> Result<Vec<f64>, Status> {
    let (clusters, informative) = (design.clusters(), design.informative);
    let mut stream = design.stream(&[CORNERS]);
    let mut corners = scratch::<f64>(clusters.checked_mul(informative).ok_or(Status::Memory)?)?;
    // Low bits tell corners apart; they come from a random order of all their values.
    let bits = informative.min(CORNER_BITS);
    let order = stream.bits();
    for (cluster, corner) in corners.chunks_exact_mut(informative).enumerate() {
        let low = cycle_walk(cluster, 1 << bits, order);
        for (bit, side) in corner.iter_mut().enumerate() {
            let up = if bit < bits { low >> bit & 1 == 1 } else { stream.bits() >> 63 == 1 };
            *side = if up { design.class_separation } else { -design.class_separation };
        }
    }
    Ok(corners)
}

/// The place of `turn` in a random order of `0..count`, found without writing the order down.
///
/// A bijection of the next power of four (four Feistel rounds) is repeated until it lands inside.
fn cycle_walk(turn: usize, count: usize, key: u64) -> usize {
    let half = (usize::BITS - (count - 1).leading_zeros()).div_ceil(2).max(1);
    let mask = (1u64 << half) - 1;
    let mut value = turn as u64;
    loop {
        let (mut left, mut right) = (value >> half, value & mask);
        for round in 0..4 {
            (left, right) = (right, left ^ (mix(key ^ mix(right << 3 | round)) & mask));
        }
        value = left << half | right;
        if value < count as u64 {
            return value as usize;
        }
    }
}

/// Normal numbers made together, a multiple of every vector width.
const LANES: usize = 64;

/// Fills `row` with standard normal numbers.
fn noise(row: &mut [f32], key: u64) {
    let mut block = [0.0f32; LANES];
    for (index, part) in row.chunks_mut(LANES).enumerate() {
        normal_block(key, index as u64, &mut block);
        part.copy_from_slice(&block[..part.len()]);
    }
}

/// Block `block` of the normal numbers of a key: Box–Muller, both of each pair, in plain f32 arithmetic.
fn normal_block(key: u64, block: u64, out: &mut [f32; LANES]) {
    const HALF: usize = LANES / 2;
    let mut radius = [0u32; HALF];
    let mut angle = [0u32; HALF];
    for lane in 0..HALF {
        let counter = block * HALF as u64 + lane as u64 + 1;
        let bits = mix(key ^ counter.wrapping_mul(0xD134_2543_DE82_EF95));
        radius[lane] = bits as u32;
        angle[lane] = (bits >> 32) as u32;
    }
    let (cosines, sines) = out.split_at_mut(HALF);
    for lane in 0..HALF {
        let radius = (-2.0 * ln_unit(radius[lane])).sqrt();
        let (sine, cosine) = sin_cos_turn(angle[lane]);
        cosines[lane] = radius * cosine;
        sines[lane] = radius * sine;
    }
}

/// Natural logarithm of `(bits + ½) / 2³²`, which lies inside (0, 1]; relative error below 2e-7 away from 1.
#[inline]
fn ln_unit(bits: u32) -> f32 {
    // Two halves that f32 holds exactly, so that the sum is rounded once.
    let value = (bits >> 16) as f32 * 65536.0 + ((bits & 0xFFFF) as f32 + 0.5);
    let bits = value.to_bits();
    // Mantissa in [√½, √2).
    let shifted = bits.wrapping_sub(0x3F35_04F3);
    let exponent = (shifted as i32 >> 23) as f32 - 32.0;
    let mantissa = f32::from_bits((shifted & 0x007F_FFFF) + 0x3F35_04F3);
    // ln m = 2 artanh(s), s = (m − 1)/(m + 1), |s| ≤ 0.1716: the odd series to s⁹.
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let square = s * s;
    let series = 2.0 / 3.0 + square * (2.0 / 5.0 + square * (2.0 / 7.0 + square * (2.0 / 9.0)));
    let logarithm = s * (2.0 + square * series);
    (exponent * std::f32::consts::LN_2 + logarithm).min(0.0)
}

/// Sine and cosine of `bits / 2³²` of a turn, absolute error below 1e-6.
#[inline]
fn sin_cos_turn(bits: u32) -> (f32, f32) {
    // An eighth of a turn on either side of the nearest quarter.
    let quarter = bits.wrapping_add(1 << 29) >> 30;
    let rest = bits.wrapping_sub(quarter << 30) as i32;
    let x = rest as f32 * (std::f32::consts::TAU / 4_294_967_296.0);
    let square = x * x;
    let sine = x * (1.0 - square * (1.0 / 6.0 - square * (1.0 / 120.0 - square * (1.0 / 5040.0))));
    let cosine = 1.0 - square * (0.5 - square * (1.0 / 24.0 - square * (1.0 / 720.0 - square * (1.0 / 40320.0))));
    let (first, second) = if quarter & 1 == 1 { (cosine, sine) } else { (sine, cosine) };
    let sign = |negative: u32, value: f32| f32::from_bits(value.to_bits() ^ (negative & 1) << 31);
    (sign(quarter >> 1, first), sign((quarter + 1) >> 1, second))
}

#[cfg(test)]
mod tests;

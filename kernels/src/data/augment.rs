//! Rotated, shifted and mirrored copies of images, made anew for each epoch.
//!
//! Paper: CIFAR-10 (rotation ±10°, shifts ±10 %, horizontal flip). A copy's pixel is read at
//! `R · (pixel − middle + shift) + middle`, bilinearly, the nearest edge pixel beyond the edges, then mirrored: the
//! order and the fill of Keras's `ImageDataGenerator`. Coordinates are worked out once a pixel for all channels, in
//! fixed point; up to four channels travel in the 16-bit lanes of one word, so that one multiplication weighs all.

use std::cell::RefCell;

use crate::base::pool::{MAX_CHUNKS, run_chunks};
use crate::base::random::{Purpose, Stream, key};
use crate::base::shared::SharedSlice;
use crate::base::simd::{Kernel, Lanes, dispatch};
use crate::base::status::{Outcome, Status, ensure};

/// Images of one chunk of work.
const CHUNK_IMAGES: usize = 8;
/// The largest height and width: coordinates have 16 bits before the point.
pub const MAX_SIDE: usize = 8192;
/// Channels that one word carries.
const LANES: usize = 4;
const ONE: f64 = 65536.0;

/// Size of the images; a sample is planar, `[channels, height, width]`.
#[derive(Clone, Copy, Debug)]
pub struct ImageShape {
    /// Number of colours.
    pub channels: usize,
    /// Rows of pixels.
    pub height: usize,
    /// Pixels in a row.
    pub width: usize,
}

/// How much images may change.
#[derive(Clone, Copy, Debug)]
pub struct Augmentation {
    /// The largest rotation either way, in degrees.
    pub rotation_degrees: f64,
    /// The largest shift either way, as a part of height and width.
    pub shift_fraction: f64,
    /// Whether every other image, at random, is mirrored left to right.
    pub flip: bool,
}

/// Where the pixels of one copy come from: `source = column · x + row · y + origin`, 16 bits after the point.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Motion {
    x: [i32; 3],
    y: [i32; 3],
    flip: bool,
}

impl Motion {
    /// The motion by an angle in radians and shifts in pixels.
    fn new(shape: ImageShape, angle: f64, down: f64, right: f64, flip: bool) -> Self {
        let (sine, cosine) = angle.sin_cos();
        let (middle_x, middle_y) = ((shape.width as f64 - 1.0) / 2.0, (shape.height as f64 - 1.0) / 2.0);
        let (shift_x, shift_y) = (right - middle_x, down - middle_y);
        let fixed = |value: f64| (value * ONE).round() as i32;
        // Half a step of the 8-bit weights, which are cut off, not rounded.
        let origin = |value: f64| fixed(value + 0.5 / 256.0);
        Self {
            x: [fixed(cosine), fixed(sine), origin(sine * shift_y + cosine * shift_x + middle_x)],
            y: [fixed(-sine), fixed(cosine), origin(cosine * shift_y - sine * shift_x + middle_y)],
            flip,
        }
    }

    /// The motion of a sample in an epoch.
    fn draw(shape: ImageShape, augmentation: Augmentation, seed: u64, epoch: u64, sample: u32) -> Self {
        let mut stream = Stream::new(key(seed, Purpose::Augment, &[epoch, u64::from(sample)]));
        let mut within = |range: f64| range * (2.0 * stream.unit() - 1.0);
        let angle = within(augmentation.rotation_degrees.to_radians());
        let down = within(augmentation.shift_fraction * shape.height as f64);
        let right = within(augmentation.shift_fraction * shape.width as f64);
        let flip = stream.bits() >> 63 == 1 && augmentation.flip;
        Self::new(shape, angle, down, right, flip)
    }
}

/// Writes augmented copies of the images of a batch.
///
/// `images` is `[images, channels, height, width]`, `batch` names the images to copy, `out` is
/// `[batch, channels, height, width]`. A copy is a function of seed, epoch and image alone: the same bits for any
/// `threads` and any batch. Pixels are within 2 + side / 256 (of 255) of exact interpolation. Cost: about
/// 4 ns a pixel of up to four channels; each thread keeps 16 bytes a pixel of one image.
///
/// # Errors
/// [`Status::Length`] when the slices do not agree; [`Status::Range`] for an image past the last, an empty image or
/// one larger than [`MAX_SIDE`], a batch of over 2²¹ images, a shift over 1 or below 0, or a rotation over 360 or below 0.
pub fn augment(
    images: &[u8],
    shape: ImageShape,
    batch: &[u32],
    augmentation: Augmentation,
    seed: u64,
    epoch: u64,
    out: &mut [u8],
    threads: usize,
) -> Outcome {
    let ImageShape { channels, height, width } = shape;
    let sides = 1..=MAX_SIDE;
    ensure(sides.contains(&height) && sides.contains(&width) && sides.contains(&channels), Status::Range)?;
    ensure((0.0..=360.0).contains(&augmentation.rotation_degrees), Status::Range)?;
    ensure((0.0..=1.0).contains(&augmentation.shift_fraction), Status::Range)?;
    let features = channels * height * width;
    ensure(images.len().is_multiple_of(features), Status::Length)?;
    ensure(batch.len().checked_mul(features) == Some(out.len()), Status::Length)?;
    let count = images.len() / features;
    ensure(batch.iter().all(|&image| (image as usize) < count), Status::Range)?;
    let chunks = batch.len().div_ceil(CHUNK_IMAGES);
    ensure(chunks <= MAX_CHUNKS, Status::Range)?;
    let out = SharedSlice::new(out);
    run_chunks(threads, chunks, &|chunk| {
        let places = chunk * CHUNK_IMAGES..((chunk + 1) * CHUNK_IMAGES).min(batch.len());
        // SAFETY: each place of the batch belongs to one chunk alone.
        let copies = unsafe { out.range(places.start * features..places.end * features) };
        for (copy, &image) in copies.chunks_exact_mut(features).zip(&batch[places]) {
            let pixels = &images[image as usize * features..(image as usize + 1) * features];
            let motion = Motion::draw(shape, augmentation, seed, epoch, image);
            SCRATCH.with_borrow_mut(|scratch| dispatch(Move { pixels, shape, motion, scratch, copy }));
        }
    })
}

/// A pixel and the one below it, each with its channels side by side.
type Pair = [u64; 2];

/// What moving an image needs besides it; kept by each thread, so that a step allocates nothing.
#[derive(Default)]
struct Scratch {
    /// `[height, width + 1]`: the last column and the last row stand twice.
    pairs: Vec<Pair>,
    /// Of each pixel of a row: where its upper left neighbour stands in `pairs`.
    places: Vec<u32>,
    /// Of each pixel of a row: the weights of its upper right, lower left and lower right neighbour, a byte each.
    weights: Vec<u32>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Moves one image. Whole numbers only, so that every processor gives the same bits.
struct Move<'a> {
    pixels: &'a [u8],
    shape: ImageShape,
    motion: Motion,
    scratch: &'a mut Scratch,
    copy: &'a mut [u8],
}

impl Kernel for Move<'_> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes>(self, _: L) {
        move_image(self.pixels, self.shape, self.motion, self.scratch, self.copy);
    }
}

#[inline(always)]
fn move_image(pixels: &[u8], shape: ImageShape, motion: Motion, scratch: &mut Scratch, copy: &mut [u8]) {
    let area = shape.height * shape.width;
    scratch.pairs.resize((shape.width + 1) * shape.height, [0; 2]);
    scratch.places.resize(shape.width, 0);
    scratch.weights.resize(shape.width, 0);
    for (from, to) in pixels.chunks(LANES * area).zip(copy.chunks_mut(LANES * area)) {
        pack(from, shape, &mut scratch.pairs);
        for row in 0..shape.height {
            aim(shape, motion, row, &mut scratch.places, &mut scratch.weights);
            let mut lines = to.chunks_exact_mut(area).map(|plane| &mut plane[row * shape.width..][..shape.width]);
            match [lines.next(), lines.next(), lines.next(), lines.next()] {
                [Some(a), Some(b), Some(c), Some(d)] => read_row(scratch, [a, b, c, d]),
                [Some(a), Some(b), Some(c), None] => read_row(scratch, [a, b, c]),
                [Some(a), Some(b), None, None] => read_row(scratch, [a, b]),
                [Some(a), None, None, None] => read_row(scratch, [a]),
                _ => {}
            }
        }
    }
}

/// Puts up to four planes side by side, each pixel with the one below it.
#[inline(always)]
fn pack(planes: &[u8], shape: ImageShape, pairs: &mut [Pair]) {
    let ImageShape { height, width, .. } = shape;
    let (area, stride) = (height * width, width + 1);
    let line = |plane: usize, y: usize| &planes[plane * area + y * width..][..width];
    for y in 0..height {
        let row = &mut pairs[y * stride..(y + 1) * stride];
        if planes.len() == 3 * area {
            for (((pair, &red), &green), &blue) in row.iter_mut().zip(line(0, y)).zip(line(1, y)).zip(line(2, y)) {
                pair[0] = u64::from(red) | u64::from(green) << 16 | u64::from(blue) << 32;
            }
        } else {
            row.fill([0; 2]);
            for plane in 0..planes.len() / area {
                row.iter_mut()
                    .zip(line(plane, y))
                    .for_each(|(pair, &value)| pair[0] |= u64::from(value) << (16 * plane));
            }
        }
        row[width] = row[width - 1];
        if y > 0 {
            let (above, row) = pairs[(y - 1) * stride..].split_at_mut(stride);
            above.iter_mut().zip(row).for_each(|(above, pair)| above[1] = pair[0]);
        }
    }
    pairs[(height - 1) * stride..].iter_mut().for_each(|pair| pair[1] = pair[0]);
}

/// Works out places and weights of one row of the copy.
#[inline(always)]
fn aim(shape: ImageShape, motion: Motion, row: usize, places: &mut [u32], weights: &mut [u32]) {
    let (last_x, last_y) = (((shape.width - 1) << 16) as i32, ((shape.height - 1) << 16) as i32);
    let stride = (shape.width + 1) as u32;
    // A mirrored copy walks its source row from the far end.
    let (first, sign) = if motion.flip { (shape.width as i32 - 1, -1) } else { (0, 1) };
    let start = |[column, line, origin]: [i32; 3]| line * row as i32 + origin + first * column;
    let (start_x, start_y) = (start(motion.x), start(motion.y));
    let (step_x, step_y) = (sign * motion.x[0], sign * motion.y[0]);
    for (column, (place, weights)) in (0..).zip(places.iter_mut().zip(weights)) {
        let x = (start_x + step_x * column).clamp(0, last_x) as u32;
        let y = (start_y + step_y * column).clamp(0, last_y) as u32;
        *place = (y >> 16) * stride + (x >> 16);
        // With the upper left one the weights add up to 256; none is negative.
        let (right, down) = (x >> 8 & 0xFF, y >> 8 & 0xFF);
        let both = (right * down + 128) >> 8;
        *weights = (right - both) << 16 | (down - both) << 8 | both;
    }
}

/// Reads one row of the copy: the bilinear mean of four neighbours for all planes at once.
#[inline(always)]
fn read_row<const PLANES: usize>(scratch: &Scratch, mut lines: [&mut [u8]; PLANES]) {
    const HALF: u64 = 0x0080_0080_0080_0080;
    let width = scratch.places.len();
    for line in &mut lines {
        assert!(line.len() == width);
    }
    for (column, (&place, &weights)) in scratch.places.iter().zip(&scratch.weights).enumerate() {
        let [[upper_left, lower_left], [upper_right, lower_right]] = scratch.pairs[place as usize..][..2] else {
            unreachable!("two pairs were asked for");
        };
        // Lanes borrow from each other in the differences, and give back in the sum: no lane passes 255 · 256 + 128.
        let part = |pixel: u64, weight: u32| pixel.wrapping_sub(upper_left).wrapping_mul(u64::from(weight & 0xFF));
        let word = (upper_left * 256 + HALF)
            .wrapping_add(part(upper_right, weights >> 16))
            .wrapping_add(part(lower_left, weights >> 8))
            .wrapping_add(part(lower_right, weights));
        for (plane, line) in lines.iter_mut().enumerate() {
            line[column] = (word >> (16 * plane + 8)) as u8;
        }
    }
}

#[cfg(test)]
mod tests;

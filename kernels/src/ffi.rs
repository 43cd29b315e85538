//! The C border: every export, and the only place that makes slices from pointers.
//!
//! Counts are in elements. Each export returns 0 or a [`Status`](crate::status::Status) code, runs inside a
//! panic guard with subnormals flushed, and keeps no pointer after it returns.

use crate::generator::Design;
use crate::random::{Purpose, Stream, key, shuffle};
use crate::standardize::standardize;
use crate::status::guarded;

/// Version of this border; the loader refuses a library with another one.
pub const ABI_VERSION: u32 = 1;

/// Borrows `len` elements for one call. An empty typed array arrives as null, so length 0 never touches the pointer.
///
/// # Safety
/// `pointer` is valid for reads of `len` elements, aligned, and not written for the length of the call.
unsafe fn view<'a, T>(pointer: *const T, len: usize) -> &'a [T] {
    // SAFETY: promised by the caller of the export; TypeScript passes a typed array and its length.
    if len == 0 { &[] } else { unsafe { std::slice::from_raw_parts(pointer, len) } }
}

/// As [`view`], to write.
///
/// # Safety
/// As for [`view`], for writes; no other argument overlaps it.
unsafe fn view_mut<'a, T>(pointer: *mut T, len: usize) -> &'a mut [T] {
    // SAFETY: as in `view`.
    if len == 0 { &mut [] } else { unsafe { std::slice::from_raw_parts_mut(pointer, len) } }
}

/// The version of this border.
#[unsafe(no_mangle)]
pub extern "C" fn ts_abi_version() -> u32 {
    ABI_VERSION
}

/// Writes the order of the samples of one epoch.
///
/// # Safety
/// `order` is a live array of `order_len` elements.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_shuffle(order: *mut u32, order_len: usize, seed: u64, epoch: u64) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes a typed array and its length.
        let order = unsafe { view_mut(order, order_len) };
        shuffle(order, &mut Stream::new(key(seed, Purpose::Shuffle, &[epoch])));
        Ok(())
    })
}

// --- standardize ---

/// Writes mean and scale of each feature of bytes; see [`standardize`].
///
/// # Safety
/// The arrays are live and have the lengths given.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_standardize_u8(
    features: *const u8,
    features_len: usize,
    samples: usize,
    mean: *mut f32,
    mean_len: usize,
    scale: *mut f32,
    scale_len: usize,
    threads: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths; outputs are arrays of their own.
        let (features, mean, scale) =
            unsafe { (view(features, features_len), view_mut(mean, mean_len), view_mut(scale, scale_len)) };
        standardize(features, samples, mean, scale, threads)
    })
}

/// Writes mean and scale of each feature of floats; see [`standardize`].
///
/// # Safety
/// The arrays are live and have the lengths given.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_standardize_f32(
    features: *const f32,
    features_len: usize,
    samples: usize,
    mean: *mut f32,
    mean_len: usize,
    scale: *mut f32,
    scale_len: usize,
    threads: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths; outputs are arrays of their own.
        let (features, mean, scale) =
            unsafe { (view(features, features_len), view_mut(mean, mean_len), view_mut(scale, scale_len)) };
        standardize(features, samples, mean, scale, threads)
    })
}

// --- generator ---

/// Writes samples `first .. first + labels_len` of made-up data; see [`Design::generate`].
///
/// # Safety
/// The arrays are live and have the lengths given.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_generate_block(
    columns: usize,
    informative: usize,
    redundant: usize,
    repeated: usize,
    classes: usize,
    clusters_per_class: usize,
    class_separation: f64,
    label_noise: f64,
    shuffle: bool,
    seed: u64,
    first: u64,
    features: *mut f32,
    features_len: usize,
    labels: *mut u32,
    labels_len: usize,
    threads: usize,
) -> i32 {
    guarded(|| {
        let design = Design {
            features: columns,
            informative,
            redundant,
            repeated,
            classes,
            clusters_per_class,
            class_separation,
            label_noise,
            shuffle,
            seed,
        };
        // SAFETY: the caller passes typed arrays and their lengths, each an array of its own.
        let (features, labels) = unsafe { (view_mut(features, features_len), view_mut(labels, labels_len)) };
        design.generate(first, features, labels, threads)
    })
}

/// Writes the columns of the informative, redundant and repeated features; see [`Design::places`].
///
/// # Safety
/// `places` is a live array of `places_len` elements.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_generated_places(
    columns: usize,
    informative: usize,
    redundant: usize,
    repeated: usize,
    shuffle: bool,
    seed: u64,
    places: *mut u32,
    places_len: usize,
) -> i32 {
    guarded(|| {
        let design = Design {
            features: columns,
            informative,
            redundant,
            repeated,
            classes: 1,
            clusters_per_class: 1,
            class_separation: 0.0,
            label_noise: 0.0,
            shuffle,
            seed,
        };
        // SAFETY: the caller passes a typed array and its length.
        design.places(unsafe { view_mut(places, places_len) })
    })
}

//! The C border: every export, and the only place that makes slices from pointers.
//!
//! Counts are in elements. Each export returns 0 or a [`Status`](crate::status::Status) code, runs inside a
//! panic guard with subnormals flushed, and keeps no pointer after it returns.

use crate::delimited::{delimited_parse, delimited_scan};
use crate::generator::Design;
use crate::lines::DETAIL;
use crate::outputs::Outputs;
use crate::random::{Purpose, Stream, key, shuffle};
use crate::standardize::standardize;
use crate::status::guarded;
use crate::svmlight::{svmlight_parse, svmlight_scan};

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

// --- text ---

/// Counts rows and lines of delimited text; see [`delimited_scan`](crate::delimited::delimited_scan).
///
/// # Safety
/// Each pointer is a live array of the length beside it; `counts` has 2 elements, `detail` 8.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_delimited_scan(
    text: *const u8,
    text_len: usize,
    delimiter: u8,
    columns: usize,
    threads: usize,
    counts: *mut u64,
    detail: *mut u64,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let (text, counts, detail) = unsafe { (view(text, text_len), view_mut(counts, 2), view_mut(detail, DETAIL)) };
        delimited_scan(text, delimiter, columns, threads, counts, detail)
    })
}

/// Parses delimited text; see [`delimited_parse`](crate::delimited::delimited_parse).
///
/// # Safety
/// Each pointer is a live array of the length beside it; `detail` has 8 elements.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_delimited_parse(
    text: *const u8,
    text_len: usize,
    delimiter: u8,
    roles: *const u32,
    roles_len: usize,
    threads: usize,
    rows: usize,
    features: *mut f32,
    features_len: usize,
    feature_count: usize,
    targets: *mut f32,
    targets_len: usize,
    target_count: usize,
    labels: *mut u32,
    labels_len: usize,
    names: *mut u64,
    names_len: usize,
    detail: *mut u64,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let (text, roles, detail, outputs) = unsafe {
            let outputs = Outputs {
                rows,
                features: view_mut(features, features_len),
                feature_count,
                targets: view_mut(targets, targets_len),
                target_count,
                labels: view_mut(labels, labels_len),
                names: view_mut(names, names_len),
            };
            (view(text, text_len), view(roles, roles_len), view_mut(detail, DETAIL), outputs)
        };
        delimited_parse(text, delimiter, roles, threads, outputs, detail)
    })
}

/// Checks and counts svmlight text; see [`svmlight_scan`](crate::svmlight::svmlight_scan).
///
/// # Safety
/// Each pointer is a live array of the length beside it; `counts` has 4 elements, `detail` 8.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_svmlight_scan(
    text: *const u8,
    text_len: usize,
    threads: usize,
    counts: *mut u64,
    detail: *mut u64,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let (text, counts, detail) = unsafe { (view(text, text_len), view_mut(counts, 4), view_mut(detail, DETAIL)) };
        svmlight_scan(text, threads, counts, detail)
    })
}

/// Parses svmlight text; see [`svmlight_parse`](crate::svmlight::svmlight_parse).
///
/// # Safety
/// Each pointer is a live array of the length beside it; `detail` has 8 elements.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_svmlight_parse(
    text: *const u8,
    text_len: usize,
    first_index: u64,
    threads: usize,
    rows: usize,
    features: *mut f32,
    features_len: usize,
    feature_count: usize,
    targets: *mut f32,
    targets_len: usize,
    target_count: usize,
    labels: *mut u32,
    labels_len: usize,
    names: *mut u64,
    names_len: usize,
    detail: *mut u64,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let (text, detail, outputs) = unsafe {
            let outputs = Outputs {
                rows,
                features: view_mut(features, features_len),
                feature_count,
                targets: view_mut(targets, targets_len),
                target_count,
                labels: view_mut(labels, labels_len),
                names: view_mut(names, names_len),
            };
            (view(text, text_len), view_mut(detail, DETAIL), outputs)
        };
        svmlight_parse(text, first_index, threads, outputs, detail)
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

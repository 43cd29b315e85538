//! The border of [`crate::data::generator`].

use super::{view, view_mut};
use crate::base::status::guarded;
use crate::data::generator::{Chosen, Design};

/// Writes samples of made-up data, those of `order` counted from `first`, or all from there on; see [`Design::generate`].
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
    order: *const u32,
    order_len: usize,
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
        // SAFETY: likewise.
        let order = unsafe { view(order, order_len) };
        design.generate(Chosen { first, order }, features, labels, threads)
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

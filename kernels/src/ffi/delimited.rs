//! The border of [`crate::text::delimited`].

use super::{view, view_mut};
use crate::base::status::guarded;
use crate::text::delimited::DIALECT;
use crate::text::delimited::encode::{Samples, delimited_encode};
use crate::text::delimited::head::{delimited_cells, delimited_rows};
use crate::text::delimited::plan::Plan;
use crate::text::delimited::profile::delimited_profile;
use crate::text::lines::DETAIL;

/// Lists the cells of the first rows; see [`delimited_cells`].
///
/// # Safety
/// Each pointer is a live array of the length beside it; `dialect` has 4 elements, `counts` 2.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_delimited_cells(
    text: *const u8,
    text_len: usize,
    dialect: *const u8,
    places: *mut u64,
    places_len: usize,
    counts: *mut u64,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let (text, dialect, places, counts) = unsafe {
            (view(text, text_len), view(dialect, DIALECT), view_mut(places, places_len), view_mut(counts, 2))
        };
        delimited_cells(text, dialect, places, counts)
    })
}

/// Counts the rows of a window; see [`delimited_rows`].
///
/// # Safety
/// Each pointer is a live array of the length beside it; `dialect` has 4 elements, `counts` 3, `detail` 8.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_delimited_rows(
    text: *const u8,
    text_len: usize,
    dialect: *const u8,
    last: u32,
    threads: usize,
    most: usize,
    counts: *mut u64,
    detail: *mut u64,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let (text, dialect, counts, detail) =
            unsafe { (view(text, text_len), view(dialect, DIALECT), view_mut(counts, 3), view_mut(detail, DETAIL)) };
        delimited_rows(text, dialect, last != 0, threads, most, counts, detail)
    })
}

/// Adds a window to the profile of a text; see [`delimited_profile`].
///
/// # Safety
/// Each pointer is a live array of the length beside it; `dialect` has 4 elements, `counts` 4, `detail` 8.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_delimited_profile(
    text: *const u8,
    text_len: usize,
    dialect: *const u8,
    last: u32,
    threads: usize,
    lines_before: usize,
    caps: *mut u32,
    caps_len: usize,
    profile: *mut f64,
    profile_len: usize,
    names: *mut u64,
    names_len: usize,
    kept: *mut f32,
    kept_len: usize,
    counts: *mut u64,
    detail: *mut u64,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let (text, dialect, caps, profile, names, kept, counts, detail) = unsafe {
            (
                view(text, text_len),
                view(dialect, DIALECT),
                view_mut(caps, caps_len),
                view_mut(profile, profile_len),
                view_mut(names, names_len),
                view_mut(kept, kept_len),
                view_mut(counts, 4),
                view_mut(detail, DETAIL),
            )
        };
        let lines = lines_before;
        delimited_profile(text, dialect, last != 0, threads, lines, caps, profile, names, kept, counts, detail)
    })
}

/// Turns a window into samples; see [`delimited_encode`].
///
/// # Safety
/// Each pointer is a live array of the length beside it; `dialect` has 4 elements, `counts` 3, `detail` 8.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_delimited_encode(
    text: *const u8,
    text_len: usize,
    dialect: *const u8,
    last: u32,
    threads: usize,
    lines_before: usize,
    roles: *const u32,
    roles_len: usize,
    scales: *const f64,
    scales_len: usize,
    first_words: *const u32,
    first_words_len: usize,
    word_starts: *const u32,
    word_starts_len: usize,
    words: *const u8,
    words_len: usize,
    values: *const u32,
    values_len: usize,
    inputs: usize,
    targets_of_row: usize,
    room: usize,
    features: *mut f32,
    features_len: usize,
    labels: *mut u32,
    labels_len: usize,
    targets: *mut f32,
    targets_len: usize,
    weights: *mut f32,
    weights_len: usize,
    above: *mut f64,
    above_len: usize,
    tallies: *mut f64,
    tallies_len: usize,
    counts: *mut u64,
    detail: *mut u64,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let (text, dialect, plan, samples, above, tallies, counts, detail) = unsafe {
            let plan = Plan {
                roles: view(roles, roles_len),
                scales: view(scales, scales_len),
                first_words: view(first_words, first_words_len),
                word_starts: view(word_starts, word_starts_len),
                words: view(words, words_len),
                values: view(values, values_len),
                inputs,
                targets: targets_of_row,
            };
            let samples = Samples {
                features: view_mut(features, features_len),
                labels: view_mut(labels, labels_len),
                targets: view_mut(targets, targets_len),
                weights: view_mut(weights, weights_len),
            };
            (
                view(text, text_len),
                view(dialect, DIALECT),
                plan,
                samples,
                view_mut(above, above_len),
                view_mut(tallies, tallies_len),
                view_mut(counts, 3),
                view_mut(detail, DETAIL),
            )
        };
        let lines = lines_before;
        delimited_encode(text, dialect, last != 0, threads, lines, &plan, room, samples, above, tallies, counts, detail)
    })
}

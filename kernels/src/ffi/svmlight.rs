//! The border of [`crate::text::svmlight`].

use super::{view, view_mut};
use crate::base::status::guarded;
use crate::text::lines::DETAIL;
use crate::text::svmlight::{svmlight_parse, svmlight_scan};
use crate::text::text_rows::Outputs;

/// Checks and counts svmlight text; see [`svmlight_scan`](crate::text::svmlight::svmlight_scan).
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

/// Parses svmlight text; see [`svmlight_parse`](crate::text::svmlight::svmlight_parse).
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

//! Svmlight text: what the scan finds is what the parse takes, for any bytes, and for any number of threads.
#![no_main]

use libfuzzer_sys::fuzz_target;
use truly_sparse_kernels::text::lines::DETAIL;
use truly_sparse_kernels::text::svmlight::{svmlight_parse, svmlight_scan};
use truly_sparse_kernels::text::text_rows::Outputs;

/// Dense features that one input may ask for.
const MOST_FEATURES: u64 = 1 << 12;

fuzz_target!(|text: &[u8]| {
    let mut counts = [0; 4];
    let mut detail = [0; DETAIL];
    if svmlight_scan(text, 1, &mut counts, &mut detail).is_err() {
        assert!((1..=12).contains(&detail[0]) && detail[3] <= detail[4] && detail[4] <= text.len() as u64);
        return;
    }
    let [rows, _, least, most] = counts;
    let first_index = u64::from(least != 0);
    let feature_count = most.saturating_add(1).saturating_sub(first_index).clamp(1, MOST_FEATURES) as usize;
    let rows = rows as usize;
    for target_count in [0, 1] {
        let labelled = target_count == 0;
        let mut features = vec![f32::NAN; rows * feature_count];
        let mut targets = vec![f32::NAN; rows * target_count];
        let mut labels = vec![0; if labelled { rows } else { 0 }];
        let mut names = vec![0; if labelled { 3 * rows } else { 0 }];
        let outputs = Outputs {
            rows,
            features: &mut features,
            feature_count,
            targets: &mut targets,
            target_count,
            labels: &mut labels,
            names: &mut names,
        };
        if svmlight_parse(text, first_index, 1, outputs, &mut detail).is_err() {
            // Without targets, all that is left to refuse are indices beyond the features.
            assert!(!labelled || most > MOST_FEATURES - 1);
            continue;
        }
        assert!(features.iter().chain(&targets).all(|value| value.is_finite()));
        assert!(labels.iter().all(|&label| u64::from(label) < detail[7]));
    }
});

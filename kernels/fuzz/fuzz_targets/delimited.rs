//! Delimited text: rows, cells and profiles of any bytes in any dialect, alike for one thread and for two.
#![no_main]

use libfuzzer_sys::fuzz_target;
use truly_sparse_kernels::text::delimited::head::{delimited_cells, delimited_rows};
use truly_sparse_kernels::text::delimited::profile::{PROFILE, delimited_profile};
use truly_sparse_kernels::text::lines::DETAIL;

/// Elements of a dialect: delimiter, comment, decimal point, whether rows may end with a delimiter.
const DIALECT: usize = 4;

fuzz_target!(|input: &[u8]| {
    let Some((setting, text)) = input.split_first_chunk::<2>() else { return };
    let dialect: [u8; DIALECT] = [
        b",;\t |"[usize::from(setting[0]) % 5],
        if setting[0] & 128 == 0 { 0 } else { b'#' },
        if setting[0] & 64 == 0 { b'.' } else { b',' },
        setting[1] & 1,
    ];
    let last = setting[1] & 2 == 0;
    let columns = 1 + usize::from(setting[1] >> 2) % 6;
    let (mut counts, mut detail) = ([0; 3], [0; DETAIL]);
    let rows = delimited_rows(text, &dialect, last, 1, usize::MAX, &mut counts, &mut detail);
    assert!(rows.is_err() || counts[0] <= text.len() as u64);
    let (mut places, mut cells) = ([0; 3 * 64], [0; 2]);
    if delimited_cells(text, &dialect, &mut places, &mut cells).is_ok() {
        for place in places.chunks_exact(3).take(cells[0] as usize) {
            assert!(place[0] <= place[1] && place[1] <= text.len() as u64);
        }
    }
    let profiled = |threads: usize| {
        let mut caps = vec![4; columns];
        let (mut profile, mut names) = (vec![0.0; columns * PROFILE], vec![0; 5 * 4 * 6]);
        let (mut counts, mut detail) = ([0; 4], [0; DETAIL]);
        let outcome = delimited_profile(
            text, &dialect, last, threads, 0, &mut caps, &mut profile, &mut names, &mut counts, &mut detail,
        );
        let bits: Vec<u64> = profile.iter().map(|value| value.to_bits()).collect();
        (outcome.is_ok(), bits, names, counts, detail)
    };
    assert_eq!(profiled(1), profiled(2));
});

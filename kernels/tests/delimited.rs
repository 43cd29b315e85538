//! Delimited text as samples: cells, faults, and the same results for any number of threads.

use truly_sparse_kernels::base::random::Stream;
use truly_sparse_kernels::base::status::{Outcome, Status};
use truly_sparse_kernels::text::delimited::encode::{Samples, TALLY, delimited_encode};
use truly_sparse_kernels::text::delimited::head::{delimited_cells, delimited_rows};
use truly_sparse_kernels::text::delimited::plan::{
    CATEGORY, CLASS, LENIENT, NONE, NUMBER, Plan, REFUSED, ROLE, SCALE, TARGET,
};
use truly_sparse_kernels::text::delimited::profile::{PROFILE, delimited_profile};
use truly_sparse_kernels::text::delimited::spellings::SPELLING;
use truly_sparse_kernels::text::lines::{DETAIL, Kind};

/// What a text gave: its outcome and every array.
#[derive(Debug, PartialEq)]
struct Read {
    outcome: Outcome,
    features: Vec<f32>,
    targets: Vec<f32>,
    labels: Vec<u32>,
    tallies: Vec<f64>,
    detail: [u64; DETAIL],
}

/// Columns: numbers are inputs in their order, targets outputs; categories have the words a and b, classes x and y.
fn encode(text: &[u8], delimiter: u8, kinds: &[u32], threads: usize) -> Read {
    encode_missing(text, delimiter, kinds, threads, (REFUSED, 0, f64::NAN))
}

/// The same, with the class, whether there is a target, and the number of a missing cell.
fn encode_missing(text: &[u8], delimiter: u8, kinds: &[u32], threads: usize, missing: (u32, u32, f64)) -> Read {
    let dialect = [delimiter, b'#', b'.', 0];
    let (mut roles, mut first_words, mut words, mut values) = (vec![], vec![0], vec![], vec![]);
    let (mut inputs, mut targets) = (0, 0);
    for &kind in kinds {
        match kind {
            NUMBER | LENIENT => roles.extend([kind, inputs, NONE]),
            CATEGORY => roles.extend([kind, NONE, NONE]),
            TARGET => roles.extend([kind, targets, missing.1]),
            CLASS => roles.extend([kind, missing.0, 0]),
            _ => roles.extend([kind, 0, 0]),
        }
        if kind == CATEGORY || kind == CLASS {
            words.extend(if kind == CLASS { *b"xy" } else { *b"ab" });
            values.extend(if kind == CLASS { [0, 1] } else { [inputs, inputs + 1] });
        }
        inputs += match kind {
            NUMBER | LENIENT => 1,
            CATEGORY => 2,
            _ => 0,
        };
        targets += u32::from(kind == TARGET);
        first_words.push(values.len() as u32);
    }
    let starts: Vec<u32> = (0..=values.len() as u32).collect();
    let scales: Vec<f64> = kinds.iter().flat_map(|_| [0.0, 1.0, missing.2]).collect();
    assert_eq!((roles.len(), scales.len()), (kinds.len() * ROLE, kinds.len() * SCALE));
    let plan = Plan {
        roles: &roles,
        scales: &scales,
        first_words: &first_words,
        word_starts: &starts,
        words: &words,
        values: &values,
        inputs: inputs as usize,
        targets: targets as usize,
    };
    let (mut counts, mut detail) = ([0; 3], [0; DETAIL]);
    let outcome = delimited_rows(text, &dialect, true, threads, usize::MAX, &mut counts, &mut detail);
    let rows = if outcome.is_ok() { counts[1] as usize } else { 0 };
    let mut read = Read {
        outcome,
        features: vec![7.0; rows * plan.inputs],
        targets: vec![7.0; rows * plan.targets],
        labels: vec![7; if kinds.contains(&CLASS) { rows } else { 0 }],
        tallies: vec![0.0; kinds.len() * TALLY],
        detail,
    };
    if outcome.is_err() {
        return read;
    }
    let mut above = vec![f64::NAN; kinds.len()];
    let samples = Samples {
        features: &mut read.features,
        labels: &mut read.labels,
        targets: &mut read.targets,
        weights: &mut [],
    };
    let (tallies, detail) = (&mut read.tallies, &mut read.detail);
    read.outcome = delimited_encode(
        text,
        &dialect,
        true,
        threads,
        0,
        &plan,
        rows,
        samples,
        &mut above,
        tallies,
        &mut counts,
        detail,
    );
    read
}

/// The profile of a text and its spellings.
fn profile(text: &[u8], columns: usize, threads: usize) -> (Outcome, Vec<f64>, Vec<u64>, [u64; 4]) {
    let (mut profile, mut names) = (vec![0.0; columns * PROFILE], vec![0; 100 * columns * SPELLING]);
    let (mut counts, mut detail, mut caps) = ([0; 4], [0; DETAIL], vec![50; columns]);
    let dialect = [b',', b'#', b'.', 0];
    let outcome = delimited_profile(
        text,
        &dialect,
        true,
        threads,
        0,
        &mut caps,
        &mut profile,
        &mut names,
        &mut [],
        &mut counts,
        &mut detail,
    );
    (outcome, profile, names, counts)
}

#[test]
fn profile_keeps_the_numbers_that_encode_makes_and_which_spelling_a_cell_is() {
    let lines: Vec<String> = (0..90_000_u32)
        .map(|row| format!("{}.25,{},{}\n", row % 1000, ["b", "a", "\"b\""][row as usize % 3], 16_777_217 + row / 7))
        .collect();
    let text = lines.concat();
    let read = encode(text.as_bytes(), b',', &[NUMBER, 0, NUMBER], 1);
    for threads in [1, 3] {
        let (mut profile, mut names) = (vec![0.0; 3 * PROFILE], vec![0; 8 * SPELLING]);
        let (mut counts, mut detail, mut kept) = ([0; 4], [0; DETAIL], vec![f32::NAN; 3 * 90_000 + 5]);
        let (text, dialect, caps) = (text.as_bytes(), [b',', b'#', b'.', 0], &mut [0, 9, 0]);
        let (profile, names, kept) = (&mut profile, &mut names, &mut kept);
        delimited_profile(text, &dialect, true, threads, 0, caps, profile, names, kept, &mut counts, &mut detail)
            .unwrap();
        let (numbers, codes) = kept[..3 * 90_000].split_at(2 * 90_000);
        assert_eq!(numbers, read.features);
        assert!(codes.iter().enumerate().all(|(row, &code)| code == [0.0, 1.0, 0.0][row % 3]));
        let vanished: Vec<f64> = profile.chunks(PROFILE).map(|column| column[PROFILE - 1]).collect();
        let tallied = [0, 2].map(|column| read.tallies[column * TALLY + 2]);
        assert_eq!([vanished[0], vanished[2]], tallied);
        assert!(tallied[1] > 0.0);
    }
}

fn problem(read: &Read) -> (u64, u64, u64) {
    assert_eq!(read.outcome, Err(Status::Syntax), "{read:?}");
    (read.detail[0], read.detail[1], read.detail[2])
}

#[test]
fn encode_reads_cells_quotes_blanks_comments_and_line_ends() {
    let text = b"1, 2.5 ,x,a\r\n\n# no, data\r-3e2,\"4\",\"y\",\"b\"\n 5 ,6 ,x, \"new\r\nline, \"\"\" ";
    let read = encode(text, b',', &[NUMBER, TARGET, CLASS, CATEGORY], 1);
    assert_eq!(read.outcome, Ok(()), "{:?}", read.detail);
    assert_eq!(read.features, [1.0, 1.0, 0.0, -300.0, 0.0, 1.0, 5.0, 0.0, 0.0]);
    assert_eq!((read.targets, read.labels), (vec![2.5, 4.0, 6.0], vec![0, 1, 0]));
    let unknown = &read.tallies[3 * TALLY..];
    assert_eq!(&unknown[..4], [0.0, 1.0, 0.0, 5.0]);
    assert_eq!(&text[unknown[4] as usize..unknown[5] as usize], b"new\r\nline, \"\"");
}

#[test]
fn encode_takes_runs_of_blanks_as_one_delimiter() {
    let read = encode(b"  1 \t 2   x \n4\t\"5\"\t\"y\"\n", b' ', &[NUMBER, TARGET, CLASS], 1);
    assert_eq!((read.outcome, read.features, read.targets), (Ok(()), vec![1.0, 4.0], vec![2.0, 5.0]));
    assert_eq!(read.labels, [0, 1]);
}

#[test]
fn encode_names_the_first_fault() {
    let at = |text: &[u8]| problem(&encode(text, b',', &[NUMBER, NUMBER, CLASS], 1));
    assert_eq!(at(b"1,2,x\n1,2\n"), (Kind::Ragged as u64, 2, 2));
    assert_eq!(at(b"1,2,x\n\n1,2,y,4\n"), (Kind::Ragged as u64, 3, 3));
    assert_eq!(at(b"1,,x\n"), (Kind::Empty as u64, 1, 2));
    assert_eq!(at(b"1,2,x\r1,2, \r"), (Kind::Empty as u64, 2, 3));
    assert_eq!(at(b"1,2,x\n1,abc,x\n"), (Kind::Text as u64, 2, 2));
    assert_eq!(at(b"1,2,x\n1,NaN,x\nq,2,x"), (Kind::Missing as u64, 2, 2));
    assert_eq!(at(b"1,inf,x\n"), (Kind::NotFinite as u64, 1, 2));
    assert_eq!(at(b"1e39,2,x\n"), (Kind::Overflow as u64, 1, 1));
    assert_eq!(at(b"1,2,x\n1,2,\"x\n"), (Kind::Quote as u64, 2, 3));
    assert_eq!(at(b"1,\"2\"3,x\n"), (Kind::Quote as u64, 1, 2));
    assert_eq!(at(b"1,2,x\n1,2,z\n"), (Kind::Class as u64, 2, 3));
    assert_eq!(at(b"1,2,x\n1,2\xff,x\n"), (Kind::Encoding as u64, 2, 2));
}

#[test]
fn encode_fills_in_missing_cells_where_it_may() {
    let text = b"1,n/k,x,2\nNA,2,?,\n";
    let read = encode_missing(text, b',', &[NUMBER, LENIENT, CLASS, TARGET], 1, (u32::MAX, 1, 9.0));
    assert_eq!(read.outcome, Ok(()), "{:?}", read.detail);
    assert_eq!((read.features, read.labels), (vec![1.0, 9.0, 9.0, 2.0], vec![0, u32::MAX]));
    assert!(read.targets[0] == 2.0 && read.targets[1].is_nan());
    let refused = encode_missing(b"1,2,x,2\nn/k,2,x,2\n", b',', &[NUMBER, LENIENT, CLASS, TARGET], 1, (0, 1, 9.0));
    assert_eq!(problem(&refused), (Kind::Text as u64, 2, 1));
}

#[test]
fn a_window_ends_with_its_last_whole_row() {
    let rows = |text: &[u8], most: usize| {
        let (mut counts, mut detail) = ([0; 3], [0; DETAIL]);
        delimited_rows(text, b",\0.\0", false, 1, most, &mut counts, &mut detail).unwrap();
        counts
    };
    assert_eq!(rows(b"1,2\n3,4\n5", 9), [8, 2, 2]);
    assert_eq!(rows(b"1,2\r3,4\r", 9), [4, 1, 1]);
    assert_eq!(rows(b"1,\"2\n3\"\n\n4,\"5\n", 9), [8, 1, 2]);
    assert_eq!(rows(b"1\n2\n3\n", 2), [4, 2, 2]);
    assert_eq!(rows(b"1,2", 9), [0, 0, 0]);
}

#[test]
fn cells_of_the_first_rows_are_listed() {
    let (mut places, mut counts) = ([0; 9], [0; 2]);
    delimited_cells(b"a,\"b\"\n1,2\n", b",\0.\0", &mut places, &mut counts).unwrap();
    assert_eq!((places, counts), ([0, 1, 1, 3, 4, 1, 6, 7, 2], [3, 8]));
}

#[test]
fn texts_give_the_same_results_for_any_number_of_threads() {
    let mut stream = Stream::new(1);
    for quoted in [false, true] {
        let (mut csv, mut expected) = (String::new(), Vec::new());
        for row in 0..30_000 {
            let values: Vec<f32> = (0..4).map(|_| (stream.normal() * 100.0) as f32).collect();
            let cells: Vec<String> = values.iter().map(f32::to_string).collect();
            let class = ["x", "y"][stream.below(2) as usize];
            let mark = if quoted && row % 3 == 0 { "\"" } else { "" };
            csv.push_str(&format!("{},{mark}{class}{mark}\n", cells.join(",")));
            csv.push_str(if row % 7 == 0 { "\n# a comment\n" } else { "" });
            expected.extend(values);
        }
        let kinds = [NUMBER, NUMBER, NUMBER, NUMBER, CLASS];
        let one = encode(csv.as_bytes(), b',', &kinds, 1);
        assert_eq!((one.outcome, &one.features), (Ok(()), &expected));
        let (outcome, numbers, names, counts) = profile(csv.as_bytes(), 5, 1);
        assert_eq!((outcome, numbers[0], numbers[4 * PROFILE + 2]), (Ok(()), 30_000.0, 30_000.0));
        assert_eq!(counts[1..], [30_000, 30_000 + 2 * 4_286, 2]);
        let mean = expected.iter().step_by(4).map(|&value| f64::from(value)).sum::<f64>() / 30_000.0;
        assert!((numbers[5] - mean).abs() < 1e-4, "{} for {mean}", numbers[5]);
        let faulty = format!("{csv}1,2,3,x4,a\n{csv}1,2,3,nan,a\n");
        for threads in [2, 3, 8] {
            assert_eq!(encode(csv.as_bytes(), b',', &kinds, threads), one);
            assert_eq!(profile(csv.as_bytes(), 5, threads), (outcome, numbers.clone(), names.clone(), counts));
            let read = encode(faulty.as_bytes(), b',', &kinds, threads);
            assert_eq!(problem(&read), (Kind::Text as u64, 38_573, 4));
        }
    }
}

#[test]
fn damaged_texts_never_panic() {
    let mut stream = Stream::new(7);
    let csv = b"1,2.5,x\n-3,\"4\",y\r\n5e-1,6,\"x\"\"c\"\n";
    let alphabet = b"0123456789.,;:eE+-\"# \t\r\n\0\xffnaif";
    for _ in 0..60_000 {
        let mut text = csv.to_vec();
        for _ in 0..=stream.below(4) {
            let at = stream.below(text.len() as u64) as usize;
            let byte = alphabet[stream.below(alphabet.len() as u64) as usize];
            match stream.below(3) {
                0 => text[at] = byte,
                1 => text.insert(at, byte),
                _ => text.truncate(at.max(1)),
            }
        }
        let delimiter = [b',', b' ', b';', b'\t'][stream.below(4) as usize];
        let read = encode(&text, delimiter, &[NUMBER, TARGET, CLASS], 1);
        assert!(read.outcome.is_err() || read.features.iter().all(|value| value.is_finite()));
        let profiled = profile(&text, 3, 1).0;
        for outcome in [read.outcome, profiled] {
            let shown = String::from_utf8_lossy(&text);
            assert!(matches!(outcome, Ok(()) | Err(Status::Syntax)), "{outcome:?} for {shown:?}");
        }
    }
}

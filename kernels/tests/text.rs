//! Text parsing against a naive reader, for any number of threads, and on damaged input.

use truly_sparse_kernels::base::random::Stream;
use truly_sparse_kernels::base::status::{Outcome, Status};
use truly_sparse_kernels::text::delimited::{LABEL, SKIPPED, TARGET, delimited_parse, delimited_scan};
use truly_sparse_kernels::text::lines::{DETAIL, DETAIL_NAMES, Kind};
use truly_sparse_kernels::text::svmlight::{svmlight_parse, svmlight_scan};
use truly_sparse_kernels::text::text_rows::Outputs;

/// What a parse gave: its outcome and every array.
#[derive(Debug, PartialEq)]
struct Read {
    outcome: Outcome,
    features: Vec<f32>,
    targets: Vec<f32>,
    labels: Vec<u32>,
    names: Vec<String>,
    detail: [u64; DETAIL],
}

fn arrays(rows: usize, features: usize, targets: usize, labelled: bool) -> Read {
    let labels = vec![9; if labelled { rows } else { 0 }];
    Read {
        outcome: Ok(()),
        features: vec![-1.0; rows * features],
        targets: vec![-1.0; rows * targets],
        labels,
        names: Vec::new(),
        detail: [0; DETAIL],
    }
}

fn names(text: &[u8], entries: &[u64], detail: &[u64; DETAIL]) -> Vec<String> {
    let found = detail[DETAIL_NAMES] as usize;
    let name = |entry: &[u64]| String::from_utf8_lossy(&text[entry[0] as usize..entry[1] as usize]).into_owned();
    entries.chunks(3).take(found).map(name).collect()
}

fn delimited(text: &[u8], delimiter: u8, roles: &[u32], threads: usize, room: usize) -> Read {
    let count = |low, high| roles.iter().filter(|role| (low..high).contains(*role)).count();
    let (features, targets, labelled) = (count(0, TARGET), count(TARGET, LABEL), roles.contains(&LABEL));
    let (mut counts, mut detail) = ([0; 2], [0; DETAIL]);
    let outcome = delimited_scan(text, delimiter, roles.len(), threads, &mut counts, &mut detail);
    let mut read = arrays(counts[0] as usize, features, targets, labelled);
    if outcome.is_err() {
        return Read { outcome, detail, ..read };
    }
    let mut entries = vec![0; 3 * room];
    let outputs = Outputs {
        rows: counts[0] as usize,
        features: &mut read.features,
        feature_count: features,
        targets: &mut read.targets,
        target_count: targets,
        labels: &mut read.labels,
        names: &mut entries,
    };
    let outcome = delimited_parse(text, delimiter, roles, threads, outputs, &mut detail);
    Read { outcome, names: names(text, &entries, &detail), detail, ..read }
}

fn svmlight(text: &[u8], threads: usize, regression: bool) -> Read {
    let (mut counts, mut detail) = ([0; 4], [0; DETAIL]);
    let outcome = svmlight_scan(text, threads, &mut counts, &mut detail);
    let first = u64::from(counts[2] > 0);
    let features = if counts[2] == u64::MAX { 0 } else { (counts[3] + 1 - first) as usize };
    if outcome.is_err() || features > 1_000 {
        return Read { outcome, detail, ..arrays(0, 0, 0, false) };
    }
    let rows = counts[0] as usize;
    let mut read = arrays(rows, features, usize::from(regression), !regression);
    let mut entries = vec![0; 3 * 100];
    let outputs = Outputs {
        rows,
        features: &mut read.features,
        feature_count: features,
        targets: &mut read.targets,
        target_count: usize::from(regression),
        labels: &mut read.labels,
        names: &mut entries,
    };
    let outcome = svmlight_parse(text, first, threads, outputs, &mut detail);
    Read { outcome, names: names(text, &entries, &detail), detail, ..read }
}

fn problem(read: &Read) -> (u64, u64, u64) {
    assert_eq!(read.outcome, Err(Status::Syntax), "{read:?}");
    (read.detail[0], read.detail[1], read.detail[2])
}

#[test]
fn delimited_parse_reads_cells_quotes_blanks_and_line_ends() {
    let text = b"1, 2.5 ,cat,x\r\n\n  \n-3e2,\"4\",\"a \"\"b\"\"\",\n 5\t,6,cat,\"y,z\"";
    let read = delimited(text, b',', &[0, 1, LABEL, SKIPPED], 1, 10);
    assert_eq!(read.outcome, Ok(()), "{:?}", read.detail);
    assert_eq!(read.features, [1.0, 2.5, -300.0, 4.0, 5.0, 6.0]);
    assert_eq!(read.labels, [0, 1, 0]);
    assert_eq!(read.names, ["cat", "a \"\"b\"\""]);
}

#[test]
fn delimited_parse_takes_runs_of_blanks_as_one_delimiter() {
    let read = delimited(b"  1 \t 2   3 \n4 5 6\n", b' ', &[1, TARGET, 0], 1, 0);
    assert_eq!((read.outcome, read.features, read.targets), (Ok(()), vec![3.0, 1.0, 6.0, 4.0], vec![2.0, 5.0]));
}

#[test]
fn delimited_parse_names_the_first_fault() {
    let roles = [0, 1, LABEL];
    let at = |text: &[u8]| problem(&delimited(text, b',', &roles, 1, 2));
    assert_eq!(at(b"1,2,a\n1,2\n"), (Kind::Ragged as u64, 2, 2));
    assert_eq!(at(b"1,2,a\n\n1,2,3,4\n"), (Kind::Ragged as u64, 3, 3));
    assert_eq!(at(b"1,,a\n"), (Kind::Empty as u64, 1, 2));
    assert_eq!(at(b"1,2,a\n1,2, \n"), (Kind::Empty as u64, 2, 3));
    assert_eq!(at(b"1,2,a\n1,abc,a\n"), (Kind::Text as u64, 2, 2));
    assert_eq!(at(b"1,2,a\n1,NaN,a\nx,2,a"), (Kind::NotFinite as u64, 2, 2));
    assert_eq!(at(b"1e39,2,a\n"), (Kind::Overflow as u64, 1, 1));
    assert_eq!(at(b"1,2,a\n1,2,\"a\n"), (Kind::Quote as u64, 2, 3));
    assert_eq!(at(b"1,\"2\"3,a\n"), (Kind::Quote as u64, 1, 2));
    assert_eq!(at(b"1,2,a\n1,2,b\n1,2,c"), (Kind::Names as u64, 0, 0));
}

#[test]
fn delimited_parse_refuses_arrays_that_do_not_fit() {
    let mut detail = [0; DETAIL];
    let mut run = |rows: usize, len: usize, roles: &[u32]| {
        let outputs = Outputs {
            rows,
            features: &mut vec![0.0; len],
            feature_count: 1,
            targets: &mut [],
            target_count: 0,
            labels: &mut [],
            names: &mut [],
        };
        delimited_parse(b"1\n2\n", b',', roles, 1, outputs, &mut detail)
    };
    assert_eq!(run(2, 2, &[0]), Ok(()));
    assert_eq!(run(3, 3, &[0]), Err(Status::Length));
    assert_eq!(run(2, 3, &[0]), Err(Status::Length));
    assert_eq!(run(2, 2, &[1]), Err(Status::Range));
    assert_eq!(run(2, 2, &[TARGET]), Err(Status::Range));
    assert_eq!(run(2, 2, &[LABEL]), Err(Status::Length));
    assert_eq!(run(usize::MAX, 2, &[0]), Err(Status::Length));
}

#[test]
fn texts_give_the_same_arrays_and_faults_for_any_number_of_threads() {
    let mut stream = Stream::new(1);
    let mut csv = String::new();
    let mut svm = String::new();
    let mut expected = Vec::new();
    for row in 0..40_000 {
        let values: Vec<f32> = (0..5).map(|_| (stream.normal() * 100.0) as f32).collect();
        let cells: Vec<String> = values.iter().map(f32::to_string).collect();
        csv.push_str(&format!("{},class{}\n", cells.join(","), stream.below(37)));
        svm.push_str(&format!("{} 1:{} 4:{} # note\n", row % 3, cells[0], cells[3]));
        if row % 7 == 0 {
            csv.push('\n');
            svm.push_str("# a comment\n");
        }
        expected.extend(values);
    }
    let roles = [0, 1, 2, 3, 4, LABEL];
    let one = delimited(csv.as_bytes(), b',', &roles, 1, 37);
    assert_eq!((one.outcome, &one.features), (Ok(()), &expected));
    assert_eq!(one.names.len(), 37);
    let dense = svmlight(svm.as_bytes(), 1, false);
    assert_eq!(dense.names, ["0", "1", "2"]);
    assert!(dense.labels.iter().enumerate().all(|(row, &label)| label as usize == row % 3));
    assert!(dense.features.chunks(4).zip(expected.chunks(5)).all(|(dense, row)| *dense == [row[0], 0.0, 0.0, row[3]]));
    for threads in [2, 3, 8] {
        assert_eq!(delimited(csv.as_bytes(), b',', &roles, threads, 37), one);
        assert_eq!(svmlight(svm.as_bytes(), threads, false), dense);
    }
    let faulty = format!("{csv}1,2,3,4,x,a\n{csv}1,2,3,4,nan,a\n");
    for threads in [1, 2, 8] {
        let read = delimited(faulty.as_bytes(), b',', &roles, threads, 37);
        assert_eq!(problem(&read), (Kind::Text as u64, 45_716, 5));
    }
}

#[test]
fn svmlight_parse_reads_labels_indices_qid_and_comments() {
    let read = svmlight(b"# head\n+1 qid:3 1:0.5 3:-2 # 9:9\r\n\n-1 2:1e1\n-1\n", 1, false);
    assert_eq!(read.outcome, Ok(()), "{:?}", read.detail);
    assert_eq!(read.features, [0.5, 0.0, -2.0, 0.0, 10.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!((read.labels, read.names), (vec![0, 1, 1], vec!["+1".to_string(), "-1".to_string()]));
    let read = svmlight(b"2.5 0:1 2:3\n-1 1:7\n", 1, true);
    assert_eq!((read.features, read.targets), (vec![1.0, 0.0, 3.0, 0.0, 7.0, 0.0], vec![2.5, -1.0]));
}

#[test]
fn svmlight_scan_names_the_first_fault() {
    let at = |text: &[u8]| problem(&svmlight(text, 1, true));
    assert_eq!(at(b"1 1:1\n2:1 3:1\n"), (Kind::Label as u64, 2, 1));
    assert_eq!(at(b"1 1:1 1:2\n"), (Kind::Duplicate as u64, 1, 3));
    assert_eq!(at(b"1 2:1 1:2\n"), (Kind::Order as u64, 1, 3));
    assert_eq!(at(b"1 1:1 5\n"), (Kind::Pair as u64, 1, 3));
    assert_eq!(at(b"1 -1:1\n"), (Kind::Pair as u64, 1, 2));
    assert_eq!(at(b"1 1:\n"), (Kind::Empty as u64, 1, 2));
    assert_eq!(at(b"1 1:x\n"), (Kind::Text as u64, 1, 2));
    assert_eq!(at(b"1 1:inf\n"), (Kind::NotFinite as u64, 1, 2));
    assert_eq!(at(b"1 1:1e40\n"), (Kind::Overflow as u64, 1, 2));
    assert_eq!(at(b"cat 1:1\n"), (Kind::Text as u64, 1, 1));
}

#[test]
fn damaged_texts_never_panic_and_never_depend_on_threads() {
    let mut stream = Stream::new(7);
    let csv = b"1,2.5,cat\n-3,\"4\",dog\r\n5e-1,6,\"b\"\"c\"\n";
    let svm = b"+1 qid:1 1:0.5 3:2 # x\n-1 2:7\n";
    let alphabet = b"0123456789.,;:eE+-\"# \t\r\n\0\xffnaif";
    for round in 0..60_000 {
        let mut text = if round % 2 == 0 { csv.to_vec() } else { svm.to_vec() };
        for _ in 0..=stream.below(4) {
            let at = stream.below(text.len() as u64) as usize;
            let byte = alphabet[stream.below(alphabet.len() as u64) as usize];
            match stream.below(3) {
                0 => text[at] = byte,
                1 => text.insert(at, byte),
                _ => text.truncate(at.max(1)),
            }
        }
        let outcome = if round % 2 == 0 {
            let delimiter = [b',', b' ', b';', b'\t'][stream.below(4) as usize];
            let one = delimited(&text, delimiter, &[0, TARGET, LABEL], 1, 3);
            assert!(one.features.iter().all(|value| value.is_finite()));
            one.outcome
        } else {
            svmlight(&text, 1, round % 4 == 1).outcome
        };
        assert!(
            matches!(outcome, Ok(()) | Err(Status::Syntax)),
            "{outcome:?} for {:?}",
            String::from_utf8_lossy(&text)
        );
    }
}

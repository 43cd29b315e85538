//! Svmlight text against a naive reader, for any number of threads, and on damaged input.

use truly_sparse_kernels::base::random::Stream;
use truly_sparse_kernels::base::status::{Outcome, Status};
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
fn texts_give_the_same_arrays_and_faults_for_any_number_of_threads() {
    let mut stream = Stream::new(1);
    let mut svm = String::new();
    let mut expected = Vec::new();
    for row in 0..40_000 {
        let values = [(stream.normal() * 100.0) as f32, stream.normal() as f32];
        svm.push_str(&format!("{} 1:{} 4:{} # note\n", row % 3, values[0], values[1]));
        if row % 7 == 0 {
            svm.push_str("# a comment\n");
        }
        expected.extend([values[0], 0.0, 0.0, values[1]]);
    }
    let one = svmlight(svm.as_bytes(), 1, false);
    assert_eq!(one.names, ["0", "1", "2"]);
    assert!(one.labels.iter().enumerate().all(|(row, &label)| label as usize == row % 3));
    assert_eq!(one.features, expected);
    let faulty = format!("{svm}1 1:x\n{svm}1 2:nan\n");
    for threads in [2, 3, 8] {
        assert_eq!(svmlight(svm.as_bytes(), threads, false), one);
        assert_eq!(problem(&svmlight(faulty.as_bytes(), threads, false)), (Kind::Text as u64, 45_716, 2));
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
fn damaged_texts_never_panic() {
    let mut stream = Stream::new(7);
    let svm = b"+1 qid:1 1:0.5 3:2 # x\n-1 2:7\n";
    let alphabet = b"0123456789.,;:eE+-\"# \t\r\n\0\xffnaif";
    for round in 0..30_000 {
        let mut text = svm.to_vec();
        for _ in 0..=stream.below(4) {
            let at = stream.below(text.len() as u64) as usize;
            let byte = alphabet[stream.below(alphabet.len() as u64) as usize];
            match stream.below(3) {
                0 => text[at] = byte,
                1 => text.insert(at, byte),
                _ => text.truncate(at.max(1)),
            }
        }
        let outcome = svmlight(&text, 1, round % 4 == 1).outcome;
        assert!(
            matches!(outcome, Ok(()) | Err(Status::Syntax)),
            "{outcome:?} for {:?}",
            String::from_utf8_lossy(&text)
        );
    }
}

use super::*;

const SMALL: Design = Design {
    features: 30,
    informative: 4,
    redundant: 5,
    repeated: 3,
    classes: 3,
    clusters_per_class: 2,
    class_separation: 2.0,
    label_noise: 0.0,
    shuffle: true,
    seed: 7,
};

const FROM_START: Chosen = Chosen { first: 0, order: &[] };

fn generate(design: &Design, first: u64, count: usize, threads: usize) -> (Vec<f32>, Vec<u32>) {
    let (mut features, mut labels) = (vec![f32::NAN; count * design.features], vec![u32::MAX; count]);
    design.generate(Chosen { first, order: &[] }, &mut features, &mut labels, threads).unwrap();
    (features, labels)
}

#[test]
fn a_block_is_the_same_alone_and_in_the_whole_and_for_any_threads() {
    let whole = generate(&SMALL, 0, 20_000, 1);
    assert_eq!(generate(&SMALL, 0, 20_000, 3), whole);
    let part = generate(&SMALL, 777, 100, 2);
    assert_eq!(part.0, whole.0[777 * 30..877 * 30]);
    assert_eq!(part.1, whole.1[777..877]);
}

#[test]
fn every_round_of_turns_visits_every_cluster_once() {
    for count in [1, 2, 3, 4, 5, 16, 17, 32, 1000] {
        for key in 0..20 {
            let mut seen: Vec<usize> = (0..count).map(|turn| cycle_walk(turn, count, mix(key))).collect();
            seen.sort_unstable();
            assert!(seen.into_iter().eq(0..count));
        }
    }
    let labels = generate(&SMALL, 0, 6_000, 1).1;
    assert!((0..3).all(|class| labels.iter().filter(|&&label| label == class).count() == 2_000));
}

#[test]
fn repeated_columns_are_copies_and_redundant_ones_depend_on_the_informative() {
    let (features, _) = generate(&SMALL, 0, 50, 1);
    let mut places = [0; 12];
    SMALL.places(&mut places).unwrap();
    let plan = Plan::new(&SMALL).unwrap();
    for row in features.chunks_exact(30) {
        let at = |feature: usize| row[places[feature] as usize];
        for (copy, &from) in plan.copied.iter().enumerate() {
            assert_eq!(at(9 + copy), at(from));
        }
        for redundant in 0..5 {
            let sum: f64 = (0..4).map(|i| f64::from(at(i)) * plan.blend[i * 5 + redundant]).sum();
            assert!((sum - f64::from(at(4 + redundant))).abs() < 1e-5);
        }
    }
}

#[test]
fn logarithm_and_circle_agree_with_the_platform() {
    let mut stream = Stream::new(5);
    for index in 0..200_000u64 {
        let bits = if index < 2_000 { index as u32 } else { stream.bits() as u32 };
        let bits = if index % 2 == 0 { bits } else { !bits };
        let exact = ((f64::from(bits) + 0.5) / 4_294_967_296.0).ln();
        // The argument is rounded to f32 first, hence the absolute part.
        assert!((f64::from(ln_unit(bits)) - exact).abs() < 1e-7 + 3e-7 * exact.abs(), "{bits}");
        let (sine, cosine) = sin_cos_turn(bits);
        let (s, c) = (f64::from(bits) / 4_294_967_296.0 * std::f64::consts::TAU).sin_cos();
        assert!((f64::from(sine) - s).abs() < 1e-6 && (f64::from(cosine) - c).abs() < 1e-6, "{bits}");
    }
}

#[test]
fn noise_is_standard_normal() {
    let mut row = vec![0.0; 200_000];
    noise(&mut row, 11);
    let moment = |power: i32| row.iter().map(|&x| f64::from(x).powi(power)).sum::<f64>() / row.len() as f64;
    // Six standard deviations of each moment.
    assert!(moment(1).abs() < 0.0135 && (moment(2) - 1.0).abs() < 0.019, "{} {}", moment(1), moment(2));
    assert!(moment(3).abs() < 0.052 && (moment(4) - 3.0).abs() < 0.132, "{} {}", moment(3), moment(4));
    let beyond = row.iter().filter(|x| x.abs() > 1.959_964).count();
    assert!(beyond.abs_diff(10_000) < 600, "{beyond}");
    let pairs: f64 = row.chunks_exact(64).map(|b| (0..32).map(|i| f64::from(b[i] * b[i + 32])).sum::<f64>()).sum();
    assert!((pairs / 100_000.0).abs() < 0.019);
}

#[test]
fn a_chosen_sample_is_what_it_is_in_the_whole() {
    let order = [7u32, 150, 7, 0, 42];
    for first in [0, 40] {
        let (features, labels) = generate(&SMALL, first, 200, 1);
        let (mut made, mut classes) = (vec![f32::NAN; 150], vec![u32::MAX; 5]);
        SMALL.generate(Chosen { first, order: &order }, &mut made, &mut classes, 2).unwrap();
        for (row, sample) in order.iter().map(|&sample| sample as usize).enumerate() {
            assert_eq!(made[row * 30..][..30], features[sample * 30..][..30]);
            assert_eq!(classes[row], labels[sample]);
        }
        let (mut alone, mut all) = (vec![f32::NAN; 150], vec![u32::MAX; 200]);
        SMALL.generate(Chosen { first, order: &order }, &mut alone, &mut [], 1).unwrap();
        SMALL.generate(Chosen { first, order: &[] }, &mut [], &mut all, 1).unwrap();
        assert_eq!((alone, all), (made, labels));
    }
}

#[test]
fn label_noise_gives_its_share_a_random_class() {
    let clean = generate(&SMALL, 0, 30_000, 1).1;
    let noisy = generate(&Design { label_noise: 0.3, ..SMALL }, 0, 30_000, 1).1;
    // Two of three random classes differ: 0.2; six standard deviations.
    let changed = clean.iter().zip(&noisy).filter(|(a, b)| a != b).count();
    assert!(changed.abs_diff(6_000) < 420, "{changed}");
}

#[test]
fn corners_are_distinct_and_impossible_designs_are_refused() {
    let many = Design { informative: 5, classes: 2, clusters_per_class: 16, ..SMALL };
    let corners = corners(&many).unwrap();
    let mut codes: Vec<u32> =
        corners.chunks(5).map(|corner| corner.iter().fold(0, |code, &side| code * 2 + u32::from(side > 0.0))).collect();
    codes.sort_unstable();
    assert!(codes.into_iter().eq(0..32));
    for wrong in [
        Design { clusters_per_class: 6, ..SMALL },
        Design { features: 11, ..SMALL },
        Design { informative: 0, ..SMALL },
        Design { label_noise: 1.5, ..SMALL },
        Design { class_separation: f64::NAN, ..SMALL },
    ] {
        assert_eq!(wrong.generate(FROM_START, &mut [], &mut [], 1), Err(Status::Range), "{wrong:?}");
    }
    assert_eq!(SMALL.generate(FROM_START, &mut [0.0; 29], &mut [0], 1), Err(Status::Length));
    assert_eq!(SMALL.generate(FROM_START, &mut [], &mut [], 1), Ok(()));
}

#[test]
fn more_informative_features_than_corner_bits_still_differ() {
    let wide = Design { features: 64, informative: 40, ..SMALL };
    let plan = Plan::new(&wide).unwrap();
    let rows: Vec<&[f64]> = plan.corners.chunks(40).collect();
    assert!((1..rows.len()).all(|index| rows[index] != rows[0]));
}

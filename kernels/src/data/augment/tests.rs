use super::*;

const COLOUR: ImageShape = ImageShape { channels: 3, height: 9, width: 14 };
const STILL: Augmentation = Augmentation { rotation_degrees: 0.0, shift_fraction: 0.0, flip: false };
const PAPER: Augmentation = Augmentation { rotation_degrees: 10.0, shift_fraction: 0.1, flip: true };

fn noise(shape: ImageShape, count: usize) -> Vec<u8> {
    let mut stream = Stream::new(4);
    (0..count * shape.channels * shape.height * shape.width).map(|_| stream.bits() as u8).collect()
}

/// Exact interpolation in f64, from the definition.
fn oracle(pixels: &[u8], shape: ImageShape, angle: f64, down: f64, right: f64, flip: bool) -> Vec<f64> {
    let ImageShape { channels, height, width } = shape;
    let (my, mx) = ((height as f64 - 1.0) / 2.0, (width as f64 - 1.0) / 2.0);
    let mut copy = Vec::new();
    for channel in 0..channels {
        let at = |y: f64, x: f64| f64::from(pixels[(channel * height + y as usize) * width + x as usize]);
        for row in 0..height {
            for column in 0..width {
                let column = if flip { width - 1 - column } else { column };
                let (dy, dx) = (row as f64 - my + down, column as f64 - mx + right);
                let y = (angle.cos() * dy - angle.sin() * dx + my).clamp(0.0, height as f64 - 1.0);
                let x = (angle.sin() * dy + angle.cos() * dx + mx).clamp(0.0, width as f64 - 1.0);
                let (y0, x0) = (y.floor(), x.floor());
                let (y1, x1) = ((y0 + 1.0).min(height as f64 - 1.0), (x0 + 1.0).min(width as f64 - 1.0));
                let (fy, fx) = (y - y0, x - x0);
                copy.push(
                    (1.0 - fy) * ((1.0 - fx) * at(y0, x0) + fx * at(y0, x1))
                        + fy * ((1.0 - fx) * at(y1, x0) + fx * at(y1, x1)),
                );
            }
        }
    }
    copy
}

fn moved(pixels: &[u8], shape: ImageShape, motion: Motion) -> Vec<u8> {
    let mut copy = vec![0; pixels.len()];
    dispatch(Move { pixels, shape, motion, scratch: &mut Scratch::default(), copy: &mut copy });
    copy
}

#[test]
fn any_motion_agrees_with_exact_interpolation() {
    for channels in 1..=5 {
        for (height, width) in [(1, 1), (1, 7), (8, 8), (9, 14), (33, 20), (256, 130)] {
            let shape = ImageShape { channels, height, width };
            let pixels = noise(shape, 1);
            let mut stream = Stream::new(channels as u64);
            for flip in [false, true] {
                for range in [0.2, 3.0] {
                    let [angle, down, right] = std::array::from_fn(|_| range * (stream.unit() - 0.5));
                    let exact = oracle(&pixels, shape, angle, down, right, flip);
                    let copy = moved(&pixels, shape, Motion::new(shape, angle, down, right, flip));
                    let error = copy.iter().zip(&exact).map(|(&c, e)| (f64::from(c) - e).abs()).fold(0.0, f64::max);
                    // Weights of 8 bits, and slopes of 16 whose error grows with the side; worst for noise.
                    assert!(error <= 2.0 + height.max(width) as f64 / 256.0, "{shape:?}: {error}");
                }
            }
        }
    }
}

#[test]
fn no_motion_is_the_image_and_a_flip_alone_is_its_mirror() {
    let pixels = noise(COLOUR, 1);
    assert_eq!(moved(&pixels, COLOUR, Motion::new(COLOUR, 0.0, 0.0, 0.0, false)), pixels);
    let mirror: Vec<u8> = pixels.chunks(14).flat_map(|row| row.iter().rev().copied()).collect();
    assert_eq!(moved(&pixels, COLOUR, Motion::new(COLOUR, 0.0, 0.0, 0.0, true)), mirror);
}

#[test]
fn a_quarter_turn_and_whole_shifts_are_exact() {
    let shape = ImageShape { channels: 2, height: 6, width: 6 };
    let pixels = noise(shape, 1);
    let turned = moved(&pixels, shape, Motion::new(shape, std::f64::consts::FRAC_PI_2, 0.0, 0.0, false));
    let shifted = moved(&pixels, shape, Motion::new(shape, 0.0, 2.0, -1.0, false));
    for plane in 0..2 {
        for row in 0..6 {
            for column in 0..6 {
                let at = |row: usize, column: usize| pixels[(plane * 6 + row) * 6 + column];
                assert_eq!(turned[(plane * 6 + row) * 6 + column], at(5 - column, row));
                let (down, left) = ((row + 2).min(5), column.saturating_sub(1));
                assert_eq!(shifted[(plane * 6 + row) * 6 + column], at(down, left));
            }
        }
    }
}

#[test]
fn a_copy_depends_on_seed_epoch_and_image_alone() {
    let images = noise(COLOUR, 40);
    let run = |batch: &[u32], seed, epoch, threads| {
        let mut out = vec![0; batch.len() * 378];
        augment(&images, COLOUR, batch, PAPER, seed, epoch, &mut out, threads).unwrap();
        out
    };
    let batch: Vec<u32> = (0..40).rev().collect();
    let one = run(&batch, 1, 1, 1);
    assert_eq!(run(&batch, 1, 1, 3), one);
    assert_eq!(run(&[39], 1, 1, 1), one[..378]);
    assert_eq!(run(&[7, 7], 1, 1, 2)[378..], run(&[7], 1, 1, 1));
    assert_ne!(run(&batch, 2, 1, 1), one);
    assert_ne!(run(&batch, 1, 2, 1), one);
}

#[test]
fn draws_stay_inside_their_ranges_and_fill_them() {
    let shape = ImageShape { channels: 1, height: 101, width: 201 };
    let (mut flips, mut widest, mut farthest) = (0, 0.0f64, 0.0f64);
    for sample in 0..20_000 {
        let turn = Augmentation { shift_fraction: 0.0, ..PAPER };
        let motion = Motion::draw(shape, turn, 3, 0, sample);
        let angle = (motion.x[1] as f64).atan2(motion.x[0] as f64).to_degrees();
        assert!(angle.abs() <= 10.001);
        widest = widest.max(angle.abs());
        flips += u32::from(motion.flip);
        let motion = Motion::draw(shape, Augmentation { rotation_degrees: 0.0, ..PAPER }, 3, 0, sample);
        let (right, down) = (motion.x[2] as f64 / ONE, motion.y[2] as f64 / ONE);
        assert!(right.abs() <= 20.11 && down.abs() <= 10.11);
        farthest = farthest.max(right.abs());
    }
    assert!(widest > 9.99 && farthest > 20.0);
    // Six standard deviations.
    assert!(flips.abs_diff(10_000) < 425, "{flips}");
}

#[test]
fn wrong_arguments_are_refused() {
    let images = noise(COLOUR, 2);
    let mut out = vec![0; 378];
    let mut run = |images: &[u8], batch: &[u32], change| augment(images, COLOUR, batch, change, 0, 0, &mut out, 1);
    assert_eq!(run(&images, &[1], STILL), Ok(()));
    assert_eq!(run(&images, &[2], STILL), Err(Status::Range));
    assert_eq!(run(&images, &[0, 1], STILL), Err(Status::Length));
    assert_eq!(run(&images[1..], &[0], STILL), Err(Status::Length));
    assert_eq!(run(&images, &[0], Augmentation { rotation_degrees: f64::NAN, ..STILL }), Err(Status::Range));
    assert_eq!(run(&images, &[0], Augmentation { shift_fraction: 1.5, ..STILL }), Err(Status::Range));
    let none = ImageShape { channels: 0, height: 1, width: 1 };
    assert_eq!(augment(&[], none, &[], STILL, 0, 0, &mut [], 1), Err(Status::Range));
}

#[test]
#[ignore = "prints the pace of a CIFAR-10 batch; run alone, with --nocapture"]
fn pace() {
    let shape = ImageShape { channels: 3, height: 32, width: 32 };
    let images = noise(shape, 128);
    let batch: Vec<u32> = (0..128).collect();
    let mut out = vec![0; images.len()];
    let mut best = f64::MAX;
    for epoch in 0..300 {
        let start = std::time::Instant::now();
        augment(&images, shape, &batch, PAPER, 0, epoch, &mut out, 1).unwrap();
        best = best.min(start.elapsed().as_secs_f64());
    }
    println!("{:.3} ms", best * 1e3);
}

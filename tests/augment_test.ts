import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { type Augmentation, augmentBatch, validateAugmentation } from "../src/data/augment.ts";

const IMAGE = { channels: 3, height: 32, width: 30 };
const FEATURES = 3 * 32 * 30;
const STILL: Augmentation = { rotationDegrees: 0, shiftFraction: 0, flip: false };
const PAPER: Augmentation = { rotationDegrees: 10, shiftFraction: 0.1, flip: true };

/** Smooth images in shared memory, each unlike the others. */
function images(count: number): Uint8Array {
  const pixels = new Uint8Array(new SharedArrayBuffer(count * FEATURES));
  for (let at = 0; at < pixels.length; at++) {
    const [sample, y, x] = [Math.floor(at / FEATURES), Math.floor(at / 30) % 32, at % 30];
    pixels[at] = 127 + 120 * Math.sin(0.2 * x + 0.3 * y + sample);
  }
  return pixels;
}

function copies(
  order: number[],
  change: Augmentation,
  { seed = 1, epoch = 1, threads = 1 } = {},
): Uint8Array {
  const output = new Uint8Array(new SharedArrayBuffer(order.length * FEATURES));
  augmentBatch(images(64), IMAGE, Uint32Array.from(order), change, { seed, epoch, threads }, output);
  return output;
}

Deno.test("augmentBatch() copies images as they are when nothing may change", () => {
  assertEquals(copies([3, 0], STILL).subarray(FEATURES), images(1));
});

Deno.test("augmentBatch() mirrors about half the images exactly when only a flip is asked for", () => {
  const order = Array.from({ length: 64 }, (_, index) => index);
  const [flipped, original] = [copies(order, { ...STILL, flip: true }), images(64)];
  let mirrored = 0;
  for (const sample of order) {
    const rows = (from: Uint8Array) =>
      Array.from(
        { length: 96 },
        (_, row) => from.slice(sample * FEATURES + row * 30, sample * FEATURES + row * 30 + 30),
      );
    const [found, before] = [rows(flipped), rows(original)];
    if (found.every((row, index) => row.join() === before[index].join())) continue;
    assertEquals(found, before.map((row) => row.reverse()));
    mirrored++;
  }
  // Mean 32, standard deviation 4.
  assert(mirrored > 12 && mirrored < 52, `${mirrored} of 64`);
});

Deno.test("augmentBatch() gives the same copies for any batch and any threads, others for another epoch", () => {
  const order = Array.from({ length: 64 }, (_, index) => 63 - index);
  const all = copies(order, PAPER);
  assertEquals(copies(order, PAPER, { threads: 4 }), all);
  assertEquals(copies([63], PAPER), all.slice(0, FEATURES));
  assertNotEquals(copies(order, PAPER, { epoch: 2 }), all);
  assertNotEquals(copies(order, PAPER, { seed: 2 }), all);
});

Deno.test("augmentBatch() keeps a smooth image close to itself in its middle", () => {
  // Neither mirrored nor shifted, the middle pixels move by at most sin 10° · 0.71 of a pixel.
  const turned = copies([0], { ...PAPER, shiftFraction: 0, flip: false });
  const original = images(1);
  for (const y of [15, 16]) {
    for (const x of [14, 15]) assert(Math.abs(turned[y * 30 + x] - original[y * 30 + x]) < 10);
  }
  assertNotEquals(turned, original);
});

Deno.test("augmentBatch() refuses arrays that do not fit and images past the last", () => {
  const place = { seed: 1, epoch: 1, threads: 1 };
  const run = (order: Uint32Array, output: Uint8Array) =>
    augmentBatch(images(2), IMAGE, order, PAPER, place, output);
  assertThrows(() => run(Uint32Array.of(0), new Uint8Array(FEATURES - 1)), TypeError, "Cannot augment");
  assertThrows(() => run(Uint32Array.of(2), new Uint8Array(FEATURES)), RangeError, "Cannot augment");
  run(new Uint32Array(0), new Uint8Array(0));
});

Deno.test("validateAugmentation() names what is out of range", () => {
  const refuse = (change: Partial<Augmentation>, message: string) =>
    assertThrows(() => validateAugmentation({ ...PAPER, ...change }, IMAGE), RangeError, message);
  refuse({ rotationDegrees: 181 }, "rotationDegrees is 181, expected a value from 0 to 180");
  refuse({ rotationDegrees: NaN }, "rotationDegrees is NaN");
  refuse({ shiftFraction: -0.1 }, "shiftFraction is -0.1, expected a value from 0 to 1");
  assertThrows(() => validateAugmentation(PAPER, { ...IMAGE, width: 10_000 }), RangeError, "3 × 32 × 10000");
  assertThrows(() => validateAugmentation({ ...PAPER, flip: "no" as never }, IMAGE), TypeError, "flip is no");
  validateAugmentation(PAPER, IMAGE);
});

import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Dataset } from "../src/data/dataset.ts";
import { type Fold, groupFolds, stratifiedFolds } from "../src/data/folds.ts";

/** Samples whose only feature is their number. */
function dataOf(labels: readonly number[]): Dataset {
  const classes = Math.max(...labels) + 1;
  return {
    name: "numbers",
    task: "classification",
    featureCount: 1,
    outputCount: classes,
    classNames: Array.from({ length: classes }, (_, index) => `${index}`),
    featureNames: [],
    train: {
      samples: labels.length,
      features: Float32Array.from(labels, (_, sample) => sample),
      labels: Uint32Array.from(labels),
      targets: new Float32Array(0),
    },
  };
}

/** Fold of each sample of {@linkcode dataOf}, by which tests it. */
function foldsOf(folds: Iterable<Fold>): number[] {
  const found: number[] = [];
  for (const [fold, { test }] of [...folds].entries()) {
    for (const sample of test.features) found[sample] = fold;
  }
  return found;
}

/** Nine in ten of class 0. */
const LABELS = Array.from({ length: 103 }, (_, sample) => sample % 10 === 3 ? 1 : 0);

Deno.test("stratifiedFolds() gives every fold its share of each class, and deals anew with each seed and repetition", () => {
  const data = dataOf(LABELS);
  const folds = foldsOf(stratifiedFolds(data, { folds: 5, seed: 2 }));
  for (const [label, total] of [[0, 93], [1, 10]]) {
    const counts = [0, 1, 2, 3, 4].map((fold) =>
      folds.filter((other, sample) => other === fold && LABELS[sample] === label).length
    );
    assertEquals(counts.reduce((sum, count) => sum + count, 0), total);
    assert(Math.max(...counts) - Math.min(...counts) <= 1, `${counts}`);
  }
  const sizes = [0, 1, 2, 3, 4].map((fold) => folds.filter((other) => other === fold).length);
  assertEquals(sizes.toSorted(), [20, 20, 21, 21, 21]);
  assertEquals(foldsOf(stratifiedFolds(data, { folds: 5, seed: 2 })), folds);
  assert(foldsOf(stratifiedFolds(data, { seed: 3 })).join() !== folds.join());
  assert(foldsOf(stratifiedFolds(data, { seed: 2, repeat: 1 })).join() !== folds.join());
});

Deno.test("groupFolds() keeps groups whole, and their classes even", () => {
  // Forty patients of 1 to 4 samples, every fourth of class 1.
  const groups = Uint32Array.from(
    Array.from({ length: 40 }, (_, patient) => Array(1 + patient % 4).fill(1000 + patient)).flat(),
  );
  const labels = Array.from(groups, (patient) => Math.floor((patient - 1000) / 4) % 4 === 0 ? 1 : 0);
  const folds = foldsOf(groupFolds(dataOf(labels), groups, { folds: 4, seed: 1 }));
  for (const patient of new Set(groups)) {
    assertEquals(new Set(folds.filter((_, sample) => groups[sample] === patient)).size, 1);
  }
  for (const label of [0, 1]) {
    const counts = [0, 1, 2, 3].map((fold) =>
      folds.filter((other, sample) => other === fold && labels[sample] === label).length
    );
    assert(Math.max(...counts) - Math.min(...counts) <= 4, `class ${label}: ${counts}`);
  }
  // One large group leaves the others to the other folds.
  const large = Uint32Array.of(7, 7, 7, 7, 7, 7, 1, 2);
  assertEquals(new Set(foldsOf(groupFolds(dataOf([0, 1, 0, 1, 0, 1, 0, 1]), large, { folds: 3 }))).size, 3);
});

Deno.test("stratifiedFolds() tests with one fold and learns from the others, every sample once", () => {
  const data = { ...dataOf(LABELS), test: dataOf([0, 1]).train };
  const seen: number[] = [];
  for (const { train, test } of stratifiedFolds(data, { folds: 3 })) {
    assertEquals(train.samples + test.samples, 103);
    for (const part of [train, test]) {
      part.features.forEach((sample, place) => assertEquals(part.labels[place], LABELS[sample]));
    }
    assert(!train.features.some((sample) => test.features.includes(sample)));
    seen.push(...test.features);
  }
  assertEquals(seen.toSorted((one, other) => one - other), LABELS.map((_, sample) => sample));
});

Deno.test("stratifiedFolds() and groupFolds() refuse what cannot be dealt", () => {
  const data = dataOf([0, 1, 0, 1]);
  assertThrows(() => stratifiedFolds(data, { folds: 1 }), RangeError, "at least 2");
  assertThrows(() => stratifiedFolds(data), RangeError, "4 samples for 5 folds");
  assertThrows(() => groupFolds(data, new Uint32Array(3), { folds: 2 }), TypeError, "groups of 3 samples");
  assertThrows(() => groupFolds(data, new Uint32Array(4), { folds: 2 }), RangeError, "1 groups, 2 folds");
});

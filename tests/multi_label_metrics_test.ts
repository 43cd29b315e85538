import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { multiLabelMetrics } from "../mod.ts";

/** Eighths, which f32 holds; the ties are meant. */
const PROBABILITIES = [
  [7, 1, 4, 2],
  [5, 6, 4, 1],
  [2, 5, 3, 1],
  [6, 2, 7, 3],
  [5, 7, 1, 2],
  [1, 6, 6, 1],
  [3, 3, 5, 4],
  [6, 1, 2, 1],
].map((row) => row.map((eighths) => eighths / 8));

const TARGETS = [
  [1, 0, 0, 0],
  [1, 1, 1, 0],
  [0, 0, 0, 0],
  [0, 0, 1, 1],
  [1, 1, 0, 0],
  [0, 1, 1, 0],
  [1, 0, 1, 1],
  [1, 0, 0, 0],
];

const WEIGHTS = [1, 2, 0.5, 3, 1, 1, 0.25, 4];

/** By scikit-learn 1.9: tests/parity/multi_label.py. */
const PLAIN = {
  accuracy: 0.5,
  hammingLoss: 0.1875,
  microPrecision: 0.8333333333333334,
  microRecall: 0.7142857142857143,
  microF1: 0.7692307692307693,
  macroPrecision: 0.6375,
  macroRecall: 0.6375,
  macroF1: 0.6285714285714286,
  rocAuc: 0.9338541666666667,
  meanAveragePrecision: 0.9425,
  logLoss: 0.40050705559373,
  labels: [{
    precision: 0.8,
    recall: 0.8,
    f1: 0.8,
    rocAuc: 0.7666666666666667,
    averagePrecision: 0.8200000000000001,
    logLoss: 0.5186947253469619,
    confusion: [[2, 1], [1, 4]],
  }, {
    precision: 0.75,
    recall: 1,
    f1: 0.8571428571428571,
    rocAuc: 1,
    averagePrecision: 1,
    logLoss: 0.33930915968579656,
    confusion: [[4, 1], [0, 3]],
  }, {
    precision: 1,
    recall: 0.75,
    f1: 0.8571428571428571,
    rocAuc: 0.96875,
    averagePrecision: 0.95,
    logLoss: 0.3960910687204961,
    confusion: [[4, 0], [1, 3]],
  }, {
    precision: 0,
    recall: 0,
    f1: 0,
    rocAuc: 1,
    averagePrecision: 1,
    logLoss: 0.3479332686216655,
    confusion: [[6, 0], [2, 0]],
  }],
};

const WEIGHED = {
  accuracy: 0.5490196078431373,
  hammingLoss: 0.17647058823529413,
  microPrecision: 0.8227848101265823,
  microRecall: 0.7471264367816092,
  microF1: 0.7831325301204819,
  macroPrecision: 0.654040404040404,
  macroRecall: 0.6624242424242425,
  macroF1: 0.6454672778202191,
  rocAuc: 0.8877855477855477,
  meanAveragePrecision: 0.9166973813368797,
  logLoss: 0.3844712560792307,
  labels: [{
    precision: 0.7272727272727273,
    recall: 0.9696969696969697,
    f1: 0.8311688311688312,
    rocAuc: 0.5757575757575758,
    averagePrecision: 0.7109274563820018,
    logLoss: 0.5784888937750486,
    confusion: [[1.5, 3], [0.25, 8]],
  }, {
    precision: 0.8888888888888888,
    recall: 1,
    f1: 0.9411764705882353,
    rocAuc: 1,
    averagePrecision: 1,
    logLoss: 0.2458977509235387,
    confusion: [[8.25, 0.5], [0, 4]],
  }, {
    precision: 1,
    recall: 0.68,
    f1: 0.8095238095238095,
    rocAuc: 0.9753846153846154,
    averagePrecision: 0.9558620689655173,
    logLoss: 0.3454494271663633,
    confusion: [[6.5, 0], [2, 4.25]],
  }, {
    precision: 0,
    recall: 0,
    f1: 0,
    rocAuc: 1,
    averagePrecision: 1,
    logLoss: 0.3680489524519723,
    confusion: [[9.5, 0], [3.25, 0]],
  }],
};

/** Compares numbers at any depth, within what sums in another order change. */
function assertNear(found: unknown, expected: unknown, path: string): void {
  if (typeof expected === "number") return assertAlmostEquals(found as number, expected, 1e-12, path);
  const [one, other] = [found, expected] as Record<string, unknown>[];
  assertEquals(Object.keys(one).sort(), Object.keys(other).sort(), path);
  for (const [name, value] of Object.entries(other)) assertNear(one[name], value, `${path}.${name}`);
}

Deno.test("multiLabelMetrics() gives scikit-learn's numbers, with weights and without", () => {
  assertNear(multiLabelMetrics(PROBABILITIES, TARGETS, 4), PLAIN, "plain");
  assertNear(multiLabelMetrics(PROBABILITIES, TARGETS, 4, WEIGHTS), WEIGHED, "weighed");
});

Deno.test("multiLabelMetrics() gives the same of rows, of one line and of every kind of array", () => {
  const expected = multiLabelMetrics(PROBABILITIES, TARGETS, 4, WEIGHTS);
  const [line, flat] = [PROBABILITIES.flat(), TARGETS.flat()];
  assertEquals(
    multiLabelMetrics(Float32Array.from(line), Uint8Array.from(flat), 4, Float64Array.from(WEIGHTS)),
    expected,
  );
  assertEquals(multiLabelMetrics(line, Int16Array.from(flat), 4, WEIGHTS), expected);
});

Deno.test("multiLabelMetrics() leaves out what samples do not define, and labels that neither apply nor were predicted", () => {
  const never = multiLabelMetrics([[0.75, 0.25], [0.25, 0.25]], [[1, 0], [0, 0]], 2);
  assertEquals([never.macroF1, never.macroPrecision, never.macroRecall, never.microF1], [1, 1, 1, 1]);
  assertEquals(["rocAuc", "meanAveragePrecision"].filter((name) => name in never), []);
  assertEquals(Object.keys(never.labels[1]), ["logLoss", "confusion"]);
  const nothing = multiLabelMetrics([[0.25, 0.25]], [[0, 0]], 2);
  assertEquals([nothing.accuracy, nothing.hammingLoss], [1, 0]);
  assertEquals(["macroF1", "microF1", "microRecall"].filter((name) => name in nothing), []);
  assert(Number.isFinite(nothing.logLoss));
  // All labels apply: precision is defined, an order of them against others is not.
  const all = multiLabelMetrics([[0.75], [0.25]], [[1], [1]], 1);
  assertEquals([all.meanAveragePrecision, all.rocAuc, all.microRecall], [1, undefined, 0.5]);
});

Deno.test("multiLabelMetrics() refuses what it cannot measure", () => {
  const measure = (...given: unknown[]) => () => multiLabelMetrics(...given as [never, never, never]);
  assertThrows(measure([[0.5, 0.5]], [[1, 2]], 2), RangeError, "target 1 of sample 0 is 2, expected 0 or 1");
  assertThrows(measure([[0.5]], [[1, 0]], 2), TypeError, "1 values for 2 targets");
  assertThrows(measure([[NaN, 0]], [[1, 0]], 2), RangeError, "number 0 of row 0 of outputs is NaN");
  assertThrows(measure(Float32Array.of(NaN, 0), [[1, 0]], 2), RangeError, "number 0 of the outputs is NaN");
  assertThrows(measure([[0.5, 0]], [[1, 0]], 2, [-1]), RangeError, "the weight of sample 0 is -1");
  assertThrows(measure([[0.5, 0]], [[1, 0]], 2, [0]), RangeError, "all weights are 0");
  assertThrows(measure([[0.5, 0]], [[1, 0]], 2, [1, 1]), TypeError, "weights are 2 numbers, expected 1");
  assertThrows(measure([[0.5, 0.5, 0.5, 0.5]], [[1, 0], [0, 0]], 2), TypeError, "4 values for 2 samples");
  assertThrows(measure([], [], 2), TypeError, "for 0 samples");
  assertThrows(measure([[0.5, 0]], [[1, 0]], 0), RangeError, "a sample has 0 outputs");
});

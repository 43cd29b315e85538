import { assert, assertEquals, assertNotEquals } from "@std/assert";
import {
  ACTIVATIONS,
  batchOf,
  gradientsOf,
  randomBatch,
  randomModel,
  runEvaluation,
  STEP,
  type TestStep,
} from "./oracle/batch.ts";
import {
  assertClose,
  assertGradientsClose,
  backpropagate,
  type DropoutFactors,
  oracleOf,
} from "./oracle/mlp.ts";

// Sums of up to 300 products in f32 stay within 300 · 2⁻²⁴ ≈ 2e-5 of their largest term.
const TOLERANCE = 5e-5;

const UNITS = 24;

/**
 * Which hidden units each sample kept, `[sample][unit]`, as the gradients tell: sample s has a 1 in feature s alone, so
 * the gradient of the weight from feature s to unit j is that of unit j in sample s, and 0 exactly where it was dropped.
 */
function keptUnits(samples: number, width: number, settings: TestStep): boolean[][] {
  const sizes = [samples, UNITS, 2];
  const model = randomModel({ sizes, density: 1, activation: "identity", task: "regression", seed: 4 });
  const features = Array.from({ length: samples }, (_, sample) => {
    const row = new Float32Array(samples);
    row[sample] = 1;
    return row;
  });
  const batch = batchOf(features, new Uint32Array(0), new Float32Array(2 * samples).fill(9));
  const { layers: [first] } = gradientsOf(model, batch.tiles(width), settings);
  return features.map((_, sample) =>
    Array.from(first.weights.subarray(sample * UNITS, (sample + 1) * UNITS), (gradient) => gradient !== 0)
  );
}

Deno.test("trainBatch() keeps units with the probability asked for, independently of each other", () => {
  for (const dropout of [0.1, 0.3, 0.5, 0.9]) {
    const samples = 300;
    const kept = keptUnits(samples, 64, { ...STEP, dropout });
    const count = kept.flat().filter(Boolean).length;
    const draws = samples * UNITS;
    const deviation = Math.sqrt(dropout * (1 - dropout) * draws);
    assert(
      Math.abs(count - (1 - dropout) * draws) < 4 * deviation,
      `${count} of ${draws} kept at ${dropout}`,
    );
    // Neighbouring units and neighbouring samples agree as often as independent draws do.
    const agreement = (1 - dropout) ** 2 + dropout ** 2;
    const pairs = [
      kept.slice(1).map((row, s) => row.map((unit, j) => unit === kept[s][j])),
      kept.map((row) => row.slice(1).map((unit, j) => unit === row[j])),
    ];
    for (const same of pairs) {
      const flat = same.flat();
      const share = flat.filter(Boolean).length / flat.length;
      // Pairs overlap, which at most doubles the variance; five deviations.
      const spread = Math.sqrt(2 * agreement * (1 - agreement) / flat.length);
      assert(Math.abs(share - agreement) < 5 * spread, `${share} agree, expected ${agreement}`);
    }
  }
});

Deno.test("trainBatch() drops the same units for any tile width and number of threads, others in other steps", () => {
  for (const samples of [40, 129, 300]) {
    const settings = { ...STEP, dropout: 0.4, seed: 3, step: 7 };
    const kept = keptUnits(samples, 16, settings);
    for (const width of [32, 48, 64, 80, 112, 128]) {
      assertEquals(keptUnits(samples, width, settings), kept, `${samples} samples, width ${width}`);
    }
    assertEquals(keptUnits(samples, 16, { ...settings, threads: 4 }), kept);
    assertNotEquals(keptUnits(samples, 16, { ...settings, step: 8 }), kept);
    assertNotEquals(keptUnits(samples, 16, { ...settings, seed: 4 }), kept);
  }
});

Deno.test("trainBatch() drops units of each layer by numbers of its own", () => {
  const sizes = [3, UNITS, UNITS, UNITS, 2];
  const dropout = 0.4;
  const model = randomModel({ sizes, density: 1, activation: "identity", task: "regression", seed: 4 });
  const batch = randomBatch(sizes, 1, "regression", 2).tiles(16);
  const same = [0, 0];
  const steps = 40;
  for (let step = 0; step < steps; step++) {
    const { layers } = gradientsOf(model, batch, { ...STEP, dropout, step });
    // With one sample, the gradients of all weights that leave a unit are 0 exactly where it was dropped.
    const [first, second, third] = [1, 2, 3].map((index) => {
      const { neurons } = model.layers[index];
      const { weights } = layers[index];
      return Array.from(
        { length: UNITS },
        (_, unit) =>
          weights.subarray(unit * neurons, (unit + 1) * neurons).some((gradient) => gradient !== 0),
      );
    });
    same[0] += first.filter((kept, unit) => kept === second[unit]).length;
    same[1] += second.filter((kept, unit) => kept === third[unit]).length;
  }
  const agreement = (1 - dropout) ** 2 + dropout ** 2;
  const draws = steps * UNITS;
  for (const count of same) {
    // Five standard deviations.
    const spread = 5 * Math.sqrt(agreement * (1 - agreement) * draws);
    assert(Math.abs(count - agreement * draws) < spread, `${count} of ${draws} agree, expected ${agreement}`);
  }
});

Deno.test("trainBatch() scales kept units by 1 / (1 − rate), forward and backward", () => {
  // 0.25 is a whole number of 65536ths, so that the rate in force is the rate asked for.
  const [samples, dropout] = [40, 0.25];
  const sizes = [samples, UNITS, 2];
  for (const activation of ACTIVATIONS) {
    const model = randomModel({ sizes, density: 1, activation, task: "regression", seed: 4 });
    const features = Array.from({ length: samples }, (_, sample) => {
      const row = new Float32Array(samples);
      row[sample] = 1;
      return row;
    });
    const targets = Float32Array.from({ length: 2 * samples }, (_, place) => Math.sin(place));
    const batch = batchOf(features, new Uint32Array(0), targets);
    const settings = { ...STEP, dropout, step: 2 };
    const factors: DropoutFactors = [
      keptUnits(samples, 16, settings).map((row) => row.map((unit) => unit ? 1 / (1 - dropout) : 0)),
    ];
    const expected = backpropagate(oracleOf(model), batch, factors);
    for (const width of [16, 48]) {
      const { totals, layers } = gradientsOf(model, batch.tiles(width), settings);
      assertClose([totals.loss], [expected.total], TOLERANCE, "loss");
      assertGradientsClose(
        model,
        layers,
        expected.gradients,
        TOLERANCE,
        `${activation.kind}, width ${width}`,
      );
    }
  }
});

Deno.test("evaluateBatch() drops nothing and trainBatch() with dropout 0 keeps all", () => {
  assert(keptUnits(40, 16, STEP).flat().every(Boolean));
  const model = randomModel({ sizes: [6, 15, 3], density: 0.4, seed: 5 });
  const batch = randomBatch([6, 15, 3], 40, "classification", 3).tiles(48);
  assertEquals(gradientsOf(model, batch, STEP).totals, runEvaluation(model, batch));
});

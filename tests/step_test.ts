import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import type { SparseMlp, Task } from "../src/model/model.ts";
import { applyGradients, type StepSettings } from "../src/native/kernels.ts";
import {
  ACTIVATIONS,
  batchOf,
  gradientViews,
  randomBatch,
  randomModel,
  runEvaluation,
  runStep,
  STEP,
} from "./oracle/batch.ts";
import {
  assertClose,
  assertModelClose,
  backpropagate,
  type DropoutFactors,
  forward,
  lossOf,
  momentumStep,
  type OracleGradients,
  oracleOf,
} from "./oracle/mlp.ts";

// Sums of up to 300 products in f32 stay within 300 · 2⁻²⁴ ≈ 2e-5 of their largest term; steps add up.
const TOLERANCE = 5e-5;

interface Case {
  readonly sizes: readonly number[];
  readonly density?: number;
  readonly task?: Task;
  readonly activation?: (typeof ACTIVATIONS)[number];
  readonly samples?: number;
  readonly width?: number;
  readonly steps?: number;
  readonly settings?: Partial<StepSettings>;
}

function network({ sizes, density = 0.4, task = "classification", activation = ACTIVATIONS[0] }: Case) {
  return randomModel({ sizes, density, task, activation, seed: 5 });
}

/** Runs steps in the kernels and in the oracle and compares losses and all parameters after each. */
function compare(test: Case): void {
  const { sizes, task = "classification", samples = 20, width = 16, steps = 1 } = test;
  const model = network(test);
  const net = oracleOf(model);
  for (let step = 0; step < steps; step++) {
    const batch = randomBatch(sizes, samples, task, 100 + step);
    const settings = { ...STEP, ...test.settings, step };
    const found = runStep(model, batch.tiles(width), settings);
    const expected = backpropagate(net, batch);
    momentumStep(net, expected.gradients, settings);
    const what = `${JSON.stringify(test)}, step ${step}`;
    assertClose([found.loss], [expected.total], TOLERANCE, `loss of ${what}`);
    assertEquals(found.correct, task === "regression" ? 0 : expected.correct, `hits of ${what}`);
    assertModelClose(model, net, TOLERANCE, what);
  }
}

Deno.test("trainBatch() agrees with a dense f64 network for all shapes and densities", () => {
  const shapes = [[1, 1], [1, 1, 1], [3, 2], [1, 7, 1], [5, 1, 3], [7, 13, 11, 5], [33, 70, 17, 3], [
    130,
    40,
    2,
  ]];
  for (const sizes of shapes) {
    for (const density of [0, 0.1, 0.5, 1]) {
      for (const task of ["classification", "regression"] as const) {
        compare({ sizes, density, task, steps: 2 });
      }
    }
  }
});

Deno.test("trainBatch() agrees with a dense f64 network for all batch sizes and tile widths", () => {
  const sizes = [9, 19, 12, 4];
  for (const samples of [1, 5, 16, 17, 96, 128, 129, 300]) {
    for (const width of [16, 32, 48, 64, 80, 96, 112, 128]) {
      compare({ sizes, samples, width });
    }
  }
});

Deno.test("trainBatch() agrees with a dense f64 network for all activations and both tasks", () => {
  for (const activation of ACTIVATIONS) {
    for (const task of ["classification", "regression"] as const) {
      for (const samples of [20, 70]) {
        compare({ sizes: [6, 15, 11, 9, 3], activation, task, samples, width: 32, steps: 3 });
      }
    }
  }
});

Deno.test("trainBatch() agrees with a dense f64 network for all forms of the update", () => {
  for (const coupledDecay of [false, true]) {
    for (const [momentum, weightDecay] of [[0, 0], [0.9, 0.05], [0.5, 0]]) {
      const settings = { coupledDecay, momentum, weightDecay };
      for (const width of [16, 64]) {
        compare({ sizes: [8, 20, 3], samples: 60, width, steps: 4, settings });
      }
      const nesterov = { ...settings, nesterov: true };
      compare({ sizes: [8, 20, 3], samples: 60, width: 64, steps: 4, settings: nesterov });
      compare({ sizes: [8, 20, 3], activation: { kind: "srelu" }, width: 32, steps: 4, settings: nesterov });
    }
  }
});

Deno.test("trainBatch() refuses Nesterov's form over several tiles without a gradient arena", () => {
  const model = network({ sizes: [8, 20, 3] });
  const batch = randomBatch([8, 20, 3], 40, "classification", 1).tiles(16);
  assertThrows(
    () => runStep(model, batch, { ...STEP, nesterov: true }),
    RangeError,
    "Cannot train on a batch",
  );
});

/** The gradients of one step, a plain copy for each layer. */
function gradientsOf(model: SparseMlp, ...step: [Parameters<typeof runStep>[1], StepSettings]) {
  const arena = model.allocateGradients();
  const totals = runStep(model, ...step, arena);
  return { arena, totals, layers: gradientViews(model, arena) };
}

/** Gradients of a layer's connections, out of the oracle's dense matrix. */
function connected(model: SparseMlp, index: number, gradients: OracleGradients): Float64Array {
  const { inputs, neurons, indptr, indices, nnz } = model.layers[index];
  const values = new Float64Array(nnz);
  for (let input = 0; input < inputs; input++) {
    for (let at = indptr[input]; at < indptr[input + 1]; at++) {
      values[at] = gradients.weights[input * neurons + indices[at]];
    }
  }
  return values;
}

function assertGradientsClose(
  model: SparseMlp,
  found: ReturnType<typeof gradientViews>,
  expected: readonly OracleGradients[],
  what: string,
): void {
  for (const [index, layer] of found.entries()) {
    assertClose(
      layer.weights,
      connected(model, index, expected[index]),
      TOLERANCE,
      `${what}: weights ${index}`,
    );
    assertClose(layer.bias, expected[index].bias, TOLERANCE, `${what}: biases ${index}`);
    assertClose(layer.shape, expected[index].shape, TOLERANCE, `${what}: shape ${index}`);
  }
}

Deno.test("trainBatch() writes gradients that agree with a dense f64 network, and changes no parameter", () => {
  for (const activation of ACTIVATIONS) {
    for (const [samples, width] of [[1, 16], [40, 48], [129, 64]]) {
      const sizes = [6, 15, 11, 3];
      const model = network({ sizes, activation });
      const before = model.memory.arena.slice();
      const batch = randomBatch(sizes, samples, "classification", 3);
      const { layers } = gradientsOf(model, batch.tiles(width), STEP);
      const { gradients } = backpropagate(oracleOf(model), batch);
      assertGradientsClose(model, layers, gradients, `${activation.kind}, ${samples} samples`);
      assertEquals(model.memory.arena, before);
    }
  }
});

Deno.test("applyGradients() after writing gradients equals the fused update: bit for bit with one tile", () => {
  const sizes = [9, 40, 23, 4];
  for (const activation of [ACTIVATIONS[0], ACTIVATIONS[4]]) {
    for (const [coupledDecay, nesterov] of [[false, false], [true, false], [false, true], [true, true]]) {
      for (const [samples, width] of [[50, 64], [50, 16], [128, 48]]) {
        const oneTile = samples <= width;
        if (nesterov && !oneTile) continue;
        const settings = { ...STEP, coupledDecay, nesterov };
        const [fused, written] = [network({ sizes, activation }), network({ sizes, activation })];
        const batch = randomBatch(sizes, samples, "classification", 3).tiles(width);
        const totals = runStep(fused, batch, settings);
        const gradients = gradientsOf(written, batch, settings);
        applyGradients(written.memory, gradients.arena, settings, 2);
        assertEquals(gradients.totals, totals);
        if (oneTile) assertEquals(written.memory.arena, fused.memory.arena);
        // Several tiles: −η·(g₁ + g₂) against (−η·g₁) − η·g₂, a rounding or two apart.
        else assertModelClose(written, oracleOf(fused), 1e-6, `${samples} samples, width ${width}`);
      }
    }
  }
});

Deno.test("evaluateBatch() gives loss, hits and outputs of a dense f64 network", () => {
  for (const task of ["classification", "regression"] as const) {
    for (const activation of ACTIVATIONS) {
      for (const [samples, width] of [[1, 16], [17, 32], [130, 128], [300, 48]]) {
        const sizes = [6, 15, 11, 3];
        const model = network({ sizes, activation, task });
        const batch = randomBatch(sizes, samples, task, 3);
        const net = oracleOf(model);
        const values = forward(net, batch).values[2];
        const expected = lossOf(net, values, batch);
        const outputs = new Float32Array(samples * 3);
        const found = runEvaluation(model, batch.tiles(width), outputs, 2);
        assertClose([found.loss], [expected.total], TOLERANCE, "loss");
        assertEquals(found.correct, task === "regression" ? 0 : expected.correct);
        const rows = values.map((row) => {
          if (task === "regression") return row;
          const total = row.reduce((sum, z) => sum + Math.exp(z), 0);
          return row.map((z) => Math.exp(z) / total);
        });
        assertClose(outputs, rows.flatMap((row) => [...row]), TOLERANCE, "outputs");
      }
    }
  }
});

// --- dropout ---

const UNITS = 24;

/**
 * Which hidden units each sample kept, `[sample][unit]`, as the gradients tell: sample s has a 1 in feature s alone, so
 * the gradient of the weight from feature s to unit j is that of unit j in sample s, and 0 exactly where it was dropped.
 */
function keptUnits(samples: number, width: number, settings: StepSettings): boolean[][] {
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
      assertGradientsClose(model, layers, expected.gradients, `${activation.kind}, width ${width}`);
    }
  }
});

Deno.test("evaluateBatch() drops nothing and trainBatch() with dropout 0 keeps all", () => {
  assert(keptUnits(40, 16, STEP).flat().every(Boolean));
  const model = network({ sizes: [6, 15, 3] });
  const batch = randomBatch([6, 15, 3], 40, "classification", 3).tiles(48);
  assertEquals(gradientsOf(model, batch, STEP).totals, runEvaluation(model, batch));
});

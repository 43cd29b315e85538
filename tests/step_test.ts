import { assertEquals, assertThrows } from "@std/assert";
import { TASKS } from "../src/task.ts";
import { SparseMlp } from "../src/model/model.ts";
import type { Task } from "../src/model/settings.ts";
import { applyGradients } from "../src/native/update.ts";
import { trainBatch, workspaceWords } from "../src/native/step.ts";
import { stateFor } from "../src/optimizer/optimizers.ts";
import { sharedFloats, sharedWords } from "../src/sparse/shared.ts";
import { resolveHyperparameters } from "../src/train/hyperparameters.ts";
import {
  ACTIVATIONS,
  ADAM_STEP,
  blockOf,
  gradientsOf,
  randomBatch,
  randomModel,
  runApply,
  runEvaluation,
  runStep,
  runUpdate,
  STEP,
  type TestStep,
  weighted,
} from "./oracle/batch.ts";
import {
  assertClose,
  assertGradientsClose,
  assertModelClose,
  backpropagate,
  forward,
  lossOf,
  oracleOf,
} from "./oracle/mlp.ts";
import { ruleOf, updateNetwork } from "./oracle/update.ts";

// Sums of up to 300 products in f32 stay within 300 · 2⁻²⁴ ≈ 2e-5 of their largest term; steps add up.
const TOLERANCE = 5e-5;

const DECAY_FORMS = ["outside", "coupled", "decoupled"] as const;
const FORMS = DECAY_FORMS.flatMap((weightDecayForm) =>
  [STEP, { ...STEP, nesterov: true }, ADAM_STEP].map((step) => ({ ...step, weightDecayForm }))
);

interface Case {
  readonly sizes: readonly number[];
  readonly density?: number;
  readonly task?: Task;
  readonly activation?: (typeof ACTIVATIONS)[number];
  readonly samples?: number;
  readonly width?: number;
  readonly steps?: number;
  readonly settings?: Partial<TestStep>;
  /** What `settings` change. */
  readonly base?: TestStep;
  /** Updates before the first. */
  readonly updates?: number;
  /** Whether samples have weights. */
  readonly weighs?: boolean;
  /** Holds what momentum keeps, also where there is none. */
  readonly held?: boolean;
}

function network(test: Case) {
  const { sizes, density = 0.4, task = "classification", activation = ACTIVATIONS[0] } = test;
  const settings = test.held ? STEP : { ...test.base ?? STEP, ...test.settings };
  const model = randomModel({ sizes, density, task, activation, seed: 5 }, stateFor(settings));
  model.updates = test.updates ?? 0;
  return model;
}

/** Runs steps in the kernels and in the oracle and compares losses and all parameters after each. */
function compare(test: Case): void {
  const { sizes, task = "classification", samples = 20, width = 16, steps = 1, updates = 0 } = test;
  const model = network(test);
  const net = oracleOf(model);
  for (let step = 0; step < steps; step++) {
    const random = randomBatch(sizes, samples, task, 100 + step);
    const batch = test.weighs ? weighted(random, 200 + step) : random;
    const settings = { ...test.base ?? STEP, ...test.settings, step };
    const found = runUpdate(model, batch.tiles(width), settings);
    const expected = backpropagate(net, batch);
    updateNetwork(net, expected.gradients, ruleOf(settings, updates + step + 1), settings);
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
      for (const task of TASKS) {
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

Deno.test("trainBatch() multiplies the loss of each sample by its weight, as a dense f64 network does", () => {
  const sizes = [9, 19, 12, 4];
  for (const task of TASKS) {
    for (const samples of [1, 17, 129, 300]) {
      compare({ sizes, samples, task, width: 48, steps: 2, weighs: true });
      compare({ sizes, samples, task, width: 128, base: ADAM_STEP, weighs: true });
    }
  }
});

Deno.test("trainBatch() and evaluateBatch() give the bits of no weights with weights of 1, and refuse too few", () => {
  const sizes = [9, 19, 12, 4];
  for (const task of TASKS) {
    const random = randomBatch(sizes, 100, task, 3).tiles(32);
    const ones = { ...random, weights: sharedFloats(100).fill(1) };
    const [plain, weighed] = [random, ones].map((batch) => {
      const model = network({ sizes, task });
      return [runStep(model, batch, STEP), runEvaluation(model, batch), model.memory.arena];
    });
    assertEquals(weighed, plain);
    const short = { ...random, weights: sharedFloats(99) };
    assertThrows(() => runStep(network({ sizes, task }), short, STEP), TypeError);
    assertThrows(() => runEvaluation(network({ sizes, task }), short), TypeError);
  }
});

Deno.test("evaluateBatch() sums losses times weights, and counts each hit once", () => {
  for (const task of TASKS) {
    const model = network({ sizes: [9, 19, 4], task });
    const batch = weighted(randomBatch([9, 19, 4], 75, task, 4), 5);
    const net = oracleOf(model);
    const { values } = forward(net, batch);
    const { total, correct } = lossOf(net, values[values.length - 1], batch);
    const found = runEvaluation(model, batch.tiles(32));
    assertClose([found.loss], [total], TOLERANCE, task);
    assertEquals(found.correct, task === "regression" ? 0 : correct);
  }
});

Deno.test("trainBatch() agrees with a dense f64 network for all activations and tasks", () => {
  for (const activation of ACTIVATIONS) {
    for (const task of TASKS) {
      for (const samples of [20, 70]) {
        compare({ sizes: [6, 15, 11, 9, 3], activation, task, samples, width: 32, steps: 3 });
      }
    }
  }
});

Deno.test("trainBatch() agrees with a dense f64 network for all forms of the update", () => {
  for (const weightDecayForm of DECAY_FORMS) {
    for (const [momentum, weightDecay] of [[0, 0], [0, 0.05], [0.9, 0.05], [0.5, 0]]) {
      for (const nesterov of [false, true]) {
        const settings = { weightDecayForm, momentum, weightDecay, nesterov };
        for (const held of [true, false]) {
          for (const width of [16, 64]) {
            compare({ sizes: [8, 20, 3], samples: 60, width, steps: 4, settings, held });
          }
          for (const activation of [{ kind: "srelu" } as const, ACTIVATIONS[8]]) {
            compare({ sizes: [8, 20, 3], activation, width: 32, steps: 4, settings, held });
          }
        }
      }
    }
  }
});

Deno.test("trainBatch() agrees with a dense f64 network for all forms of the update of Adam", () => {
  for (const weightDecayForm of DECAY_FORMS) {
    for (const options of [{}, { beta1: 0, beta2: 0 }, { beta1: 0.5, beta2: 0.9, adamEpsilon: 0.1 }]) {
      for (const updates of [0, 1, 5000]) {
        const settings = { weightDecayForm, weightDecay: 0.05, ...options };
        const same = { base: ADAM_STEP, settings, updates, steps: 4 };
        for (const width of [16, 32, 64]) compare({ ...same, sizes: [8, 20, 3], samples: 60, width });
        for (const activation of [{ kind: "srelu" }, { kind: "prelu" }, ACTIVATIONS[8]] as const) {
          compare({ ...same, sizes: [8, 20, 12, 3], activation, samples: 40, width: 16 });
        }
      }
    }
  }
});

Deno.test("trainBatch() agrees with a dense f64 network for all shapes and tasks with Adam", () => {
  for (const sizes of [[1, 1], [1, 7, 1], [7, 13, 11, 5], [33, 70, 17, 3]]) {
    for (const density of [0, 0.1, 1]) {
      for (const task of TASKS) {
        compare({ sizes, density, task, base: ADAM_STEP, steps: 2 });
      }
    }
  }
});

Deno.test("trainBatch() slows the weights of neurons with more incoming connections than the limit", () => {
  for (const activation of [{ kind: "all-relu" }, { kind: "srelu" }] as const) {
    for (const fanInLimit of [0.5, 4, 1000]) {
      for (const base of [STEP, ADAM_STEP]) {
        const settings = { fanInLimit };
        compare({ sizes: [8, 20, 3], activation, samples: 60, width: 16, steps: 4, settings, base });
      }
    }
  }
});

Deno.test("trainBatch() refuses several tiles without a gradient arena where an update needs all of the gradient", () => {
  const batch = randomBatch([8, 20, 3], 40, "classification", 1).tiles(16);
  for (const settings of [{ ...STEP, nesterov: true }, { ...STEP, momentum: 0 }, ADAM_STEP]) {
    const model = network({ sizes: [8, 20, 3], settings });
    const before = model.memory.arena.slice();
    assertThrows(
      () => runStep(model, batch, settings),
      RangeError,
      "Cannot train on a batch",
    );
    assertEquals(model.memory.arena, before);
  }
});

Deno.test("applyGradients() of Adam leaves a parameter without gradients as it is, and refuses an ε of 0 in 32 bits", () => {
  const model = SparseMlp.create({ sizes: [8, 20, 3], density: 0.4, seed: 5 });
  model.holdState(stateFor(ADAM_STEP));
  const before = model.memory.arena.slice();
  const settings = { ...ADAM_STEP, weightDecay: 0 };
  for (const adamEpsilon of [1e-8, 1e-30]) {
    runApply(model, model.allocateGradients(), { ...settings, adamEpsilon });
    assertEquals(model.memory.arena, before);
  }
  for (const adamEpsilon of [0, -1, 1e-50, 1e-40, 1e50, NaN]) {
    assertThrows(
      () => runApply(model, model.allocateGradients(), { ...settings, adamEpsilon }),
      RangeError,
      "Cannot apply gradients",
    );
    assertThrows(
      () => resolveHyperparameters({ optimizer: "adam", adamEpsilon: Math.min(adamEpsilon, 1e-40) }, 1),
      RangeError,
      "Cannot train: adamEpsilon is ",
    );
  }
});

Deno.test("trainBatch() and applyGradients() refuse a state of another number of planes than the optimiser's", () => {
  const batch = randomBatch([8, 20, 3], 10, "classification", 1).tiles(16);
  const plain = { ...STEP, momentum: 0 };
  const pairs = [[plain, STEP], [STEP, plain], [STEP, ADAM_STEP], [ADAM_STEP, STEP], [plain, ADAM_STEP]];
  for (const [held, used] of pairs) {
    const model = network({ sizes: [8, 20, 3], settings: held });
    const settings = blockOf(network({ sizes: [8, 20, 3], settings: used }), used);
    const use = { training: true, dropout: false };
    const work = sharedWords(workspaceWords(model.memory, 16, use));
    const before = model.memory.arena.slice();
    assertThrows(
      () => trainBatch(model.memory, new Uint32Array(0), batch, settings, work, new Float64Array(2)),
      TypeError,
      "Cannot train on a batch",
    );
    assertThrows(
      () => applyGradients(model.memory, model.allocateGradients(), settings),
      TypeError,
      "Cannot apply gradients",
    );
    assertEquals(model.memory.arena, before);
  }
});

Deno.test("trainBatch() writes gradients that agree with a dense f64 network, and changes no parameter", () => {
  for (const activation of ACTIVATIONS) {
    for (const [samples, width] of [[1, 16], [40, 48], [129, 64]]) {
      const sizes = [6, 15, 11, 3];
      const model = network({ sizes, activation });
      const before = [model.memory.arena.slice(), model.memory.state.slice()];
      const batch = randomBatch(sizes, samples, "classification", 3);
      const { layers } = gradientsOf(model, batch.tiles(width), STEP);
      const { gradients } = backpropagate(oracleOf(model), batch);
      assertGradientsClose(model, layers, gradients, TOLERANCE, `${activation.kind}, ${samples} samples`);
      assertEquals([model.memory.arena, model.memory.state], before);
    }
  }
});

Deno.test("applyGradients() after writing gradients equals the fused update: bit for bit with one tile", () => {
  const sizes = [9, 40, 23, 4];
  for (const activation of [ACTIVATIONS[0], ACTIVATIONS[4], ACTIVATIONS[8]]) {
    for (const form of FORMS) {
      for (const [samples, width] of [[50, 64], [50, 16], [128, 48]]) {
        const oneTile = samples <= width;
        if ((form.nesterov || form.optimizer === "adam") && !oneTile) continue;
        const settings = { ...form, step: 0 };
        const test = { sizes, activation, settings };
        const [fused, written] = [network(test), network(test)];
        const batch = randomBatch(sizes, samples, "classification", 3).tiles(width);
        const totals = runStep(fused, batch, settings);
        const gradients = gradientsOf(written, batch, settings);
        runApply(written, gradients.arena, { ...settings, threads: 2 });
        assertEquals(gradients.totals, totals);
        if (oneTile) {
          assertEquals(written.memory.arena, fused.memory.arena);
          assertEquals(written.memory.state, fused.memory.state);
        } // Several tiles: −η·(g₁ + g₂) against (−η·g₁) − η·g₂, a rounding or two apart.
        else assertModelClose(written, oracleOf(fused), 1e-6, `${samples} samples, width ${width}`);
      }
    }
  }
});

Deno.test("evaluateBatch() gives loss, hits and outputs of a dense f64 network", () => {
  for (const task of TASKS) {
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
          if (task === "multi-label") return row.map((z) => 1 / (1 + Math.exp(-z)));
          const total = row.reduce((sum, z) => sum + Math.exp(z), 0);
          return row.map((z) => Math.exp(z) / total);
        });
        assertClose(outputs, rows.flatMap((row) => [...row]), TOLERANCE, "outputs");
      }
    }
  }
});

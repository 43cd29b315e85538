import { assertEquals, assertThrows } from "@std/assert";
import type { Activation } from "../src/model/activation.ts";
import type { SparseMlp } from "../src/model/model.ts";
import { type Batch, trainBatch, workspaceWords } from "../src/native/step.ts";
import { stateFor } from "../src/optimizer/optimizers.ts";
import { sharedWords } from "../src/sparse/shared.ts";
import { probeOf } from "../src/topology/probe.ts";
import { assertSameModel } from "./model/content.ts";
import {
  ADAM_STEP,
  blockOf,
  randomBatch,
  randomModel,
  runEvaluation,
  runStep,
  STEP,
  type TestStep,
} from "./oracle/batch.ts";

// The middle layer is swept in several chunks.
const SIZES = [30, 500, 400, 5];

/** As `runStep()`, in tiles of 64 that are halves of tiles of 128. */
function runHalves(
  model: SparseMlp,
  batch: Batch,
  settings: TestStep,
  gradients = model.allocateGradients(),
) {
  const work = sharedWords(workspaceWords(model.memory, 64, { training: true, dropout: true })).fill(
    0x7fc0_0000,
  );
  const totals = new Float64Array(2);
  const block = blockOf(model, settings);
  block.set("halves", 1);
  trainBatch(model.memory, gradients.fill(0x7fc0_0000), batch, block, work, totals);
  model.updates++;
  return { loss: totals[0], correct: totals[1] };
}

Deno.test("trainBatch() gives the same bits in tiles of 128 samples and in halves of them", () => {
  const activations: Activation[] = [
    { kind: "all-relu", alpha: 0.6 },
    { kind: "all-relu", alpha: "learned" },
    {
      kind: "srelu",
    },
  ];
  const optimizers = [STEP, { ...STEP, nesterov: true }, { ...STEP, momentum: 0 }, ADAM_STEP];
  for (const activation of activations) {
    for (const settings of optimizers) {
      for (const weightDecayForm of ["outside", "coupled", "decoupled"] as const) {
        const step = { ...settings, weightDecayForm, dropout: 0.2, threads: 2 };
        const [whole, halved] = [1, 2].map(() =>
          randomModel({ sizes: SIZES, density: 0.2, activation, seed: 3 }, stateFor(step))
        );
        // More than two halves only where a gradient may come tile by tile.
        const sizes = settings === STEP ? [128, 65, 300] : [128, 65];
        for (const [number, samples] of sizes.entries()) {
          const batch = randomBatch(SIZES, samples, "classification", number);
          const expected = runStep(whole, batch.tiles(128), { ...step, step: number });
          assertEquals(runHalves(halved, batch.tiles(64), { ...step, step: number }), expected);
          assertSameModel(halved, whole, JSON.stringify({ activation, step, samples }));
        }
      }
    }
  }
});

Deno.test("written gradients, probes and evaluations have the same bits in tiles of 64 and of 128 samples", () => {
  const batch = randomBatch(SIZES, 300, "classification", 4);
  for (const activation of [{ kind: "srelu" }, { kind: "all-relu", alpha: "learned" }] as const) {
    const model = randomModel({ sizes: SIZES, density: 0.2, activation, seed: 3 });
    const seen = [64, 128].map((width) => {
      const gradients = model.allocateGradients();
      const totals = runStep(model, batch.tiles(width), STEP, gradients);
      const probe = () => probeOf(model, batch.tiles(width), { threads: 2 });
      const sums = probe().sums("absolute");
      return { gradients, totals, sums, evaluation: runEvaluation(model, batch.tiles(width)) };
    });
    assertEquals(seen[0], seen[1]);
  }
});

Deno.test("trainBatch() refuses halves without a place where the gradients of first halves wait", () => {
  const model = randomModel({ sizes: SIZES, density: 0.2, seed: 3 });
  const batch = randomBatch(SIZES, 100, "classification", 1).tiles(64);
  assertThrows(() => runHalves(model, batch, STEP, sharedWords(0)), TypeError, "Cannot train on a batch");
});

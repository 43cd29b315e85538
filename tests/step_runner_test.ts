import { assert, assertEquals } from "@std/assert";
import { SparseMlp } from "../mod.ts";
import { standardizationOf } from "../src/data/standardization.ts";
import { squaredNorm } from "../src/native/update.ts";
import { stateFor } from "../src/optimizer/optimizers.ts";
import { resolveParallelHyperparameters } from "../src/parallel/options.ts";
import { phaseTwoRate } from "../src/parallel/rates.ts";
import { type HyperparameterOptions, resolveHyperparameters } from "../src/train/hyperparameters.ts";
import { learningRateOf } from "../src/train/rate.ts";
import { StepRunner, type StepRunnerPlan } from "../src/train/step_runner.ts";
import { compact } from "../src/topology/compaction.ts";
import { pruneByImportance } from "../src/topology/importance.ts";
import { assertSameModel, contentOf } from "./model/content.ts";
import { xorData } from "./trainer/data.ts";

const { train: split, featureCount } = xorData(64);
const ORDER = Uint32Array.from({ length: 64 }, (_, sample) => (7 * sample) % 64);

function make(options: HyperparameterOptions = {}, more: Partial<StepRunnerPlan> = {}) {
  const model = SparseMlp.create({ sizes: [4, 50, 40, 2], epsilon: 4, seed: 1 });
  const standardization = standardizationOf(split, featureCount);
  const settings = resolveHyperparameters({ batchSize: 32, threads: 1, seed: 3, ...options }, 1);
  model.holdState(stateFor(settings));
  return { model, runner: new StepRunner({ model, split, standardization, settings, ...more }) };
}

Deno.test("StepRunner.step() gives the same bits whether it writes the gradient first or not, and measures it then", () => {
  const [fused, written] = [make(), make({ gradientFlow: true })];
  for (let step = 0; step < 4; step++) {
    const [first, rate] = [32 * (step % 2), 0.1 / (step + 1)];
    assertEquals(fused.runner.step(fused.runner.build(ORDER, first, 32, 1), step, rate), 0);
    assert(written.runner.step(written.runner.build(ORDER, first, 32, 1), step, rate) > 0);
    assertEquals(fused.runner.totals, written.runner.totals);
  }
  assertSameModel(fused.model, written.model);
});

Deno.test("StepRunner.gradient() writes into the arena it was given, and changes no parameter", () => {
  const { model } = make();
  const gradients = model.allocateGradients();
  const { runner, model: trained } = make({}, { gradients });
  const before = contentOf(trained);
  runner.gradient(runner.build(ORDER, 0, 32, 1), 0);
  assert(squaredNorm(trained.memory, gradients) > 0);
  assertEquals(contentOf(trained), before);
});

Deno.test("StepRunner.step() goes on with a model that was compacted, in the tiles it began with", () => {
  const { model, runner } = make({ gradientFlow: true }, { cacheTile: 16 });
  assertEquals(runner.width, 16);
  runner.step(runner.build(ORDER, 0, 32, 1), 0, 0.1);
  for (const layer of model.layers.slice(0, -1)) pruneByImportance(layer, 60);
  model.adopt(compact(model, { keepInputs: true }).model);
  assert(model.layers[0].neurons < 50);
  assert(runner.step(runner.build(ORDER, 32, 32, 1), 1, 0.1) > 0);
  assertEquals([runner.width, model.layers.every(({ values }) => values.every(Number.isFinite))], [16, true]);
});

Deno.test("learningRateOf() is base by schedule by factor", () => {
  const settings = {
    learningRate: 0.2,
    schedule: { kind: "step", every: 2, factor: 0.5 },
    epochs: 9,
  } as const;
  assertEquals([0, 19, 20, 40].map((number) => learningRateOf(settings, number, 10)), [0.2, 0.2, 0.1, 0.05]);
  assertEquals(learningRateOf(settings, 20, 10, 4), 0.4);
});

Deno.test("phaseTwoRate() tells a worker's first step how its rate has changed after a synchronous phase 1", () => {
  const settings = resolveHyperparameters({ epochs: 10, learningRate: 0.1 }, 1);
  const rate = (algorithm: "wasap" | "wassp", phaseOneEpochs: number, first: boolean) => {
    const parallel = resolveParallelHyperparameters({ algorithm, workers: 4, warmUpEpochs: 2 });
    const phases = { epochsDone: 7, phaseOneEpochs };
    return phaseTwoRate(parallel, settings, phases, { number: 70, steps: 10, first });
  };
  assertEquals(rate("wassp", 7, true), { learningRate: 0.1, rateRatio: 1 / 4 });
  for (const other of [rate("wassp", 7, false), rate("wassp", 0, true), rate("wasap", 7, true)]) {
    assertEquals(other, { learningRate: 0.1, rateRatio: 1 });
  }
});

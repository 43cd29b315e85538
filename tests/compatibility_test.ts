import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type Dataset,
  madelonLike,
  newRunState,
  SparseMlp,
  train,
  trainOverMpi,
  trainParallel,
} from "../mod.ts";
import type { ParallelOptions } from "../src/parallel/options.ts";
import { checkedRun } from "../src/train/compatibility.ts";
import { resolveRunOptions } from "../src/train/options.ts";
import { finish, linearData, xorData, xorModel } from "./trainer/data.ts";

/** Who begins a run that nobody iterates. */
const STARTS = { train, trainParallel, trainOverMpi } as const;

const OPTIONS = { epochs: 2, batchSize: 10, threads: 1 };

/** Data of which one feature is no number. */
function holed(): Dataset {
  const data = xorData(40);
  data.train.features[7] = NaN;
  return data;
}

for (const [name, start] of Object.entries(STARTS)) {
  Deno.test(`${name}() refuses at the call what no run could use: options, data, and data that do not fit`, () => {
    const refused = (
      type: typeof TypeError | typeof RangeError,
      message: string,
      { model = xorModel(), data = xorData(40), options = {} }: {
        model?: SparseMlp;
        data?: Dataset;
        options?: object;
      },
    ) => {
      const given = { workers: 1, ...OPTIONS, ...options } as ParallelOptions;
      if (name !== "trainParallel") delete (given as { workers?: number }).workers;
      assertThrows(() => start(model, data, given), type, message);
    };
    refused(TypeError, 'there is no option "lr"', { options: { lr: 1 } });
    refused(RangeError, "zeta is 1", { options: { zeta: 1 } });
    refused(RangeError, "feature 3 of sample 1 of the training part is NaN", { data: holed() });
    refused(TypeError, "it has 3 features and 2 outputs, the model takes 4", { data: linearData(40) });
    refused(TypeError, "choose the best epoch by rmse", {
      options: { validationFraction: 0.5, metric: "rmse" },
    });
    refused(TypeError, "with 3 classWeights: it has 2 classes", { options: { classWeights: [1, 2, 3] } });
    refused(RangeError, "leaves 40 to train and 0 to validate", { options: { validationFraction: 0.001 } });
    const severed = xorModel();
    severed.layers[1].nnz = 0;
    refused(RangeError, "layer 2, [24, 2], has no connection", { model: severed });
  });
}

Deno.test("train() refuses at the call a state that its data and options cannot go on from", () => {
  const [model, data] = [xorModel(), xorData(40)];
  const inside = { ...newRunState(), step: 3, batchSize: 8 };
  assertThrows(() => train(model, data, { ...OPTIONS, state: inside }), RangeError, "give 8");
  const options = { ...OPTIONS, epochsDone: 1, maxSteps: 4 };
  assertThrows(() => train(model, data, options), RangeError, "Cannot train up to step 4: 4 steps are done");
});

Deno.test("train() does nothing to a model before it is iterated, and refuses one in another run then", async () => {
  const [model, data] = [xorModel(), xorData(40)];
  const [before, first] = [model.memory.arena.slice(), train(model, data, OPTIONS)];
  assertEquals(model.memory.arena, before);
  await first.next();
  await assertRejects(() => train(model, data, OPTIONS).next(), TypeError, "the model is in another run");
  await first.return(undefined as never);
  await finish(model, data, OPTIONS);
});

Deno.test("checkedRun() leaves options as they are but for a batch larger than the samples", () => {
  const data = madelonLike({ samples: 60, testSamples: 0, features: 20, seed: 1 });
  const model = SparseMlp.create({ sizes: [20, 12, 2], epsilon: 4, seed: 1 });
  const run = resolveRunOptions({ epochs: 3 }, 7);
  const checked = checkedRun(model, data, run);
  assertEquals(checked, { ...run, settings: { ...run.settings, batchSize: 60 } });
  assertEquals(Object.isFrozen(checked.settings), true);
});

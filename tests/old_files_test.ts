import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { madelonLike } from "../src/data/generator.ts";
import { loadModel, saveModel } from "../src/files/checkpoint.ts";
import { writeSafetensors } from "../src/files/safetensors.ts";
import { SparseMlp } from "../src/model/model.ts";
import { InProcessTransport } from "../src/parallel/in_process.ts";
import type { ParallelOptions } from "../src/parallel/options.ts";
import { trainOver } from "../src/parallel/wasap.ts";
import type { TrainOptions } from "../src/train/options.ts";
import { newRunState } from "../src/train/state.ts";
import { train } from "../src/train/trainer.ts";
import { arraysOf } from "./model/content.ts";
import { fileContent } from "./model/file.ts";
import { trainPart } from "./parallel/runs.ts";
import { withFile } from "./temporary.ts";

const data = madelonLike({ samples: 300, testSamples: 60, features: 20, seed: 2 });
const make = () => SparseMlp.create({ sizes: [20, 40, 30, 2], epsilon: 5, activation: "srelu", seed: 5 });

/** Rewrites a checkpoint as a package of before would have written it. */
async function rewrite(path: string, formatVersion: "1" | "2" | "4"): Promise<void> {
  const { metadata, tensors } = await fileContent(path);
  assertEquals(metadata.formatVersion, "5");
  if (formatVersion === "4") return await writeSafetensors(path, tensors, { ...metadata, formatVersion });
  const { optimizer, training: text, ...rest } = metadata;
  assert(optimizer !== undefined && tensors.has("layers.0.shapeVelocity"));
  const { epoch, options, state } = JSON.parse(text);
  const { step, loss, correct, flow, evolved, evaluationsSinceBest: waited, best } = state;
  const lowestValidationLoss = best?.value;
  const old = { epoch, step, loss, correct, flow, evolved, waited, lowestValidationLoss };
  const training = JSON.stringify({ epoch, options, ...(formatVersion === "2" && { state: old }) });
  await writeSafetensors(path, tensors, { ...rest, formatVersion, packageVersion: "0.1.0", training });
}

/** All arrays of a model; those that were read of old files have counted no updates. */
const bitsOf = ({ layers }: SparseMlp) => layers.map((layer) => ({ nnz: layer.nnz, ...arraysOf(layer) }));

const OPTIONS: TrainOptions = {
  epochs: 6,
  batchSize: 32,
  threads: 1,
  schedule: { kind: "cosine" },
  importancePruning: { start: 2, every: 2, percentile: 10 },
  validationFraction: 0.1,
  keep: "last",
  patience: 50,
  gradientFlow: true,
};

async function finish(model: SparseMlp, options: TrainOptions): Promise<SparseMlp> {
  for await (const _ of train(model, data, options));
  return model;
}

Deno.test("loadModel() reads a checkpoint of format 1, and train() goes on with the bits of a run that never stopped", () =>
  withFile(async (path) => {
    for (const variant of [{}, { nesterov: true, weightDecayForm: "coupled" }] as const) {
      const options = { ...OPTIONS, ...variant };
      const straight = await finish(make(), options);
      for (const epoch of [1, 3, 5]) {
        const [model, state] = [make(), newRunState()];
        for await (const record of train(model, data, { ...options, state })) {
          if (record.epoch < epoch) continue;
          await saveModel(model, path, { training: { epoch, options: { a: 1 }, state } });
          break;
        }
        await rewrite(path, "1");
        const { model: loaded, training } = await loadModel(path);
        assertEquals(training, { epoch, options: { a: 1 } });
        assertNotEquals(bitsOf(loaded), bitsOf(straight));
        assertEquals(bitsOf(await finish(loaded, { ...options, epochsDone: epoch })), bitsOf(straight));
      }
    }
  }));

Deno.test("loadModel() reads a checkpoint of format 2, and train() goes on inside the epoch with the same bits", () =>
  withFile(async (path) => {
    for (const variant of [{}, { nesterov: true }, { momentum: 0, weightDecay: 0.01 }]) {
      const options = { ...OPTIONS, ...variant };
      const straight = await finish(make(), options);
      for (const maxSteps of [4, 13, 27]) {
        const [model, state] = [make(), newRunState()];
        // A package of before kept the velocity without momentum too.
        model.holdState({ optimizer: "sgd", planes: [{ name: "velocity", fresh: "zero" }] });
        await finish(model, { ...options, maxSteps, state });
        await saveModel(model, path, { training: { epoch: state.epoch, options: {}, state } });
        await rewrite(path, "2");
        const { model: loaded, training } = await loadModel(path);
        assertEquals([training!.state!.epoch, training!.state!.step], [
          Math.floor(maxSteps / 9),
          maxSteps % 9,
        ]);
        await finish(loaded, { ...options, state: training!.state! });
        const [found, expected] = [bitsOf(loaded), bitsOf(straight)];
        // Without momentum, the run that never stopped keeps nothing.
        const shared = found.map((arrays, layer) =>
          Object.fromEntries(Object.entries(arrays).filter(([name]) => name in expected[layer]))
        );
        assertEquals(shared, expected);
        if (!("momentum" in variant)) assertEquals(found, expected);
      }
    }
  }));

Deno.test("loadModel() reads the workers' models of a checkpoint of format 2, and training goes on with the same bits", () =>
  withFile(async (path) => {
    const options: ParallelOptions = { epochs: 6, batchSize: 32, threads: 1, workers: 3, algorithm: "wassp" };
    const part = (from: number, to: number) =>
      trainPart(
        path,
        { from, to, make },
        (model, resumed) =>
          trainOver(model, data, { ...options, ...resumed }, (plan) => new InProcessTransport(plan, 1)),
      );
    const straight = await part(0, 6);
    for (const stop of [3, 5]) {
      await part(0, stop);
      await rewrite(path, "2");
      assertEquals((await loadModel(path)).workers?.length, stop === 5 ? 3 : undefined);
      assertEquals(bitsOf(await part(stop, 6)), bitsOf(straight));
    }
  }));

Deno.test("loadModel() reads a checkpoint of format 4, and train() goes on with the bits of a run that never stopped", () =>
  withFile(async (path) => {
    const straight = await finish(make(), OPTIONS);
    const [model, state] = [make(), newRunState()];
    await finish(model, { ...OPTIONS, maxSteps: 13, state });
    await saveModel(model, path, { training: { epoch: state.epoch, options: {}, state } });
    await rewrite(path, "4");
    const { model: loaded, training } = await loadModel(path);
    assertEquals(bitsOf(await finish(loaded, { ...OPTIONS, state: training!.state! })), bitsOf(straight));
  }));

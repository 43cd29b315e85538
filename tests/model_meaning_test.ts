import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Dataset } from "../src/data/dataset.ts";
import { FeatureError } from "../src/errors.ts";
import { loadModel, saveModel } from "../src/files/checkpoint.ts";
import { exportScipy, importScipy } from "../src/files/scipy.ts";
import { SparseMlp } from "../src/model/model.ts";
import { attachModel, emptyReplica } from "../src/parallel/replica.ts";
import type { TableSchema } from "../src/schema.ts";
import { compact } from "../src/topology/compaction.ts";
import { pruneByImportance } from "../src/topology/importance.ts";
import { calibrate } from "../src/train/calibration.ts";
import { measureModel } from "../src/train/measurement.ts";
import type { HyperparameterOptions } from "../src/train/hyperparameters.ts";
import { newRunState } from "../src/train/state.ts";
import { finishInProcess } from "./parallel/runs.ts";
import { inFolder, withFile } from "./temporary.ts";
import { finish, linearData, noiseData, withWeights } from "./trainer/data.ts";

type Task = "classification" | "regression";

/** A column a feature, and the answers. */
function schemaOf(task: Task, inputs: number): TableSchema {
  const numbers = Array.from({ length: inputs }, (_, input) => `x${input}`);
  const answers = task === "regression"
    ? ["sum", "difference"].map((name, output) => ({ kind: "target", name, output } as const))
    : [{ kind: "class", name: "sign" } as const];
  const columns = numbers.map((name) =>
    ({ kind: "number", name, offset: 0, factor: 1, missing: 0.5, indicator: false }) as const
  );
  return { header: true, columns: [...columns, ...answers] };
}

function dataOf(task: Task): Dataset {
  const data = withWeights(task === "regression" ? linearData(120, 30) : noiseData(120, 30));
  const schema = schemaOf(task, data.featureCount);
  const featureNames = schema.columns.slice(0, data.featureCount).map(({ name }) => name);
  return { ...data, schema, featureNames };
}

function make({ featureCount, outputCount, task }: Dataset): SparseMlp {
  return SparseMlp.create({ sizes: [featureCount, 24, 16, outputCount], epsilon: 4, task, seed: 2 });
}

const OPTIONS: HyperparameterOptions = { epochs: 6, batchSize: 16, dropout: 0, validationFraction: 0.25 };

const meaningOf = ({ schema, classNames, targetScaling, temperature, featureNames }: SparseMlp) => ({
  ...{ schema, classNames, targetScaling, temperature, featureNames },
});

/** Outputs a user sees: probabilities, or values in their own unit. */
function outputsOf(model: SparseMlp, { task, test }: Dataset): Float32Array {
  return task === "regression"
    ? model.predict(test!.features) as Float32Array
    : model.predictProbabilities(test!.features);
}

for (const task of ["classification", "regression"] as const) {
  const data = dataOf(task);
  const calibrated = task === "classification" ? { calibrate: true } : {};

  Deno.test(`a model of a table keeps what goes in and out, pruned and compacted, saved and exported: ${task}`, () =>
    inFolder(async (folder) => {
      const whole = make(data);
      await finish(whole, data, { ...OPTIONS, ...calibrated });
      assertEquals(whole.temperature === 1, task === "regression");
      assertEquals(whole.targetScaling === undefined, task === "classification");
      const pruned = await loadedCopy(whole);
      for (const layer of pruned.layers.slice(0, -1)) pruneByImportance(layer, 40);
      // An input that nothing listens to any more is not read: the others keep their names.
      const small = compact(withoutInput(pruned, 1)).model;
      assertEquals(small.standardization!.selection?.featureCount, data.featureCount);
      for (const [place, model] of [whole, small].entries()) {
        const outputs = outputsOf(model, data);
        const path = `${folder}/${place}.safetensors`;
        await saveModel(model, path);
        await exportScipy(model, `${folder}/${place}`);
        const copies = [(await loadModel(path)).model, await importScipy(`${folder}/${place}`)];
        for (const copy of copies) {
          assertEquals(meaningOf(copy), meaningOf(whole));
          assertEquals(outputsOf(copy, data), outputs);
          assertEquals(measureModel(copy, [data.test!]), measureModel(model, [data.test!]));
        }
        assertEquals(meaningOf(emptyReplica(model)), meaningOf(whole));
        assertEquals(attachModel(model.share()).targetScaling, whole.targetScaling);
      }
    }));

  Deno.test(`a resumed run and one of workers give the model the same meaning: ${task}`, () =>
    withFile(async (path) => {
      const options = { ...OPTIONS, ...calibrated };
      const [straight, resumed, shared] = [make(data), make(data), make(data)];
      await finish(straight, data, options);
      const state = newRunState();
      await finish(resumed, data, { ...options, epochs: 3, state });
      const training = { epoch: 3, options: {}, state };
      await saveModel(resumed, path, { training });
      const loaded = await loadModel(path);
      assertEquals(meaningOf(loaded.model), meaningOf(resumed));
      await finish(loaded.model, data, { ...options, state: loaded.training!.state! });
      assertEquals(meaningOf(loaded.model), meaningOf(straight));
      assertEquals(outputsOf(loaded.model, data), outputsOf(straight, data));
      await finishInProcess(shared, data, { ...options, workers: 2, algorithm: "wassp" }, 1);
      assertEquals({ ...meaningOf(shared), temperature: 1 }, { ...meaningOf(straight), temperature: 1 });
      assertEquals(shared.temperature === 1, task === "regression");
    }));

  Deno.test(`a feature that cannot be used is called by its column, also by a compacted model: ${task}`, async () => {
    const model = make(data);
    await finish(model, data, OPTIONS);
    const small = compact(withoutInput(model, 0)).model;
    assert(small.standardization!.selection !== undefined);
    const features = (data.test!.features as Float32Array).slice();
    features[2 * data.featureCount + 2] = NaN;
    const message = 'feature 2 ("x2") of sample 2';
    for (const one of [model, small]) {
      assertThrows(() => one.predict(features), FeatureError, message);
      assertThrows(() => measureModel(one, [{ ...data.test!, features }]), FeatureError, message);
    }
  });
}

Deno.test("train() leaves the temperature of the best epoch alone where a longer run finds none that is better", async () => {
  const data = dataOf("classification");
  const model = make(data);
  const state = newRunState();
  const options = { ...OPTIONS, learningRate: 0.1 };
  const { summary } = await finish(model, data, { ...options, epochs: 12, state });
  assert(summary.kept!.epoch < 12, "the case is one in which the last epoch is not the best");
  const { temperature } = calibrate(model, data.test!);
  const before = outputsOf(model, data);
  const { summary: longer } = await finish(model, data, { ...options, epochs: 13, state });
  assertEquals(longer.kept, summary.kept);
  assertEquals([model.temperature, model.running!.temperature], [temperature, 1]);
  assertEquals(outputsOf(model, data), before);
});

/** A copy with memory of its own. */
async function loadedCopy(model: SparseMlp): Promise<SparseMlp> {
  let copy: SparseMlp | undefined;
  await withFile(async (path) => {
    await saveModel(model, path);
    copy = (await loadModel(path)).model;
  });
  return copy!;
}

/** The model, in which an input is taken for one that never varies. */
function withoutInput(model: SparseMlp, input: number): SparseMlp {
  const { mean, scale } = model.standardization!;
  model.standardization = { mean, scale: scale.map((value, place) => place === input ? 0 : value) };
  return model;
}

import { assertRejects, assertThrows } from "@std/assert";
import * as engine from "../engine.ts";
import * as api from "../mod.ts";
import { inFolder } from "./temporary.ts";

const model = api.SparseMlp.create({ sizes: [6, 5, 2], density: 0.8, seed: 1 });
const data = api.madelonLike({ samples: 12, testSamples: 4, features: 6, informative: 3, redundant: 1 });
const [layer] = model.layers;
const place = { seed: 1, epoch: 1, layer: 0 };
const law = { kind: "uniform", scale: 0.5 } as const;

/** Options that no type would allow. */
const wrong = (options: Readonly<Record<string, unknown>>) => options as never;

Deno.test("functions refuse options that nobody knows with the nearest name", () => {
  const calls: [call: () => unknown, unknown: string, near: string][] = [
    [() => api.SparseMlp.create(wrong({ sizes: [2, 2], epsilom: 3 })), "epsilom", "epsilon"],
    [
      () => api.SparseMlp.create({ sizes: [2, 2], activation: wrong({ kind: "relu", apha: 1 }) }),
      "activation.apha",
      "activation.alpha",
    ],
    [() => api.SparseMlp.for(data, wrong({ hidden: [3], fanin: "dense" })), "fanin", "fanIn"],
    [() => model.predict(new Float32Array(6), wrong({ thread: 2 })), "thread", "threads"],
    [
      () => model.compile().predictProbabilities(new Float32Array(6), wrong({ thread: 2 })),
      "thread",
      "threads",
    ],
    [() => api.madelonLike(wrong({ feature: 3 })), "feature", "features"],
    [() => api.stratifiedFolds(data, wrong({ fold: 3 })), "fold", "folds"],
    [
      () => api.suggestSettings(wrong({ samples: 1, features: 1, outputs: 2, tasks: "regression" })),
      "tasks",
      "task",
    ],
    [() => api.compact(model, wrong({ keepInput: true })), "keepInput", "keepInputs"],
    [() => api.evaluate(model, [], wrong({ microbatch: 4 })), "microbatch", "microBatch"],
    [() => new engine.Evaluator(model, data.train, wrong({ threds: 4 })), "threds", "threads"],
    [() => api.evolveConnections(layer, wrong({ ...place, zta: 0.3, weights: law })), "zta", "zeta"],
    [() => api.uniformGrowth(wrong({ ...law, scal: 2 })), "weights.scal", "weights.scale"],
    [() => api.loadKernels(wrong({ cachedir: "x" })), "cachedir", "cacheDir"],
    [() => api.train(model, data, wrong({ classWeigths: "balanced" })), "classWeigths", "classWeights"],
    [
      () => api.train(model, data, { schedule: wrong({ kind: "step", evry: 2 }) }),
      "schedule.evry",
      "schedule.every",
    ],
    [() => api.trainParallel(model, data, wrong({ worker: 2 })), "worker", "workers"],
  ];
  for (const [call, unknown, near] of calls) {
    assertThrows(call, TypeError, `there is no option "${unknown}", did you mean "${near}"?`);
  }
});

Deno.test("functions of files refuse options that nobody knows with the nearest name, and write nothing", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/model.safetensors`;
    const calls: [call: () => Promise<unknown>, unknown: string, near: string][] = [
      [() => api.saveModel(model, path, wrong({ trainings: {} })), "trainings", "training"],
      [() => api.loadModel(path, wrong({ onprogress() {} })), "onprogress", "onProgress"],
      [() => api.importScipy(folder, wrong({ sed: 1 })), "sed", "seed"],
      [() => api.loadFiles([path], wrong({ testfraction: 0.1 })), "testfraction", "testFraction"],
      [() => api.sampleWindows(path, wrong({ featureCounts: 3 })).next(), "featureCounts", "featureCount"],
      [() => api.datasets.load("madelon-like", wrong({ thread: 1 })), "thread", "threads"],
    ];
    for (const [call, unknown, near] of calls) {
      await assertRejects(call, TypeError, `there is no option "${unknown}", did you mean "${near}"?`);
    }
    for await (const { name } of Deno.readDir(folder)) throw new Error(`${name} was written`);
  });
});

Deno.test("options may be inherited or come from getters, each read once; what is no object with names is refused", () => {
  let reads = 0;
  class Options {
    get sizes() {
      reads++;
      return [4, 3, 2];
    }
    seed = 5;
  }
  const { settings } = api.SparseMlp.create(new Options());
  if (reads !== 1 || settings.seed !== 5 || settings.sizes.join() !== "4,3,2") {
    throw new Error(`${reads} reads`);
  }
  for (
    const options of [null, "sizes", 3, [], new Map([["sizes", [2, 2]]]), Promise.resolve({ sizes: [2, 2] })]
  ) {
    assertThrows(() => api.SparseMlp.create(options as never), TypeError, "Cannot make a model: options is ");
  }
});

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { CheckpointError } from "../src/errors.ts";
import { loadModel, saveModel } from "../src/files/checkpoint.ts";
import { madelonLike } from "../src/data/generator.ts";
import { SparseMlp } from "../src/model/model.ts";
import { InProcessTransport } from "../src/parallel/in_process.ts";
import type { ParallelOptions } from "../src/parallel/options.ts";
import { trainOver, trainParallel } from "../src/parallel/wasap.ts";
import { WorkerModels } from "../src/parallel/worker_models.ts";
import { checkRunState, newRunState } from "../src/train/state.ts";
import { assertSameModel } from "./model/content.ts";
import { trainPart } from "./parallel/runs.ts";
import { withFile } from "./temporary.ts";

const data = madelonLike({ samples: 500, testSamples: 60, features: 30, seed: 3 });
const make = (activation: "all-relu" | "srelu" = "all-relu") =>
  SparseMlp.create({ sizes: [30, 60, 40, 2], epsilon: 8, activation, seed: 2 });

/** Four epochs of phase 1, two of phase 2. */
const OPTIONS: ParallelOptions = { epochs: 6, batchSize: 32, learningRate: 0.02, threads: 1, workers: 3 };

/** Trains up to an epoch, from where a checkpoint stands or from the start, and saves. */
type Part = (path: string, options: ParallelOptions, from: number, to: number) => Promise<SparseMlp>;

/** Parts of runs whose workers take turns as `order` decides, or of real Workers. */
function parts(order: number | undefined, activation: "all-relu" | "srelu" = "all-relu"): Part {
  return (path, options, from, to) =>
    trainPart(path, { from, to, make: () => make(activation) }, (model, resumed) => {
      const given = { ...options, ...resumed };
      if (order === undefined) return trainParallel(model, data, given);
      return trainOver(model, data, given, (plan) => new InProcessTransport(plan, order));
    });
}

Deno.test("trainParallel() with wassp, stopped after any epoch and resumed, gives the bits of a run that never stopped", async () => {
  const variants: ParallelOptions[] = [
    {},
    { nesterov: true, weightDecayForm: "coupled" },
    { importancePruning: { start: 2, every: 1, percentile: 10 } },
    { schedule: { kind: "cosine" }, workers: 2, validationFraction: 0.2, patience: 50 },
    { workers: 1 },
    { momentum: 0 },
    { optimizer: "adam", weightDecayForm: "coupled", learningRate: 0.002 },
    // Shards of 97, 97, 96 and 96 samples: some workers make more updates of their own than others.
    { optimizer: "adam", workers: 4, validationFraction: 0.228, phaseOneFraction: 0.4 },
  ];
  await withFile(async (path) => {
    for (const variant of variants) {
      for (const activation of ["all-relu", "srelu"] as const) {
        const options: ParallelOptions = { ...OPTIONS, algorithm: "wassp", ...variant };
        const part = parts(1, activation);
        const straight = await part(path, options, 0, 6);
        for (const stops of [[1], [3, 4], [4], [5], [1, 2, 3, 4, 5]]) {
          let [model, from] = [straight, 0];
          for (const to of [...stops, 6]) [model, from] = [await part(path, options, from, to), to];
          assertSameModel(model, straight);
        }
      }
    }
  });
});

Deno.test("trainParallel() with real Workers goes on with wassp, and in phase 2 of wasap, bit for bit", async () => {
  await withFile(async (path) => {
    const options: ParallelOptions = { ...OPTIONS, algorithm: "wassp" };
    const straight = await parts(1)(path, options, 0, 6);
    for (const stop of [3, 4, 5]) {
      await parts(undefined)(path, options, 0, stop);
      assertSameModel(await parts(undefined)(path, options, stop, 6), straight);
    }
    // The order of arrivals decides phase 1 of wasap; phase 2 needs none.
    const expected = await parts(7)(path, OPTIONS, 0, 6);
    await parts(7)(path, OPTIONS, 0, 5);
    assertSameModel(await parts(undefined)(path, OPTIONS, 5, 6), expected);
  });
});

Deno.test("trainParallel() goes on after the end of a run in phase 2 as if the run had been longer", async () => {
  await withFile(async (path) => {
    const options: ParallelOptions = { ...OPTIONS, phaseOneFraction: 0 };
    const straight = await parts(1)(path, options, 0, 6);
    await parts(1)(path, { ...options, epochs: 3 }, 0, 3);
    assertSameModel(await parts(2)(path, options, 3, 6), straight);
  });
});

Deno.test("trainParallel() stays in phase 2, with the models of the workers, when a finished run gets more epochs", async () => {
  await withFile(async (path) => {
    for (const [algorithm, order] of [["wassp", 1], ["wassp", undefined], ["wasap", 7]] as const) {
      // Twelve epochs would have eight of phase 1; those of the run that has ended were four.
      const options: ParallelOptions = { ...OPTIONS, algorithm };
      const straight = await parts(order)(path, { ...options, epochs: 12, phaseOneFraction: 1 / 3 }, 0, 12);
      for (const forget of [false, true]) {
        await parts(order)(path, options, 0, 6);
        const { model, training, workers } = await loadModel(path);
        assertEquals(training!.state!.phaseOneEpochs, 4);
        if (forget) {
          // As files of before, which do not name the epoch.
          const { phaseOneEpochs: _, ...state } = training!.state!;
          await saveModel(model, path, { training: { ...training!, state }, workers: workers! });
        }
        const longer = { ...options, epochs: 12, phaseOneFraction: forget ? 0.7 : 1 };
        assertSameModel(await parts(order)(path, longer, 6, 12), straight);
      }
    }
  });
});

Deno.test("checkRunState() keeps the last epoch of phase 1 where it is given, and refuses what is none", () => {
  const state = newRunState(5);
  assertEquals(checkRunState({ ...state, phaseOneEpochs: 4 }).phaseOneEpochs, 4);
  assert(!("phaseOneEpochs" in checkRunState(state)));
  for (const phaseOneEpochs of [-1, 0.5, "4", null]) {
    assertThrows(() => checkRunState({ ...state, phaseOneEpochs }), RangeError, "phaseOneEpochs is ");
  }
});

Deno.test("trainParallel() takes the phases of the new total when a run gets more epochs in phase 1", async () => {
  await withFile(async (path) => {
    const options: ParallelOptions = { ...OPTIONS, algorithm: "wassp" };
    const straight = await parts(1)(path, { ...options, epochs: 12 }, 0, 12);
    await parts(1)(path, options, 0, 3);
    assertEquals((await loadModel(path)).training!.state!.phaseOneEpochs, undefined);
    assertSameModel(await parts(1)(path, { ...options, epochs: 12 }, 3, 12), straight);
  });
});

Deno.test("trainParallel() begins with the average when there are other workers than the checkpoint has models", async () => {
  await withFile(async (path) => {
    for (const workers of [1, 2, 5]) {
      await parts(1)(path, OPTIONS, 0, 5);
      const loaded = await loadModel(path);
      assertEquals(loaded.workers!.length, 3);
      const before = loaded.model.layers.map(({ nnz }) => nnz);
      const model = await parts(1)(path, { ...OPTIONS, workers }, 5, 6);
      assertEquals(model.layers.map(({ nnz }) => nnz), before);
      assertEquals((await loadModel(path)).workers!.length, workers);
    }
    await parts(1)(path, OPTIONS, 0, 4);
    assertEquals((await loadModel(path)).workers, undefined);
  });
});

Deno.test("trainParallel() refuses models of workers of another shape", () => {
  const other = SparseMlp.create({ sizes: [30, 61, 40, 2], epsilon: 8, seed: 2 });
  const workerModels = new WorkerModels([make(), other, make()]);
  const start = () => trainParallel(make(), data, { ...OPTIONS, epochsDone: 5, workerModels });
  assertThrows(start, TypeError, "the model of worker 2");
});

Deno.test("loadModel() refuses checkpoints whose models of workers are damaged, missing or too many", async () => {
  await withFile(async (path) => {
    await parts(1)(path, OPTIONS, 0, 5);
    const whole = await Deno.readFile(path);
    const text = new TextDecoder("latin1").decode(whole);
    const refuse = async (because: string, ...changes: [from: string, to: string][]) => {
      const bytes = whole.slice();
      for (const [from, to] of changes) {
        assert(text.includes(from) && from.length === to.length, from);
        bytes.set(new TextEncoder().encode(to), text.indexOf(from));
      }
      await assertRejects(() => loadModel(bytes), CheckpointError, because);
    };
    const fewer: [string, string] = ['"workers":"3"', '"workers":"2"'];
    const [, updates] = /updates\\":\[([\d,]+)\]/.exec(text)!;
    const three = updates.replace(/,\d+$/, "").padEnd(updates.length);
    await refuse('no place for tensor "workers.2.', fewer, [updates, three]);
    await refuse("updates, expected a list of 3 whole numbers below 2^32", fewer);
    await refuse("updates, expected a list of 4 whole numbers below 2^32", [updates, three]);
    await refuse('no tensor "workers.3.', ['"workers":"3"', '"workers":"4"']);
    await refuse("it has 0 models of workers", ['"workers":"3"', '"workers":"0"']);
    await refuse("no tensor", ['"workers.1.layers.0.indices"', '"workers.1.layers.0.indicez"']);
    const { model, workers } = await loadModel(whole);
    const { indices } = workers![1].layers[0];
    const said = "the indices do not form a valid sparse matrix";
    // The same in a file that another program has written.
    const [, place] = /"workers\.1\.layers\.0\.indices":\{[^}]*"data_offsets":\[(\d+),/.exec(text)!;
    const view = new DataView(whole.buffer);
    view.setUint32(8 + Number(view.getBigUint64(0, true)) + Number(place), indices[1], true);
    await assertRejects(() => loadModel(whole), CheckpointError, said);
    indices[0] = indices[1];
    await assertRejects(() => saveModel(model, path, { workers: workers! }), CheckpointError, said);
  });
});

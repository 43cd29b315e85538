import { assert, assertAlmostEquals, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { madelonLike } from "../src/data/generator.ts";
import { SparseMlp } from "../src/model/model.ts";
import { InProcessTransport } from "../src/parallel/in_process.ts";
import { type ParallelOptions, resolveParallelHyperparameters } from "../src/parallel/options.ts";
import { phaseTwoRate } from "../src/parallel/rates.ts";
import { validateConnections } from "../src/sparse/csr.ts";
import { Shard, shardSize } from "../src/parallel/shard.ts";
import { trainOver, trainParallel } from "../src/parallel/wasap.ts";
import { WorkerModels } from "../src/parallel/worker_models.ts";
import { resolveHyperparameters } from "../src/train/hyperparameters.ts";
import { assertSameModel, contentOf } from "./model/content.ts";
import { finishInProcess, finishParallel, trainPart } from "./parallel/runs.ts";
import { withFile } from "./temporary.ts";

const data = madelonLike({ samples: 500, testSamples: 60, features: 30, seed: 3 });
const newModel = () => SparseMlp.create({ sizes: [30, 60, 40, 2], epsilon: 8, seed: 2 });

/** Two epochs of phase 1, six of phase 2. */
const OPTIONS: ParallelOptions = {
  ...{ epochs: 8, batchSize: 32, learningRate: 0.02, threads: 1 },
  ...{ algorithm: "wassp", workers: 3, phaseOneFraction: 0.25 },
};

/** What one can do otherwise in phase 2. */
const VARIANTS: readonly ParallelOptions[] = [
  { shards: "epoch" },
  { averageEvery: 2 },
  { phaseTwoRateFactor: 3 },
  { shards: "epoch", averageEvery: 1, optimizer: "adam", learningRate: 0.002 },
];

Deno.test("Shard drawn for every epoch is another part of all samples in each, and the parts are a partition", () => {
  for (const [samples, workers] of [[10, 1], [11, 3], [64, 5]]) {
    const shards = Array.from(
      { length: workers },
      (_, worker) => new Shard(samples, workers, worker, 7, "epoch"),
    );
    const seen: string[] = [];
    for (const pass of [1, 2, 3]) {
      shards.forEach((shard) => shard.shuffle(pass));
      const all = shards.flatMap((shard) => [...shard.order]);
      assertEquals(all.toSorted((a, b) => a - b), Array.from({ length: samples }, (_, sample) => sample));
      shards.forEach((shard, worker) =>
        assertEquals(shard.order.length, shardSize(samples, workers, worker))
      );
      seen.push(shards[0].order.toSorted().join());
    }
    if (workers > 1) assertEquals(new Set(seen).size, 3);
    // The draw is that of the pass alone, whatever was drawn before.
    const late = new Shard(samples, workers, 0, 7, "epoch");
    late.shuffle(3);
    assertEquals(late.order, shards[0].order);
  }
  const [once, anew] = (["once", "epoch"] as const).map((draw) => new Shard(10, 1, 0, 7, draw));
  [once, anew].forEach((shard) => shard.shuffle(4));
  assertEquals(anew.order, once.order);
});

Deno.test("phaseTwoRate() is the base rate so many times, and corrects the first step after phase 1", () => {
  const settings = resolveHyperparameters({ learningRate: 0.1 }, 1);
  const run = { epochsDone: 0, phaseOneEpochs: 7 };
  const step = { number: 70, steps: 10 };
  const rate = (options: ParallelOptions, first: boolean, epochsDone = 0) =>
    phaseTwoRate(resolveParallelHyperparameters({ workers: 4, ...options }), settings, {
      ...run,
      epochsDone,
    }, { ...step, first });
  assertEquals(rate({}, true), { learningRate: 0.1, rateRatio: 1 });
  assertAlmostEquals(rate({ phaseTwoRateFactor: 3 }, false).learningRate, 0.3, 1e-12);
  assertEquals(rate({ phaseTwoRateFactor: 3 }, true).rateRatio, 3);
  assertEquals(rate({ phaseTwoRateFactor: 3 }, false).rateRatio, 1);
  assertEquals(rate({ phaseTwoRateFactor: 3 }, true, 8).rateRatio, 1);
  assertEquals(rate({ algorithm: "wassp", phaseTwoRateFactor: 2 }, true).rateRatio, 0.5);
  // By gossip, as for batches 2·K times as large, of 10 at most.
  assertAlmostEquals(rate({ algorithm: "gossip", workers: 3 }, false).learningRate, 0.6, 1e-12);
  assertAlmostEquals(rate({ algorithm: "gossip", workers: 64 }, false).learningRate, 1, 1e-12);
  assertAlmostEquals(rate({ algorithm: "gossip", phaseTwoRateFactor: 3 }, false).learningRate, 0.3, 1e-12);
});

Deno.test("trainParallel() with averageEvery lets workers go on from the average, the optimiser's state included", async () => {
  const model = newModel();
  const workerModels = new WorkerModels();
  const options: ParallelOptions = { ...OPTIONS, averageEvery: 2, zeta: 0, workerModels };
  for await (const { epoch } of trainOver(model, data, options, (plan) => new InProcessTransport(plan, 1))) {
    const replicas = await workerModels.current();
    if (epoch <= 2) continue;
    const averaged = epoch % 2 === 0;
    // Topologies do not change here, so that models are still as they were averaged.
    for (const replica of replicas) {
      if (averaged) assertSameModel(replica, model);
      else assertNotEquals(contentOf(replica), contentOf(model));
    }
  }
});

Deno.test("trainParallel() with each option of phase 2 gives the same bits in Workers and in any order of arrivals", async () => {
  const plain = newModel();
  await finishInProcess(plain, data, OPTIONS, 1);
  for (const variant of VARIANTS) {
    const [first, second, threads] = [newModel(), newModel(), newModel()];
    const { records } = await finishInProcess(first, data, { ...OPTIONS, ...variant }, 1);
    await finishInProcess(second, data, { ...OPTIONS, ...variant }, 2);
    await finishParallel(threads, data, { ...OPTIONS, ...variant });
    assertSameModel(second, first);
    assertSameModel(threads, first);
    assertNotEquals(contentOf(first), contentOf(plain));
    const { phaseTwoRateFactor = 1, learningRate = 0.02 } = variant;
    assertAlmostEquals(records[7].learningRate, learningRate * phaseTwoRateFactor, 1e-12);
    assert(records.every(({ connections }) => connections === records[0].connections));
  }
});

Deno.test("trainParallel() with gossip in phase 2 exchanges models there alone, in Workers and in one thread", async () => {
  for (const algorithm of ["wasap", "wassp"] as const) {
    const options = { ...OPTIONS, algorithm, phaseTwo: "gossip", localSteps: 2 } as const;
    const runs = [
      (model: SparseMlp) => finishInProcess(model, data, options, 3),
      (model: SparseMlp) => finishParallel(model, data, options),
    ];
    for (const run of runs) {
      const model = newModel();
      const { records } = await run(model);
      for (const { epoch, parallel } of records) {
        assertEquals(parallel!.phase, epoch <= 2 ? 1 : 2);
        const { exchanges } = parallel!;
        // Six steps an epoch, of which every second asks, unless a question is still open.
        if (epoch <= 2) assertEquals(exchanges, undefined);
        else assert(exchanges! > 0 && exchanges! <= 3 * 3, `${exchanges}`);
      }
      model.layers.forEach((layer) => validateConnections(layer));
    }
  }
});

Deno.test("trainParallel() with each option of phase 2, stopped and resumed, gives the bits of a run that never stopped", async () => {
  await withFile(async (path) => {
    for (const variant of VARIANTS) {
      const part = (from: number, to: number) =>
        trainPart(path, { from, to, make: newModel }, (model, resumed) => {
          const options = { ...OPTIONS, ...variant, ...resumed };
          return trainOver(model, data, options, (plan) => new InProcessTransport(plan, 1));
        });
      const straight = await part(0, 8);
      for (const stops of [[1], [3], [4, 7], [2, 3, 4, 5, 6, 7]]) {
        let [model, from] = [straight, 0];
        for (const to of [...stops, 8]) [model, from] = [await part(from, to), to];
        assertSameModel(model, straight);
      }
    }
  });
});

Deno.test("trainParallel() refuses options of phase 2 that cannot be", () => {
  const start = (options: object) => trainParallel(newModel(), data, { ...OPTIONS, ...options });
  assertThrows(() => start({ averageEvery: -1 }), RangeError, "averageEvery is -1");
  assertThrows(() => start({ averageEvery: 1.5 }), RangeError, "averageEvery is 1.5");
  assertThrows(() => start({ phaseTwoRateFactor: 0 }), RangeError, "phaseTwoRateFactor is 0");
  assertThrows(() => start({ shards: "never" }), RangeError, "shards is");
  assertThrows(() => start({ phaseTwo: "gossip", workers: 1 }), RangeError, "has nobody to average with");
  assertThrows(
    () => start({ phaseTwo: "gossip", averageEvery: 2 }),
    TypeError,
    "averageEvery is for phaseTwo local",
  );
  assertThrows(() => start({ localSteps: 2 }), TypeError, "localSteps is for phaseTwo gossip");
  const gossip = { algorithm: "gossip", phaseOneFraction: undefined };
  assertThrows(() => start({ ...gossip, averageEvery: 2 }), TypeError, "averageEvery is for phaseTwo local");
  assertThrows(() => start({ ...gossip, phaseTwo: "local" }), TypeError, "workers would never meet");
});

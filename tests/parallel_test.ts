import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { madelonLike } from "../src/data/generator.ts";
import { SparseMlp } from "../src/model/model.ts";
import type { ParallelOptions } from "../src/parallel/options.ts";
import { trainParallel } from "../src/parallel/wasap.ts";
import { validateConnections } from "../src/sparse/csr.ts";
import { assertSameModel, contentOf } from "./model/content.ts";
import { finishInProcess, finishParallel } from "./parallel/runs.ts";
import { finish, xorData, xorModel } from "./trainer/data.ts";

const data = madelonLike({ samples: 500, testSamples: 200, features: 30, seed: 3 });

function newModel(activation: "all-relu" | "srelu" = "all-relu"): SparseMlp {
  return SparseMlp.create({ sizes: [30, 60, 40, 2], epsilon: 8, activation, seed: 2 });
}

const OPTIONS: ParallelOptions = { epochs: 6, batchSize: 32, learningRate: 0.02 };

Deno.test("trainParallel() with one wassp worker is the sequential trainer, bit for bit", async () => {
  const variants: ParallelOptions[] = [
    {},
    { phaseOneFraction: 1 },
    { phaseOneFraction: 0 },
    { weightDecayForm: "coupled", nesterov: true },
    { batchSize: 50, microBatch: 16 },
    { batchSize: 50, microBatch: 16, nesterov: true },
    { importancePruning: { start: 2, every: 2, percentile: 15 } },
    { schedule: { kind: "cosine" } },
    { momentum: 0, batchSize: 50, microBatch: 16 },
    { optimizer: "adam", learningRate: 0.002 },
    { optimizer: "adam", batchSize: 50, microBatch: 16, weightDecayForm: "coupled" },
    { validationFraction: 0.2, patience: 2, epochs: 8 },
  ];
  for (const variant of variants) {
    for (const activation of ["all-relu", "srelu"] as const) {
      const [sequential, parallel] = [newModel(activation), newModel(activation)];
      const options = { ...OPTIONS, ...variant };
      const { phaseOneFraction: _, ...shared } = options;
      const expected = await finish(sequential, data, shared);
      const found = await finishInProcess(parallel, data, { ...options, algorithm: "wassp", workers: 1 }, 1);
      assertSameModel(parallel, sequential);
      for (const [index, record] of expected.records.entries()) {
        const other = found.records[index];
        assertEquals([other.testLoss, other.testAccuracy], [record.testLoss, record.testAccuracy]);
        assertEquals([other.trainLoss, other.learningRate], [record.trainLoss, record.learningRate]);
        assertEquals([other.replaced, other.pruned], [record.replaced, record.pruned]);
      }
    }
  }
});

Deno.test("trainParallel() with one real wassp Worker is the sequential trainer, bit for bit", async () => {
  const [sequential, parallel] = [newModel(), newModel()];
  await finish(sequential, data, OPTIONS);
  await finishParallel(parallel, data, { ...OPTIONS, algorithm: "wassp", workers: 1 });
  assertSameModel(parallel, sequential);
});

Deno.test("trainParallel() with wassp gives the same bits whatever the order of arrivals, and in real Workers", async () => {
  const options: ParallelOptions = { ...OPTIONS, algorithm: "wassp", workers: 3 };
  const first = newModel();
  const { records } = await finishInProcess(first, data, options, 1);
  assertEquals(records.map(({ parallel }) => parallel!.phase), [1, 1, 1, 1, 2, 2]);
  // 500 samples in three shards of at most 167: six rounds of 32 an epoch.
  assertEquals(records[0].parallel!.updates, 6);
  for (const order of [2, 3, 4]) {
    const model = newModel();
    await finishInProcess(model, data, options, order);
    assertSameModel(model, first);
  }
  for (let run = 0; run < 2; run++) {
    const model = newModel();
    await finishParallel(model, data, options);
    assertSameModel(model, first);
  }
  const importancePruning = { start: 1, every: 1, percentile: 10 };
  const [pruned, prunedByWorkers] = [newModel(), newModel()];
  await finishInProcess(pruned, data, { ...options, importancePruning }, 1);
  await finishParallel(prunedByWorkers, data, { ...options, importancePruning });
  assertSameModel(prunedByWorkers, pruned);
  assertNotEquals(contentOf(pruned), contentOf(first));
  const other = newModel();
  await finishInProcess(other, data, { ...options, seed: 77 }, 1);
  assertNotEquals(contentOf(other), contentOf(first));
});

Deno.test("trainParallel() with wasap applies every update once, under any order of arrivals", async () => {
  for (const workers of [1, 2, 5]) {
    for (const order of [1, 2, 3]) {
      const pulls: number[] = [];
      const seen: number[] = [];
      const model = newModel();
      const { records } = await finishInProcess(model, data, { ...OPTIONS, workers }, order, (event) => {
        if (event.kind === "pull") pulls.push(event.worker);
        if (event.kind === "push") seen.push(event.header!.clock);
      });
      // Four epochs of 16 updates; the last two are phase 2.
      assertEquals(seen.length, 64);
      assertEquals(pulls.length, 64);
      assert(seen.every((clock, update) => clock <= update));
      for (const record of records.slice(0, 4)) assertEquals(record.parallel!.updates, 16);
      const staleness = seen.reduce((sum, clock, update) => sum + update - clock, 0);
      const told = records.slice(0, 4).reduce((sum, { parallel }) => sum + parallel!.meanStaleness * 16, 0);
      assertEquals(Math.round(told), staleness);
      if (workers === 1) assertEquals(staleness, 0);
      else assert(staleness > 0);
      model.layers.forEach(validateConnections);
      const again = newModel();
      await finishInProcess(again, data, { ...OPTIONS, workers }, order);
      assertSameModel(again, model);
    }
  }
});

Deno.test("trainParallel() keeps the number of connections through stale topologies, averaging and pruning", async () => {
  const before = newModel().layers.map(({ nnz }) => nnz);
  const model = newModel();
  const { records } = await finishInProcess(model, data, { ...OPTIONS, workers: 4 }, 9);
  assert(records.some(({ parallel }) => parallel!.droppedGradients > 0));
  assertEquals(model.layers.map(({ nnz }) => nnz), before);
  const importancePruning = { start: 1, every: 1, percentile: 10 };
  const pruned = newModel();
  const run = await finishInProcess(pruned, data, { ...OPTIONS, workers: 4, importancePruning }, 9);
  assert(run.records[0].pruned > 0 && run.records[0].replaced > 0, "pruning and evolution in one pause");
  assert(pruned.layers[0].nnz < before[0] && pruned.layers.every(({ nnz }) => nnz > 0));
  pruned.layers.forEach(validateConnections);
});

Deno.test("trainParallel() goes on when each pause replaces almost every connection", async () => {
  for (const workers of [2, 8]) {
    const model = newModel();
    const before = model.layers.map(({ nnz }) => nnz);
    const options = { ...OPTIONS, epochs: 8, batchSize: 50, workers, zeta: 0.99, phaseOneFraction: 1 };
    const { records } = await finishInProcess(model, data, options, 5);
    const connections = before[0] + before[1];
    assert(records[0].replaced > 0.95 * connections);
    // Each worker has at most one gradient under way; most of each is lost, but what is new may stand in old places.
    const dropped = records.reduce((sum, { parallel }) => sum + parallel!.droppedGradients, 0);
    assert(dropped > 0.5 * connections, `${dropped} of ${connections}`);
    assertEquals(model.layers.map(({ nnz }) => nnz), before);
    model.layers.forEach(validateConnections);
    for (const { values } of model.layers) assert(values.every(Number.isFinite));
  }
});

Deno.test("trainParallel() learns with real Workers, and records what the sequential trainer does", async () => {
  for (const algorithm of ["wasap", "wassp"] as const) {
    const model = xorModel();
    const options = { epochs: 60, batchSize: 20, dropout: 0, learningRate: 0.05 };
    const parts = { algorithm, workers: 2 };
    const { records, summary } = await finishParallel(model, xorData(400, 400), { ...options, ...parts });
    assert(summary.bestTestAccuracy! > 0.9, `${algorithm}: ${summary.bestTestAccuracy}`);
    assertEquals(records.length, 60);
    for (const { parallel } of records) {
      assertEquals(parallel!.idleSeconds.length, 2);
      assertEquals(parallel!.workerStaleness.length, 2);
      assert(parallel!.updatesPerSecond > 0 && parallel!.meanStaleness >= 0);
    }
    const sequential = await finish(xorModel(), xorData(400, 400), { ...options, epochs: 1 });
    const keys = Object.keys(records[0]).filter((key) => key !== "parallel");
    assertEquals(keys.sort(), Object.keys(sequential.records[0]).sort());
  }
});

Deno.test("trainParallel() counts no evaluation for patience while phase 2 is to come, so that models are averaged", async () => {
  // Nothing changes, so no evaluation is better than the first.
  const still = {
    learningRate: 1e-30,
    weightDecay: 0,
    zeta: 0,
    validationFraction: 0.2,
    patience: 2,
    epochs: 10,
  };
  const cases = [
    // The first evaluation of all is an improvement.
    { phaseOneFraction: 1, phases: [1, 1, 1] },
    { phaseOneFraction: 0, phases: [2, 2, 2] },
    { phaseOneFraction: 0.5, phases: [1, 1, 1, 1, 1, 2, 2] },
    { phaseOneFraction: 0.9, phases: [1, 1, 1, 1, 1, 1, 1, 1, 1, 2] },
  ];
  for (const algorithm of ["wasap", "wassp"] as const) {
    for (const { phaseOneFraction, phases } of cases) {
      const options = { ...OPTIONS, ...still, algorithm, workers: 2, phaseOneFraction };
      const { records, summary } = await finishInProcess(newModel(), data, options, 1);
      assertEquals(records.map(({ parallel }) => parallel!.phase), phases);
      assertEquals(summary.stoppedEarly, phases.length < 10);
    }
  }
});

Deno.test("trainParallel() refuses settings that cannot work, at the call", () => {
  const start = (options: ParallelOptions) => trainParallel(newModel(), data, { ...OPTIONS, ...options });
  assertThrows(() => start({ workers: 0 }), RangeError, "workers is 0");
  assertThrows(() => start({ phaseOneFraction: 1.5 }), RangeError, "phaseOneFraction is 1.5");
  assertThrows(() => start({ timeLimitSeconds: 0 }), RangeError, "timeLimitSeconds is 0");
  assertThrows(() => start({ timeLimitSeconds: 2e6 }), RangeError, "at most 1000000");
  assertThrows(() => start({ gradientFlow: true }), TypeError, "gradient flow");
  assertThrows(
    () => start({ workers: 16 }),
    RangeError,
    "16 workers: 500 samples in batches of 32 are enough for 15",
  );
  assertThrows(() => start({ workers: 2, batchSize: 300 }), RangeError, "enough for 1");
  assertThrows(
    () => start({ workers: 2, batchSize: 1e9 }),
    RangeError,
    "500 samples in batches of 500 are enough for 1",
  );
  const own = (name: string) => ({ [name]: () => 0.1 }) as ParallelOptions;
  assertThrows(() => start(own("schedule")), TypeError, "with a function as schedule");
  assertThrows(() => start(own("onStep")), TypeError, "with onStep: workers take their steps");
});

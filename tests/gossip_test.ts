import { assert, assertAlmostEquals, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { madelonLike } from "../src/data/generator.ts";
import { SparseMlp } from "../src/model/model.ts";
import { Gossip, peerOf } from "../src/parallel/gossip.ts";
import { InProcessTransport } from "../src/parallel/in_process.ts";
import type { ParallelOptions } from "../src/parallel/options.ts";
import { PeerAverage } from "../src/parallel/peer_average.ts";
import type { ServerReply, WorkerRequest } from "../src/parallel/transport.ts";
import { trainOver, trainParallel } from "../src/parallel/wasap.ts";
import { WorkerModels } from "../src/parallel/worker_models.ts";
import { changeTopology } from "../src/topology/change.ts";
import { resolveHyperparameters } from "../src/train/hyperparameters.ts";
import { assertSameModel, contentOf } from "./model/content.ts";
import { finishInProcess, finishParallel, trainPart } from "./parallel/runs.ts";
import { withFile } from "./temporary.ts";

const data = madelonLike({ samples: 500, testSamples: 60, features: 30, seed: 3 });
const make = () => SparseMlp.create({ sizes: [30, 60, 40, 2], epsilon: 8, seed: 2 });
const OPTIONS: ParallelOptions = {
  ...{ algorithm: "gossip", workers: 3, localSteps: 4 },
  ...{ epochs: 4, batchSize: 16, learningRate: 0.02, threads: 1 },
};
/** Steps of the workers of three: shards of 167, 167 and 166 samples. */
const STEPS = 11;

Deno.test("peerOf() draws each of the others as often, never the worker, by its arguments alone", () => {
  for (const workers of [2, 3, 5, 64]) {
    for (const worker of [0, 1, workers - 1]) {
      const draws = 2000 * (workers - 1);
      const counts = new Array<number>(workers).fill(0);
      for (let exchange = 1; exchange <= draws; exchange++) {
        counts[peerOf({ worker, workers, seed: 7 }, exchange)]++;
      }
      assertEquals(counts[worker], 0);
      counts.splice(worker, 1);
      // Five standard deviations of a binomial number with mean 2,000.
      for (const count of counts) assertAlmostEquals(count, 2000, 5 * Math.sqrt(2000));
    }
  }
  const draws = (seed: number, worker: number) =>
    Array.from({ length: 40 }, (_, exchange) => peerOf({ worker, workers: 9, seed }, exchange));
  assertEquals(draws(1, 2), draws(1, 2));
  assertNotEquals(draws(1, 2), draws(2, 2));
  assertNotEquals(draws(1, 2), draws(1 + 2 ** 32, 2));
});

Deno.test("Gossip asks after every H steps, has one question open, and settles what is due at the end of an epoch", () => {
  const model = make();
  const gossip = new Gossip(new PeerAverage(model, "holders"), {
    worker: 0,
    workers: 2,
    localSteps: 2,
    seed: 1,
  });
  const done = { samples: 1, loss: 0, correct: 0, changed: false };
  const answer: ServerReply = { kind: "model", peer: 1, model: make() };
  /** Drives one step or the end of an epoch; the question is answered where `answers` says so. */
  const drive = <End>(part: Generator<WorkerRequest, End, ServerReply>, answers: boolean) => {
    const asked: string[] = [];
    for (let next = part.next();;) {
      if (next.done) return { asked, goesOn: next.value };
      const { kind } = next.value;
      asked.push(kind);
      next = part.next(answers && kind !== "ask" ? answer : { kind: "applied" });
    }
  };
  const step = (steps: number, answers: boolean) => drive(gossip.between(steps, done), answers).asked;
  assertEquals(step(1, false), ["working"]);
  assertEquals(step(2, false), ["working", "ask"]);
  assertEquals(step(3, false), ["working"]);
  // The next question is due, but has to wait for the answer of the one before.
  assertEquals(step(4, false), ["working"]);
  assertEquals(step(5, true), ["working", "ask"]);
  assertEquals(step(6, false), ["working"]);
  assertEquals(gossip.takeCounts(), { exchanges: 1, exchangeSteps: 3 });
  assertEquals(drive(gossip.settle(6), true), { asked: ["answer", "ask", "answer"], goesOn: true });
  assertEquals(gossip.takeCounts(), { exchanges: 2, exchangeSteps: 1 });
  assertEquals(drive(gossip.settle(6), true), { asked: [], goesOn: true });
  const stopped = gossip.between(7, done);
  stopped.next();
  assertEquals(stopped.next({ kind: "stop" }), { done: true, value: { kind: "stop" } });
});

Deno.test("Gossip says that an average over the union has changed the topology before others are answered", () => {
  const gossip = new Gossip(new PeerAverage(make(), "union"), {
    worker: 0,
    workers: 2,
    localSteps: 1,
    seed: 1,
  });
  const model = SparseMlp.create({ sizes: [30, 60, 40, 2], epsilon: 8, seed: 3 });
  const changed: boolean[] = [];
  const run = (part: Generator<WorkerRequest, unknown, ServerReply>) => {
    for (let next = part.next(); !next.done;) {
      const asked = next.value.kind === "answer";
      if (next.value.kind === "answer") changed.push(next.value.changed);
      next = part.next(asked ? { kind: "model", peer: 1, model } : { kind: "applied" });
    }
  };
  const done = { samples: 1, loss: 0, correct: 0, changed: false };
  run(gossip.between(1, done));
  // The question after this step has to wait, and is asked once the first is answered.
  run(gossip.between(2, done));
  run(gossip.settle(2));
  assertEquals(changed, [false, true]);
  assert(gossip.takeChanged());
});

Deno.test("trainParallel() by gossip is a function of the interleaving, for any workers and both averages", async () => {
  for (const workers of [2, 3, 5]) {
    for (const peerAverage of ["holders", "union"] as const) {
      const options: ParallelOptions = { ...OPTIONS, epochs: 3, workers, peerAverage, localSteps: 2 };
      const run = async (order: number) => {
        const model = make();
        const { records } = await finishInProcess(model, data, options, order);
        return { model, parallel: records.map(({ parallel }) => parallel!) };
      };
      const [one, again] = [await run(1), await run(1)];
      assertSameModel(one.model, again.model);
      const others = await Promise.all([2, 3, 4].map(async (order) => contentOf((await run(order)).model)));
      assert(others.some((other) => JSON.stringify(other) !== JSON.stringify(contentOf(one.model))));
      for (const { phase, exchanges, meanExchangeAge, modelDistance, topologyOverlap } of one.parallel) {
        assertEquals(phase, 2);
        assert(exchanges! > 0 && meanExchangeAge! >= 0);
        assert(modelDistance! >= 0 && topologyOverlap! > 0 && topologyOverlap! <= 1);
      }
    }
  }
});

Deno.test("trainParallel() by gossip asks once in H steps of each worker, and answers every question within the epoch", async () => {
  // Whoever is asked makes a step between any four of another in these orders.
  for (const order of [1, 2, 3]) {
    const { records } = await finishInProcess(make(), data, { ...OPTIONS, localSteps: 5 }, order);
    const asked = records.map(({ epoch }) =>
      3 * (Math.floor(epoch * STEPS / 5) - Math.floor((epoch - 1) * STEPS / 5))
    );
    assertEquals(records.map(({ parallel }) => parallel!.exchanges), asked);
  }
});

Deno.test("trainParallel() by gossip without a question is phase 2 from the first epoch on, bit for bit", async () => {
  const [alone, phased] = [make(), make()];
  const { records } = await finishInProcess(alone, data, {
    ...OPTIONS,
    localSteps: 1000,
    phaseTwoRateFactor: 1,
  }, 1);
  const { localSteps: _, ...rest } = OPTIONS;
  await finishInProcess(phased, data, { ...rest, algorithm: "wasap", phaseOneFraction: 0 }, 1);
  assertSameModel(alone, phased);
  assertEquals(records.map(({ parallel }) => parallel!.exchanges), [0, 0, 0, 0]);
  assertEquals(records.map(({ parallel }) => parallel!.meanExchangeAge), [0, 0, 0, 0]);
});

Deno.test("trainParallel() by gossip brings the models of the workers closer together", async () => {
  const apart = async (localSteps: number, peerAverage: "holders" | "union") => {
    const options = { ...OPTIONS, localSteps, peerAverage };
    const { records } = await finishInProcess(make(), data, options, 1);
    return records.at(-1)!.parallel!;
  };
  for (const peerAverage of ["holders", "union"] as const) {
    const [often, never] = [await apart(1, peerAverage), await apart(1000, peerAverage)];
    assert(
      often.modelDistance! < 0.7 * never.modelDistance!,
      `${often.modelDistance} ${never.modelDistance}`,
    );
    if (peerAverage === "union") assert(often.topologyOverlap! > never.topologyOverlap!);
  }
});

Deno.test("trainParallel() by gossip learns with real Workers, keeps densities, and tells how far it is", async () => {
  for (const [workers, peerAverage] of [[2, "holders"], [3, "union"]] as const) {
    const model = make();
    const connections = model.layers.map(({ nnz }) => nnz);
    const { records } = await finishParallel(model, data, { ...OPTIONS, workers, peerAverage, epochs: 8 });
    assertEquals(model.layers.map(({ nnz }) => nnz), connections);
    assert(records[7].trainLoss < records[0].trainLoss);
    for (const { parallel } of records) assert(parallel!.exchanges! > 0);
  }
});

Deno.test("trainParallel() by gossip, stopped after any epoch and resumed, gives the bits of a run that never stopped", async () => {
  const variants: ParallelOptions[] = [
    {},
    { peerAverage: "union" },
    { workers: 5, localSteps: 1 },
    { optimizer: "adam", weightDecayForm: "coupled", learningRate: 0.002, peerAverage: "union" },
    { importancePruning: { start: 2, every: 1, percentile: 10 } },
    { evolveEvery: { steps: 3 } },
    // A question that is due once in two epochs.
    { localSteps: 2 * STEPS },
  ];
  await withFile(async (path) => {
    for (const variant of variants) {
      const part = (from: number, to: number) =>
        trainPart(path, { from, to, make }, (model, resumed) => {
          const options = { ...OPTIONS, ...variant, ...resumed };
          return trainOver(model, data, options, (plan) => new InProcessTransport(plan, 5));
        });
      const straight = await part(0, 4);
      for (const stops of [[1], [2, 3]]) {
        let [model, from] = [straight, 0];
        for (const to of [...stops, 4]) [model, from] = [await part(from, to), to];
        assertSameModel(model, straight, JSON.stringify(variant));
      }
    }
  });
});

Deno.test("trainParallel() goes on by gossip from the models of phase 2 of another algorithm", async () => {
  await withFile(async (path) => {
    const { localSteps: _, ...rest } = OPTIONS;
    const wasap: ParallelOptions = { ...rest, algorithm: "wasap", phaseOneFraction: 0.5 };
    const part = (from: number, to: number, options: ParallelOptions) =>
      trainPart(path, { from, to, make }, (model, resumed) => {
        return trainParallel(model, data, { ...options, ...resumed });
      });
    await part(0, 3, wasap);
    await part(3, 4, OPTIONS);
    assertSameModel(await part(4, 5, { ...wasap, epochs: 5 }), await part(5, 5, { ...wasap, epochs: 5 }));
  });
});

Deno.test("trainParallel() refuses what gossip cannot do, and options that are not of the algorithm", () => {
  const cases: [ParallelOptions, new (message: string) => Error, string][] = [
    [
      { ...OPTIONS, workers: 1 },
      RangeError,
      "Cannot train with 1 worker by gossip: it has nobody to average with",
    ],
    [{ ...OPTIONS, workers: 32 }, RangeError, "500 samples in batches of 16 are enough for 31"],
    [{ ...OPTIONS, localSteps: 0 }, RangeError, "localSteps is 0, expected a whole number of at least 1"],
    [{ ...OPTIONS, localSteps: 1.5 }, RangeError, "localSteps is 1.5"],
    [{ ...OPTIONS, phaseOneFraction: 0.7 }, TypeError, "phaseOneFraction is for algorithm wasap or wassp"],
    [{ ...OPTIONS, warmUpEpochs: 5 }, TypeError, "warmUpEpochs is for algorithm wasap or wassp"],
    [{ ...OPTIONS, algorithm: "wasap" }, TypeError, "localSteps is for phaseTwo gossip"],
    [{ algorithm: "wassp", peerAverage: "union" }, TypeError, "peerAverage is for phaseTwo gossip"],
    [{ ...OPTIONS, peerAverage: "mean" as "union" }, RangeError, "peerAverage is mean"],
  ];
  for (const [options, kind, message] of cases) {
    assertThrows(() => trainParallel(make(), data, options), kind, message);
  }
});

Deno.test("trainParallel() by gossip can save the models of its workers, which are as dense as the model", async () => {
  const model = make();
  const workerModels = new WorkerModels();
  for await (const _ of trainParallel(model, data, { ...OPTIONS, epochs: 2, workerModels }));
  const models = await workerModels.current();
  assertEquals(models.length, 3);
  for (const one of models) {
    assertEquals(one.layers.map(({ nnz }) => nnz), model.layers.map(({ nnz }) => nnz));
    // A change of the topology finds nothing wrong with it.
    changeTopology(one, resolveHyperparameters({ threads: 1 }, 1), 1);
  }
});

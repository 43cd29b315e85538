import { assert, assertEquals, assertThrows } from "@std/assert";
import { madelonLike } from "../src/data/generator.ts";
import { SparseMlp } from "../src/model/model.ts";
import { InProcessTransport } from "../src/parallel/in_process.ts";
import type { ParallelOptions } from "../src/parallel/options.ts";
import { trainOver, trainParallel } from "../src/parallel/wasap.ts";
import { validateConnections } from "../src/sparse/csr.ts";
import { assertSameModel } from "./model/content.ts";
import { finishInProcess, finishParallel, trainPart } from "./parallel/runs.ts";
import { withFile } from "./temporary.ts";
import { finish } from "./trainer/data.ts";

const data = madelonLike({ samples: 500, testSamples: 60, features: 30, seed: 3 });
const make = () => SparseMlp.create({ sizes: [30, 60, 40, 2], density: 0.4, seed: 2 });

/** Four epochs of phase 1, two of phase 2. */
const OPTIONS: ParallelOptions = { epochs: 6, batchSize: 32, learningRate: 0.02, threads: 1 };

const VARIANTS: ParallelOptions[] = [
  { evolveEvery: 2, zetaSchedule: "cosine", zetaStop: 0.9 },
  { evolveEvery: { steps: 3 }, zetaSchedule: "linear" },
  { evolveEvery: { steps: 5 }, growth: "gradient-sampled", optimizer: "adam", learningRate: 0.002 },
  { finalDensity: 0.1, importancePruning: { start: 2, every: 2, percentile: 5 } },
  { finalDensity: 0.1, evolveEvery: { steps: 4 }, zetaSchedule: "cosine" },
  { finalDensity: 0.1, zeta: 0, drop: "magnitude-gradient", growth: "gradient-sampled" },
];

/** Connections of the layers that evolve. */
const evolving = ({ layers }: SparseMlp) => layers.slice(0, -1).reduce((sum, { nnz }) => sum + nnz, 0);

Deno.test("trainParallel() with one wassp worker changes topologies when and as much as train(), bit for bit", async () => {
  for (const variant of VARIANTS) {
    const [alone, sequential] = [make(), make()];
    const options = { ...OPTIONS, ...variant };
    const found = await finishInProcess(alone, data, { ...options, algorithm: "wassp", workers: 1 }, 1);
    const expected = await finish(sequential, data, options);
    assertSameModel(alone, sequential, JSON.stringify(variant));
    const told = ({ records }: typeof expected) =>
      records.map(({ replaced, pruned, trainLoss }) => [replaced, pruned, trainLoss]);
    assertEquals(told(found), told(expected));
  }
});

Deno.test("trainParallel() with wassp changes topologies alike in real Workers and in any order of arrivals", async () => {
  for (const variant of [VARIANTS[1], VARIANTS[4]]) {
    const options: ParallelOptions = { ...OPTIONS, ...variant, algorithm: "wassp", workers: 3 };
    const [workers, ...turns] = [make(), make(), make()];
    await finishParallel(workers, data, options);
    for (const [order, model] of turns.entries()) {
      await finishInProcess(model, data, options, order);
      assertSameModel(model, workers, JSON.stringify(variant));
    }
  }
});

Deno.test("trainParallel() with wassp, stopped after any epoch and resumed, changes topologies as if it had not been", async () => {
  await withFile(async (path) => {
    // Shards of 97, 97, 96 and 96 samples: some workers have four steps an epoch, and are less far along with each.
    const uneven: ParallelOptions = {
      ...{ workers: 4, validationFraction: 0.228, phaseOneFraction: 0.2, keep: "last" },
      ...{ finalDensity: 0.1, evolveEvery: { steps: 5 }, epochs: 8 },
    };
    for (const variant of [...VARIANTS, uneven]) {
      const options: ParallelOptions = { ...OPTIONS, algorithm: "wassp", workers: 3, ...variant };
      const part = (from: number, to: number) =>
        trainPart(
          path,
          { from, to, make },
          (model, resumed) =>
            trainOver(model, data, { ...options, ...resumed }, (plan) => new InProcessTransport(plan, 1)),
        );
      const end = options.epochs!;
      const straight = await part(0, end);
      for (const stops of [[2], [4], [1, 3, 5], [end - 1]]) {
        let [model, from] = [straight, 0];
        for (const to of [...stops, end]) [model, from] = [await part(from, to), to];
        assertSameModel(model, straight, JSON.stringify(variant));
      }
    }
  });
});

Deno.test("trainParallel() with wasap changes the topology after so many updates, and sorts out gradients of older ones", async () => {
  for (const order of [1, 2, 3]) {
    const model = make();
    const { nnz } = model.layers[0];
    const options: ParallelOptions = { ...OPTIONS, workers: 4, evolveEvery: { steps: 4 } };
    const { records } = await finishInProcess(model, data, options, order);
    // 16 updates an epoch in phase 1, of which the last one's change comes after it; 4 steps a worker in phase 2.
    const [first] = records;
    assertEquals(first.parallel!.updates, 16);
    const once = Math.floor(0.3 * (evolving(model) - 4));
    assert(first.replaced > 3.9 * once && first.replaced < 4.1 * once, `${first.replaced}, ${once} a change`);
    assertEquals(records[5].replaced, 0);
    assert(records.some(({ parallel }) => parallel!.droppedGradients > 0));
    assertEquals(model.layers[0].nnz, nnz);
    model.layers.forEach(validateConnections);
  }
});

Deno.test("trainParallel() with finalDensity comes down to it, in arrays that keep their sizes", async () => {
  for (const algorithm of ["wasap", "wassp"] as const) {
    const model = make();
    const { arena } = model.memory;
    const { records } = await finishParallel(model, data, {
      ...{ ...OPTIONS, algorithm, workers: 2, finalDensity: 0.1, validationFraction: 0.2 },
    });
    assertEquals(evolving(model), Math.round(0.1 * (30 * 60 + 60 * 40)));
    const connections = records.map((record) => record.connections);
    assertEquals(connections, connections.toSorted((one, other) => other - one));
    assert(model.running !== undefined || model.memory.arena === arena);
  }
});

Deno.test("trainParallel() refuses a final density that the fewer steps of workers would not come down to", () => {
  const options: ParallelOptions = { ...OPTIONS, finalDensity: 0.1, evolveEvery: { steps: 18 } };
  // Of 96 steps in all the last change comes after 90; of 24 of each of four workers, after 18.
  assertThrows(
    () => trainParallel(make(), data, { ...options, workers: 4 }),
    RangeError,
    "the last change of the topology comes after 0.75",
  );
  // Of 36 steps of each of three workers one changes the topology, the 23rd, and that would be in phase 1, where the 64
  // updates of the server count.
  assertThrows(
    () =>
      trainParallel(make(), data, { ...options, evolveEvery: { steps: 23 }, densityStop: 0.6, workers: 3 }),
    RangeError,
    "the last change of the topology comes after 0.479",
  );
});

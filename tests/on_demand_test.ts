import { assertEquals, assertThrows } from "@std/assert";
import {
  compact,
  type Dataset,
  datasets,
  madelonLike,
  SparseMlp,
  splitValidation,
  trainParallel,
  validateDataset,
} from "../mod.ts";
import { Evaluator } from "../engine.ts";
import { standardization, standardizationOf } from "../src/data/standardization.ts";
import { finish } from "./trainer/data.ts";

const OPTIONS = { samples: 300, testSamples: 90, features: 40, repeated: 3, seed: 2 };
const stored = madelonLike(OPTIONS);
const made = madelonLike({ ...OPTIONS, onDemand: true });

/** Rows of a split, whatever holds them. */
function rows(
  { train: { features, source } }: Pick<Dataset, "train">,
  order: number[],
  width: number,
): number[] {
  if (source === undefined) {
    return order.flatMap((row) => [...features.slice(row * width, (row + 1) * width)]);
  }
  const found = new Float32Array(order.length * width);
  source.gather(Uint32Array.from(order), found, 2);
  return [...found];
}

Deno.test("madelonLike() on demand makes the samples that are asked for, and keeps none", () => {
  validateDataset(made);
  assertEquals([made.train.features.length, made.test!.features.length], [0, 0]);
  for (const [one, other] of [[made.train, stored.train], [made.test!, stored.test!]]) {
    assertEquals(one.labels, other.labels);
    const order = [7, 88, 7, 0, 41];
    assertEquals(rows({ train: one }, order, 40), rows({ train: other }, order, 40));
  }
  assertEquals(made.truth, stored.truth);
});

Deno.test("train() gives the same bits for features made on demand as for stored ones", async () => {
  for (const more of [{}, { validationFraction: 0.2, threads: 2, activationStorage: "bf16" as const }]) {
    const [first, second] = [stored, made].map(async (data) => {
      const model = SparseMlp.create({ sizes: [40, 60, 30, 2], epsilon: 6, seed: 5 });
      const { records } = await finish(model, data, { epochs: 3, batchSize: 48, seed: 4, ...more });
      const measures = records.map((
        { trainLoss, testLoss, validationLoss },
      ) => [trainLoss, testLoss, validationLoss]);
      return [model.memory.arena, model.standardization!.mean, model.standardization!.scale, measures];
    });
    assertEquals(await first, await second);
  }
});

Deno.test("standardizationOf() finds the same bits in parts as in one array", () => {
  // Three blocks of samples and two parts.
  const options = { samples: 9001, testSamples: 0, features: 1000, threads: 2 };
  const { train: { features } } = madelonLike(options);
  const seen: [number, number][] = [];
  const { train } = madelonLike({ ...options, onDemand: true });
  const found = standardizationOf(train, 1000, 2, (done, total) => seen.push([done, total]));
  assertEquals(found, standardization(features, 9001, 1000));
  const parts = [[8388, 18_002], [9001, 18_002], [17_389, 18_002], [18_002, 18_002]];
  assertEquals(seen, parts);
  const bytes = Uint8Array.from(features, (value) => value * 32);
  const [seenOfBytes, split] = [[] as unknown[], { ...train, features: bytes }];
  delete (split as { source?: unknown }).source;
  const ofBytes = standardizationOf(split, 1000, 2, (done, total) => seenOfBytes.push([done, total]));
  assertEquals(ofBytes, standardization(bytes, 9001, 1000));
  assertEquals(seenOfBytes, parts);
});

Deno.test("splitValidation() sets samples aside that are made on demand", () => {
  const [one, other] = [stored, made].map((data) => splitValidation(data, 0.25, 3));
  for (const part of ["train", "validation"] as const) {
    const [kept, onDemand] = [one[part], other[part]];
    assertEquals([onDemand.samples, onDemand.labels, onDemand.features.length], [
      kept.samples,
      kept.labels,
      0,
    ]);
    const order = [5, kept.samples - 1, 0];
    assertEquals(rows({ train: onDemand }, order, 40), rows({ train: kept }, order, 40));
  }
});

Deno.test("Evaluator takes the inputs of a compacted model out of features made on demand", async () => {
  const model = SparseMlp.create({ sizes: [40, 8, 2], density: 0.05, seed: 5 });
  await finish(model, stored, { epochs: 1, batchSize: 48, zeta: 0 });
  const { model: smaller } = compact(model);
  const [one, other] = [stored, made].map(({ test }) => new Evaluator(smaller, test!).run());
  assertEquals(smaller.layers[0].inputs < 40, true);
  assertEquals(one, other);
});

Deno.test("datasets.load() makes the data of extreme networks on demand", async () => {
  const { train, test, featureCount, name } = await datasets.load("extreme");
  const { trainSamples, testSamples } = datasets.describe("extreme");
  assertEquals([name, train.samples, test?.samples, featureCount], [
    "extreme",
    trainSamples,
    testSamples,
    65_536,
  ]);
  assertEquals(train.features.length, 0);
});

Deno.test("features made on demand are refused where an array is needed", () => {
  const model = SparseMlp.create({ sizes: [40, 8, 2] });
  assertThrows(() => trainParallel(model, made), TypeError, "workers share arrays");
  const both = { ...made, train: { ...made.train, features: new Float32Array(3) } };
  assertThrows(() => validateDataset(both), TypeError, "3 features, its 300 samples need 0");
});

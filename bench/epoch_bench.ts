/**
 * A whole epoch of Fashion-MNIST's shape (60,000 × 784 bytes, made up), evolution included, and the share of the parts.
 *
 * @module
 */
import { type Dataset, SparseMlp, train } from "../mod.ts";
import { sharedBytes, sharedWords } from "../src/sparse/shared.ts";

function madeUp(samples: number): Dataset["train"] {
  const features = sharedBytes(samples * 784);
  for (let place = 0; place < features.length; place++) features[place] = (place * 2_654_435_761) >>> 24;
  const labels = sharedWords(samples).map((_, sample) => sample % 10);
  return { samples, features, labels, targets: new Float32Array(0) };
}

let data: Dataset | undefined;

function dataset(): Dataset {
  return data ??= {
    name: "made up",
    task: "classification",
    featureCount: 784,
    outputCount: 10,
    classNames: Array.from({ length: 10 }, (_, index) => String(index)),
    featureNames: [],
    train: madeUp(60_000),
    test: madeUp(10_000),
  };
}

for (const threads of [1, 2]) {
  Deno.bench(
    `epoch with evolution, ${threads} threads`,
    { n: 5, warmup: 1, group: "epoch" },
    async (bench) => {
      const model = SparseMlp.create({ sizes: [784, 1000, 1000, 1000, 10], epsilon: 20, seed: 1 });
      const records = train(model, dataset(), { epochs: 2, threads });
      await records.next();
      bench.start();
      await records.next();
      bench.end();
    },
  );
}

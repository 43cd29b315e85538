/**
 * A whole epoch of Fashion-MNIST's shape (60,000 × 784 bytes, made up), evolution included, and the share of the parts.
 *
 * @module
 */
import { type Dataset, SparseMlp, train } from "../mod.ts";
import { madeUpData } from "./made_up.ts";

const SIZES = [784, 1000, 1000, 1000, 10];

let data: Dataset | undefined;

for (const threads of [1, 2]) {
  Deno.bench(
    `epoch with evolution, ${threads} threads`,
    { n: 5, warmup: 1, group: "epoch" },
    async (bench) => {
      const model = SparseMlp.create({ sizes: SIZES, epsilon: 20, seed: 1 });
      const records = train(model, data ??= madeUpData(SIZES, 60_000, 10_000), { epochs: 2, threads });
      await records.next();
      bench.start();
      await records.next();
      bench.end();
    },
  );
}

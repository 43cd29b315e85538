/**
 * A change of the topology by soft removal and Cannistraci-Hebb beside one by SET, and beside a tenth of an epoch.
 *
 * `deno bench -A bench/cannistraci_hebb_bench.ts`. Fashion-MNIST's shape, 60,000 made-up samples of 784 bytes: three layers
 * of 1000 neurons at ε 20 (126,000 connections, 4 % dense), and three of 1568 at 1 % (77,000). Only ratios inside one run
 * hold on a noisy machine.
 *
 * @module
 */
import { type Dataset, SparseMlp, train, type TrainOptions } from "../mod.ts";
import { changeTopology } from "../src/topology/change.ts";
import { resolveHyperparameters } from "../src/train/hyperparameters.ts";
import { madeUpData } from "./made_up.ts";

const NETWORKS = [
  { name: "784-1000×3-10, ε 20", sizes: [784, 1000, 1000, 1000, 10], epsilon: 20 },
  { name: "784-1568×3-10, 1 %", sizes: [784, 1568, 1568, 1568, 10], density: [0.01, 0.01, 0.01, 1] },
];

const RULES: readonly [string, Partial<TrainOptions>][] = [
  ["SET", {}],
  ["soft, cannistraci-hebb", { drop: "soft", growth: "cannistraci-hebb" }],
];

let data: Dataset | undefined;

for (const { name, ...options } of NETWORKS) {
  for (const threads of [1, 2]) {
    const group = `${name}, ${threads} thread${threads > 1 ? "s" : ""}`;
    for (const [rule, chosen] of RULES) {
      const model = SparseMlp.create({ ...options, seed: 1 });
      const settings = resolveHyperparameters(
        { ...chosen, threads, epochs: 100 } as Parameters<typeof resolveHyperparameters>[0],
        1,
      );
      let epoch = 0;
      Deno.bench({
        name: `change by ${rule}`,
        group,
        baseline: rule === "SET",
        fn: () => void changeTopology(model, settings, 1 + epoch++ % 99),
      });
    }
    Deno.bench({ name: "a tenth of an epoch", group, n: 5, warmup: 1 }, async (bench) => {
      const model = SparseMlp.create({ ...options, seed: 1 });
      data ??= madeUpData([784, 10], 6_000, 10);
      bench.start();
      for await (const _ of train(model, data, { epochs: 1, threads, evaluateEvery: 1000 }));
      bench.end();
    });
  }
}

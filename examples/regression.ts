/**
 * Two values a sample, each in its own unit: deno run -A examples/regression.ts
 *
 * @module
 */
import { Dataset, evaluate, fit, SparseMlp } from "@truly-sparse/truly-sparse";

const features = Array.from({ length: 500 }, (_, index) => [Math.sin(index), Math.cos(3 * index)]);
// Euros and metres: what a network learns is standardised inside.
const targets = features.map(([x, y]) => [250_000 + 40_000 * x - 10_000 * y, 3 + x * y]);

const data = Dataset.from({ features, targets }, { test: 0.2, validation: 0.2, seed: 1 });
const model = SparseMlp.create({ sizes: [2, 64, 64, 2], task: "regression", activation: "relu", seed: 1 });
await fit(model, data, { epochs: 60, batchSize: 16, dropout: 0 });
console.log(`R² ${evaluate(model, data.test).r2}`);
console.log(model.predictValues([[0.5, -0.5]]));

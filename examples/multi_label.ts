/**
 * Several labels a sample: deno run -A examples/multi_label.ts
 *
 * @module
 */
import { Dataset, evaluate, fit, SparseMlp } from "@truly-sparse/truly-sparse";

const features = Array.from({ length: 500 }, (_, index) => [Math.sin(index), Math.cos(3 * index)]);
const labels = features.map(([x, y]) => [
  ...(x > 0 ? ["right"] : []),
  ...(y > 0 ? ["up"] : []),
  ...(x * y > 0 ? ["diagonal"] : []),
]);

const data = Dataset.from({ features, labels, task: "multi-label" }, { test: 0.2, validation: 0.2, seed: 1 });
const model = SparseMlp.create({ sizes: [2, 64, 64, 3], task: "multi-label", activation: "relu", seed: 1 });
await fit(model, data, { epochs: 40, batchSize: 16, dropout: 0 });
console.log(`macro F1 ${evaluate(model, data.test).macroF1}`);
console.log(data.classNames, model.predictLabels([[0.5, 0.5], [-0.5, 0.5]]));

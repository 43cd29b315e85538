/**
 * Arrays of one's own, from data to a saved model: deno run -A examples/own_arrays.ts MODEL.safetensors
 *
 * @module
 */
import { Dataset, evaluate, fit, saveModel, SparseMlp } from "@truly-sparse/truly-sparse";

// Points on a disc; those near its middle are "in". A Float64Array in one line, two numbers a point.
const features = Float64Array.from({ length: 1200 }, (_, index) => 2 * Math.sin(1.7 * index * index));
const labels = Array.from(
  { length: 600 },
  (_, point) => features[2 * point] ** 2 + features[2 * point + 1] ** 2 < 3 ? "in" : "out",
);

const data = Dataset.from({ features, featureCount: 2, labels }, { test: 0.2, validation: 0.2, seed: 1 });
const model = SparseMlp.create({ sizes: [2, 64, 64, 2], activation: "relu", seed: 1 });
const { kept } = await fit(model, data, { epochs: 40, batchSize: 16, dropout: 0 });
const { accuracy, confusion } = evaluate(model, data.test);
console.log(`kept epoch ${kept?.epoch}, accuracy ${accuracy}, confusion ${JSON.stringify(confusion)}`);
await saveModel(model, Deno.args[0]);

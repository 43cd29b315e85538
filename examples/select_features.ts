/**
 * Which of forty columns matter: chosen by competing inputs, then a model that reads the chosen ones alone.
 *
 *     deno run --allow-ffi --allow-read examples/select_features.ts
 */
import {
  evaluate,
  fit,
  madelonLike,
  selectFeatures,
  SparseMlp,
  suggestSettings,
  withFeatures,
} from "@truly-sparse/truly-sparse";

const { truth, ...data } = madelonLike({
  samples: 600,
  testSamples: 200,
  features: 40,
  redundant: 5,
  seed: 1,
});
const relevant = new Set([...truth.informative, ...truth.redundant]);

// The training samples alone choose; `method: "best"`, the default, would compare all methods on a fifth of them.
const chosen = await selectFeatures(data, {
  count: 10,
  method: "neurofs",
  seed: 1,
  onProgress: ({ phase, done, total }) => done === total && console.error(`${phase}: ${total} epochs`),
});
const hits = chosen.features.filter(({ feature }) => relevant.has(feature)).length;
console.log(`${hits} of ${chosen.features.length} chosen features matter`);

const reduced = withFeatures(data, chosen.features.map(({ feature }) => feature));
const { model: network, training } = suggestSettings(reduced);
const model = SparseMlp.create({ ...network, seed: 1 });
await fit(model, reduced, training);
const measures = evaluate(model, reduced.test!);
if (measures.task === "classification") {
  console.log(`accuracy ${measures.accuracy.toFixed(3)} with 10 of 40 features`);
}

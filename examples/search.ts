/**
 * Settings by random search: 20 trials, each measured by a stratified cross-validation with five folds.
 *
 * `deno run -A examples/search.ts`
 *
 * @module
 */
import { crossValidate, madelonLike, SparseMlp } from "@truly-sparse/truly-sparse";

/** Clouds of points, among features that say nothing. */
const data = madelonLike({ samples: 150, testSamples: 50, features: 20, seed: 1 });

// One of its own draws settings from a seed, so that a search can be repeated.
const draw = (seed: number, places: number) =>
  (Math.imul(seed + 1, 2654435761) * (places + 1) >>> 0) / 2 ** 32;

const started = performance.now();
const trials = [];
for (let seed = 0; seed < 20; seed++) {
  const hidden = 2 ** Math.floor(4 + 3 * draw(seed, 0));
  const training = { epochs: 20, batchSize: 16, learningRate: 10 ** (-3 + 1.5 * draw(seed, 1)), threads: 1 };
  const model = () => SparseMlp.create({ sizes: [20, hidden, hidden, 2], seed });
  const { metrics } = await crossValidate(data, { model, training });
  trials.push({ hidden, learningRate: training.learningRate, ...metrics.accuracy });
}
const seconds = (performance.now() - started) / 1000;

const [{ hidden, learningRate, mean, standardDeviation }] = trials.sort((one, other) =>
  other.mean - one.mean
);
const percent = (fraction: number) => `${(100 * fraction).toFixed(1)} %`;
console.log(`${trials.length} trials of 5 folds took ${seconds.toFixed(1)} s`);
console.log(`Best: ${hidden} neurons a layer, learning rate ${learningRate.toPrecision(2)}`);
console.log(`Accuracy ${percent(mean)}, standard deviation ${percent(standardDeviation)}`);

/**
 * How many of the features that matter are among those with the strongest connections, as networks train.
 *
 *     deno run -A bench/feature_selection.ts [--data-dir DIR] [--epochs N]
 *
 * `madelon-like` knows its 20 structured features. The official Madelon does not say which of its 500 are the 5
 * informative and 15 redundant ones, but those are linear combinations of 5 numbers and the others independent noise: so
 * they are the features that correlate with another one.
 *
 * @module
 */
import { datasets, madelonLike, SparseMlp, type Split, train } from "../mod.ts";
import { describeProcessor, processor } from "./processor.ts";

function option(name: string): string | undefined {
  const place = Deno.args.indexOf(`--${name}`);
  return place < 0 ? undefined : Deno.args[place + 1];
}

/** Features whose correlation with some other feature is above a threshold no noise reaches. */
function correlated({ features, samples }: Split, count: number, threshold: number): number[] {
  const columns = Array.from({ length: count }, (_, feature) => {
    const column = Float64Array.from({ length: samples }, (_, sample) => features[sample * count + feature]);
    const mean = column.reduce((sum, value) => sum + value, 0) / samples;
    const length = Math.hypot(...column.map((value) => value - mean));
    return column.map((value) => (value - mean) / length);
  });
  const strongest = columns.map((one, feature) =>
    Math.max(...columns.map((other, place) => {
      if (place === feature) return 0;
      let sum = 0;
      for (let sample = 0; sample < samples; sample++) sum += one[sample] * other[sample];
      return Math.abs(sum);
    }))
  );
  return [...strongest.keys()].filter((feature) => strongest[feature] > threshold);
}

const results: Record<string, unknown>[] = [];
const dataDir = option("data-dir");
const epochs = Number(option("epochs") ?? 200);
for (const name of dataDir === undefined ? ["madelon-like"] : ["madelon-like", "madelon"]) {
  const made = name === "madelon-like" ? madelonLike({ seed: 1 }) : undefined;
  const data = made ?? await datasets.load(name, { dataDir });
  const truth = new Set(
    made
      ? [...made.truth.informative, ...made.truth.redundant]
      : correlated(data.train, data.featureCount, 0.2),
  );
  for (const importancePruning of [false, true]) {
    for (const seed of [1, 2, 3]) {
      const model = SparseMlp.create({
        sizes: [500, 400, 100, 400, 2],
        epsilon: 10,
        activation: { kind: "all-relu", alpha: 0.5 },
        initializer: "normal",
        seed,
      });
      const options = {
        epochs,
        batchSize: 32,
        evaluateEvery: epochs,
        importancePruning: importancePruning && { start: epochs / 4, every: 10, percentile: 20 },
      };
      let accuracy = NaN;
      for await (const epoch of train(model, data, options)) accuracy = epoch.testAccuracy ?? accuracy;
      const strength = model.featureStrength();
      const first = [...strength.keys()].sort((a, b) => strength[b] - strength[a]).slice(0, 20);
      const hits = first.filter((feature) => truth.has(feature)).length;
      results.push({ dataset: name, importancePruning, seed, epochs, relevant: truth.size, hits, accuracy });
      console.error(JSON.stringify(results.at(-1)));
    }
  }
}
const command = "deno run -A bench/feature_selection.ts --data-dir DIR";
console.log(
  JSON.stringify(
    { date: new Date().toISOString().slice(0, 10), host: describeProcessor(processor()), command, results },
    null,
    2,
  ),
);

/**
 * One preset of `train` as it would run, with its parts timed: initialisation, steps, evolution, inference, memory.
 *
 * Usage: `deno run -A bench/scale.ts --preset extreme-1m --max-steps 20 [any option of train] [inference=3000]
 * [out=FILE]`. `inference` is the number of test samples. Prints JSON; progress goes to stderr.
 *
 * @module
 */
import { datasets, SparseMlp, train } from "../mod.ts";
import type { Values } from "../src/cli/options.ts";
import { parseCommandLine } from "../src/cli/parse.ts";
import { fitMemory } from "../src/cli/plan.ts";
import { fillDefaults, modelOptions, paperSettings, trainOptions, withPreset } from "../src/cli/settings.ts";
import { resolveHyperparameters } from "../src/train/hyperparameters.ts";
import { changeTopology } from "../src/topology/change.ts";
import { describeProcessor, processor } from "./processor.ts";

const seconds = (since: number) => (performance.now() - since) / 1000;
const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** The most memory this process ever had, as Linux counts it. */
function peakRssBytes(): number {
  const line = /^VmHWM:\s+(\d+) kB/m.exec(Deno.readTextFileSync("/proc/self/status"));
  return line === null ? Deno.memoryUsage().rss : 1024 * Number(line[1]);
}

async function measure(given: Values, inferenceSamples: number): Promise<Record<string, unknown>> {
  const wanted = withPreset({ "max-steps": 20, ...given });
  const filled = fillDefaults("train", wanted, paperSettings(datasets.describe(wanted.dataset!)));
  const { train: learned, test, ...about } = await datasets.load(wanted.dataset!);
  const sizes = [about.featureCount, ...filled.hidden!, about.outputCount];
  const { values, choice } = fitMemory(sizes, filled, given);
  const say = (text: string) => console.error(`${given.preset ?? sizes.join("-")}: ${text}`);

  const started = performance.now();
  const model = SparseMlp.for(about, modelOptions(values));
  const initSeconds = seconds(started);
  const { connections } = model.stats();
  say(`${connections} connections in ${initSeconds.toFixed(1)} s`);

  const data = {
    ...about,
    train: learned,
    ...(test && inferenceSamples > 0 && {
      test: { ...test, samples: inferenceSamples, labels: test.labels.subarray(0, inferenceSamples) },
    }),
  };
  const options = trainOptions(values);
  const curve: { step: number; loss: number; seconds: number }[] = [];
  let [statisticsSeconds, before] = [0, performance.now()];
  const record = (await train(model, data, {
    ...options,
    onPhase: ({ phase }) => {
      if (phase !== "statistics") return;
      statisticsSeconds += seconds(before);
      before = performance.now();
    },
    // Where steps are shorter than a tenth of a second, one call tells of several.
    onProgress: ({ step, steps, stepLoss = NaN }) => {
      const spent = seconds(before) / (step - (curve.at(-1)?.step ?? 0));
      curve.push({ step, loss: stepLoss, seconds: spent });
      say(`step ${step}/${steps}: ${spent.toFixed(2)} s, loss ${stepLoss.toFixed(4)}`);
      before = performance.now();
    },
  }).next()).value;
  if (!("trainLoss" in record)) throw new Error("Cannot measure: the run has no epoch");
  const evolving = performance.now();
  changeTopology(model, resolveHyperparameters(options, 0), 1);
  const evolutionSeconds = seconds(evolving);
  const all = curve.slice(curve.length > 2 ? 1 : 0).map((point) => point.seconds);
  const stepSeconds = median(all);
  const batchSize = values["batch-size"]!;
  const width = choice?.microBatch ?? NaN;
  return {
    preset: given.preset,
    settings: values,
    sizes,
    connections,
    plan: choice,
    initSeconds,
    statisticsSeconds,
    stepSeconds,
    stepSecondsSpread: [Math.min(...all), Math.max(...all)],
    nanosecondsAConnectionAndTile: stepSeconds * 1e9 / (connections * Math.ceil(batchSize / width)),
    nanosecondsAConnectionAndSample: stepSeconds * 1e9 / (connections * batchSize),
    epochSeconds: stepSeconds * learned.samples / batchSize,
    epochIs: "extrapolated from the median step",
    evolutionSeconds,
    inferenceSamples,
    inferenceSeconds: record.evaluationSeconds,
    testAccuracy: record.testAccuracy,
    testLoss: record.testLoss,
    trainLoss: record.trainLoss,
    trainAccuracy: record.trainAccuracy,
    peakRssBytes: peakRssBytes(),
    curve,
  };
}

if (import.meta.main) {
  const own = new Map(
    Deno.args.filter((arg) => /^\w+=/.test(arg)).map((arg) => arg.split("=") as [string, string]),
  );
  const args = Deno.args.filter((arg) => !/^\w+=/.test(arg));
  const command = `bench/scale.ts ${Deno.args.filter((arg) => !arg.startsWith("out=")).join(" ")}`;
  const { values, words } = parseCommandLine("train", args);
  const unknown = words[0] ?? [...own.keys()].find((name) => name !== "inference" && name !== "out");
  if (values.preset === undefined || unknown !== undefined) {
    console.error(
      `Cannot measure "${unknown ?? ""}": expected --preset, options of train, inference= and out=`,
    );
    Deno.exit(2);
  }
  const result = await measure(values, Number(own.get("inference") ?? 3000));
  const text = JSON.stringify(
    { date: new Date().toISOString(), host: describeProcessor(processor()), command, ...result },
    null,
    1,
  );
  const out = own.get("out");
  if (out === undefined) console.log(text);
  else Deno.writeTextFileSync(out, text + "\n");
}

/**
 * What features are worth that `selectFeatures()` chooses: the accuracy of a support vector classifier on them alone.
 *
 *     deno run -A bench/features/run.ts --dataset mnist --count 50 [--method neurofs] [--seeds 1,2,3] [--epochs N]
 *       [--part test] [--most-samples N] [--data-dir DIR] [--python PATH]
 *
 * `--dataset` is a named data set or a file. Choices of one's own are made with `--part validation` (the default), where a
 * fifth of the training samples judges what was chosen on the others; `--part test` is for figures that are reported.
 * `--most-samples` lets the classifier learn from fewer. Where the truth is known, or can be told (Madelon: columns that
 * correlate with another one), hits are counted. The classifier is scikit-learn's (`judge.py`); without it, hits alone.
 *
 * @module
 */
import {
  type Dataset,
  datasets,
  loadFiles,
  madelonLike,
  selectFeatures,
  type Split,
  splitValidation,
  withFeatures,
} from "../../mod.ts";
import { writeNpz } from "../../src/files/npz.ts";
import { describeProcessor, processor } from "../processor.ts";

function option(name: string): string | undefined {
  const place = Deno.args.indexOf(`--${name}`);
  return place < 0 ? undefined : Deno.args[place + 1];
}

/** Features whose correlation with some other one no noise reaches. */
function correlated({ train, featureCount }: Dataset): number[] {
  const columns = Array.from({ length: featureCount }, (_, feature) => {
    const column = Float64Array.from(
      { length: train.samples },
      (_, at) => train.features[at * featureCount + feature],
    );
    const mean = column.reduce((sum, value) => sum + value, 0) / train.samples;
    const length = Math.hypot(...column.map((value) => value - mean));
    return column.map((value) => (value - mean) / length);
  });
  return [...columns.keys()].filter((one) =>
    columns.some((column, other) =>
      one !== other && Math.abs(column.reduce((sum, value, at) => sum + value * columns[one][at], 0)) > 0.2
    )
  );
}

async function load(name: string): Promise<Dataset & { readonly truth?: readonly number[] }> {
  if (name === "madelon-like") {
    const { truth, ...data } = madelonLike({ seed: 1 });
    return { ...data, truth: [...truth.informative, ...truth.redundant] };
  }
  const dataDir = option("data-dir");
  const data = name.includes(".")
    ? await loadFiles([name])
    : await datasets.load(name, dataDir === undefined ? {} : { dataDir });
  return name === "madelon" ? { ...data, truth: correlated(data) } : data;
}

/** Accuracy of the classifier in percent; undefined where there is none. */
async function judge(learned: Split, judged: Split, most: number): Promise<number | undefined> {
  const path = await Deno.makeTempFile({ suffix: ".npz" });
  const entry = ({ features, samples }: Split, count: number) => {
    const width = features.length / samples;
    const descr = features instanceof Uint8Array ? "|u1" : "<f4";
    return { descr, shape: [count, width], data: features.subarray(0, count * width) };
  };
  const labels = ({ labels }: Split, count: number) => ({
    descr: "<u4",
    shape: [count],
    data: labels.subarray(0, count),
  });
  const count = Math.min(most, learned.samples);
  await writeNpz(path, {
    x_train: entry(learned, count),
    y_train: labels(learned, count),
    x_test: entry(judged, judged.samples),
    y_test: labels(judged, judged.samples),
  });
  try {
    const judge = new URL("judge.py", import.meta.url).pathname;
    const python = option("python") ?? "python3";
    const { code, stdout, stderr } = await new Deno.Command(python, { args: [judge, path] }).output();
    if (code === 0) return Number(new TextDecoder().decode(stdout));
    console.error(`No classifier: ${new TextDecoder().decode(stderr).trim().split("\n").at(-1)}`);
  } catch (cause) {
    console.error(`No classifier: ${(cause as Error).message}`);
  } finally {
    await Deno.remove(path);
  }
  return undefined;
}

const name = option("dataset") ?? "madelon-like";
const { truth, ...whole } = await load(name);
const count = Number(option("count") ?? 20);
const part = option("part") ?? "validation";
const [method, epochs] = [option("method") ?? "best", option("epochs")];
for (const seed of (option("seeds") ?? "1").split(",").map(Number)) {
  const { train, validation } = part === "test"
    ? { train: whole.train, validation: whole.test! }
    : splitValidation(whole, 0.2, 7);
  const { test: _, validation: __, ...rest } = whole;
  const data: Dataset = { ...rest, train };
  const started = performance.now();
  const chosen = await selectFeatures(data, {
    ...{ count, seed, method: method as "best" },
    training: { ...(epochs && { epochs: Number(epochs) }) },
  });
  const seconds = (performance.now() - started) / 1000;
  const features = chosen.features.map(({ feature }) => feature);
  const judged = withFeatures({ ...data, validation }, features);
  const accuracy = await judge(judged.train, judged.validation!, Number(option("most-samples") ?? Infinity));
  console.log(JSON.stringify({
    host: describeProcessor(processor()),
    ...{
      dataset: name,
      count,
      part,
      method: chosen.method,
      asked: method,
      seed,
      epochs: epochs && Number(epochs),
    },
    ...(accuracy !== undefined && { accuracy: Number(accuracy.toFixed(2)) }),
    ...(truth &&
      { hits: features.filter((feature) => truth.includes(feature)).length, relevant: truth.length }),
    ...{ seconds: Number(seconds.toFixed(1)), comparisons: chosen.comparisons },
  }));
}

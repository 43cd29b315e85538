/**
 * The command `predict`.
 *
 * @module
 */
import { sampleWindows } from "../data/windows.ts";
import { FeatureError } from "../errors.ts";
import type { InferenceModel } from "../model/inference.ts";
import type { Command } from "./command.ts";
import { targetNames } from "../schema.ts";
import { column, firstIndex, textOptions } from "./data.ts";
import { count, duration, rate } from "../format.ts";
import { readModelFile } from "./model_file.ts";
import { UsageError } from "./option.ts";
import type { Values } from "./options.ts";
import { checkOutput, isStdout } from "./output.ts";
import { type PredictionFormat, PredictionWriter } from "./predictions.ts";

/** Predicts the samples of a file. */
export const predictCommand: Command = {
  name: "predict",
  arguments: [{ name: "MODEL", required: true }, { name: "FILE", required: true }],
  summary: "Predict the samples of a file",
  description:
    "Reads raw features from CSV, TSV, Parquet, svmlight, npy, npz or IDX (packed with gzip, alone in a zip archive, or plain) and writes the class and the " +
    "probability of each class, the probability of each of several labels, or the values of a regression. Columns of a table are found by the names that the " +
    "model knows; others, like the label, are passed over. FILE - is the standard input: delimited text, packed with gzip or not. " +
    "The file is read in windows, so it may be larger than memory.",
  examples: [
    ["Classes and probabilities as CSV", "predict flowers.safetensors new-flowers.csv"],
    [
      "Into a file, one JSON object a line",
      "predict model.safetensors t10k-images-idx3-ubyte.gz --output out.jsonl",
    ],
    ["Classes alone", "predict model.safetensors samples.npy --labels"],
    ["Of what another program writes", "predict flowers.safetensors - < new-flowers.csv"],
  ],
  run: ([path, file], values) => predict(path, file, values),
};

const ENDINGS: readonly (readonly [RegExp, PredictionFormat])[] = [
  [/\.npy$/i, "npy"],
  [/\.(jsonl|ndjson|json)$/i, "jsonl"],
];

async function predict(path: string, file: string, given: Values): Promise<number> {
  const { labels = false, threads = navigator.hardwareConcurrency } = given;
  const output = given.output === undefined || isStdout(given.output) ? undefined : given.output;
  const ending = ENDINGS.find(([pattern]) => output !== undefined && pattern.test(output))?.[1];
  const format = given.format ?? (given.json ? "jsonl" : ending ?? "csv");
  if (format === "npy" && output === undefined) {
    throw new UsageError("Cannot write npy to the standard output: give a file with --output");
  }
  if (output !== undefined) await checkOutput(output, [path, file]);
  const { model, training } = await readModelFile(path, given);
  const inference = model.toInference();
  const { featureCount, outputCount, classNames, task } = inference;
  if (labels && task === "regression") {
    throw new UsageError(`Cannot use --labels with "${path}": it is for regression, which has no classes`);
  }
  const started = performance.now();
  const { schema } = model;
  const outputNames = schema !== undefined && task === "regression" ? targetNames(schema) : classNames;
  const windows = sampleWindows(file === "-" ? Deno.stdin.readable : file, {
    ...textOptions(given),
    featureCount,
    schema,
    firstIndex: firstIndex(given) ?? firstIndex(training?.options.values as Values | undefined ?? {}),
    labelColumn: column(given["label-column"]),
    threads,
    onNotice: given.quiet ? undefined : (notice) => console.error(notice),
  });
  // Nothing is written of a file whose columns do not fit.
  let window = await windows.next();
  await using writer = await PredictionWriter.open(output, {
    format,
    labels,
    outputCount,
    outputNames,
    task,
  });
  for (; !window.done; window = await windows.next()) {
    const { features } = window.value;
    await writer.write(outputsOf(inference, features, threads, { file, first: writer.samples }));
  }
  await writer.commit();
  const seconds = (performance.now() - started) / 1000;
  if (output !== undefined) {
    const pace = `${duration(seconds)}, ${rate(writer.samples / seconds)}`;
    console.error(`Saved predictions of ${count(writer.samples)} samples to "${output}" (${pace})`);
  }
  return 0;
}

/** Probabilities or values of a window of samples, whose errors tell of the file. */
function outputsOf(
  inference: InferenceModel,
  features: Float32Array | Uint8Array,
  threads: number,
  { file, first }: { readonly file: string; readonly first: number },
): Float32Array {
  try {
    return inference.is("regression")
      ? inference.predictValues(features, { threads })
      : (inference as InferenceModel<"classification" | "multi-label">).predictProbabilities(features, {
        threads,
      });
  } catch (cause) {
    if (!(cause instanceof FeatureError)) throw cause;
    throw cause.at({ sample: first + cause.place.sample, source: `"${file}"` });
  }
}

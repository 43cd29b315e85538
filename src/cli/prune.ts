/**
 * The command `prune`.
 *
 * @module
 */
import type { Split } from "../data/dataset.ts";
import type { SparseMlp } from "../model/model.ts";
import { compact } from "../topology/compaction.ts";
import { pruneByImportance } from "../topology/importance.ts";
import { evaluate } from "../train/measures.ts";
import type { Command } from "./command.ts";
import { evaluationData } from "./evaluate.ts";
import { accuracy, bytes, count, percent } from "../format.ts";
import { columns } from "./format.ts";
import { readModelFile, writeModelFile } from "./model_file.ts";
import { UsageError } from "./option.ts";
import type { Values } from "./options.ts";
import { loadingBar } from "./progress.ts";
import { checkOutput, printEvent } from "./output.ts";
import { changedSince } from "./run_log.ts";
import { checkTogether, fillDefaults } from "./settings.ts";

/** Prunes a trained model once, and takes out what is left without a purpose. */
export const pruneCommand: Command = {
  name: "prune",
  arguments: [{ name: "MODEL", required: true }],
  summary: "Make a trained model smaller",
  description:
    "Importance Pruning of a trained model, once (Table 6 of the paper): accuracy and size at each " +
    "percentile, after neurons without a purpose were taken out. The model file stays as it is.",
  examples: [
    ["How much can go, on the test part of the data it was trained on", "prune model.safetensors"],
    [
      "Save the model pruned at the 15th percentile",
      "prune model.safetensors --percentiles 15 --output small.safetensors",
    ],
  ],
  run: ([path], values) => prune(path, values),
};

async function prune(path: string, given: Values): Promise<number> {
  checkTogether(given);
  const { percentiles = [], output, json } = fillDefaults("prune", given);
  if (output !== undefined && percentiles.length !== 1) {
    throw new UsageError("Cannot use --output with several percentiles: give the one to save");
  }
  if (output !== undefined) await checkOutput(output, given.data);
  const loaded = await readModelFile(path, given);
  const { threads = navigator.hardwareConcurrency } = given;
  const data = await evaluationData(path, loaded, given);
  const start = loaded.model.stats().parameters;
  const rows: string[][] = [];
  for (const percentile of [undefined, ...percentiles]) {
    const { model: pruned } = percentile === undefined ? loaded : await readModelFile(path, given);
    const { removed, model, measures } = pruneAndMeasure(pruned, percentile, data.parts, threads, !json);
    if (output !== undefined && percentile !== undefined) {
      const run = await changedSince(path, "prune", given);
      await writeModelFile(model, output, given, { ...(run && { run }) });
    }
    const stats = model.stats();
    const { loss } = measures;
    const measured = measures.task === "regression"
      ? { rmse: measures.rmse }
      : { accuracy: measures.accuracy };
    if (json) {
      printEvent({
        event: "pruning",
        model: path,
        dataset: data.name,
        samples: data.samples,
        ...(percentile !== undefined && { percentile }),
        loss,
        ...measured,
        removedConnections: removed,
        connections: stats.connections,
        parameters: stats.parameters,
        sizes: model.settings.sizes,
        trainingBytes: stats.trainingBytes,
        inferenceBytes: stats.inferenceBytes,
      });
    }
    rows.push([
      percentile === undefined ? "as it is" : `${percentile}`,
      measures.task === "regression" ? measures.rmse.toPrecision(4) : accuracy(measures.accuracy),
      loss.toPrecision(5),
      count(stats.connections),
      count(stats.parameters),
      percent(stats.parameters / start),
      bytes(stats.inferenceBytes),
      model.settings.sizes.join(" → "),
    ]);
  }
  if (json) return 0;
  const score = loaded.model.settings.task === "regression" ? "RMSE" : "accuracy";
  const head = ["percentile", score, "loss", "connections", "parameters", "share", "to use", "neurons"];
  const sides = ["right", "right", "right", "right", "right", "right", "right", "left"] as const;
  console.log(
    [`${data.name}, ${count(data.samples)} samples`, "", ...columns([head, ...rows], sides)].join("\n"),
  );
  if (output !== undefined) console.error(`Saved the pruned model to "${output}"`);
  return 0;
}

/** Prunes and compacts a model where a percentile is given, and measures it; a bar shows how far it is. */
function pruneAndMeasure(
  whole: SparseMlp,
  percentile: number | undefined,
  parts: readonly Split[],
  threads: number,
  shown: boolean,
) {
  using bar = loadingBar(shown);
  const tell = (what: string) => (done: number, total: number) => bar.update(what, done, total);
  const removed = percentile === undefined ? 0 : pruneHidden(whole, percentile, threads, tell("Pruning"));
  const model = percentile === undefined ? whole : compact(whole, { threads }).model;
  return {
    removed,
    model,
    measures: evaluate(model, parts, { threads, onProgress: tell("Evaluating") }),
  };
}

/** Prunes every layer but the output's; returns how many connections went. */
function pruneHidden(
  model: SparseMlp,
  percentile: number,
  threads: number,
  onProgress: (done: number, total: number) => void,
): number {
  const layers = model.layers.slice(0, -1);
  return layers.reduce((sum, layer, index) => {
    const { removed } = pruneByImportance(layer, percentile, threads);
    onProgress(index + 1, layers.length);
    return sum + removed;
  }, 0);
}

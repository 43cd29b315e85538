/**
 * `--alpha search`: the slope is looked for before the run begins.
 *
 * @module
 */
import type { NamedDataset } from "../data/catalogue.ts";
import type { Dataset } from "../data/dataset.ts";
import { count, duration, plural } from "../format.ts";
import type { TrainOptions } from "../train/options.ts";
import { metricTitle } from "../train/selection.ts";
import { searchSlope, type SlopeSearch } from "../train/slope_search.ts";
import { columns } from "./format.ts";
import type { Values } from "./options.ts";
import { printEvent } from "./output.ts";
import { loadingBar } from "./progress.ts";
import { modelOptions, trainOptions } from "./settings.ts";

/**
 * The values with the slope that a search has found, where they ask for one; what it found is told.
 *
 * @param more What training is told beside what the values say.
 */
export async function withSlope(
  values: Values,
  data: Dataset,
  named: NamedDataset | undefined,
  more: Pick<TrainOptions, "classWeights">,
): Promise<Values> {
  if (values.alpha !== "search") return values;
  const { json = false, quiet = false } = values;
  const { activation: _, ...network } = modelOptions({ ...values, alpha: 0 });
  using bar = loadingBar(!json && !quiet);
  const found = await searchSlope(
    data,
    network,
    { ...trainOptions(values, named), ...more },
    { onProgress: ({ alpha, done, total }) => bar.update(`Searching for a slope: α ${alpha}`, done, total) },
  );
  if (json) printEvent({ event: "slope-search", ...found });
  else if (!quiet) console.error(slopeLines(found).join("\n"));
  return { ...values, alpha: found.alpha };
}

/** What was found, what that took, and the ranking. */
function slopeLines({ alpha, ranking, metric, trainings, samples, seconds }: SlopeSearch): string[] {
  const rows = ranking.map((trial) => [
    String(trial.alpha),
    Number.isNaN(trial.value) ? "diverged" : trial.value.toPrecision(4),
    String(trial.epochs),
  ]);
  const table = columns([["α", `validation ${metricTitle(metric)}`, "epochs"], ...rows], [
    "right",
    "right",
    "right",
  ]);
  const cost = `${plural(trainings, "training")}, ${count(samples)} samples, ${duration(seconds)}`;
  return [`Slope found by search: α ${alpha} (${cost})`, ...table.map((line) => `  ${line}`), ""];
}

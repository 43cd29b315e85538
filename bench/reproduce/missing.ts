/**
 * What was not run yet, said in a sentence with the command that runs it.
 *
 * @module
 */
import { datasets } from "../../mod.ts";
import { plural } from "../../src/format.ts";
import { PAPER_DATASETS, type PaperDataset, TITLES } from "./paper.ts";
import { DEFAULT_WORKERS, type Name, plan, type Training } from "./plan.ts";
import type { Runs } from "./summary.ts";

/** Rows of a table or figure that have no run, and what they need; nothing where all were run. */
export function missing(name: Name, runs: Runs): string | undefined {
  const rows = plan([name], { seeds: 1, quick: false, workers: DEFAULT_WORKERS })
    .filter((row): row is Training => row.kind === "training")
    .filter((row) => !isThere(row, runs, name));
  if (rows.length === 0) return undefined;
  const sets = PAPER_DATASETS.filter((dataset) => rows.some((row) => row.dataset === dataset));
  const closed = sets.filter((dataset) => needsData(dataset, runs));
  const open = sets.filter((dataset) => !closed.includes(dataset));
  const how = [
    ...(open.length === 0 ? [] : [`\`deno task reproduce ${name} --dataset ${open.join(",")}\` runs them`]),
    ...(closed.length === 0 ? [] : [`${enumerated(closed)} first (above)`]),
  ];
  return `${plural(rows.length, "run")} missing: ${how.join("; ")}.`;
}

function enumerated(sets: readonly PaperDataset[]): string {
  const names = sets.map((dataset) => TITLES[dataset]).join(" and ");
  return `${names} ${sets.length === 1 ? "needs its" : "need their"} data`;
}

/** Whether the data of a set have to be got by hand, and nothing was run on them. */
export function needsData(dataset: PaperDataset, runs: Runs): boolean {
  return datasets.describe(dataset).placement !== undefined &&
    !runs.all().some(({ row }) => row.startsWith(`${dataset}-`));
}

/** Whether a table shows a run of a row, with another seed or as many workers as somebody chose. */
function isThere({ dataset, variant }: Training, runs: Runs, name: Name): boolean {
  const [, algorithm, pruning] = /^(was[as]p)\d+(-pruning)?$/.exec(variant) ?? [];
  if (algorithm !== undefined) {
    return runs.variants(dataset, new RegExp(`^${algorithm}\\d+${pruning ?? ""}$`)).length > 0;
  }
  const records = runs.of(dataset, variant);
  return name === "table6" ? records.some(({ pruned }) => pruned !== undefined) : records.length > 0;
}

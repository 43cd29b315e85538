/**
 * What there is to reproduce: rows each table needs, what is there, and how long the rest takes here.
 *
 * @module
 */
import { estimate, spoken } from "./estimate.ts";
import { lacking } from "./lacking.ts";
import type { Settings } from "./main.ts";
import { PAPER_DATASETS, TITLES } from "./paper.ts";
import { plan, type Training } from "./plan.ts";
import { type FoundRecords, satisfies } from "./record.ts";
import type { ExtremeRecord } from "./run_extreme.ts";

/** One line for each name and data set; times of rows that were never run are marked. */
export async function list(
  settings: Pick<Settings, "names" | "datasets" | "seeds" | "quick" | "workers" | "dataDir">,
  { records }: FoundRecords,
  extremes: ReadonlyMap<string, ExtremeRecord>,
): Promise<string> {
  const lines: string[] = [];
  for (const name of settings.names) {
    const rows = plan([name], settings);
    const trainings = rows.filter((row): row is Training => row.kind === "training");
    for (const dataset of PAPER_DATASETS) {
      const all = trainings.filter((row) => row.dataset === dataset);
      if (all.length === 0) continue;
      const missing = all.filter((row) => !satisfies(records.get(row.key), row));
      const times = missing.map((row) => estimate(row, records));
      const seconds = times.reduce((sum, time) => sum + time.seconds, 0);
      const sure = times.every(({ measured }) => measured);
      const left = missing.length === 0
        ? "nothing is left"
        : `${sure ? "about" : "perhaps"} ${spoken(seconds)} left`;
      lines.push(
        `${name.padEnd(9)} ${TITLES[dataset].padEnd(14)} ${
          all.length - missing.length
        } of ${all.length} runs, ${left}`,
      );
    }
    const extreme = rows.filter((row) => row.kind === "extreme");
    if (extreme.length > 0) {
      const there = extreme.filter((row) => extremes.has(row.key)).length;
      lines.push(
        `${name.padEnd(9)} ${"made-up data".padEnd(14)} ${there} of ${extreme.length} networks timed`,
      );
    }
  }
  for (const dataset of settings.datasets ?? PAPER_DATASETS) {
    const reason = await lacking(dataset, settings.dataDir);
    if (reason !== undefined) lines.push("", `${TITLES[dataset]}: ${reason}`);
  }
  return lines.join("\n");
}

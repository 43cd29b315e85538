/**
 * The tables of the paper in Markdown, ours beside them.
 *
 * @module
 */
import {
  PAPER_DATASETS,
  PARALLEL_DATASETS,
  PERCENTILES,
  type Sequential,
  TABLE_2,
  TABLE_3,
  TABLE_4,
  TABLE_5,
  TABLE_6,
  TITLES,
} from "./paper.ts";
import { SEQUENTIAL_VARIANTS, slopeVariant } from "./plan.ts";
import type { RunRecord } from "./record.ts";
import type { ExtremeRecord } from "./run_extreme.ts";
import { bestPercents, lastPercents, meanOf, type Runs, written } from "./summary.ts";

const NETWORKS: Readonly<Record<Sequential, string>> = {
  "relu": "ReLU",
  "relu-pruning": "ReLU, Importance Pruning",
  "all-relu": "All-ReLU",
  "all-relu-pruning": "All-ReLU, Importance Pruning",
  "dense-relu": "dense, ReLU",
  "dense": "dense, All-ReLU",
};

const PAPER_EPOCHS = 500;

/** Sequential runs. */
export function table2(runs: Runs): string {
  const rows = PAPER_DATASETS.flatMap((dataset) =>
    SEQUENTIAL_VARIANTS.map((variant) => {
      const [percent, start, end, minutes] = TABLE_2[dataset][variant];
      const records = runs.of(dataset, variant);
      const epochs = records[0]?.testAccuracy.length ?? PAPER_EPOCHS;
      return [
        TITLES[dataset],
        NETWORKS[variant] + (epochs === PAPER_EPOCHS ? "" : ` (${epochs} epochs)`),
        percent?.toFixed(2) ?? "–",
        written(bestPercents(records)),
        written(lastPercents(records)),
        seedsOf(records),
        grown(start, end),
        records.length === 0
          ? "–"
          : grown(meanParameters(records, "parametersStart"), meanParameters(records, "parametersEnd")),
        minutes === undefined ? "–" : String(minutes),
        minutesOf(records),
      ];
    })
  );
  return markdown(
    [
      "data",
      "network",
      "paper, best",
      "ours, best",
      "ours, last",
      "seeds",
      "paper, parameters",
      "ours, parameters",
      "paper, min",
      "ours, min",
    ],
    rows,
    2,
  );
}

/** Runs with several workers, beside those of one process. */
export function table3(runs: Runs): string {
  const rows = PARALLEL_DATASETS.flatMap((dataset) =>
    (["wassp", "wassp-pruning", "wasap", "wasap-pruning", "all-relu", "all-relu-pruning"] as const)
      .flatMap((framework) => {
        const [percent, minutes, , megabytes] = TABLE_3[dataset][framework];
        const [, algorithm, pruning = ""] = /^(wassp|wasap|all-relu)(-pruning)?$/.exec(framework)!;
        const parallel = algorithm !== "all-relu";
        const found = parallel
          ? runs.variants(dataset, new RegExp(`^${algorithm}\\d+${pruning}$`))
          : [framework];
        return (found.length === 0 ? [undefined] : found).map((variant) => {
          const records = variant === undefined ? [] : runs.of(dataset, variant);
          return [
            TITLES[dataset],
            (parallel ? algorithm.toUpperCase() : "one process") + (pruning && ", Importance Pruning"),
            parallel ? /\d+/.exec(variant ?? "")?.[0] ?? "–" : "1",
            percent.toFixed(2),
            written(bestPercents(records)),
            written(lastPercents(records)),
            seedsOf(records),
            String(minutes),
            minutesOf(records),
            String(megabytes),
            megabytesOf(records),
          ];
        });
      })
  );
  return markdown(
    [
      "data",
      "training",
      "our workers",
      "paper, best",
      "ours, best",
      "ours, last",
      "seeds",
      "paper, min",
      "ours, min",
      "paper, MB",
      "ours, MB",
    ],
    rows,
    2,
  );
}

/** Extreme networks. */
export function table4(extremes: ReadonlyMap<string, ExtremeRecord>): string {
  const rows = TABLE_4.map(({ preset, architecture, epsilon, parameters, minutes }) => {
    const record = extremes.get(preset);
    const beside = (place: number, of: (record: ExtremeRecord) => number) =>
      `${minutes[place]} min / ${record === undefined ? "–" : `${Number(of(record).toPrecision(3))} s`}`;
    return [
      architecture,
      String(epsilon),
      `${parameters} M / ${record === undefined ? "–" : `${(record.connections / 1e6).toFixed(1)} M`}`,
      beside(0, ({ initSeconds }) => initSeconds),
      beside(1, ({ epochSeconds }) => epochSeconds),
      beside(2, ({ inferenceSeconds }) => inferenceSeconds) +
      (record === undefined ? "" : ` of ${count(record.inferenceSamples)}`),
      beside(3, ({ evolutionSeconds }) => evolutionSeconds),
      record === undefined ? "–" : `${(record.peakRssBytes / 2 ** 30).toFixed(1)} GiB`,
    ];
  });
  return markdown(
    [
      "network",
      "ε",
      "parameters, paper / ours",
      "first weights",
      "epoch of 7,000 samples",
      "test, ours of samples",
      "evolution",
      "our memory",
    ],
    rows,
    1,
  );
}

/** Slopes of All-ReLU. */
export function table5(runs: Runs): string {
  const rows = TABLE_5.map(([alpha, percent]) => {
    const records = runs.of("fashion-mnist", slopeVariant(alpha));
    return [
      String(alpha),
      percent.toFixed(2),
      written(bestPercents(records)),
      written(lastPercents(records)),
      seedsOf(records),
    ];
  });
  return markdown(["α", "paper, best", "ours, best", "ours, last", "seeds"], rows, 0);
}

/** Pruning after training. */
export function table6(runs: Runs): string {
  const rows = PAPER_DATASETS.flatMap((dataset) => {
    const { trained, pruned } = TABLE_6[dataset];
    const records = runs.of(dataset, "all-relu").filter((record) => record.pruned !== undefined);
    return [undefined, ...PERCENTILES].map((percentile, place) => {
      const [percent, parameters] = place === 0 ? trained : pruned[place - 1];
      const found = records.flatMap((record) =>
        record.pruned!.filter((entry) => entry.percentile === percentile)
      );
      return [
        TITLES[dataset],
        percentile === undefined ? "as trained" : `${percentile}th percentile`,
        percent.toFixed(2),
        written(found.map(({ accuracy }) => 100 * accuracy)),
        count(parameters),
        found.length === 0 ? "–" : count(meanOf(found.map((entry) => entry.parameters)).mean),
        found.length === 0 ? "–" : String(found.length),
      ];
    });
  });
  return markdown(
    ["data", "pruned at", "paper, %", "ours, %", "paper, parameters", "ours, parameters", "seeds"],
    rows,
    2,
  );
}

function seedsOf(records: readonly RunRecord[]): string {
  return records.length === 0 ? "–" : String(records.length);
}

function minutesOf(records: readonly RunRecord[]): string {
  if (records.length === 0) return "–";
  const { mean } = meanOf(records.map(({ seconds }) => seconds / 60));
  return mean < 10 ? mean.toFixed(2) : mean.toFixed(0);
}

function megabytesOf(records: readonly RunRecord[]): string {
  const known = records.map(({ peakMemoryBytes }) => peakMemoryBytes).filter((bytes) => bytes !== undefined);
  return known.length === 0 ? "–" : (Math.max(...known) / 1e6).toFixed(0);
}

function meanParameters(records: readonly RunRecord[], name: "parametersStart" | "parametersEnd"): number {
  return meanOf(records.map((record) => record[name])).mean;
}

function grown(start: number, end: number): string {
  const texts = [count(start), count(end)];
  return texts[0] === texts[1] || Math.abs(end / start - 1) < 0.001 ? texts[1] : texts.join(" → ");
}

function count(value: number): string {
  return Math.round(value).toLocaleString("en-GB");
}

/** A table whose first columns are text and the others numbers. */
function markdown(head: readonly string[], rows: readonly (readonly string[])[], texts: number): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, place) => place < texts ? "---" : "--:")), ...rows.map(line)].join(
    "\n",
  );
}

/**
 * The tables of the paper in Markdown, ours beside them.
 *
 * @module
 */
import { datasets } from "../../mod.ts";
import { count, plural } from "../../src/format.ts";
import {
  PAPER_DATASETS,
  type PaperDataset,
  PARALLEL_DATASETS,
  PERCENTILES,
  SAMPLES,
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
import {
  bestPercents,
  coresOf,
  lastPercents,
  meanOf,
  minutesOf,
  type Runs,
  seedsOf,
  sizeOf,
  written,
} from "./summary.ts";

const NETWORKS: Readonly<Record<Sequential, string>> = {
  "relu": "ReLU",
  "relu-pruning": "ReLU, Importance Pruning",
  "all-relu": "All-ReLU",
  "all-relu-pruning": "All-ReLU, Importance Pruning",
  "dense-relu": "dense, ReLU",
  "dense": "dense, All-ReLU",
};

/** Sequential runs. */
export function table2(runs: Runs): string {
  const rows = PAPER_DATASETS.flatMap((dataset) =>
    SEQUENTIAL_VARIANTS.map((variant) => {
      const [percent, start, end, minutes] = TABLE_2[dataset][variant];
      const records = runs.of(dataset, variant);
      return [
        TITLES[dataset],
        NETWORKS[variant] + otherwise(dataset, records),
        percent?.toFixed(2) ?? "–",
        ...accuracies(records),
        grown(start, end),
        records.length === 0 ? "–" : grown(
          meanOf(records.map((record) => sizeOf(record, variant)[0])).mean,
          meanOf(records.map((record) => sizeOf(record, variant)[1])).mean,
        ),
        minutes === undefined ? "–" : String(minutes),
        minutesOf(records),
      ];
    })
  );
  return markdownTable(
    [
      "data",
      "network",
      "paper, best %",
      "ours, best %",
      "ours, last %",
      "our seeds",
      "paper, size",
      "our size",
      "paper, minutes",
      "our minutes",
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
            (parallel ? algorithm.toUpperCase() : "one process") + (pruning && ", Importance Pruning") +
            otherwise(dataset, records),
            concurrency(records, parallel ? Number(/\d+/.exec(variant ?? "")?.[0]) : undefined),
            percent.toFixed(2),
            ...accuracies(records),
            String(minutes),
            minutesOf(records),
            String(megabytes),
            megabytesOf(records),
          ];
        });
      })
  );
  return markdownTable(
    [
      "data",
      "training",
      "ours ran as",
      "paper, best %",
      "ours, best %",
      "ours, last %",
      "our seeds",
      "paper, minutes",
      "our minutes",
      "paper, MB",
      "our MB",
    ],
    rows,
    3,
  );
}

/** Extreme networks. */
export function table4(extremes: ReadonlyMap<string, ExtremeRecord>): string {
  const rows = TABLE_4.map(({ preset, architecture, epsilon, parameters, minutes }) => {
    const record = extremes.get(preset);
    const beside = (place: number, of: (record: ExtremeRecord) => number) =>
      `${minutes[place]} min / ${record === undefined ? "–" : `${Number(of(record).toPrecision(2))} s`}`;
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
  return markdownTable(
    [
      "network",
      "ε",
      "weights, paper / ours",
      "first weights, paper / ours",
      "epoch of 7,000 samples, paper / ours",
      "test, paper / ours of so many samples",
      "change of the topology, paper / ours",
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
      String(alpha) + otherwise("fashion-mnist", records),
      percent.toFixed(2),
      ...accuracies(records),
    ];
  });
  return markdownTable(["α", "paper, best %", "ours, best %", "ours, last %", "our seeds"], rows, 0);
}

/** Pruning after training. */
export function table6(runs: Runs): string {
  const rows = PAPER_DATASETS.flatMap((dataset) => {
    const { trained, pruned } = TABLE_6[dataset];
    const records = runs.of(dataset, "all-relu").filter((record) => record.pruned !== undefined);
    const at = (percentile?: number) =>
      records.flatMap((record) => record.pruned!.filter((entry) => entry.percentile === percentile));
    const percents = (percentile?: number) => at(percentile).map(({ accuracy }) => 100 * accuracy);
    return [undefined, ...PERCENTILES].map((percentile, place) => {
      const [percent, parameters] = place === 0 ? trained : pruned[place - 1];
      const found = at(percentile);
      const ours = percents(percentile);
      const change = (after: number, before: number) =>
        percentile === undefined ? "" : signed(after - before);
      return [
        TITLES[dataset] + otherwise(dataset, records),
        percentile === undefined ? "as trained" : `${percentile}th percentile`,
        percent.toFixed(2),
        change(percent, trained[0]),
        written(ours),
        found.length === 0 || percents().length === 0
          ? "–"
          : change(meanOf(ours).mean, meanOf(percents()).mean),
        seedsOf(found.length),
        count(parameters),
        found.length === 0 ? "–" : count(meanOf(found.map((entry) => entry.parameters)).mean),
      ];
    });
  });
  return markdownTable(
    [
      "data",
      "pruned at",
      "paper, %",
      "change",
      "ours, %",
      "change",
      "our seeds",
      "paper, weights",
      "ours, weights and biases",
    ],
    rows,
    2,
  );
}

/** Best and last accuracy, and the seeds they are means of. */
function accuracies(records: readonly RunRecord[]): string[] {
  return [written(bestPercents(records)), written(lastPercents(records)), seedsOf(records.length)];
}

/** In what runs differ from the paper's: fewer epochs, other samples. */
function otherwise(dataset: PaperDataset, records: readonly RunRecord[]): string {
  const { epochs } = datasets.describe(dataset).settings;
  const found = (of: (record: RunRecord) => number, paper: number, what: string) => {
    const values = [...new Set(records.map(of))].sort((a, b) => a - b);
    return values.every((value) => value === paper) ? [] : [`${values.map(count).join(" or ")} ${what}`];
  };
  const differences = [
    ...found(({ testAccuracy }) => testAccuracy.length, epochs, "epochs"),
    ...found(({ samples }) => samples[0], SAMPLES[dataset][0], "samples"),
  ];
  return differences.length === 0 ? "" : ` (${differences.join(", ")})`;
}

/** How many workers, or threads of one process, shared how many cores, and how many could run at once. */
function concurrency(records: readonly RunRecord[], workers: number | undefined): string {
  const ways = records.map((record) => {
    const cores = coresOf(record);
    const [, threads] = /--threads (\d+)/.exec(record.command) ?? [];
    const running = workers ?? (threads === undefined ? cores : Number(threads));
    if (running === undefined) return "one process";
    const who = plural(running, workers === undefined ? "thread" : "worker");
    return cores === undefined
      ? who
      : `${who} on ${plural(cores, "core")}, ${Math.min(running, cores)} at once`;
  });
  return [...new Set(ways)].join("; ") || "–";
}

function megabytesOf(records: readonly RunRecord[]): string {
  const known = records.map(({ peakMemoryBytes }) => peakMemoryBytes).filter((bytes) => bytes !== undefined);
  return known.length === 0 ? "–" : (Math.max(...known) / 1e6).toFixed(0);
}

function signed(points: number): string {
  const text = Math.abs(points).toFixed(2);
  return text === "0.00" ? text : `${points < 0 ? "−" : "+"}${text}`;
}

function grown(start: number, end: number): string {
  const texts = [count(start), count(end)];
  return texts[0] === texts[1] || Math.abs(end / start - 1) < 0.001 ? texts[1] : texts.join(" → ");
}

/** A table whose first columns are text and the others numbers. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  texts: number,
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, place) => place < texts ? "---" : "--:")), ...rows.map(line)].join(
    "\n",
  );
}

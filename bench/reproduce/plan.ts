/**
 * The plan: which runs of the command line each table and figure of the paper needs.
 *
 * @module
 */
import { datasets } from "../../mod.ts";
import {
  type Framework,
  PAPER_DATASETS,
  PAPER_WORKERS,
  type PaperDataset,
  PARALLEL_DATASETS,
  PERCENTILES,
  type Sequential,
  TABLE_4,
  TABLE_5,
} from "./paper.ts";

/** What can be reproduced. */
export const NAMES = [
  "table2",
  "table3",
  "table4",
  "table5",
  "table6",
  "figure4",
  "figure5",
  "figure6",
  "figure7",
  "figure19",
] as const;

/** Name of a table or figure. */
export type Name = typeof NAMES[number];

/** One training: a run of the command line. */
export interface Training {
  readonly kind: "training";
  /** Name of its record: data set, variant and seed. */
  readonly key: string;
  readonly dataset: PaperDataset;
  /** What sets it apart on its data set. */
  readonly variant: string;
  readonly seed: number;
  /** Passes through the training samples. */
  readonly epochs: number;
  /** Options of `train`, without those that say where files are and how many threads there are. */
  readonly options: readonly string[];
  /** Percentiles at which the trained model is pruned, on a copy, when the run is over (Table 6). */
  readonly percentiles?: readonly number[];
}

/** One network of Table 4: its parts timed by `bench/scale.ts`. */
export interface Extreme {
  readonly kind: "extreme";
  readonly key: string;
  readonly preset: string;
}

/** A row of a table, or a line of a figure. */
export type PlannedRow = Training | Extreme;

/** What is wanted of the plan. */
export interface PlanOptions {
  /** Only these data sets. */
  readonly datasets?: readonly PaperDataset[] | undefined;
  /** Seeds 1 to this. */
  readonly seeds: number;
  /** A tenth of the epochs. */
  readonly quick: boolean;
  /** Workers of parallel rows. */
  readonly workers: number;
}

/**
 * Epochs of the dense network, which takes about twenty times as long as the sparse one: fewer than the paper's 500,
 * where those would take hours. It levels off early, as the curves show.
 */
const DENSE_EPOCHS: Readonly<Record<PaperDataset, number>> = {
  "leukemia": 500,
  "higgs": 100,
  "madelon": 500,
  "fashion-mnist": 50,
  "cifar10": 10,
};

const PRUNING = ["--importance-pruning"];
/** First weights as Keras draws them where nothing is said: with Table 7's some of these networks are not finite. */
const DENSE = ["--density", "1", "--zeta", "0", "--init", "xavier"];

const SEQUENTIAL: Readonly<Record<Sequential, readonly string[]>> = {
  "relu": ["--activation", "relu"],
  "relu-pruning": ["--activation", "relu", ...PRUNING],
  "all-relu": [],
  "all-relu-pruning": PRUNING,
  "dense-relu": [...DENSE, "--activation", "relu"],
  "dense": DENSE,
};

const SPARSE: readonly Sequential[] = ["relu", "relu-pruning", "all-relu", "all-relu-pruning"];

/** Variants of Table 2, in its order. */
export const SEQUENTIAL_VARIANTS = Object.keys(SEQUENTIAL) as Sequential[];

/** The variant of a slope of Table 5; the paper's own slope is the All-ReLU run of Table 2. */
export function slopeVariant(alpha: number): string {
  return alpha === datasets.describe("fashion-mnist").settings.alpha ? "all-relu" : `alpha${alpha}`;
}

/** The rows a table or figure needs, each once. */
export function plan(names: readonly Name[], options: PlanOptions): PlannedRow[] {
  const rows = new Map<string, PlannedRow>();
  for (const name of names) for (const row of rowsOf(name, options)) rows.set(row.key, row);
  return [...rows.values()];
}

function rowsOf(name: Name, options: PlanOptions): PlannedRow[] {
  const { seeds } = options;
  switch (name) {
    case "table2":
    case "figure4":
      return each(PAPER_DATASETS, SEQUENTIAL_VARIANTS, seeds, options);
    case "figure6":
    case "figure7":
      return each(PAPER_DATASETS, SPARSE, seeds, options);
    case "figure5":
      return each(["cifar10", "fashion-mnist", "madelon"], ["relu-flow", "all-relu-flow"], 1, options);
    case "table6":
      return each(PAPER_DATASETS, ["all-relu"], seeds, options);
    case "table5":
    case "figure19":
      return each(["fashion-mnist"], TABLE_5.map(([alpha]) => slopeVariant(alpha)), seeds, options);
    case "table3": {
      const frameworks: Framework[] = ["all-relu", "all-relu-pruning"];
      const parallel = ["wasap", "wasap-pruning", "wassp", "wassp-pruning"].map((variant) =>
        variant.replace(/^\w+/, `$&${options.workers}`)
      );
      return each(PARALLEL_DATASETS, [...frameworks, ...parallel], seeds, options);
    }
    case "table4":
      // Its data are made up, so that a choice of data sets leaves it out.
      if (options.datasets !== undefined) return [];
      return TABLE_4.map(({ preset }) => ({ kind: "extreme", key: preset, preset }));
  }
}

function each(
  sets: readonly PaperDataset[],
  variants: readonly string[],
  seeds: number,
  { datasets: chosen, quick }: PlanOptions,
): Training[] {
  return sets.filter((set) => chosen === undefined || chosen.includes(set)).flatMap((set) =>
    variants.flatMap((variant) =>
      // The paper could not train it either: 2.3 billion weights.
      set === "leukemia" && variant.startsWith("dense")
        ? []
        : Array.from({ length: seeds }, (_, index) => training(set, variant, index + 1, quick))
    )
  );
}

/** The training of a variant on a data set; all settings that are not given are the paper's. */
function training(dataset: PaperDataset, variant: string, seed: number, quick: boolean): Training {
  const { settings } = datasets.describe(dataset);
  const full = variant.startsWith("dense") ? DENSE_EPOCHS[dataset] : settings.epochs;
  const epochs = quick ? Math.max(1, Math.round(full / 10)) : full;
  const pruning = variant.endsWith("pruning");
  return {
    kind: "training",
    key: `${dataset}-${variant}-seed${seed}${quick ? "-quick" : ""}`,
    dataset,
    variant,
    seed,
    epochs,
    options: [
      "--dataset",
      dataset,
      ...(dataset === "cifar10" ? ["--augment"] : []),
      ...variantOptions(variant),
      ...(pruning && quick ? ["--pruning-start", "20", "--pruning-every", "1"] : []),
      "--epochs",
      String(epochs),
      "--seed",
      String(seed),
    ],
    ...(variant === "all-relu" && { percentiles: PERCENTILES }),
  };
}

function variantOptions(variant: string): readonly string[] {
  const [, parallel, workers, rest] = /^(was[as]p)(\d+)(-pruning)?$/.exec(variant) ?? [];
  if (parallel !== undefined) {
    return ["--parallel", parallel, "--workers", workers, ...(rest === undefined ? [] : PRUNING)];
  }
  const [, alpha] = /^alpha(.+)$/.exec(variant) ?? [];
  if (alpha !== undefined) return ["--alpha", alpha];
  const [, flow] = /^(.+)-flow$/.exec(variant) ?? [];
  if (flow !== undefined) return [...SEQUENTIAL[flow as Sequential], "--gradient-flow"];
  return SEQUENTIAL[variant as Sequential];
}

/** Workers of parallel rows where nothing else is said. */
export const DEFAULT_WORKERS = PAPER_WORKERS;

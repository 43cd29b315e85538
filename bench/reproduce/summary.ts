/**
 * What the records of one row say together: means over seeds, and how far they are to be trusted.
 *
 * @module
 */
import { best, last, type RunRecord } from "./record.ts";

/** Every whole record, by data set and variant; those of `--quick` are left out. */
export class Runs {
  readonly #records: ReadonlyMap<string, RunRecord>;

  constructor(records: ReadonlyMap<string, RunRecord>) {
    this.#records = records;
  }

  /** The records of a variant on a data set, by seed. */
  of(dataset: string, variant: string): RunRecord[] {
    const lead = `${dataset}-${variant}-seed`;
    return [...this.#records.values()]
      .filter(({ row }) => row.startsWith(lead) && /^\d+$/.test(row.slice(lead.length)))
      .sort((a, b) => a.seed - b.seed);
  }

  /** The variants on a data set that a pattern names. */
  variants(dataset: string, pattern: RegExp): string[] {
    const names = [...this.#records.keys()].flatMap((row) => {
      const [, variant] = new RegExp(`^${dataset}-(.+)-seed\\d+$`).exec(row) ?? [];
      return variant !== undefined && pattern.test(variant) ? [variant] : [];
    });
    return [...new Set(names)].sort();
  }

  /** All of them. */
  all(): RunRecord[] {
    return [...this.#records.values()].filter(({ row }) => /-seed\d+$/.test(row));
  }
}

/** Mean and standard error; of one value there is no error. */
export function meanOf(values: readonly number[]): { readonly mean: number; readonly error?: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length < 2) return { mean };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, error: Math.sqrt(squares / (values.length - 1) / values.length) };
}

/** How many seeds a mean is of, and that one alone has no error; a dash where nothing was run. */
export function seedsOf(count: number): string {
  return count === 0 ? "–" : count === 1 ? "1, no error" : String(count);
}

/**
 * What a network has to learn before the first epoch and after the last, counted as the paper seems to count: weights
 * alone where the network is sparse, weights and biases where it is dense.
 */
export function sizeOf(record: RunRecord, variant: string): readonly [start: number, end: number] {
  const { connections, parametersStart, parametersEnd } = record;
  return variant.startsWith("dense")
    ? [parametersStart, parametersEnd]
    : [connections[0], connections[connections.length - 1]];
}

/** Minutes of the fastest run: what else the machine does only adds to it. */
export function minutesOf(records: readonly RunRecord[]): string {
  if (records.length === 0) return "–";
  const least = Math.min(...records.map(({ seconds }) => seconds / 60));
  return least < 10 ? String(Number(least.toPrecision(2))) : least.toFixed(0);
}

/** Cores of the machine that a record was made on, where its description says so. */
export function coresOf({ processor }: RunRecord): number | undefined {
  const [, cores] = /(\d+) cores?\b/.exec(processor) ?? [];
  return cores === undefined ? undefined : Number(cores);
}

/** "71.20 ± 0.13"; a dash where nothing was run. */
export function written(values: readonly number[], digits = 2): string {
  if (values.length === 0) return "–";
  const { mean, error } = meanOf(values);
  return error === undefined ? mean.toFixed(digits) : `${mean.toFixed(digits)} ± ${error.toFixed(digits)}`;
}

/** Best test accuracy of each record, in percent. */
export function bestPercents(records: readonly RunRecord[]): number[] {
  return records.map((record) => 100 * best(record));
}

/** Test accuracy after the last epoch of each record, in percent. */
export function lastPercents(records: readonly RunRecord[]): number[] {
  return records.map((record) => 100 * last(record));
}

/** What is drawn by epoch. */
export type Series = "testAccuracy" | "trainAccuracy" | "gradientFlow";

/** A series of records epoch by epoch: the mean over the records that have it; undefined where none has. */
export function meanSeries(records: readonly RunRecord[], name: Series): number[] | undefined {
  const series = records.map((record) => record[name]).filter((values) => values !== undefined);
  if (series.length === 0) return undefined;
  const epochs = Math.min(...series.map(({ length }) => length));
  return Array.from(
    { length: epochs },
    (_, epoch) => series.reduce((sum, values) => sum + values[epoch], 0) / series.length,
  );
}

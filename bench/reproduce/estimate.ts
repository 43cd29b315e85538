/**
 * How long rows take on this machine, from rows that were run.
 *
 * @module
 */
import { DENSE_PARAMETERS, PAPER_DATASETS, SAMPLES } from "./paper.ts";
import type { Training } from "./plan.ts";
import type { RunRecord } from "./record.ts";

/** Seconds a parameter and training sample cost where nothing alike was run. */
const SECONDS_A_PARAMETER_AND_SAMPLE = 1e-10;

/** An expected time. */
export interface Estimate {
  readonly seconds: number;
  /** Whether a run of this variant was timed here; else it is a rule of thumb. */
  readonly measured: boolean;
}

/** Expects the time of a row: that of the same variant with another seed, else by size. */
export function estimate(row: Training, records: ReadonlyMap<string, RunRecord>): Estimate {
  const alike = [...records.values()].filter((record) => sameVariant(record, row));
  if (alike.length > 0) {
    const each = alike.map(({ seconds, testAccuracy }) => seconds / testAccuracy.length);
    return {
      seconds: row.epochs * each.reduce((sum, value) => sum + value, 0) / each.length,
      measured: true,
    };
  }
  const sparse = [...records.values()].find(({ row: key }) => key.startsWith(`${row.dataset}-`));
  const samples = sparse?.samples[0] ?? SAMPLES[row.dataset][0];
  const parameters = row.variant.startsWith("dense")
    ? DENSE_PARAMETERS[row.dataset]
    : sparse?.parametersStart ?? DENSE_PARAMETERS[row.dataset] / 20;
  return { seconds: row.epochs * samples * parameters * SECONDS_A_PARAMETER_AND_SAMPLE, measured: false };
}

function sameVariant({ row: key }: RunRecord, { dataset, variant }: Training): boolean {
  return key.startsWith(`${dataset}-${variant}-seed`);
}

/** A time as people say it. */
export function spoken(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/** The data set of a record, by its name. */
export function datasetOf(key: string): typeof PAPER_DATASETS[number] | undefined {
  return PAPER_DATASETS.find((name) => key.startsWith(`${name}-`));
}

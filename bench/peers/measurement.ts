/**
 * What a measured system says about itself, and how several rounds of it become one row.
 *
 * @module
 */

/** The one line of JSON that a measured program prints; README.md explains the fields. */
export interface Measurement {
  readonly system: string;
  readonly version: string;
  readonly threads: number;
  /** Layer sizes joined by dashes. */
  readonly network: string;
  readonly epsilon: number;
  readonly batch: number;
  readonly dropout: number;
  readonly connections: number;
  readonly medianMs: number;
  readonly minMs: number;
  readonly maxMs: number;
  /** Milliseconds a step, one number a sample. */
  readonly samplesMs: readonly number[];
  readonly stepsPerSample: number;
  /** Loss of the first and of the tenth step from the shared start; null where that cannot be compared. */
  readonly checkLosses: readonly [number, number] | null;
}

/** The figures of one system at one number of threads, in all rounds. */
export interface Timing {
  readonly medianMs: number;
  readonly minMs: number;
  readonly maxMs: number;
  readonly samplesMs: readonly number[];
}

/** One system on one network. */
export interface Row {
  readonly system: string;
  readonly version?: string;
  readonly connections?: number;
  /** Keyed by the number of threads. */
  readonly timings: Readonly<Record<number, Timing>>;
  /** Why there are no timings, or where they come from if not from this run. */
  readonly note?: string;
}

/** Losses of peers may differ by this fraction; float32 sums in another order differ by about 1e-6. */
const LOSS_TOLERANCE = 1e-3;

/**
 * Reads the line that a measured program printed.
 *
 * @throws {SyntaxError} When the line is not JSON or lacks the samples.
 */
export function parseMeasurement(line: string): Measurement {
  const found: Measurement = JSON.parse(line);
  const positive = (ms: unknown): boolean => typeof ms === "number" && ms > 0;
  if (!Array.isArray(found.samplesMs) || found.samplesMs.length === 0 || !found.samplesMs.every(positive)) {
    throw new SyntaxError(`Cannot read a measurement: "samplesMs" needs positive numbers, found ${line}`);
  }
  return found;
}

/** Median and range of the samples of all rounds. */
export function summarise(measurements: readonly Measurement[]): Timing {
  const samplesMs = measurements.flatMap((measurement) => measurement.samplesMs);
  const sorted = samplesMs.toSorted((a, b) => a - b);
  const [low, high] = [(sorted.length - 1) >> 1, sorted.length >> 1];
  return {
    medianMs: (sorted[low] + sorted[high]) / 2,
    minMs: sorted[0],
    maxMs: sorted[sorted.length - 1],
    samplesMs,
  };
}

/**
 * Checks that all systems that started from the same weights (with the same ε) computed the same training steps.
 *
 * @throws {Error} When two of them disagree; their times are then worth nothing.
 */
export function checkAgreement(measurements: readonly Measurement[]): void {
  const comparable = measurements.filter(({ checkLosses }) => checkLosses !== null);
  for (const other of comparable) {
    const first = comparable.find(({ epsilon }) => epsilon === other.epsilon)!;
    const agrees = other.checkLosses!.every((loss, at) =>
      Math.abs(loss - first.checkLosses![at]) <= LOSS_TOLERANCE * first.checkLosses![at]
    );
    if (agrees) continue;
    throw new Error(
      `Cannot compare "${other.system}" with "${first.system}": their losses at the first and the tenth ` +
        `step are ${other.checkLosses!.join(", ")} and ${first.checkLosses!.join(", ")}, expected the same`,
    );
  }
}

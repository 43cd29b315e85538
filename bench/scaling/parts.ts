/**
 * Where timed workers leave their times.
 *
 * @module
 */

/** What a worker does in phase 1, beside waiting. */
export const PARTS = ["gradient", "push", "stalePush", "pull", "topologyPull"] as const;
/** One of them. */
export type Part = typeof PARTS[number];

/** Labels of some samples, with room behind them for the sums of workers. */
export function labelsWithSums(samples: number, workers: number): Uint32Array {
  const labels = 8 * Math.ceil(samples / 2);
  return new Uint32Array(new SharedArrayBuffer(labels + 16 * PARTS.length * workers), 0, samples);
}

/** Seconds and number of each part that a worker has done, `[parts][2]`. */
export function partSums(labels: Uint32Array, worker: number): Float64Array {
  const place = 8 * Math.ceil(labels.length / 2) + 16 * PARTS.length * worker;
  return new Float64Array(labels.buffer, place, 2 * PARTS.length);
}

/**
 * A density that falls during a run: more connections go than grow.
 *
 * @module
 */
import type { TableOf } from "../hyperparameter.ts";
import { type Connections, placesOf } from "../sparse/csr.ts";

/** How the density of the layers that evolve falls. */
export interface DensityDecayOptions {
  /**
   * Density of the layers that evolve, taken together, at the end: the share of all their places that is a connection.
   * Each change of the topology takes so many more connections than grow that the density follows a sigmoid from what
   * it is when the run begins; each layer keeps its share of the connections, and moves into smaller arrays on the way.
   * An epoch can be the best, and counts for `patience`, only once the density has come to its end.
   *
   * @default the density stays
   */
  readonly finalDensity?: number;
  /**
   * Share of the run after which the density is the final one.
   *
   * @default {0.8}
   */
  readonly densityStop?: number;
}

/** Rows of {@linkcode DensityDecayOptions}. */
export const DENSITY_DECAY_HYPERPARAMETERS = {
  finalDensity: {
    kind: "number",
    above: 0,
    most: 1,
    doc: "Density to which the layers that evolve fall along a sigmoid: more connections go than grow.",
  },
  densityStop: {
    kind: "number",
    above: 0,
    below: 1,
    default: 0.8,
    doc: "Share of the run after which the density is --final-density.",
  },
} as const satisfies TableOf<DensityDecayOptions>;

/** The settings of a run that this file reads. */
export type DensityDecay = DensityDecayOptions & { readonly densityStop: number };

/** Layers of which the density is meant: those that evolve, not the output's. */
type Layers = readonly Pick<Connections, "inputs" | "neurons" | "nnz">[];

/** Curvature of the sigmoid (k); Zhang et al. 2025 take 6 throughout. */
const CURVATURE = 6;

const logistic = (x: number) => 1 / (1 + Math.exp(-x));

/**
 * How much of the way from the first to the final density is left, 1 … 0: a sigmoid around half of the way.
 *
 * Source: Zhang et al. 2025 (arXiv 2501.19107, CHTss). Deviation: the ends of the sigmoid, σ(∓k/2), are stretched to
 * exactly 1 and 0.
 *
 * @param progress Share of the run that is done, in [0, 1].
 * @param stop Share of the run after which nothing is left.
 *
 * @example
 * ```ts
 * import { assertAlmostEquals, assertEquals } from "@std/assert";
 * import { densityLeft } from "./density_decay.ts";
 *
 * assertEquals([0, 0.8, 1].map((progress) => densityLeft(progress, 0.8)), [1, 0, 0]);
 * assertAlmostEquals(densityLeft(0.4, 0.8), 0.5);
 * ```
 */
export function densityLeft(progress: number, stop: number): number {
  if (progress >= stop) return 0;
  const [low, high] = [logistic(-CURVATURE / 2), logistic(CURVATURE / 2)];
  return (logistic(CURVATURE * (0.5 - progress / stop)) - low) / (high - low);
}

/** Density of each layer: connections over places. */
export function densitiesOf(layers: Layers): number[] {
  return layers.map(({ nnz, inputs, neurons }) => nnz / (inputs * neurons));
}

/**
 * How many connections each layer shall have at a moment, so that all have together what the schedule says, rounded once;
 * never more than it has.
 *
 * @param start Density of each layer when the run began; the layers keep the proportions between these.
 * @param progress Share of the run that is done, in [0, 1].
 */
export function scheduledConnections(
  layers: Layers,
  start: readonly number[],
  { finalDensity = 1, densityStop }: DensityDecay,
  progress: number,
): number[] {
  const begun = layers.map(({ inputs, neurons }, index) => start[index] * inputs * neurons);
  const [places, first] = [placesOf(layers), sumOf(begun)];
  const final = Math.min(first, finalDensity * places);
  const total = final + (first - final) * densityLeft(progress, densityStop);
  let [sum, given, missing] = [0, 0, 0];
  const counts = layers.map(({ nnz }, index) => {
    const exact = total * begun[index] / first;
    sum += exact;
    // Rounding sums instead of parts leaves their total exact; nothing passes through a layer without a connection.
    const count = Math.max(1, Math.round(sum) - given);
    given += count;
    // What rounding took from a layer before, another has more; what pruning took stays away.
    if (nnz < count && nnz > exact - 2) missing += count - nnz;
    return Math.min(nnz, count);
  });
  missing += Math.round(total) - given;
  return counts.map((count, index) => {
    const { nnz } = layers[index];
    const more = Math.max(Math.min(missing, nnz - count), Math.min(1, nnz) - count);
    missing -= more;
    return count + more;
  });
}

/** Whether layers have come down to the final density; always where there is none. */
export function hasFinalDensity(layers: Layers, { finalDensity }: DensityDecayOptions): boolean {
  return finalDensity === undefined ||
    sumOf(layers.map(({ nnz }) => nnz)) <= Math.round(finalDensity * placesOf(layers));
}

/**
 * Refuses a final density that layers could not fall to.
 *
 * @param layers Those that evolve.
 * @param start Density of each when the run began.
 * @throws {RangeError} When there are none, they begin below it, or one would be left without connections.
 */
export function checkDensityDecay(
  layers: Layers,
  start: readonly number[],
  { finalDensity }: DensityDecay,
): void {
  if (finalDensity === undefined) return;
  const begun = layers.map(({ inputs, neurons }, index) => start[index] * inputs * neurons);
  const [places, first] = [placesOf(layers), sumOf(begun)];
  const what = `Cannot let the density fall to ${finalDensity}`;
  if (layers.length === 0) {
    throw new RangeError(`${what}: there is no hidden layer, whose connections evolve`);
  }
  if (first / places < finalDensity) {
    throw new RangeError(
      `${what}: the layers that evolve begin with a density of ${
        first / places
      }; expected at most that as finalDensity`,
    );
  }
  const final = finalDensity * places;
  const empty = begun.findIndex((count) => final * count / first < 0.5);
  if (empty >= 0) {
    throw new RangeError(`${what}: layer ${empty + 1} would have no connection; a larger one is needed`);
  }
  if (Math.round(final) >= layers.length) return;
  throw new RangeError(
    `${what}: ${
      Math.round(final)
    } connections would be left for ${layers.length} layers; a larger one is needed`,
  );
}

/**
 * Refuses a final density whose time comes when topologies change no more.
 *
 * @param last Share of the run that is done at the last change of the topology.
 * @throws {RangeError} When no change comes late enough.
 */
export function checkDensityStop({ finalDensity, densityStop }: DensityDecay, last: number): void {
  if (finalDensity === undefined || last >= densityStop) return;
  throw new RangeError(
    `Cannot let the density fall to ${finalDensity}: it is to be reached after ${densityStop} of the run, the last ` +
      `change of the topology comes after ${last}; expected a densityStop of at most that, or changes more often`,
  );
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

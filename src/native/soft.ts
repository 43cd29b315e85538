/**
 * Scores by which connections are kept at random.
 *
 * @module
 */
import { readByName } from "../value.ts";
import { readValue, readWhole } from "../hyperparameter.ts";
import { type OutgoingArrays, readOutgoing } from "./csr.ts";
import { growthArguments, type GrowthPlace } from "./grow.ts";
import { kernels } from "./library.ts";
import { buffer, check } from "./status.ts";

/** How much a connection matters, in the order of the kernel's codes: |w|, or |w|/Σ_row|w| + |w|/Σ_column|w|. */
export const MEASURES = ["magnitude", "relative-importance"] as const;

/** Name of one of {@linkcode MEASURES}. */
export type Measure = typeof MEASURES[number];

/** What is kept at random, and how strictly. */
export interface SoftOptions {
  readonly measure: Measure;
  /** Power of the measure (≥ 0): at 0 all are alike. */
  readonly temperature: number;
}

/**
 * `temperature` · log(measure) + Gumbel noise of each connection, in matrix order: the k largest are a draw of k
 * connections without replacement in proportion to measure^temperature.
 *
 * A weight of 0 counts as the smallest float. A function of connections and `place` alone, but for its threads.
 * O(nnz + neurons).
 *
 * @param layer Not changed.
 * @throws {RangeError} When temperature is no finite number of at least 0.
 */
export function softScores(layer: OutgoingArrays, options: SoftOptions, place: GrowthPlace): Float32Array {
  const task = "score connections";
  const { indptr, indices, values } = readOutgoing(layer, task);
  const neurons = readWhole(layer.neurons, { task, name: "layer.neurons" }, { least: 0, below: 2 ** 32 });
  const { measure, temperature } = readByName(options, ["measure", "temperature"], task);
  const chosen = readValue({ kind: "choice", choices: MEASURES, doc: "" }, measure, {
    task,
    name: "measure",
  });
  const power = readValue({ kind: "number", least: 0, doc: "" }, temperature, { task, name: "temperature" });
  const scores = new Float32Array(Math.min(indptr[indptr.length - 1], indices.length));
  const status = kernels().ts_soft_scores(
    buffer(indptr),
    indptr.length,
    buffer(indices),
    buffer(values),
    scores,
    scores.length,
    neurons,
    MEASURES.indexOf(chosen as Measure),
    power as number,
    ...growthArguments(place, task),
  );
  check(status, task);
  return scores;
}

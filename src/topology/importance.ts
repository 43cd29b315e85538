/**
 * Neuron importance, and Importance Pruning: neurons whose inputs carry little weight lose them.
 *
 * @module
 */
import { readValue, THREADS } from "../hyperparameter.ts";
import { importance, percentileOf, removeIncoming } from "../native/importance.ts";
import { checkChangeable, checkConnections, type Connections, rebuildIncoming } from "../sparse/csr.ts";

const PERCENTILE = { kind: "number", least: 0, most: 100, required: true, doc: "Of importance." } as const;

/** What a pruning step did. */
export interface PruningCounts {
  /** Importance at or below which a neuron lost its connections; NaN when the layer has a NaN weight. */
  readonly threshold: number;
  /** Neurons that had connections and lost them. */
  readonly neurons: number;
  /** Connections removed; 0 when all would have gone, for a layer never becomes empty. */
  readonly removed: number;
}

/**
 * Scores each neuron of a layer by the absolute weight that reaches it.
 *
 * A neuron without connections scores 0.
 *
 * Paper: §2.1 Eq. 4. Cost: O(nnz + neurons), one output array allocated.
 *
 * @param connections Layer `[inputs, neurons]` with a current incoming view; not modified.
 * @returns Importance of each neuron (≥ 0, in the unit of the weights), shape `[neurons]`.
 * @throws {TypeError} When an array of the layer has the wrong length.
 */
export function neuronImportance(connections: Connections, threads = 1): Float32Array {
  const task = "score the neurons of a layer";
  const { neurons } = checkConnections(connections);
  readValue(THREADS, threads, { task, name: "threads" });
  const scores = new Float32Array(neurons);
  importance(connections, scores, threads);
  return scores;
}

/**
 * Importance Pruning of one layer: neurons at or below the given percentile of importance lose their incoming
 * connections, weights and planes alike.
 *
 * The percentile is taken over all neurons of the layer, those without connections included, with linear
 * interpolation. Where every connection would go (all neurons equally important, say), none does.
 * The incoming view is rebuilt.
 *
 * Paper: §2.1 Algorithm 2. Cost: O(nnz + neurons).
 *
 * @param connections Layer to prune, in place.
 * @param percentile In [0, 100]; the paper's sequential runs take 20, its parallel ones 10.
 * @throws {RangeError} When the percentile lies outside its range.
 * @throws {TypeError} When an array of the layer has the wrong length.
 */
export function pruneByImportance(connections: Connections, percentile: number, threads = 1): PruningCounts {
  checkChangeable(connections);
  readValue(PERCENTILE, percentile, { task: "prune by importance", name: "percentile" });
  const scores = neuronImportance(connections, threads);
  if (scores.length === 0) return { threshold: 0, neurons: 0, removed: 0 };
  return removeUnimportant(connections, scores, { threshold: percentileOf(scores, percentile), threads });
}

/**
 * Takes the incoming connections from each neuron whose score is at or below a threshold; the rule behind
 * {@linkcode pruneByImportance}, to prune a trained layer at thresholds of one's own (Paper: Table 6).
 *
 * Removes nothing when every connection would go. Cost: O(nnz + neurons).
 *
 * @param connections Layer to prune, in place; the incoming view is rebuilt.
 * @param scores Importance of each neuron, `[neurons]`.
 * @throws {TypeError} When there are not as many scores as neurons.
 */
export function removeUnimportant(
  connections: Connections,
  scores: Float32Array,
  options: { readonly threshold: number; readonly threads?: number },
): PruningCounts {
  checkConnections(connections);
  const { threshold, threads = 1 } = options;
  if (scores.length !== connections.neurons) {
    throw new TypeError(
      `Cannot prune by importance: there are ${scores.length} scores, the layer has ` +
        `${connections.neurons} neurons`,
    );
  }
  const { incomingPtr } = connections;
  let [neurons, left] = [0, 0];
  for (let neuron = 0; neuron < scores.length; neuron++) {
    if (incomingPtr[neuron + 1] === incomingPtr[neuron]) continue;
    if (scores[neuron] <= threshold) neurons++;
    else left++;
  }
  if (neurons === 0 || left === 0) return { threshold, neurons: 0, removed: 0 };
  const before = connections.nnz;
  connections.nnz = removeIncoming(connections, scores, threshold, threads);
  rebuildIncoming(connections, threads);
  return { threshold, neurons, removed: before - connections.nnz };
}

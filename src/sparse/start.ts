/**
 * How the first connections of a layer come to their places, where their number is exact.
 *
 * @module
 */
import { growRandom, insertConnections, type Places } from "../native/grow.ts";
import { initValues, type ValueLaw } from "../native/init.ts";
import { MOST_RING_INPUTS, ringPlaces } from "../native/start.ts";
import { checkConnections, type Connections, rebuildIncoming } from "./csr.ts";

/** How a network begins: at random, with correlated features together, or with receptive fields. */
export type Start = "random" | "csti" | "brf";

/** Names of the starts, in the order help texts show them. */
export const STARTS: readonly Start[] = ["random", "csti", "brf"];

/** What names the random numbers of a layer, and how it is carried out. */
export interface StartPlace {
  readonly seed: number;
  /** Number of the layer; keeps the layers' random numbers apart. */
  readonly layer: number;
  /** @default {1} */
  readonly threads?: number;
}

/**
 * Fills an empty layer to its capacity: first the places given, then as many at random as are missing; then weights and
 * the incoming view.
 *
 * Any set of random places is equally likely. Cost: O(inputs + neurons + capacity), 16 bytes of scratch a connection. The
 * same for any number of threads.
 *
 * @param connections Everything in it is overwritten; its capacity is the number of connections.
 * @param places In matrix order, distinct, no more than there is room for.
 * @throws {TypeError} When an array has the wrong length, or a place is none.
 */
export function fillExactly(
  connections: Connections,
  places: Places,
  options: StartPlace & { readonly weights: ValueLaw },
): void {
  const { inputs, neurons, capacity, indptr } = connections;
  const { seed, layer, threads = 1, weights } = options;
  indptr.fill(0);
  connections.nnz = 0;
  checkConnections(connections);
  // The random numbers of a change after epoch 0, which no run has.
  const place = { seed, epoch: 0, layer, threads };
  const seedling = { weights: { kind: "uniform", scale: 0 } } as const;
  const arrays = { ...arraysOf(connections), inputs, neurons };
  insertConnections(arrays, places, seedling, place);
  connections.nnz = growRandom(arrays, capacity - places.rows.length, seedling, place);
  initValues(connections.values.subarray(0, connections.nnz), weights, options);
  rebuildIncoming(connections, threads);
}

function arraysOf({ indptr, indices, values, planes }: Connections) {
  return { indptr, indices, values, planes };
}

/**
 * Draws the places of receptive fields: each neuron is connected with inputs near its own place on a ring.
 *
 * Neuron j of m stands over input ⌊(2j + 1)·n/(2m)⌋ of n; of its inputs, all neurons having equally many up to one, each
 * is drawn with probability in proportion to (1 + distance)^(−(1 − r)/r), without replacement. At r = 1 all inputs are
 * equally likely, at r = 0 the nearest are taken.
 *
 * Source: Zhang et al. 2025, "Bipartite Receptive Field". Deviation: degrees are equal. Cost: O(count·log n + n), 12 bytes
 * of scratch a connection, and up to 33 an input and thread.
 *
 * @param options Size of the layer, rewiring r in [0, 1], and what names the random numbers.
 * @throws {RangeError} When there are fewer places than `count`, or more inputs than 2²⁴.
 */
export function receptiveFields(
  count: number,
  options: StartPlace & { readonly inputs: number; readonly neurons: number; readonly rewiring: number },
): Places {
  const { inputs, rewiring } = options;
  if (inputs > MOST_RING_INPUTS) {
    throw new RangeError(
      `Cannot make receptive fields over ${inputs} inputs: at most ${MOST_RING_INPUTS} are possible; choose another ` +
        "start",
    );
  }
  return ringPlaces({ ...options, exponent: rewiring === 0 ? Infinity : (1 - rewiring) / rewiring }, count);
}

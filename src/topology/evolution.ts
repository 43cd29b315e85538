/**
 * Sparse Evolutionary Training: after an epoch, weak connections go and as many new ones grow elsewhere.
 *
 * SET is one drop rule and one grow rule; {@linkcode evolveByRules} takes any others.
 *
 * @module
 */
import type { ValueLaw } from "../native/init.ts";
import { dropSmallest } from "../native/drop.ts";
import { growRandom } from "../native/grow.ts";
import { checkConnections, type Connections, rebuildIncoming } from "../sparse/csr.ts";

/** When and where a topology changes; names the random numbers of the change. */
export interface EvolutionPlace {
  /** Seed of the run. */
  readonly seed: number;
  /** Epoch after which the topology changes. */
  readonly epoch: number;
  /** Number of the layer, as the model counts them. */
  readonly layer: number;
  /**
   * Threads of the kernels; they do not change the result.
   *
   * @default {1}
   */
  readonly threads?: number;
  /**
   * What each plane of a new connection begins with: 0, or the mean over the layer.
   *
   * @default 0 in all planes
   */
  readonly fresh?: readonly ("zero" | "mean")[];
}

/** Decides which connections go. */
export interface DropRule {
  /** What messages call the rule. */
  readonly name: string;
  /**
   * Removes connections in place and sets `nnz`. Rows stay sorted, kept connections keep weight and planes;
   * the incoming view need not be kept up.
   *
   * @returns Number of connections removed.
   */
  drop(connections: Connections, place: EvolutionPlace): number;
}

/** Decides where connections grow. */
export interface GrowRule {
  /** What messages call the rule. */
  readonly name: string;
  /**
   * Adds up to `count` connections in place and sets `nnz`. Rows stay sorted, new planes begin as `fresh` says;
   * the incoming view need not be kept up.
   *
   * @returns Number of connections added.
   */
  grow(connections: Connections, count: number, place: EvolutionPlace): number;
}

/** What a change of the topology did. */
export interface EvolutionCounts {
  /** Connections that went. */
  readonly dropped: number;
  /** Connections that came. */
  readonly grown: number;
}

/**
 * SET's drop rule: the zeta fraction of the positive and of the negative weights that are closest to zero.
 *
 * Exactly ⌊zeta·n⁺⌋ and ⌊zeta·n⁻⌋ go, by exact selection in O(nnz); the sign bit decides the side of a zero,
 * and of equal weights the first in the matrix goes.
 *
 * @param zeta Dropped fraction, in [0, 1).
 * @throws {RangeError} When zeta lies outside its range.
 */
export function smallestMagnitude(zeta: number): DropRule {
  if (!(zeta >= 0 && zeta < 1)) {
    throw new RangeError(
      `Cannot evolve the topology: zeta is ${zeta}, expected a value from 0 up to (not including) 1`,
    );
  }
  return {
    name: "smallest magnitude",
    drop(connections, { threads = 1 }) {
      const before = connections.nnz;
      connections.nnz = dropSmallest(connections, zeta, threads);
      return before - connections.nnz;
    },
  };
}

/**
 * SET's grow rule: uniformly random absent places, one dropped just now included.
 *
 * Cost: O(inputs + nnz), whatever the number of absent places.
 *
 * @param weights Distribution of the new weights, usually the layer's initial one.
 */
export function uniformGrowth(weights: ValueLaw): GrowRule {
  return {
    name: "uniformly random",
    grow(connections, count, place) {
      const before = connections.nnz;
      connections.nnz = growRandom(connections, count, { weights, fresh: place.fresh ?? [] }, place);
      return connections.nnz - before;
    },
  };
}

/** Options of {@linkcode evolveConnections}. */
export interface EvolutionOptions extends EvolutionPlace {
  /** Dropped fraction ζ, in [0, 1). */
  readonly zeta: number;
  /** Distribution of the new weights. */
  readonly weights: ValueLaw;
}

/**
 * Evolves one layer as SET does: drops, grows as many, rebuilds the incoming view.
 *
 * nnz is kept exactly. Kept connections keep weight and planes; new ones begin as `fresh` says.
 *
 * Paper: §2 and Mocanu et al. 2018. Cost: O(inputs + neurons + nnz). The same for any number of threads.
 *
 * @param connections Layer to change, in place.
 * @throws {RangeError} When zeta lies outside its range.
 * @throws {TypeError} When an array of the layer has the wrong length.
 */
export function evolveConnections(connections: Connections, options: EvolutionOptions): EvolutionCounts {
  const { zeta, weights } = options;
  return evolveByRules(connections, {
    ...options,
    drop: smallestMagnitude(zeta),
    grow: uniformGrowth(weights),
  });
}

/**
 * Evolves one layer by the given rules: what `drop` removes, `grow` is asked to add.
 *
 * The incoming view is rebuilt afterwards.
 *
 * @param connections Layer to change, in place.
 * @throws {TypeError} When an array of the layer has the wrong length.
 */
export function evolveByRules(
  connections: Connections,
  options: EvolutionPlace & { readonly drop: DropRule; readonly grow: GrowRule },
): EvolutionCounts {
  checkConnections(connections);
  const dropped = options.drop.drop(connections, options);
  const grown = options.grow.grow(connections, dropped, options);
  if (dropped > 0 || grown > 0) rebuildIncoming(connections, options.threads);
  return { dropped, grown };
}

/**
 * Sparse Evolutionary Training: after an epoch, weak connections go and as many new ones grow elsewhere.
 *
 * SET is one drop rule and one grow rule; {@linkcode evolveByRules} takes any others.
 *
 * @module
 */
import { type NamesOf, onlyKnown, shown, unfit } from "../hyperparameter.ts";
import { readByName } from "../value.ts";
import type { ValueLaw } from "../native/init.ts";
import { checkChangeable, type Connections, rebuildIncoming } from "../sparse/csr.ts";
import { smallestMagnitude } from "./rules/magnitude.ts";
import { uniformGrowth } from "./rules/random.ts";
import type { DropRule, EvolutionPlace, GrowRule } from "./rules/rule.ts";

/** What a change of the topology did. */
export interface EvolutionCounts {
  /** Connections that went. */
  readonly dropped: number;
  /** Connections that came. */
  readonly grown: number;
}

/** Options of {@linkcode evolveConnections}. */
export interface EvolutionOptions extends EvolutionPlace {
  /** Dropped fraction ζ, in [0, 1). */
  readonly zeta: number;
  /** Distribution of the new weights. */
  readonly weights: ValueLaw;
}

const TASK = "evolve the topology";

const EVOLUTION_OPTIONS: NamesOf<EvolutionOptions> = {
  seed: true,
  epoch: true,
  layer: true,
  threads: true,
  fresh: true,
  zeta: true,
  weights: true,
};

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
  const read = onlyKnown(options, EVOLUTION_OPTIONS, TASK);
  const { zeta, weights } = read;
  return evolveByRules(connections, {
    ...read,
    drop: smallestMagnitude(zeta),
    grow: uniformGrowth(weights),
  });
}

/**
 * Evolves one layer by the given rules: what `drop` removes, `grow` is asked to add.
 *
 * The incoming view is rebuilt afterwards. Rules are told all of the options.
 *
 * @param connections Layer to change, in place.
 * @throws {TypeError} When an array of the layer has the wrong length, or a rule returns another count than `nnz` tells.
 */
export function evolveByRules<P extends EvolutionPlace>(
  connections: Connections,
  options: P & { readonly drop: DropRule<P>; readonly grow: GrowRule<P> },
): EvolutionCounts {
  checkChangeable(connections);
  const { drop, grow } = readByName(options, ["drop", "grow"], TASK) as unknown as typeof options;
  for (const [name, rule] of Object.entries({ drop, grow })) {
    const { [name]: method } = readByName(rule, [name], TASK, `${name}.`);
    if (typeof method !== "function") {
      throw unfit({ task: TASK, name }, rule, `a rule with a method "${name}"`);
    }
  }
  const dropped = dropByRule(connections, drop, options);
  const grown = growByRule(connections, grow, dropped, options);
  if (dropped > 0 || grown > 0) rebuildIncoming(connections, options.threads);
  return { dropped, grown };
}

/** Has a rule drop connections; the incoming view is the caller's to rebuild. */
export function dropByRule<P>(connections: Connections, rule: Dropping<P>, place: P): number {
  const before = connections.nnz;
  const dropped = rule.drop(connections, place);
  checkCount(rule.name, "dropped", dropped, before - connections.nnz);
  return dropped;
}

/** Has a rule let connections grow; the incoming view is the caller's to rebuild. */
export function growByRule<P>(connections: Connections, rule: Growing<P>, count: number, place: P): number {
  const before = connections.nnz;
  const grown = rule.grow(connections, count, place);
  checkCount(rule.name, "grown", grown, connections.nnz - before);
  return grown;
}

/** What all drop rules have alike, whatever they need. */
interface Dropping<P> {
  readonly name: string;
  drop(connections: Connections, place: P): number;
}

/** What all rules of growth have alike, whatever they need. */
interface Growing<P> {
  readonly name: string;
  grow(connections: Connections, count: number, place: P): number;
}

/** What a rule returns is what becomes of `nnz`: counts are told to callers, and decide on the incoming view. */
function checkCount(rule: string, what: string, returned: unknown, counted: number): void {
  if (returned === counted && counted >= 0) return;
  throw new TypeError(
    `Cannot evolve the topology by the rule "${shown(rule)}": it returned ${
      shown(returned)
    } as connections ${what}, ` +
      `by nnz it is ${counted}; expected the same whole number of at least 0`,
  );
}

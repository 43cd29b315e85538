/**
 * What a rule is by which a topology changes: one drops connections, or lets connections grow.
 *
 * @module
 */
import { isRecord, unfit } from "../../hyperparameter.ts";
import type { Places } from "../../native/grow.ts";
import type { ValueLaw } from "../../native/init.ts";
import { type Connections, validateConnections } from "../../sparse/csr.ts";

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
export interface DropRule<P extends EvolutionPlace = EvolutionPlace> {
  /** What options and messages call the rule. */
  readonly name: string;
  /** What the rule cannot do without: nothing. */
  readonly needs?: undefined;
  /**
   * Removes connections in place and sets `nnz`. Rows stay sorted, kept connections keep weight and planes;
   * the incoming view need not be kept up.
   *
   * @returns Number of connections removed.
   */
  drop(connections: Connections, place: P): number;
}

/** Decides where connections grow. */
export interface GrowRule<P extends EvolutionPlace = EvolutionPlace> {
  /** What options and messages call the rule. */
  readonly name: string;
  /** What the rule cannot do without: nothing. */
  readonly needs?: undefined;
  /**
   * Whether the rule reads incoming views, its layer's and its neighbours': they are rebuilt between drop and growth then.
   *
   * @default false
   */
  readonly readsIncoming?: boolean;
  /**
   * Adds up to `count` connections in place and sets `nnz`. Rows stay sorted, new planes begin as `fresh` says;
   * the incoming view need not be kept up.
   *
   * @returns Number of connections added.
   */
  grow(connections: Connections, count: number, place: P): number;
}

/** Hyperparameters of a run, of which a rule reads its own. */
export interface RuleSettings {
  /** Fraction of the connections to replace (ζ). */
  readonly zeta: number;
}

/** What a rule of a run is told. */
export interface RulePlace<S extends RuleSettings = RuleSettings> extends EvolutionPlace {
  /** Hyperparameters of the run. */
  readonly settings: S;
  /** Law of the weights of new connections. */
  readonly weights: ValueLaw;
  /** Share of the run that is done when the topology changes, in [0, 1]. */
  readonly progress: number;
  /** The layers before and behind, as they are when the rule is asked; not to be changed. */
  readonly neighbours: Neighbours;
}

/** The layers around a layer: connections drop in all layers before they grow in one, first layer first. */
export interface Neighbours {
  /** The layer whose neurons are the inputs of this one; the first layer has none. */
  readonly below?: Connections;
  /** The layer whose inputs are the neurons of this one; the output's among them, which does not evolve. */
  readonly above?: Connections;
}

/** Decides which connections go by the gradients of their weights. */
export interface GradientDropRule<P extends EvolutionPlace = RulePlace> {
  /** What options and messages call the rule. */
  readonly name: string;
  /** What the rule cannot do without: the gradients of the connections. */
  readonly needs: "gradients";
  /** As {@linkcode DropRule.drop}. */
  drop(connections: Connections, place: P & ConnectionGradients): number;
}

/** The gradients of the connections of a layer. */
export interface ConnectionGradients {
  /** Gradient of the mean loss of one batch, one number a connection, in matrix order. */
  readonly gradients: Float32Array;
}

/** A rule that drops connections, whatever it needs. */
export type RemovalRule<S extends RuleSettings = RuleSettings> =
  | DropRule<RulePlace<S>>
  | GradientDropRule<RulePlace<S>>;

/** Absent places, and the gradient that a weight would have at each. */
export interface Probed {
  /** What the rule asked for. */
  readonly candidates: Places;
  /** Gradient of the mean loss of one batch, one number a candidate. */
  readonly gradients: Float32Array;
}

/** Decides where connections grow by the gradients they would have. */
export interface GradientRule<P extends EvolutionPlace = RulePlace> {
  /** What options and messages call the rule. */
  readonly name: string;
  /** What the rule cannot do without: the gradients that absent connections would have. */
  readonly needs: "gradients";
  /** As {@linkcode GrowRule.readsIncoming}. */
  readonly readsIncoming?: boolean;
  /**
   * Absent places whose gradients the rule wants to know, in matrix order; asked before connections are dropped.
   *
   * @param connections Not to be changed.
   */
  candidates(connections: Connections, place: P): Places;
  /** As {@linkcode GrowRule.grow}; what was dropped meanwhile is absent too, and may grow again. */
  grow(connections: Connections, count: number, place: P & Probed): number;
}

/** A rule of growth, whatever it needs. */
export type GrowthRule<S extends RuleSettings = RuleSettings> =
  | GrowRule<RulePlace<S>>
  | GradientRule<RulePlace<S>>;

/** Rules that were given instead of names; functions, which stay in the process. */
export interface OwnRules {
  readonly drop?: RemovalRule;
  readonly growth?: GrowthRule;
}

/**
 * The rules among options; names are left out.
 *
 * @throws {TypeError} When something that should be a rule is none.
 */
export function readOwnRules(
  { drop, growth }: { readonly drop?: unknown; readonly growth?: unknown },
): OwnRules {
  return {
    ...(isRecord(drop) &&
      { drop: watchedDrop(checkedRule(drop, "drop", dropMethods(drop)) as unknown as RemovalRule) }),
    ...(isRecord(growth) &&
      {
        growth: watchedGrowth(checkedRule(growth, "growth", growthMethods(growth)) as unknown as GrowthRule),
      }),
  };
}

/** The rule, and after it a look at what it left: O(nnz). */
function watchedDrop(rule: RemovalRule): RemovalRule {
  const { name } = rule;
  if (rule.needs === undefined) {
    return {
      name,
      drop: (connections, place) => watched(name, connections, () => rule.drop(connections, place)),
    };
  }
  return {
    name,
    needs: rule.needs,
    drop: (connections, place) => watched(name, connections, () => rule.drop(connections, place)),
  };
}

/** Likewise; the places that it wants to know of are checked too. */
function watchedGrowth(rule: GrowthRule): GrowthRule {
  const { name, readsIncoming = false } = rule;
  if (rule.needs === undefined) {
    return {
      ...{ name, readsIncoming },
      grow: (connections, count, place) =>
        watched(name, connections, () => rule.grow(connections, count, place)),
    };
  }
  return {
    ...{ name, readsIncoming },
    needs: rule.needs,
    candidates: (connections, place) => checkedPlaces(name, rule.candidates(connections, place)),
    grow: (connections, count, place) =>
      watched(name, connections, () => rule.grow(connections, count, place)),
  };
}

function watched(name: string, connections: Connections, act: () => number): number {
  const count = act();
  try {
    validateConnections(connections);
  } catch (cause) {
    throw new TypeError(`Cannot evolve the topology by the rule "${name}": it left no valid layer`, {
      cause,
    });
  }
  return count;
}

function checkedPlaces(name: string, places: Places): Places {
  const { rows, columns }: Partial<Places> = places ?? {};
  const fits = rows instanceof Uint32Array && columns instanceof Uint32Array &&
    rows.length === columns.length;
  if (fits) return places;
  throw new TypeError(
    `Cannot evolve the topology by the rule "${name}": its candidates are no places, expected rows and columns, ` +
      "two Uint32Array of one length",
  );
}

function dropMethods({ needs }: Readonly<Record<string, unknown>>): readonly string[] {
  checkNeeds(needs, "drop");
  return ["drop"];
}

function growthMethods(
  { needs, readsIncoming }: Readonly<Record<string, unknown>>,
): readonly string[] {
  checkNeeds(needs, "growth");
  if (readsIncoming !== undefined && typeof readsIncoming !== "boolean") {
    throw unfit({ task: "train", name: "growth.readsIncoming" }, readsIncoming, "true, false or nothing");
  }
  return needs === undefined ? ["grow"] : ["grow", "candidates"];
}

function checkNeeds(needs: unknown, option: string): void {
  if (needs === undefined || needs === "gradients") return;
  throw unfit({ task: "train", name: `${option}.needs` }, needs, `"gradients" or nothing`);
}

function checkedRule<R extends Readonly<Record<string, unknown>>>(
  rule: R,
  option: string,
  methods: readonly string[],
): R {
  if (typeof rule.name !== "string" || rule.name === "") {
    throw unfit({ task: "train", name: `${option}.name` }, rule.name, "a text that is not empty");
  }
  for (const method of methods) {
    if (typeof rule[method] === "function") continue;
    throw unfit({ task: "train", name: `${option}.${method}` }, rule[method], "a function");
  }
  return rule;
}

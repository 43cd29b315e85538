/**
 * What a rule is by which a topology changes: one drops connections, or lets connections grow.
 *
 * @module
 */
import { isRecord, unfit } from "../../hyperparameter.ts";
import type { Places } from "../../native/grow.ts";
import type { ValueLaw } from "../../native/init.ts";
import type { LayerSums } from "../../native/probe.ts";
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
  /** Scale of new weights where none is asked for. @default what suits the network */
  readonly growthWeights?: "zero";
  /**
   * Removes, once connections have dropped in all layers, further ones in place, which then grow in the same layer.
   *
   * @param layers All of the network; the last, the output's, is not to be changed.
   * @returns Connections removed from each layer but the last.
   */
  clear?(layers: readonly Connections[], threads: number): readonly number[];
  /**
   * Refuses layers that are too large for the rule, when a run is asked for.
   *
   * @param layers Those that evolve.
   * @throws {RangeError} With the numbers.
   */
  checkLayers?(layers: readonly LayerShape[]): void;
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

/** Sizes of a layer, which is a matrix `[inputs, neurons]`. */
export type LayerShape = Pick<Connections, "inputs" | "neurons">;

/** What a batch brings to a layer and back to it. */
export interface Summed {
  /** One number an input, and one a neuron. */
  readonly sums: LayerSums;
}

/** Places, and the gradient that a weight would have at each. */
export interface Probed {
  /** What the rule asked for. */
  readonly candidates: Places;
  /** Gradient of the mean loss of one batch, one number a candidate. */
  readonly gradients: Float32Array;
}

/** Decides where connections grow by the gradients they would have. */
export interface GradientRule<P extends RulePlace = RulePlace> {
  /** What options and messages call the rule. */
  readonly name: string;
  /** What the rule cannot do without: the gradients that absent connections would have. */
  readonly needs: "gradients";
  /** As {@linkcode GrowRule.readsIncoming}. */
  readonly readsIncoming?: boolean;
  /** As {@linkcode GrowRule.growthWeights}. */
  readonly growthWeights?: "zero";
  /** As {@linkcode GrowRule.clear}. */
  clear?(layers: readonly Connections[], threads: number): readonly number[];
  /** As {@linkcode GrowRule.checkLayers}. */
  checkLayers?(layers: readonly LayerShape[]): void;
  /**
   * Which sums of the batch `candidates` is told: Σ|h| and Σ|δ| (`absolute`), or Σ s·h and Σ s·δ with random signs s.
   *
   * @default none
   */
  sums?(settings: P["settings"]): "absolute" | "signed" | undefined;
  /**
   * Places whose gradients the rule wants to know, absent or not, in matrix order; asked before connections are dropped.
   *
   * @param connections Not to be changed.
   */
  candidates(connections: Connections, place: P & Partial<Summed>): Places;
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
  for (const [name, rule] of Object.entries({ drop, growth })) {
    if (typeof rule !== "function") continue;
    const method = name === "drop" ? "drop" : "grow";
    throw unfit(
      { task: "train", name },
      rule,
      `the name of a rule, or an object with a name and ${method}()`,
    );
  }
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
  const { name } = rule;
  const same = {
    ...{ name, readsIncoming: rule.readsIncoming ?? false },
    ...(rule.growthWeights && { growthWeights: rule.growthWeights }),
    ...(rule.clear && {
      clear: (layers: readonly Connections[], threads: number) => {
        const cleared = rule.clear!(layers, threads);
        for (const layer of layers) watched(name, layer, () => 0);
        return cleared;
      },
    }),
    ...(rule.checkLayers && { checkLayers: (layers: readonly LayerShape[]) => rule.checkLayers!(layers) }),
  };
  if (rule.needs === undefined) {
    return {
      ...same,
      grow: (connections, count, place) =>
        watched(name, connections, () => rule.grow(connections, count, place)),
    };
  }
  return {
    ...same,
    needs: rule.needs,
    ...(rule.sums && { sums: (settings: RuleSettings) => checkedSums(name, rule.sums!(settings)) }),
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

function checkedSums(name: string, sums: unknown): "absolute" | "signed" | undefined {
  if (sums === undefined || sums === "absolute" || sums === "signed") return sums;
  throw unfit({ task: "train", name: `sums of the rule "${name}"` }, sums, "absolute, signed or nothing");
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
  { needs, readsIncoming, growthWeights, clear, sums, checkLayers }: Readonly<Record<string, unknown>>,
): readonly string[] {
  checkNeeds(needs, "growth");
  if (growthWeights !== undefined && growthWeights !== "zero") {
    throw unfit({ task: "train", name: "growth.growthWeights" }, growthWeights, "zero or nothing");
  }
  if (readsIncoming !== undefined && typeof readsIncoming !== "boolean") {
    throw unfit({ task: "train", name: "growth.readsIncoming" }, readsIncoming, "true, false or nothing");
  }
  return [
    ...["grow", ...(needs === undefined ? [] : ["candidates"])],
    ...[...(sums === undefined ? [] : ["sums"]), ...(checkLayers === undefined ? [] : ["checkLayers"])],
    ...(clear === undefined ? [] : ["clear"]),
  ];
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

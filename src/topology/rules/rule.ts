/**
 * What a rule is by which a topology changes: one drops connections, or lets connections grow.
 *
 * @module
 */
import type { Places } from "../../native/grow.ts";
import type { ValueLaw } from "../../native/init.ts";
import type { LayerSums } from "../../native/probe.ts";
import type { Connections, LayerShape } from "../../sparse/csr.ts";

/** When and where a topology changes; names the random numbers of the change. */
export interface EvolutionPlace {
  /** Seed of the run. */
  readonly seed: number;
  /** Epoch after which the topology changes; in a run that counts steps, and of each worker, the number of the change. */
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
   * @param layers Those that evolve; how many connections each has is known once they are made.
   * @throws {RangeError} With the numbers.
   */
  checkLayers?(layers: readonly (LayerShape & Partial<Pick<Connections, "nnz">>)[]): void;
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
  checkLayers?: GrowRule["checkLayers"];
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

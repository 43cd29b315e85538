/**
 * The change of a network's topology between two epochs: Importance Pruning where it is due, then evolution by rules.
 *
 * @module
 */
import type { SparseMlp } from "../model/model.ts";
import type { Places } from "../native/grow.ts";
import type { Connections } from "../sparse/csr.ts";
import type { WeightLawOptions } from "../sparse/init.ts";
import { compact } from "./compaction.ts";
import { evolveByRules } from "./evolution.ts";
import { defaultGrowthWeights, growthLaw, type GrowthWeights } from "./growth_weights.ts";
import { pruneByImportance } from "./importance.ts";
import type { GradientRule, GrowRule, OwnRules, RulePlace } from "./rules/rule.ts";
import { chosenRules, type RuleChoice } from "./rules/rules.ts";

/** What a change of the topology is asked for. */
export interface TopologySettings extends RuleChoice {
  /** Scale of the weights of new connections; where absent, what suits rule and network. */
  readonly growthWeights?: GrowthWeights;
  /** When Importance Pruning is due, and what it removes; false for never. */
  readonly importancePruning:
    | { readonly start: number; readonly every: number; readonly percentile: number }
    | false;
  /** Whether neurons that pruning left without a purpose are taken out of the arrays. */
  readonly compactWhilePruning: boolean;
  readonly seed: number;
  readonly threads: number;
}

/** How far a change is. */
export interface TopologyProgress {
  readonly phase: "pruning" | "evolution";
  /** Epoch after which the topology changes, from 1. */
  readonly epoch: number;
  /** Layers done. */
  readonly done: number;
  /** Layers in all. */
  readonly total: number;
}

/** What else {@linkcode changeTopology} can be told. */
export interface TopologyChangeOptions {
  /** Names the random numbers of the growth. @default the epoch */
  readonly draw?: number | undefined;
  /** Rules of the caller's own, instead of those that the settings name. */
  readonly rules?: OwnRules | undefined;
  /** Needed where the rule of growth needs gradients, and called once then. */
  readonly probe?: Probe | undefined;
  /** Called after each layer. */
  readonly onPhase?: ((progress: TopologyProgress) => void) | undefined;
}

/** Gives the gradients, for one batch of the training samples, at places of each layer, the output's too. */
export type Probe = (places: readonly Places[]) => readonly Float32Array[];

/** What a change of the topology did to all layers. */
export interface TopologyCounts {
  /** Connections that grew where others were dropped. */
  readonly replaced: number;
  /** Connections Importance Pruning removed. */
  readonly pruned: number;
}

/**
 * Importance Pruning where it is due after `epoch`, then evolution by the rules of the run; every layer but the output's.
 *
 * Paper: §2, §2.1 Algorithm 2. The same for any number of threads. Cost: O(nnz + neurons), a probe where a rule needs it.
 *
 * @param model Changed in place.
 * @throws {TypeError} When a rule needs gradients and there is no probe.
 */
export function changeTopology(
  model: SparseMlp,
  settings: TopologySettings,
  epoch: number,
  { draw = epoch, onPhase, rules, probe }: TopologyChangeOptions = {},
): TopologyCounts {
  const { importancePruning: pruning, zeta, seed, threads } = settings;
  const due = pruning !== false && epoch >= pruning.start &&
    (epoch - pruning.start) % pruning.every === 0;
  let [replaced, pruned] = [0, 0];
  if (due) {
    const layers = model.layers.slice(0, -1);
    for (const [index, layer] of layers.entries()) {
      pruned += pruneByImportance(layer, pruning.percentile, threads).removed;
      onPhase?.({ phase: "pruning", epoch, done: index + 1, total: layers.length });
    }
    if (settings.compactWhilePruning) compactInPlace(model, threads);
  }
  if (zeta === 0) return { replaced, pruned };
  const { drop, growth } = chosenRules(settings, rules);
  const layers = model.layers.slice(0, -1);
  const { growthWeights = defaultGrowthWeights(growth, model) } = settings;
  const fresh = model.optimizerState?.planes.map((plane) => plane.fresh) ?? [];
  const places = layers.map((layer, index): RulePlace => ({
    ...{ seed, epoch: draw, layer: index, threads, fresh, settings },
    weights: growthLaw(initialOf(model, layer), growthWeights),
  }));
  const grow = growth.needs === undefined
    ? layers.map(() => growth)
    : withGradients(growth, layers, places, probe);
  for (const [index, layer] of layers.entries()) {
    replaced += evolveByRules(layer, { ...places[index], drop, grow: grow[index] }).grown;
    onPhase?.({ phase: "evolution", epoch, done: index + 1, total: layers.length });
  }
  return { replaced, pruned };
}

/** What a layer's first weights would be drawn by, at its present size and density. */
function initialOf(model: SparseMlp, { inputs, neurons, nnz }: Connections): WeightLawOptions {
  const { initializer, fanIn } = model.settings;
  return { inputs, neurons, initializer, fanIn, probability: nnz / (inputs * neurons) };
}

/** Probes the candidates of all layers at once; the rule then grows among them. */
function withGradients(
  rule: GradientRule,
  layers: readonly Connections[],
  places: readonly RulePlace[],
  probe: Probe | undefined,
): GrowRule<RulePlace>[] {
  if (layers.length === 0) return [];
  if (probe === undefined) {
    throw new TypeError(
      `Cannot grow connections by "${rule.name}": it needs gradients of absent connections, there is no probe`,
    );
  }
  const candidates = layers.map((layer, index) => rule.candidates(layer, places[index]));
  const gradients = probe([...candidates, NO_PLACES]);
  return layers.map((_, index) => {
    const probed = { candidates: candidates[index], gradients: gradients[index] };
    return {
      name: rule.name,
      grow: (connections, count, place) => rule.grow(connections, count, { ...place, ...probed }),
    };
  });
}

/** The output layer does not evolve. */
const NO_PLACES: Places = { rows: new Uint32Array(0), columns: new Uint32Array(0) };

/** Inputs stay, so that SET can find features again and batches keep their shape. */
function compactInPlace(model: SparseMlp, threads: number): void {
  const { model: smaller, removed } = compact(model, { keepInputs: true, threads });
  if (removed > 0) model.adopt(smaller);
}

/**
 * The change of a network's topology between two epochs: Importance Pruning where it is due, then evolution by rules.
 *
 * @module
 */
import type { SparseMlp } from "../model/model.ts";
import type { Places } from "../native/grow.ts";
import { type Connections, rebuildIncoming } from "../sparse/csr.ts";
import type { WeightLawOptions } from "../sparse/init.ts";
import { compact } from "./compaction.ts";
import { dropByRule, growByRule } from "./evolution.ts";
import { defaultGrowthWeights, growthLaw, type GrowthWeights } from "./growth_weights.ts";
import { pruneByImportance } from "./importance.ts";
import type { ConnectionGradients, OwnRules, Probed, RulePlace } from "./rules/rule.ts";
import { type ChosenRules, chosenRules, probesFor, type RuleChoice } from "./rules/rules.ts";
import { zetaOf } from "./zeta.ts";

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
  /** Epochs of the run, of which some may be done by a later call. */
  readonly epochs: number;
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
  /** Needed where a rule needs gradients, and called once then. */
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
 * Evolution first drops in all layers, then grows in all. Where a rule needs gradients, one probe of the network as it
 * was before gives those of both rules.
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
  const { importancePruning: pruning, seed, threads } = settings;
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
  const progress = Math.min(1, epoch / settings.epochs);
  const zeta = zetaOf(settings, progress);
  if (zeta === 0) return { replaced, pruned };
  const chosen = chosenRules(settings, rules);
  const { drop, growth } = chosen;
  const { layers: all } = model;
  const layers = all.slice(0, -1);
  const { growthWeights = defaultGrowthWeights(growth, model) } = settings;
  const fresh = model.optimizerState?.planes.map((plane) => plane.fresh) ?? [];
  const places = layers.map((layer, index): RulePlace => ({
    ...{ seed, epoch: draw, layer: index, threads, fresh, progress },
    settings: { ...settings, zeta },
    weights: growthLaw(initialOf(model, layer), growthWeights),
    neighbours: { ...(index > 0 && { below: all[index - 1] }), above: all[index + 1] },
  }));
  const probed = probedBy(chosen, layers, places, probe);
  const dropped = layers.map((layer, index) =>
    dropByRule<RulePlace & ConnectionGradients>(layer, drop, {
      ...places[index],
      gradients: probed[index].ofConnections,
    })
  );
  if (growth.readsIncoming) layers.forEach((layer) => rebuildIncoming(layer, threads));
  for (const [index, layer] of layers.entries()) {
    const grown = growByRule(layer, growth, dropped[index], { ...places[index], ...probed[index] });
    if (dropped[index] > 0 || grown > 0) rebuildIncoming(layer, threads);
    replaced += grown;
    onPhase?.({ phase: "evolution", epoch, done: index + 1, total: layers.length });
  }
  return { replaced, pruned };
}

/** What a layer's first weights would be drawn by, at its present size and density. */
function initialOf(model: SparseMlp, { inputs, neurons, nnz }: Connections): WeightLawOptions {
  const { initializer, fanIn } = model.settings;
  return { inputs, neurons, initializer, fanIn, probability: nnz / (inputs * neurons) };
}

/** What one probe of all layers told of a layer; empty where no rule asked. */
interface LayerProbe extends Probed {
  /** Gradient of each connection, in matrix order. */
  readonly ofConnections: Float32Array;
}

/** Probes the candidates for growth, then the connections, of all layers at once. */
function probedBy(
  rules: ChosenRules,
  layers: readonly Connections[],
  places: readonly RulePlace[],
  probe: Probe | undefined,
): LayerProbe[] {
  const { drop, growth } = rules;
  const asking = probesFor(rules);
  if (asking === undefined || layers.length === 0) {
    return layers.map(() => ({
      candidates: NO_PLACES,
      gradients: NO_GRADIENTS,
      ofConnections: NO_GRADIENTS,
    }));
  }
  if (probe === undefined) throw new TypeError(`Cannot ${asking}, there is no probe`);
  const candidates = layers.map((layer, index) =>
    growth.needs === undefined ? NO_PLACES : growth.candidates(layer, places[index])
  );
  const asked = layers.map((layer, index) =>
    drop.needs === undefined ? candidates[index] : bothOf(candidates[index], connectionPlaces(layer))
  );
  const gradients = probe([...asked, NO_PLACES]);
  return layers.map((_, index) => {
    const { length } = candidates[index].rows;
    return {
      candidates: candidates[index],
      gradients: gradients[index].subarray(0, length),
      ofConnections: gradients[index].subarray(length),
    };
  });
}

/** The places of a layer's connections, in matrix order. */
function connectionPlaces({ inputs, nnz, indptr, indices }: Connections): Places {
  const rows = new Uint32Array(nnz);
  for (let row = 0; row < inputs; row++) rows.fill(row, indptr[row], indptr[row + 1]);
  return { rows, columns: indices.subarray(0, nnz) };
}

function bothOf(one: Places, other: Places): Places {
  return { rows: joined(one.rows, other.rows), columns: joined(one.columns, other.columns) };
}

function joined(one: Uint32Array, other: Uint32Array): Uint32Array {
  if (one.length === 0) return other;
  const both = new Uint32Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

const NO_GRADIENTS = new Float32Array(0);

/** The output layer does not evolve. */
const NO_PLACES: Places = { rows: new Uint32Array(0), columns: new Uint32Array(0) };

/** Inputs stay, so that SET can find features again and batches keep their shape. */
function compactInPlace(model: SparseMlp, threads: number): void {
  const { model: smaller, removed } = compact(model, { keepInputs: true, threads });
  if (removed > 0) model.adopt(smaller);
}

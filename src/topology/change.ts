/**
 * The change of a network's topology between two epochs: Importance Pruning where it is due, then SET.
 *
 * @module
 */
import type { SparseMlp } from "../model/model.ts";
import { weightLaw } from "../sparse/init.ts";
import { compact } from "./compaction.ts";
import { evolveConnections } from "./evolution.ts";
import { pruneByImportance } from "./importance.ts";

/** What a change of the topology is asked for. */
export interface TopologySettings {
  /** Fraction of the weights that SET replaces (ζ); 0 for none. */
  readonly zeta: number;
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
  /** Called after each layer. */
  readonly onPhase?: ((progress: TopologyProgress) => void) | undefined;
}

/** What a change of the topology did to all layers. */
export interface TopologyCounts {
  /** Connections SET replaced. */
  readonly replaced: number;
  /** Connections Importance Pruning removed. */
  readonly pruned: number;
}

/**
 * Importance Pruning where it is due after `epoch`, then SET; every layer but the output's.
 *
 * Paper: §2, §2.1 Algorithm 2. The same for any number of threads. Cost: O(nnz + neurons).
 *
 * @param model Changed in place.
 */
export function changeTopology(
  model: SparseMlp,
  settings: TopologySettings,
  epoch: number,
  { draw = epoch, onPhase }: TopologyChangeOptions = {},
): TopologyCounts {
  const { importancePruning: pruning, zeta, seed, threads } = settings;
  const { initializer, fanIn } = model.settings;
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
  const fresh = model.optimizerState?.planes.map((plane) => plane.fresh) ?? [];
  const layers = model.layers.slice(0, -1);
  for (const [index, layer] of layers.entries()) {
    const probability = layer.nnz / (layer.inputs * layer.neurons);
    const { inputs, neurons } = layer;
    const weights = weightLaw({ inputs, neurons, initializer, fanIn, probability });
    const place = { seed, epoch: draw, layer: index, threads, fresh };
    replaced += evolveConnections(layer, { zeta, weights, ...place }).grown;
    onPhase?.({ phase: "evolution", epoch, done: index + 1, total: layers.length });
  }
  return { replaced, pruned };
}

/** Inputs stay, so that SET can find features again and batches keep their shape. */
function compactInPlace(model: SparseMlp, threads: number): void {
  const { model: smaller, removed } = compact(model, { keepInputs: true, threads });
  if (removed > 0) model.adopt(smaller);
}

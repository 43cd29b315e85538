/**
 * A worker's copy of the server's model, and how one is sent.
 *
 * @module
 */
import { emptyCopy, plansOf } from "../model/copy.ts";
import { type LayerPlan, paddedWords, type SparseLayer } from "../model/layer.ts";
import { SparseMlp } from "../model/model.ts";
import type { ModelSettings } from "../model/settings.ts";
import type { TargetScaling } from "../model/target_scaling.ts";
import { LAYOUT_COLUMNS, type NetworkMemory } from "../native/layout.ts";
import type { OptimizerState } from "../optimizer/optimizer.ts";

/** A model in a form that can be sent to another Worker; its memory is shared, not copied. */
export interface SharedModel {
  readonly settings: ModelSettings;
  readonly plans: readonly LayerPlan[];
  readonly memory: NetworkMemory;
  readonly held: OptimizerState | undefined;
  /** Copied; targets are learned in it. */
  readonly targetScaling: TargetScaling | undefined;
}

/** Describes a model for {@linkcode attachModel}. */
export function shareModel(model: SparseMlp): SharedModel {
  const { settings, memory, optimizerState: held, targetScaling } = model;
  return { settings, plans: plansOf(model), memory, held, targetScaling };
}

/** The model that another Worker shared. */
export function attachModel({ settings, plans, memory, held, targetScaling }: SharedModel): SparseMlp {
  const model = SparseMlp.over(settings, plans, memory, held);
  if (targetScaling !== undefined) model.targetScaling = targetScaling;
  return model;
}

/** An empty model with the capacities of another, and room for its optimiser's state. */
export function emptyReplica(model: SparseMlp): SparseMlp {
  const replica = emptyCopy(model);
  if (model.optimizerState !== undefined) replica.holdState(model.optimizerState);
  return replica;
}

/** Gradients of one layer as views of a gradient arena. */
export interface LayerGradients {
  readonly values: Float32Array;
  readonly bias: Float32Array;
  readonly activationParameters: Float32Array;
}

/** The sections of a gradient arena, layer by layer; `values` has the layer's capacity. */
export function gradientViews(layers: readonly SparseLayer[], arena: Uint32Array): LayerGradients[] {
  let place = 0;
  const section = (length: number): Float32Array => {
    const view = new Float32Array(arena.buffer, arena.byteOffset + 4 * place, length);
    place += paddedWords(length);
    return view;
  };
  return layers.map((layer) => ({
    values: section(layer.capacity),
    bias: section(layer.neurons),
    activationParameters: section(layer.activationParameters.length),
  }));
}

/** Bytes a pull copies: the parameters, or with them the topology. */
export function pullBytes(model: SparseMlp, topology: boolean): number {
  return model.layers.reduce((sum, layer) => {
    const structure = topology ? 3 * layer.nnz + layer.inputs + layer.neurons + 2 : 0;
    return sum + 4 * (layer.nnz + layer.neurons + layer.activationParameters.length + structure);
  }, topology ? 4 * LAYOUT_COLUMNS * model.layers.length : 0);
}

/**
 * Gradients of the parameters of a network, layer by layer, and the step of an optimiser from such.
 *
 * @module
 */
import { type NamesOf, onlyKnown, refuseUnknown, resolveOptions, THREADS } from "../hyperparameter.ts";
import { readItems } from "../value.ts";
import type { NetworkMemory } from "../native/layout.ts";
import { applyGradients } from "../native/update.ts";
import { type Numbers, readFloats } from "../numbers.ts";
import type { OptimizerState } from "../optimizer/optimizer.ts";
import { type OptimizerSettings, stateFor } from "../optimizer/optimizers.ts";
import { type StepOptions, StepSettings } from "../optimizer/step_settings.ts";
import { UPDATE_HYPERPARAMETERS, type UpdateOptions } from "../optimizer/update_options.ts";
import { gradientViews, type LayerGradients, type SparseLayer } from "./layer.ts";
import { requireFinite } from "./sample_batch.ts";
import type { ModelUse } from "./use.ts";

/** Gradients of one layer as they may be given: those of several uses added, perhaps. */
export type GivenGradients = { readonly [Part in keyof LayerGradients]: Numbers };

/** How parameters move in one step: the options of training that are about it, with the same defaults. */
export interface ModelUpdateOptions extends UpdateOptions {
  /** Threads of the kernels; they do not change the result. @default {1} */
  readonly threads?: number;
}

const TABLE = { ...UPDATE_HYPERPARAMETERS, threads: THREADS };

/** What all steps of gradients of one's own have alike: no unit is dropped, nothing is kept in bfloat16. */
const PLAIN = {
  fanInLimit: Infinity,
  dropout: 0,
  labelSmoothing: 0,
  seed: 0,
  activationStorage: "f32",
  recompute: false,
} as const;

/** A model whose parameters move. */
export interface Updated {
  readonly layers: readonly SparseLayer[];
  readonly memory: NetworkMemory;
  readonly use: ModelUse;
  readonly optimizerState: OptimizerState | undefined;
  updates: number;
  holdState(wanted: OptimizerState): void;
}

const PARTS = ["values", "bias", "activationParameters"] as const;
const PART_NAMES: NamesOf<LayerGradients> = { values: true, bias: true, activationParameters: true };

/** Copies of the gradients in an arena. */
export function layerGradients(layers: readonly SparseLayer[], arena: Uint32Array): LayerGradients[] {
  return gradientViews(layers, arena).map(({ values, bias, activationParameters }, index) => ({
    values: values.slice(0, layers[index].nnz),
    bias: bias.slice(),
    activationParameters: activationParameters.slice(),
  }));
}

/**
 * One step of an optimiser from gradients that are given; nothing changes where something given is wrong.
 *
 * @param arena Where gradients go for the kernel, as long as the model's; overwritten.
 */
export function updateParameters(
  model: Updated,
  gradients: readonly GivenGradients[],
  options: ModelUpdateOptions,
  arena: Uint32Array,
): void {
  const task = "update the model";
  refuseUnknown(options, Object.keys(TABLE), task);
  const settings = resolveOptions(TABLE, options, { task }) as unknown as StepOptions & {
    readonly learningRate: number;
  };
  const read = readGradients(model.layers, gradients, task);
  if (model.use.isBeingSaved) {
    throw new TypeError(`Cannot ${task}: it is being saved; await that first`);
  }
  using _ = model.use.train();
  model.holdState(stateFor(settings as OptimizerSettings, model.optimizerState));
  for (const [index, section] of gradientViews(model.layers, arena).entries()) {
    for (const part of PARTS) section[part].set(read[index][part]);
  }
  const step = new StepSettings({ ...settings, ...PLAIN }, model.optimizerState?.planes.length ?? 0);
  const update = model.updates + 1;
  step.next(0, update, settings.learningRate, 1);
  applyGradients(model.memory, arena, step.block);
  model.updates = update;
}

function readGradients(layers: readonly SparseLayer[], gradients: unknown, task: string): LayerGradients[] {
  const items = readItems(gradients, { task, name: "the list of gradients" }, layers.length);
  if (items.length < layers.length) {
    throw new TypeError(
      `Cannot ${task}: there are gradients of ${items.length} layers, the model has ${layers.length}`,
    );
  }
  return layers.map(({ nnz, neurons, activationParameters }, index) => {
    const within = `layers[${index}].`;
    const given = onlyKnown(items[index] as GivenGradients, PART_NAMES, task, within);
    const lengths = { values: nnz, bias: neurons, activationParameters: activationParameters.length };
    const read = (part: keyof LayerGradients) => {
      const place = { task, name: within + part };
      const values = readFloats(given[part], place, lengths[part]);
      requireFinite(values, place);
      return values;
    };
    return { values: read("values"), bias: read("bias"), activationParameters: read("activationParameters") };
  });
}

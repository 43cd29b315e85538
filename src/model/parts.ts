/**
 * A model taken apart: what it consists of, so that it can be put together again elsewhere, over the same memory or a
 * copy.
 *
 * @module
 */
import type { NetworkMemory } from "../native/layout.ts";
import type { Standardization } from "../native/standardize.ts";
import type { OptimizerState } from "../optimizer/optimizer.ts";
import type { TableSchema } from "../schema.ts";
import type { ConnectionHistory } from "../sparse/history.ts";
import { sharedWords } from "../sparse/shared.ts";
import type { LayerPlan } from "./layer.ts";
import type { ModelSettings } from "./settings.ts";
import type { TargetScaling } from "./target_scaling.ts";

/** What goes in and out of a model. */
export interface ModelMeaning {
  readonly classNames: readonly string[];
  readonly temperature: number;
  readonly standardization?: Standardization;
  readonly targetScaling?: TargetScaling;
  readonly schema?: TableSchema;
}

/** What a model consists of. */
export interface ModelParts extends ModelMeaning {
  readonly settings: ModelSettings;
  /** Shapes and capacities of the layers; the layers themselves will do. */
  readonly layers: readonly LayerPlan[];
  readonly memory: NetworkMemory;
  readonly optimizerState: OptimizerState | undefined;
  readonly history?: ConnectionHistory;
  /** One word, 1 once a model over the same memory was trained; of models that are shared. */
  readonly trainedMark?: Uint32Array;
  readonly best?: ModelParts;
  readonly running?: ModelParts;
}

/** The meaning alone. */
export function meaningOf(parts: ModelMeaning): ModelMeaning {
  const { classNames, temperature, standardization, targetScaling, schema } = parts;
  return {
    classNames,
    temperature,
    ...(standardization && { standardization }),
    ...(targetScaling && { targetScaling }),
    ...(schema && { schema }),
  };
}

/** The same parts over memory of their own; what is the same array in several models stays so. O(capacity). */
export function copyParts(parts: ModelParts, copies: Map<object, object> = new Map()): ModelParts {
  const once = <T extends object>(original: T, copy: (original: T) => T): T => {
    if (!copies.has(original)) copies.set(original, copy(original));
    return copies.get(original) as T;
  };
  const { settings, layers, memory, optimizerState, best, running, classNames } = parts;
  const { standardization, targetScaling, history, trainedMark } = parts;
  return {
    ...meaningOf(parts),
    settings,
    layers,
    optimizerState,
    classNames: [...classNames],
    memory: {
      layout: copyWords(memory.layout),
      slopes: copyFloats(memory.slopes),
      arena: copyWords(memory.arena),
      state: memory.state.length === 0 ? memory.state : copyWords(memory.state),
    },
    ...(standardization && { standardization: once(standardization, copyStandardization) }),
    ...(targetScaling && { targetScaling: once(targetScaling, copyScaling) }),
    ...(history && { history: history.copy() }),
    ...(trainedMark && { trainedMark: copyWords(trainedMark) }),
    ...(best && { best: copyParts(best, copies) }),
    ...(running && { running: copyParts(running, copies) }),
  };
}

function copyWords(words: Uint32Array): Uint32Array {
  const copy = sharedWords(words.length);
  copy.set(words);
  return copy;
}

function copyFloats(floats: Float32Array): Float32Array {
  const copy = copyWords(new Uint32Array(floats.buffer, floats.byteOffset, floats.length));
  return new Float32Array(copy.buffer, copy.byteOffset, copy.length);
}

function copyStandardization({ mean, scale, selection }: Standardization): Standardization {
  return {
    mean: copyFloats(mean),
    scale: copyFloats(scale),
    ...(selection && { selection: { ...selection, features: copyWords(selection.features) } }),
  };
}

function copyScaling({ mean, deviation }: TargetScaling): TargetScaling {
  return { mean: mean.slice(), deviation: deviation.slice() };
}

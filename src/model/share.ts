/**
 * Models in messages between Workers: plain objects over shared memory.
 *
 * @module
 */
import { bytes, layerSizes } from "../format.ts";
import { LAYOUT_FIELDS, type LayoutRow, type NetworkMemory } from "../native/layout.ts";
import type { Standardization } from "../native/standardize.ts";
import { pictured } from "../picture.ts";
import { stateNamed } from "../optimizer/optimizers.ts";
import type { TableSchema } from "../schema.ts";
import { activationCode, OUTPUT_CODE } from "./activation.ts";
import { type LayerPlan, rowOf } from "./layer.ts";
import type { ModelMeaning, ModelParts } from "./parts.ts";
import { activationOf, type ModelSettings } from "./settings.ts";
import { describeScaling, readScaling } from "./target_scaling.ts";

/** Of objects that this version of the package shares. */
export const SHARED_VERSION = 1;

/** What goes in and out of a shared model; copied by a message, as it is small. */
export interface SharedMeaning {
  /** Name of each class. */
  readonly classNames: readonly string[];
  /** What outputs are divided by. */
  readonly temperature: number;
  /** How raw features are standardised. */
  readonly standardization?: Standardization;
  /** Mean and deviation of the targets. */
  readonly targets?: object;
  /** What the columns of tables are. */
  readonly schema?: TableSchema;
}

/** What `SparseMlp.share` gives: goes through `postMessage` and `structuredClone`, and copies no weights. */
export interface SharedModel {
  /** What it is. */
  readonly trulySparse: "model";
  /** Version of what is in it. */
  readonly version: number;
  /** Settings of the model. */
  readonly settings: ModelSettings;
  /** Its arrays, over shared memory. */
  readonly memory: NetworkMemory;
  /** Whose state it holds. */
  readonly optimizer?: { readonly name: string; readonly planes: readonly string[] };
  /** What goes in and out. */
  readonly meaning: SharedMeaning;
  /** One word over shared memory: 1 once one of the models over this memory was trained. */
  readonly trainedMark?: Uint32Array;
  /** The model of the best epoch, while a run keeps it. */
  readonly best?: SharedModel;
  /** The model of the last epoch, after a run that kept its best one. */
  readonly running?: SharedModel;
}

/** What `InferenceModel.share` gives: as {@linkcode SharedModel}, of a model that only predicts. */
export interface SharedInference {
  /** What it is. */
  readonly trulySparse: "inference";
  /** Version of what is in it. */
  readonly version: number;
  /** Shape and task. */
  readonly settings: Pick<ModelSettings, "sizes" | "task">;
  /** Its weights, over shared memory. */
  readonly memory: NetworkMemory;
  /** What goes in and out. */
  readonly meaning: SharedMeaning;
}

/** A model for a message; nothing is copied. */
export function shareParts(parts: ModelParts): SharedModel {
  const { best, running, trainedMark } = parts;
  const shared: SharedModel = {
    ...shareOne(parts),
    ...(trainedMark && { trainedMark }),
    ...(best && { best: shareOne(best) }),
    ...(running && { running: shareOne(running) }),
  };
  return pictured(shared, sharedPicture);
}

function sharedPicture(
  { trulySparse, settings: { sizes, task }, memory }: SharedModel | SharedInference,
): string {
  const kind = trulySparse === "model" ? "SharedModel" : "SharedInference";
  return `${kind} ${layerSizes(sizes, "-")}, ${task}, ${bytes(memory.arena.byteLength)} of shared memory`;
}

function shareOne(parts: ModelParts): SharedModel {
  const { settings, memory, optimizerState: held } = parts;
  return {
    trulySparse: "model",
    version: SHARED_VERSION,
    settings,
    memory,
    ...(held && { optimizer: { name: held.optimizer, planes: held.planes.map((plane) => plane.name) } }),
    meaning: shareMeaning(parts),
  };
}

/** A model that only predicts, for a message; nothing is copied. */
export function shareCompiled(
  { sizes, task }: SharedInference["settings"],
  memory: NetworkMemory,
  meaning: ModelMeaning,
): SharedInference {
  const shared: SharedInference = {
    trulySparse: "inference",
    version: SHARED_VERSION,
    settings: { sizes, task },
    memory,
    meaning: shareMeaning(meaning),
  };
  return pictured(shared, sharedPicture);
}

function shareMeaning(parts: ModelMeaning): SharedMeaning {
  const { classNames, temperature, standardization, schema, targetScaling } = parts;
  return {
    classNames,
    temperature,
    ...(standardization && { standardization }),
    ...(schema && { schema }),
    ...(targetScaling && { targets: describeScaling(targetScaling) }),
  };
}

/**
 * The parts of a model that another thread of this package shared: believed, for threads of one run.
 *
 * What comes from a user goes through {@linkcode readShared}.
 */
export function partsOfShared(
  { settings, memory, optimizer, meaning, best, running }: SharedModel,
): ModelParts {
  const { targets, ...rest } = meaning;
  return {
    settings,
    memory,
    layers: plansOf(settings, memory.layout),
    optimizerState: optimizer && stateNamed(optimizer.name, optimizer.planes),
    ...rest,
    ...(targets && { targetScaling: readScaling(targets, settings.sizes[settings.sizes.length - 1]) }),
    ...(best && { best: partsOfShared(best) }),
    ...(running && { running: partsOfShared(running) }),
  };
}

/** A row of a layout table, checked against the sizes of the network. */
export function readRow(layout: Uint32Array, index: number, sizes: readonly number[]): LayoutRow {
  const words = rowOf(layout, index);
  const row = Object.fromEntries(LAYOUT_FIELDS.map((field, column) => [field, words[column]])) as LayoutRow;
  const [inputs, neurons] = [sizes[index], sizes[index + 1]];
  if (row.inputs === inputs && row.neurons === neurons && row.nnz <= row.capacity) return row;
  throw new TypeError(
    `layer ${
      index + 1
    } is [${row.inputs}, ${row.neurons}] with ${row.nnz} of ${row.capacity} connections, its settings ` +
      `say [${inputs}, ${neurons}]`,
  );
}

/** Shapes of the layers, as the layout table has them. */
export function plansOf(settings: ModelSettings, layout: Uint32Array): LayerPlan[] {
  const { sizes } = settings;
  return sizes.slice(1).map((neurons, index) => {
    const { inputs, capacity, activation: code } = readRow(layout, index, sizes);
    const known = index + 2 < sizes.length
      ? activationCode(activationOf(settings, index), index)
      : OUTPUT_CODE;
    if (code === known.code) return { inputs, neurons, capacity, activation: known };
    throw new TypeError(`layer ${index + 1} has activation code ${code}, its settings say ${known.code}`);
  });
}

/**
 * Models that another Worker shared, checked before anything uses them.
 *
 * @module
 */
import { messageOf } from "../errors.ts";
import { firstUnfit } from "../finite.ts";
import { isRecord, shown } from "../hyperparameter.ts";
import { validateStructure } from "../native/csr.ts";
import { LAYOUT_COLUMNS, type LayoutRow, type NetworkMemory } from "../native/layout.ts";
import type { Standardization } from "../native/standardize.ts";
import type { OptimizerState } from "../optimizer/optimizer.ts";
import { stateNamed } from "../optimizer/optimizers.ts";
import { validateConnections } from "../sparse/csr.ts";
import { readSchema } from "../table_schema.ts";
import { activationOfCode, parameterCount } from "./activation.ts";
import { compiledSections, compiledWords } from "./compiled.ts";
import { gradientWords, layerWords, paddedWords, rowOf, SparseLayer, STATE_HEAD_WORDS } from "./layer.ts";
import { readClassNames, readTemperature } from "./meaning.ts";
import type { ModelMeaning, ModelParts } from "./parts.ts";
import { type ModelOptions, type ModelSettings, resolveSettings } from "./settings.ts";
import { plansOf, readRow, SHARED_VERSION, type SharedInference } from "./share.ts";
import { readScaling } from "./target_scaling.ts";

/**
 * Checks a shared model that comes from outside: what it is, that all lengths agree, that its structure is one.
 *
 * Cost: O(connections).
 *
 * @throws {TypeError} When it is none, of another version, or parts do not fit each other.
 * @throws {RangeError} When a number in it is out of range.
 */
export function readShared(found: unknown): ModelParts {
  return explained("model", () => {
    const parts = readOne(found);
    const { best, running, trainedMark } = found as Record<string, unknown>;
    return {
      ...parts,
      ...(trainedMark !== undefined && { trainedMark: readMark(trainedMark) }),
      ...(best !== undefined && { best: readOne(best) }),
      ...(running !== undefined && { running: readOne(running) }),
    };
  });
}

function readOne(found: unknown): ModelParts {
  const { settings: given, memory: shared, optimizer, meaning } = envelope(
    found,
    "model",
    "SparseMlp.share()",
  );
  const settings = resolveSettings(record(given, "settings") as unknown as ModelOptions);
  const memory = readMemory(shared, settings);
  checkSharing(memory.layout, "layout");
  const layers = plansOf(settings, memory.layout);
  requireLength(memory.arena, layers.reduce((sum, plan) => sum + layerWords(plan), 0), "arena");
  const optimizerState = readHeld(optimizer);
  const planes = optimizerState?.planes.length ?? 0;
  const words = layers.reduce((sum, plan) => sum + planes * gradientWords(plan), STATE_HEAD_WORDS);
  requireLength(memory.state, planes === 0 ? 0 : words, "state");
  if (planes > 0) checkSharing(memory.state, "state");
  let offset = 0;
  for (const [index, plan] of layers.entries()) {
    checkSlope(memory, index, plan.activation.slope);
    const layer = new SparseLayer(plan, rowOf(memory.layout, index), memory.arena, offset);
    validateConnections(layer);
    checkIncoming(layer);
    offset += layerWords(plan);
  }
  return { settings, memory, layers, optimizerState, ...readMeaning(meaning, settings) };
}

function readMark(found: unknown): Uint32Array {
  const mark = plainArray(found, Uint32Array, "mark");
  requireLength(mark, 1, "mark");
  checkSharing(mark, "mark");
  return mark;
}

/** As {@linkcode readShared}, for a model that only predicts. */
export function readSharedInference(
  found: unknown,
): {
  readonly settings: SharedInference["settings"];
  readonly memory: NetworkMemory;
  readonly meaning: ModelMeaning;
} {
  return explained("inference model", () => {
    const { settings: given, memory: shared, meaning } = envelope(
      found,
      "inference",
      "InferenceModel.share()",
    );
    const { sizes, task } = record(given, "settings");
    const settings = resolveSettings({ sizes, task } as unknown as ModelOptions);
    const memory = readMemory(shared, settings);
    const rows = settings.sizes.slice(1).map((neurons, index) => {
      const row = readRow(memory.layout, index, settings.sizes);
      return {
        inputs: row.inputs,
        neurons,
        nnz: row.nnz,
        parameters: countParameters(row, index),
      };
    });
    requireLength(memory.arena, compiledWords(rows), "arena");
    let place = 0;
    for (const plan of rows) {
      const { inputs, neurons, nnz } = plan;
      const [starts, sources] = compiledSections(plan);
      const indptr = memory.arena.subarray(place, place + starts);
      place += paddedWords(starts);
      if (indptr[neurons] !== nnz) throw new TypeError("its connections are not as many as its layout says");
      // By target neuron: rows are neurons, columns inputs.
      const indices = memory.arena.subarray(place, place + sources);
      validateStructure({ inputs: neurons, neurons: inputs, indptr, indices }, nnz);
      place += compiledSections(plan).slice(1).reduce((sum, length) => sum + paddedWords(length), 0);
    }
    return { settings, memory, meaning: readMeaning(meaning, settings) };
  });
}

/** A shared object, once it is one of this kind and version. */
function envelope(found: unknown, kind: string, maker: string): Readonly<Record<string, unknown>> {
  const given = isRecord(found) ? found : {};
  const { trulySparse, version } = given;
  if (trulySparse !== kind) {
    const what = typeof trulySparse === "string" ? `a shared "${trulySparse}"` : shown(found);
    throw new TypeError(`it is ${what}, expected what ${maker} gave`);
  }
  if (version === SHARED_VERSION) return given;
  throw new TypeError(
    `it has version ${
      shown(version)
    }, this package shares version ${SHARED_VERSION}; both sides need the same`,
  );
}

function record(found: unknown, name: string): Readonly<Record<string, unknown>> {
  if (isRecord(found)) return found;
  throw new TypeError(`its ${name} are ${shown(found)}, expected an object`);
}

function readMemory(found: unknown, { sizes }: ModelSettings): NetworkMemory {
  const { layout, slopes, arena, state } = record(found, "arrays");
  const memory = {
    layout: plainArray(layout, Uint32Array, "layout"),
    slopes: plainArray(slopes, Float32Array, "slopes"),
    arena: plainArray(arena, Uint32Array, "arena"),
    state: plainArray(state, Uint32Array, "state"),
  };
  requireLength(memory.layout, LAYOUT_COLUMNS * (sizes.length - 1), "layout");
  requireLength(memory.slopes, sizes.length - 1, "slopes");
  checkSharing(memory.arena, "arena");
  return memory;
}

/** An array of a kind that kernels take, which nobody can make longer or shorter. */
function plainArray<T extends Uint32Array | Float32Array>(
  found: unknown,
  Kind: { readonly name: string; readonly prototype: T },
  name: string,
): T {
  const plain = ArrayBuffer.isView(found) && Object.getPrototypeOf(found) === Kind.prototype &&
    !Object.hasOwn(found, "length");
  const buffer: { readonly growable?: boolean; readonly resizable?: boolean } | undefined = plain
    ? found.buffer
    : undefined;
  if (buffer !== undefined && !buffer.growable && !buffer.resizable) return found as T;
  throw new TypeError(`its ${name} is ${shown(found)}, expected a ${Kind.name} of one length`);
}

function checkSharing({ buffer }: Uint32Array, name: string): void {
  if (!(buffer instanceof SharedArrayBuffer)) throw new TypeError(`its ${name} is not over shared memory`);
}

function requireLength({ length }: { readonly length: number }, needed: number, name: string): void {
  if (length !== needed) throw new TypeError(`its ${name} has ${length} numbers, its shape needs ${needed}`);
}

/** Trainable parameters of the activation of a layer, by its code. */
function countParameters({ activation, neurons }: LayoutRow, index: number): number {
  const known = activationOfCode(activation);
  if (known !== undefined) return parameterCount(known, neurons);
  throw new TypeError(`layer ${index + 1} has activation code ${activation}, which is none`);
}

function checkSlope({ slopes }: NetworkMemory, index: number, slope: number): void {
  if (slopes[index] === Math.fround(slope)) return;
  throw new TypeError(`layer ${index + 1} has slope ${slopes[index]}, its settings say ${slope}`);
}

/** Refuses an incoming view that is not the one of the outgoing rows. */
function checkIncoming(layer: SparseLayer): void {
  const { inputs, neurons, nnz, indptr, indices, incomingPtr, source, position } = layer;
  if (incomingPtr[neurons] !== nnz) throw new TypeError("its incoming view has other connections");
  validateStructure({ inputs: neurons, neurons: inputs, indptr: incomingPtr, indices: source }, nnz);
  for (let neuron = 0; neuron < neurons; neuron++) {
    for (let place = incomingPtr[neuron]; place < incomingPtr[neuron + 1]; place++) {
      const [at, row] = [position[place], source[place]];
      if (at < nnz && indices[at] === neuron && indptr[row] <= at && at < indptr[row + 1]) continue;
      throw new TypeError("its incoming view has other connections");
    }
  }
}

function readHeld(found: unknown): OptimizerState | undefined {
  if (found === undefined) return undefined;
  const { name, planes } = record(found, "optimiser's words");
  const isList = Array.isArray(planes) && planes.every((plane) => typeof plane === "string");
  if (typeof name === "string" && isList) return stateNamed(name, planes);
  throw new TypeError("its optimiser has no name and planes");
}

function readMeaning(found: unknown, settings: ModelSettings): ModelMeaning {
  const { classNames, temperature, standardization, targets, schema } = record(found, "words");
  const inputs = settings.sizes[0];
  const outputCount = settings.sizes[settings.sizes.length - 1];
  const standardized = standardization === undefined
    ? undefined
    : readStandardization(record(standardization, "statistics"), inputs);
  const featureCount = standardized?.selection?.featureCount ?? inputs;
  if (targets !== undefined && settings.task !== "regression") {
    throw new TypeError("it has targets, its classes need none");
  }
  return {
    classNames: [...readClassNames(classNames, settings)],
    temperature: temperature === 1 ? 1 : readTemperature(temperature, settings),
    ...(standardized && { standardization: standardized }),
    ...(targets !== undefined && { targetScaling: readScaling(targets, outputCount) }),
    ...(schema !== undefined &&
      { schema: readSchema(schema, { task: settings.task, featureCount, outputCount }) }),
  };
}

function readStandardization(found: Readonly<Record<string, unknown>>, inputs: number): Standardization {
  const numbers = (name: "mean" | "scale") => {
    const array = plainArray(found[name], Float32Array, name);
    requireLength(array, inputs, name);
    if (firstUnfit(array) >= 0) throw new RangeError(`its ${name} has numbers that are not finite`);
    return array;
  };
  const { selection } = found;
  const both = { mean: numbers("mean"), scale: numbers("scale") };
  if (selection === undefined) return both;
  const { featureCount, features: given } = record(selection, "features");
  const features = plainArray(given, Uint32Array, "selection");
  requireLength(features, inputs, "selection");
  const ascending = features.every((feature, index) => index === 0 || feature > features[index - 1]);
  if (Number.isSafeInteger(featureCount) && ascending && features[inputs - 1] < (featureCount as number)) {
    return { ...both, selection: { featureCount: featureCount as number, features } };
  }
  throw new RangeError(`its ${inputs} used features are not ascending numbers below ${shown(featureCount)}`);
}

/** Says of every refusal what could not be done. */
function explained<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const Kind = cause instanceof RangeError ? RangeError : TypeError;
    throw new Kind(`Cannot use the shared ${what}: ${messageOf(cause)}`, { cause });
  }
}

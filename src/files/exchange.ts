/**
 * From decoded arrays of other tools to a network, everything checked.
 *
 * @module
 */
import type { NpyArray, NpyNumbers } from "../data/npy.ts";
import { activationCode, beginParameters, OUTPUT_CODE, parameterCount } from "../model/activation.ts";
import type { LayerPlan, SparseLayer } from "../model/layer.ts";
import { SparseMlp } from "../model/model.ts";
import { answerCount } from "../model/outputs.ts";
import { activationOf, type ModelOptions, resolveSettings } from "../model/settings.ts";
import { readScaling, unscaled } from "../model/target_scaling.ts";
import { checkNameCount, readTemperature } from "../model/meaning.ts";
import { rebuildIncoming, validateConnections } from "../sparse/csr.ts";
import { sharedFloats, sharedWords } from "../sparse/shared.ts";
import { readSchema } from "../table_schema.ts";
import { parseBoundedJson } from "./bounded_json.ts";

/** A layer as files hold it, of any type of numbers; nothing is checked yet. */
export interface DecodedLayer {
  /** What messages call it. */
  readonly name: string;
  readonly inputs: number;
  readonly neurons: number;
  readonly indptr: NpyNumbers;
  readonly indices: NpyNumbers;
  readonly values: NpyNumbers;
  readonly bias?: NpyNumbers;
  /** Trained parameters of the activation, `[neurons][s]`. */
  readonly parameters?: NpyNumbers;
}

/** What is known of the network as a whole. */
export interface WholeModel {
  readonly settings: Partial<ModelOptions>;
  readonly classNames?: readonly string[];
  /** Raw features, where the network uses only some. */
  readonly featureCount?: number;
  /** The unit of what a regression predicts, as JSON has it; nothing is checked yet. */
  readonly targets?: unknown;
  /** Temperature of a calibrated model, not checked yet. */
  readonly temperature?: unknown;
  /** What the columns of its tables are; nothing of it is checked yet. */
  readonly schema?: unknown;
}

/** A text longer than this is refused: room for hundreds of thousands of columns. */
const MOST_TEXT_BYTES = 2 ** 26;

/**
 * Reads a text; undefined where there is no such file.
 *
 * @throws {SyntaxError} When it is longer than any model's.
 */
export async function readText(path: string): Promise<string | undefined> {
  try {
    const { size } = await Deno.stat(path);
    if (size <= MOST_TEXT_BYTES) return await Deno.readTextFile(path);
    throw new SyntaxError(`"${path}" has ${size} bytes, at most ${MOST_TEXT_BYTES} are expected`);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw cause;
  }
}

/**
 * Reads a `model.json`.
 *
 * @throws {SyntaxError} When it is not what an export writes.
 */
export function parseModelJson(json: string): WholeModel {
  let found: unknown;
  try {
    found = parseBoundedJson(json, { depth: 16, parts: 2 ** 21 });
  } catch (cause) {
    throw new SyntaxError(`its model.json is no JSON: ${(cause as Error).message}`, { cause });
  }
  const { settings, classNames, featureCount, targets, temperature, schema } = (found ?? {}) as Record<
    string,
    unknown
  >;
  const names = Array.isArray(classNames) && classNames.every((name) => typeof name === "string");
  if (typeof settings !== "object" || settings === null || Array.isArray(settings) || !names) {
    throw new SyntaxError("its model.json has no settings and class names");
  }
  const counted = featureCount !== undefined && { featureCount: Number(featureCount) };
  return {
    settings,
    classNames,
    ...counted,
    ...(targets !== undefined && { targets }),
    ...(temperature !== undefined && { temperature }),
    ...(schema !== undefined && { schema }),
  };
}

/**
 * Makes a network.
 *
 * @throws {TypeError} When layers do not fit each other or the settings.
 * @throws {RangeError} When an index or number is out of range.
 */
export function makeModel(
  { settings: given, classNames = [], featureCount, targets, temperature, schema }: WholeModel,
  decoded: readonly DecodedLayer[],
  statistics?: ReadonlyMap<string, NpyArray>,
): SparseMlp {
  const sizes = [decoded[0].inputs, ...decoded.map(({ neurons }) => neurons)];
  const density = decoded.map(({ values, inputs, neurons }) => values.length / (inputs * neurons));
  const sparsity = given.epsilon === undefined && given.density === undefined ? { density } : {};
  const settings = resolveSettings({ sizes, ...sparsity, ...given });
  if (settings.sizes.join() !== sizes.join()) {
    throw new TypeError(
      `its layers have sizes ${sizes.join("-")}, its model.json ${settings.sizes.join("-")}`,
    );
  }
  const last = decoded.length - 1;
  const plans = decoded.map((layer, index): LayerPlan => {
    const { name, inputs, neurons, values } = layer;
    if (inputs !== sizes[index]) {
      throw new TypeError(`"${name}" has ${inputs} rows, the layer before it ${sizes[index]} neurons`);
    }
    const activation = index === last ? OUTPUT_CODE : activationCode(activationOf(settings, index), index);
    expectLength(name, "indptr", layer.indptr, inputs + 1);
    expectLength(name, "indices", layer.indices, values.length);
    if (layer.bias) expectLength(name, "bias", layer.bias, neurons);
    if (layer.parameters) {
      expectLength(name, "activation_parameters", layer.parameters, parameterCount(activation, neurons));
    }
    return { inputs, neurons, capacity: values.length, activation };
  });
  const outputs = sizes[sizes.length - 1];
  checkNameCount(classNames.length, settings);
  const model = SparseMlp.allocate(settings, plans);
  for (const [index, layer] of model.layers.entries()) fill(layer, decoded[index]);
  if (statistics !== undefined) model.standardization = standardization(statistics, sizes[0], featureCount);
  if (targets !== undefined && settings.task === "regression") {
    model.targetScaling = readScaling(targets, outputs);
  } else if (statistics !== undefined && settings.task === "regression") {
    // A trained network without a unit of its own has learned targets as they were.
    model.targetScaling = unscaled(outputs);
  }
  model.classNames = [...classNames];
  if (temperature !== undefined) model.temperature = readTemperature(temperature, settings);
  if (schema !== undefined) {
    const owner = {
      task: settings.task,
      featureCount: model.featureCount,
      outputCount: answerCount(settings),
    };
    model.schema = readSchema(schema, owner);
  }
  return model;
}

function fill(layer: SparseLayer, { name, ...from }: DecodedLayer): void {
  layer.nnz = layer.capacity;
  copyWords(layer.indptr, from.indptr, name, "indptr", layer.nnz);
  checkRowEnds(layer, name);
  copyWords(layer.indices, from.indices, name, "indices", layer.neurons - 1);
  copyFloats(layer.values, from.values, name, "data");
  if (from.bias) copyFloats(layer.bias, from.bias, name, "bias");
  beginParameters(layer.activation, layer.activationParameters);
  if (from.parameters) copyFloats(layer.activationParameters, from.parameters, name, "activation_parameters");
  sortRows(layer);
  try {
    validateConnections(layer);
  } catch (cause) {
    const found = "rows are out of order, or an index stands twice in a row (sum_duplicates() mends that)";
    throw new TypeError(`"${name}" is no CSR matrix that can be used: ${found}`, { cause });
  }
  rebuildIncoming(layer);
}

/** Refuses rows that overlap or leave connections out, so that sorting them sees each connection once. */
function checkRowEnds({ indptr, inputs, nnz }: SparseLayer, name: string): void {
  for (let row = 0; row <= inputs; row++) {
    const least = row === 0 ? 0 : indptr[row - 1];
    const most = row === 0 ? 0 : nnz;
    if (indptr[row] >= least && indptr[row] <= most && (row < inputs || indptr[row] === nnz)) continue;
    throw new RangeError(
      `number ${row} of "indptr" of "${name}" is ${indptr[row]}, expected ` +
        (row === 0 ? "0" : row === inputs ? `${nnz}, the number of connections` : `${least} to ${most}`),
    );
  }
}

/** SciPy allows any order in a row. */
function sortRows({ indptr, indices, values, inputs }: SparseLayer): void {
  for (let row = 0; row < inputs; row++) {
    const [start, end] = [indptr[row], indptr[row + 1]];
    let sorted = true;
    for (let at = start + 1; at < end && sorted; at++) sorted = indices[at - 1] < indices[at];
    if (sorted) continue;
    const order = Array.from({ length: end - start }, (_, at) => start + at).sort((a, b) =>
      indices[a] - indices[b]
    );
    const [targets, weights] = [order.map((at) => indices[at]), order.map((at) => values[at])];
    indices.set(targets, start);
    values.set(weights, start);
  }
}

function standardization(
  statistics: ReadonlyMap<string, NpyArray>,
  inputs: number,
  featureCount: number | undefined,
): NonNullable<SparseMlp["standardization"]> {
  const [mean, scale] = [sharedFloats(inputs), sharedFloats(inputs)];
  for (const [part, into] of [["mean", mean], ["scale", scale]] as const) {
    const found = statistics.get(part)?.data ?? new Float32Array(0);
    expectLength("standardization.npz", part, found, inputs);
    copyFloats(into, found, "standardization.npz", part);
  }
  const used = statistics.get("features")?.data;
  if (used === undefined) return { mean, scale };
  const features = sharedWords(inputs);
  expectLength("standardization.npz", "features", used, inputs);
  copyWords(features, used, "standardization.npz", "features", (featureCount ?? 0) - 1);
  if (!features.every((feature, at) => at === 0 || feature > features[at - 1])) {
    throw new RangeError("the used features of standardization.npz do not ascend");
  }
  return { mean, scale, selection: { featureCount: featureCount!, features } };
}

function expectLength(name: string, part: string, { length }: NpyNumbers, expected: number): void {
  if (length !== expected) {
    throw new TypeError(`array "${part}" of "${name}" has ${length} numbers, expected ${expected}`);
  }
}

function copyWords(into: Uint32Array, from: NpyNumbers, name: string, part: string, most: number): void {
  for (let at = 0; at < into.length; at++) {
    const number = Number(from[at]);
    if (!Number.isInteger(number) || number < 0 || number > most) {
      throw new RangeError(`number ${at} of "${part}" of "${name}" is ${number}, expected 0 to ${most}`);
    }
    into[at] = number;
  }
}

function copyFloats(into: Float32Array, from: NpyNumbers, name: string, part: string): void {
  for (let at = 0; at < into.length; at++) {
    into[at] = Number(from[at]);
    if (!Number.isFinite(into[at])) {
      throw new RangeError(`number ${at} of "${part}" of "${name}" is ${from[at]}, a finite f32 is needed`);
    }
  }
}

/**
 * Networks as SciPy's sparse matrices, to and from: a folder with a `.npz` file a layer.
 *
 * `layer1.npz` is what `scipy.sparse.load_npz` reads: the CSR matrix `[inputs, neurons]`, so that a layer is
 * `x @ matrix + bias`. Beside it stand `bias` and, where the activation is trained, `activation_parameters`.
 * `model.json` holds settings, class names, what the columns of its tables are, for regression `targets` (values are `mean + deviation · output`), and the
 * temperature that outputs of a calibrated model are divided by before softmax; `standardization.npz` mean and scale of
 * the features.
 *
 * @module
 */
import { type DecodedLayer, makeModel, parseModelJson, readText, type WholeModel } from "./exchange.ts";
import { descrOf, encodeNpy, type NpyArray, type NpyNumbers, npyNumbers } from "../data/npy.ts";
import { readNpz } from "../data/npz.ts";
import { quote } from "../quote.ts";
import { CheckpointError } from "../errors.ts";
import { type NamesOf, onlyKnown } from "../hyperparameter.ts";
import { parameterShape } from "../model/activation.ts";
import type { SparseMlp } from "../model/model.ts";
import { requireModel } from "../model/model_argument.ts";
import { requirePath } from "../value.ts";
import { type ModelOptions, resolveSettings } from "../model/settings.ts";
import { describeScaling } from "../model/target_scaling.ts";
import { type NpzEntry, writeNpz } from "./npz.ts";
import { describeSchema } from "../table_schema.ts";
import { writeWhole } from "../whole_file.ts";

const MOST_INT32 = 2 ** 31 - 1;
/** Dense layers over this are refused: one gibibyte. */
const MOST_DENSE = 2 ** 28;

/**
 * Writes a network as SciPy CSR matrices, one `.npz` file a layer.
 *
 * @param folder Made where it does not exist; files of the same names are replaced, each as a whole.
 * @throws {CheckpointError} When it cannot be written, or a layer has 4 GiB or more.
 */
export async function exportScipy(model: SparseMlp, folder: string): Promise<void> {
  await exported(model, folder, async () => {
    for (const [index, layer] of model.layers.entries()) {
      const { inputs, neurons, nnz, bias, activationParameters, activation } = layer;
      if (nnz > MOST_INT32) {
        throw new RangeError(`layer ${index + 1} has ${nnz} connections, at most 2^31 − 1`);
      }
      await writeNpz(`${folder}/layer${index + 1}.npz`, {
        indices: int32(layer.indices.subarray(0, nnz)),
        indptr: int32(layer.indptr),
        format: { descr: "|S3", shape: [], data: new TextEncoder().encode("csr") },
        shape: { descr: "<i8", shape: [2], data: BigInt64Array.of(BigInt(inputs), BigInt(neurons)) },
        data: entry(layer.values.subarray(0, nnz)),
        bias: entry(bias),
        ...(activationParameters.length > 0 &&
          { activation_parameters: entry(activationParameters, parameterShape(activation, neurons)) }),
      });
    }
  });
}

/**
 * Writes a small network as dense matrices `[inputs, neurons]`: `layer1.npy`, `layer1_bias.npy` and so on.
 *
 * @throws {CheckpointError} When it cannot be written, or a layer has over 2²⁸ places (1 GiB).
 */
export async function exportDense(model: SparseMlp, folder: string): Promise<void> {
  await exported(model, folder, async () => {
    for (const [index, { inputs, neurons }] of model.layers.entries()) {
      if (inputs * neurons <= MOST_DENSE) continue;
      throw new RangeError(
        `layer ${index + 1} has ${inputs * neurons} places, dense layers at most ${MOST_DENSE}`,
      );
    }
    for (const [index, layer] of model.layers.entries()) {
      const { inputs, neurons, indptr, indices, values, bias, activationParameters, activation } = layer;
      const dense = new Float32Array(inputs * neurons);
      for (let row = 0; row < inputs; row++) {
        for (let at = indptr[row]; at < indptr[row + 1]; at++) {
          dense[row * neurons + indices[at]] = values[at];
        }
      }
      const name = `${folder}/layer${index + 1}`;
      await writeBytes(`${name}.npy`, encodeNpy({ shape: [inputs, neurons], data: dense }));
      await writeBytes(`${name}_bias.npy`, encodeNpy({ shape: [neurons], data: bias }));
      if (activationParameters.length === 0) continue;
      const parameters = { shape: parameterShape(activation, neurons), data: activationParameters };
      await writeBytes(`${name}_activation.npy`, encodeNpy(parameters));
    }
  });
}

/** Options of {@linkcode importScipy} for matrices without a `model.json`. */
export type ImportOptions = Partial<Pick<ModelOptions, "activation" | "task" | "seed">>;

const IMPORT_OPTIONS: NamesOf<ImportOptions> = { activation: true, task: true, seed: true };

/**
 * Makes a network of SciPy CSR matrices: what {@linkcode exportScipy} wrote, or `layer1.npz`, `layer2.npz` … from
 * `scipy.sparse.save_npz`, where `model.json`, biases and standardisation may be absent.
 *
 * Rows may be unsorted; values of other types become f32. Nothing is used unless all files are whole and fit.
 *
 * @throws {CheckpointError} When a file is missing, damaged, in another sparse format, or does not fit the others.
 */
export async function importScipy(folder: string, options: ImportOptions = {}): Promise<SparseMlp> {
  const task = "import a model";
  requirePath(folder, { task, name: "folder" }, "the path of a folder");
  const settings = onlyKnown(options, IMPORT_OPTIONS, task);
  // Wrong ones are told of, also where model.json has its own.
  resolveSettings({ sizes: [1, 1], ...settings });
  try {
    const json = await readText(`${folder}/model.json`);
    const whole: WholeModel = json === undefined ? { settings } : parseModelJson(json);
    const layers: DecodedLayer[] = [];
    for (let index = 1; await exists(`${folder}/layer${index}.npz`); index++) {
      layers.push(await readLayer(`${folder}/layer${index}.npz`));
    }
    if (layers.length === 0) throw new SyntaxError("it has no file layer1.npz");
    const statistics = await exists(`${folder}/standardization.npz`)
      ? await readArrays(`${folder}/standardization.npz`, ["mean", "scale", "features"])
      : undefined;
    return makeModel(whole, layers, statistics);
  } catch (cause) {
    throw new CheckpointError(`Cannot import "${folder}": ${(cause as Error).message}`, { cause });
  }
}

async function exported(model: SparseMlp, folder: string, write: () => Promise<void>): Promise<void> {
  requireModel(model, "export the model");
  requirePath(folder, { task: "export the model", name: "folder" }, "the path of a folder");
  try {
    await Deno.mkdir(folder, { recursive: true });
    await write();
    const { standardization, settings, classNames, targetScaling, schema } = model;
    const temperature = model.temperature === 1 ? undefined : model.temperature;
    if (standardization !== undefined) {
      const { mean, scale, selection } = standardization;
      await writeNpz(`${folder}/standardization.npz`, {
        mean: entry(mean),
        scale: entry(scale),
        ...(selection && { features: entry(selection.features) }),
      });
    }
    const featureCount = standardization?.selection?.featureCount;
    const targets = targetScaling && describeScaling(targetScaling);
    const columns = schema && describeSchema(schema);
    const described = { settings, classNames, featureCount, targets, temperature, schema: columns };
    const json = JSON.stringify(described, null, 2) + "\n";
    await writeBytes(`${folder}/model.json`, new TextEncoder().encode(json));
  } catch (cause) {
    throw new CheckpointError(`Cannot export to "${folder}": ${(cause as Error).message}`, { cause });
  }
}

function writeBytes(path: string, bytes: Uint8Array): Promise<void> {
  return writeWhole(path, (file) => file.write(bytes));
}

function entry(data: NpyNumbers, shape: readonly number[] = [data.length]): NpzEntry {
  return { descr: descrOf(data), shape, data };
}

/** SciPy counts in signed numbers. */
function int32(words: Uint32Array): NpzEntry {
  return { descr: "<i4", shape: [words.length], data: words };
}

async function exists(path: string): Promise<boolean> {
  return (await Deno.stat(path).catch(() => undefined))?.isFile ?? false;
}

/** Arrays that a layer may have. */
const LAYER_ARRAYS = ["shape", "indptr", "indices", "data", "bias", "activation_parameters"];

async function readArrays(path: string, names: readonly string[]): Promise<Map<string, NpyArray>> {
  const arrays = await readNpz(path, { choose: (name) => names.includes(name) });
  return new Map([...arrays].map(([name, array]) => [name, npyNumbers(array, `${path}/${name}`)]));
}

async function readLayer(path: string): Promise<DecodedLayer> {
  const formats = await readNpz(path, { choose: (name) => name === "format" });
  const format = formats.get("format")?.data[0] ?? "absent";
  if (format !== "csr") {
    throw new SyntaxError(
      `"${path}" is no CSR matrix of SciPy (format ${quote(String(format))}); use tocsr()`,
    );
  }
  const arrays = await readArrays(path, LAYER_ARRAYS);
  const take = (name: string): NpyNumbers => {
    const array = arrays.get(name);
    if (array === undefined) throw new SyntaxError(`"${path}" has no array "${name}"`);
    return array.data;
  };
  const shape = take("shape");
  if (shape.length !== 2) throw new SyntaxError(`the matrix of "${path}" is no matrix`);
  const [inputs, neurons] = Array.from(shape as Int32Array, Number);
  const bias = arrays.get("bias")?.data;
  const parameters = arrays.get("activation_parameters")?.data;
  return {
    name: path,
    inputs,
    neurons,
    indptr: take("indptr"),
    indices: take("indices"),
    values: take("data"),
    ...(bias && { bias }),
    ...(parameters && { parameters }),
  };
}

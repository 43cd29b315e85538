/**
 * The history of connections in a checkpoint: its tensors, and what it says in words.
 *
 * @module
 */
import { firstUnfit } from "../finite.ts";
import { isRecord } from "../hyperparameter.ts";
import type { Connections } from "../sparse/csr.ts";
import { EverConnected } from "../sparse/ever_connected.ts";
import { ConnectionHistory } from "../sparse/history.ts";
import type { KeptHistory } from "../sparse/layer_history.ts";
import { parseField } from "./description.ts";
import type { Reader } from "./model_tensors.ts";
import { readTensor, type Tensor } from "./safetensors.ts";

/** The most whole epochs that a connection can have lived in a file. */
const MOST_EPOCHS = 2 ** 20;

function nameOf(layer: number, part: string): string {
  return `history.layers.${layer}.${part}`;
}

/** Adds what a history has in arrays. */
export function addHistory(tensors: Map<string, Tensor>, { kept }: ConnectionHistory): void {
  for (const [layer, { births, ever, rows, columns }] of kept.entries()) {
    for (const [part, tensor] of Object.entries({ births, ever, rows, columns })) {
      if (tensor !== undefined) tensors.set(nameOf(layer, part), tensor);
    }
  }
}

/** What it has beside. */
export function describeHistory({ since, seen, kept }: ConnectionHistory): object {
  return {
    since,
    seen,
    layers: kept.map(({ inputs, neurons, lives, lived }) => ({ inputs, neurons, lives, lived })),
  };
}

/**
 * The history of the connections of these layers, checked; undefined where the file has none.
 *
 * @throws {SyntaxError} When it is not that of these layers.
 * @throws {RangeError} When a number in it is out of range.
 */
export async function readHistory(
  reader: Reader,
  layers: readonly Connections[],
  description: Readonly<Record<string, string>>,
): Promise<ConnectionHistory | undefined> {
  if (description.history === undefined) return undefined;
  const found = parseField<unknown>(description, "history");
  const { since, seen, layers: given } = isRecord(found) ? found : {};
  if (
    !isCount(since) || !Number.isFinite(seen) || (seen as number) < since || !Array.isArray(given) ||
    given.length !== layers.length - 1
  ) {
    throw new SyntaxError("its history of connections is not one of this network");
  }
  const kept: KeptHistory[] = [];
  for (const [index, one] of given.entries()) {
    const layer = await readLayer(reader, layers[index], index, one);
    if (layer.births.some((birth) => birth > Math.fround(seen as number))) {
      throw new RangeError(`tensor "${nameOf(index, "births")}" has an epoch that was not seen`);
    }
    kept.push(layer);
  }
  return ConnectionHistory.from({ since, seen: seen as number }, kept, layers);
}

async function readLayer(
  reader: Reader,
  { inputs: rowCount, neurons: columnCount, nnz }: Connections,
  layer: number,
  found: unknown,
): Promise<KeptHistory> {
  const { inputs, neurons, lives, lived } = isRecord(found) ? found : {};
  const fits = isCount(inputs) && inputs >= rowCount && isCount(neurons) && neurons >= columnCount &&
    Array.isArray(lives) && lives.length <= MOST_EPOCHS && lives.every(isCount) &&
    Number.isFinite(lived) && (lived as number) >= 0;
  if (!fits) throw new RangeError(`the history of layer ${layer + 1} is not one of its connections`);
  const births = await tensorOf(reader, layer, "births", nnz, Float32Array);
  if (firstUnfit(births, 0) >= 0) throw new RangeError(`tensor "${nameOf(layer, "births")}" has no epochs`);
  const ever = await tensorOf(reader, layer, "ever", EverConnected.wordsOf(inputs, neurons), Uint32Array);
  const rows = await numbersOf(reader, layer, "rows", rowCount, inputs);
  const columns = await numbersOf(reader, layer, "columns", columnCount, neurons);
  return {
    ...{ inputs, neurons, lives, lived: lived as number, births, ever },
    ...(rows && { rows }),
    ...(columns && { columns }),
  };
}

/** What neurons were called at first; needed where the layer has fewer than then. */
async function numbersOf(
  reader: Reader,
  layer: number,
  part: "rows" | "columns",
  length: number,
  below: number,
): Promise<Uint32Array | undefined> {
  if (length === below && !reader.content.tensors.has(nameOf(layer, part))) return undefined;
  const numbers = await tensorOf(reader, layer, part, length, Uint32Array);
  const ascending = numbers.every((number, at) => at === 0 || number > numbers[at - 1]);
  if (ascending && numbers[length - 1] < below) return numbers;
  throw new RangeError(`tensor "${nameOf(layer, part)}" has no ascending numbers below ${below}`);
}

async function tensorOf<T extends Tensor>(
  { file, content, known, onChunk }: Reader,
  layer: number,
  part: string,
  length: number,
  Kind: new (length: number) => T,
): Promise<T> {
  const name = nameOf(layer, part);
  const place = content.tensors.get(name);
  if (place === undefined) throw new SyntaxError(`it has no tensor "${name}"`);
  if (place.length !== length) {
    throw new SyntaxError(`tensor "${name}" has ${place.length} elements, expected ${length}`);
  }
  const tensor = new Kind(length);
  await readTensor(file, place, tensor, onChunk);
  known.add(name);
  return tensor;
}

function isCount(found: unknown): found is number {
  return Number.isSafeInteger(found) && (found as number) >= 0;
}

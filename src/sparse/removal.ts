/**
 * Removal of chosen connections.
 *
 * @module
 */
import { type NamesOf, onlyKnown, readWhole } from "../hyperparameter.ts";
import { outdating, type OutgoingArrays, readOutgoing, validateStructure } from "../native/csr.ts";
import { type Numbers, readIndices } from "../numbers.ts";
import { hasNames, readByName, shown } from "../value.ts";

/** Whether a connection goes: from input neuron `row` to target neuron `column`, with its weight. */
export type ConnectionFilter = (row: number, column: number, value: number) => boolean;

/** Places of connections, in any order: a row (input neuron) and a column (target neuron) each. */
export interface ConnectionPlaces {
  /** Input neuron of each place. */
  readonly rows: Numbers;
  /** Target neuron of each place. */
  readonly columns: Numbers;
}

const PLACES: NamesOf<ConnectionPlaces> = { rows: true, columns: true };
const TASK = "remove connections";

/**
 * Removes connections in place: those at the places, or those for which a function says so. Rows stay sorted, what is left
 * keeps weight and planes. O(nnz), and O(log) of a row for each place.
 *
 * As `insertConnections` it is made for rules, whose caller rebuilds the incoming view. Elsewhere `rebuildIncoming` must
 * follow: until then the network is refused by whatever would run it.
 *
 * @param layer Its `indptr` and other arrays are changed, its `nnz` is not. Unchanged where an error is thrown.
 * @returns The new nnz.
 * @throws {TypeError} When there is no connection at a place, one is named twice, or the function returns anything but true
 * or false.
 * @throws {RangeError} When a place lies outside the layer.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { rebuildIncoming, removeConnections, SparseMlp } from "@truly-sparse/truly-sparse";
 *
 * const [layer] = SparseMlp.create({ sizes: [3, 2], density: 1, seed: 1 }).layers;
 * layer.nnz = removeConnections(layer, { rows: [2, 0], columns: [1, 0] });
 * layer.nnz = removeConnections(layer, (row, column) => row === 1 && column === 1);
 * rebuildIncoming(layer);
 * assertEquals(layer.nnz, 3);
 * ```
 */
export function removeConnections(
  layer: OutgoingArrays,
  chosen: ConnectionPlaces | ConnectionFilter,
): number {
  const outdate = outdating(layer, TASK);
  const read = readByName(layer, ["neurons"], TASK, "layer.");
  const neurons = readWhole(read.neurons, { task: TASK, name: "layer.neurons" }, {
    least: 0,
    below: 2 ** 32,
  });
  const arrays = { ...readOutgoing(layer, TASK), neurons };
  const { inputs, indptr, indices, values, planes } = arrays;
  const before = indptr[inputs];
  validateStructure(arrays, before);
  const goes = typeof chosen === "function" ? filtered(arrays, chosen) : named(arrays, chosen);
  let [from, to] = [0, 0];
  for (let row = 0; row < inputs; row++) {
    for (const end = indptr[row + 1]; from < end; from++) {
      if (goes[from] === 1) continue;
      indices[to] = indices[from];
      values[to] = values[from];
      for (const plane of planes) plane[to] = plane[from];
      to++;
    }
    indptr[row + 1] = to;
  }
  if (to !== before) outdate();
  return to;
}

function filtered({ inputs, indptr, indices, values }: OutgoingArrays, chosen: ConnectionFilter): Uint8Array {
  const goes = new Uint8Array(indptr[inputs]);
  for (let row = 0; row < inputs; row++) {
    for (let at = indptr[row]; at < indptr[row + 1]; at++) {
      const answer: unknown = chosen(row, indices[at], values[at]);
      if (typeof answer !== "boolean") {
        throw new TypeError(`Cannot ${TASK}: the function returned ${shown(answer)}, expected true or false`);
      }
      goes[at] = answer ? 1 : 0;
    }
  }
  return goes;
}

function named(layer: OutgoingArrays, chosen: ConnectionPlaces): Uint8Array {
  const { inputs, neurons, indptr } = layer;
  if (!hasNames(chosen)) {
    throw new TypeError(
      `Cannot ${TASK}: the places are ${shown(chosen)}, expected rows and columns or a function`,
    );
  }
  const given = onlyKnown(chosen, PLACES, TASK);
  const rows = readIndices(given.rows, { task: TASK, name: "rows" }, inputs);
  const columns = readIndices(given.columns, { task: TASK, name: "columns" }, neurons, rows.length);
  const goes = new Uint8Array(indptr[inputs]);
  for (let place = 0; place < rows.length; place++) {
    const at = placeOf(layer, rows[place], columns[place]);
    if (at >= 0 && goes[at] === 0) {
      goes[at] = 1;
      continue;
    }
    const found = at < 0 ? "there is no connection" : "a connection is named twice";
    throw new TypeError(
      `Cannot ${TASK}: ${found} from input ${rows[place]} to neuron ${
        columns[place]
      } (place ${place} of the list)`,
    );
  }
  return goes;
}

/** Where the connection from `row` to `column` stands; −1 where there is none. O(log) of the row. */
export function placeOf(
  { indptr, indices }: Pick<OutgoingArrays, "indptr" | "indices">,
  row: number,
  column: number,
): number {
  let [low, high] = [indptr[row], indptr[row + 1]];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (indices[middle] < column) low = middle + 1;
    else high = middle;
  }
  return low < indptr[row + 1] && indices[low] === column ? low : -1;
}

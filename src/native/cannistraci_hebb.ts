/**
 * Absent places that close many paths of length three.
 *
 * @module
 */
import { readWhole } from "../hyperparameter.ts";
import { readByName } from "../value.ts";
import type { IncomingArrays, OutgoingArrays } from "./csr.ts";
import { drawnPlaces, growthArguments, type GrowthPlace, type Places } from "./grow.ts";
import { kernels } from "./library.ts";
import { buffer, expectKind } from "./status.ts";

/** What {@linkcode likelyPlaces} reads of a layer; its incoming view is that of its rows. */
export type TwoSided =
  & Pick<OutgoingArrays, "indptr" | "indices">
  & Pick<IncomingArrays, "incomingPtr" | "source">;

/**
 * Draws absent places without replacement in proportion to their score by CH2-L3n, in matrix order; fewer than `count`
 * where fewer have a score.
 *
 * Cost: about (inputs + neurons) · degree³ additions; 20 to 136 bytes a neuron and thread, and 64 bytes a place. The same for
 * any number of threads, instruction set and platform.
 *
 * @param layer Not changed.
 * @throws {TypeError} When rows and incoming view are not those of one layer.
 */
export function likelyPlaces(layer: TwoSided, count: number, place: GrowthPlace): Places {
  const task = "draw likely places";
  const names = ["indptr", "indices", "incomingPtr", "source"] as const;
  const read = readByName(layer, names, task, "layer.");
  const [indptr, indices, incomingPtr, source] = names.map((name) => {
    const array = read[name];
    expectKind(task, name, array, Uint32Array);
    return array;
  });
  const nnz = indptr[indptr.length - 1] ?? 0;
  if (indices.length < nnz || source.length < nnz) {
    throw new TypeError(
      `Cannot ${task}: indices have ${indices.length} elements and source ${source.length}, expected ${nnz} of each`,
    );
  }
  const absent = (indptr.length - 1) * (incomingPtr.length - 1) - nnz;
  const most = Math.min(readWhole(count, { task, name: "count" }), Math.max(0, absent));
  return drawnPlaces(most, task, (rows, columns, drawn) =>
    kernels().ts_likely_places(
      buffer(indptr),
      indptr.length,
      buffer(indices),
      buffer(incomingPtr),
      incomingPtr.length,
      buffer(source),
      nnz,
      rows,
      columns,
      most,
      ...growthArguments(place, task),
      drawn,
    ));
}

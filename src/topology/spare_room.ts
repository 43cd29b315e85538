/**
 * Room for connections: given back where they went and did not come again, made where others are to be taken in.
 *
 * @module
 */
import { copyMeaning, copyModel, plansOf } from "../model/copy.ts";
import { SparseMlp } from "../model/model.ts";

/**
 * Moves a model into arrays that have room for its connections and no more, where less than a share of the present room is
 * used; the bits stay. O(nnz), and the memory of both for a moment.
 *
 * @param model Changed in place, as by compaction; its incoming views are current.
 * @param share In [0, 1]; 1 gives back whatever is not used.
 */
export function fitToConnections(model: SparseMlp, share: number): void {
  const { layers } = model;
  const [used, room] = [
    layers.reduce((sum, { nnz }) => sum + nnz, 0),
    layers.reduce((sum, { capacity }) => sum + capacity, 0),
  ];
  if (used >= share * room) return;
  moveInto(model, layers.map(({ nnz }) => nnz));
}

/** Moves a model into larger arrays where others of its shape have more connections than it has room for. O(nnz). */
export function makeRoomFor(model: SparseMlp, others: readonly SparseMlp[]): void {
  const wanted = model.layers.map(({ capacity }, index) =>
    Math.max(capacity, ...others.map(({ layers }) => layers[index].nnz))
  );
  if (wanted.some((count, index) => count > model.layers[index].capacity)) moveInto(model, wanted);
}

function moveInto(model: SparseMlp, capacities: readonly number[]): void {
  const { settings, optimizerState } = model;
  const plans = plansOf(model).map((plan, index) => ({ ...plan, capacity: capacities[index] }));
  const fitting = SparseMlp.allocate(settings, plans);
  if (optimizerState !== undefined) fitting.holdState(optimizerState);
  copyModel(model, fitting);
  copyMeaning(model, fitting);
  model.adopt(fitting);
}

/**
 * Room that connections left behind which went and did not come again.
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
  const { layers, settings, optimizerState } = model;
  const [used, room] = [
    layers.reduce((sum, { nnz }) => sum + nnz, 0),
    layers.reduce((sum, { capacity }) => sum + capacity, 0),
  ];
  if (used >= share * room) return;
  const plans = plansOf(model).map((plan, index) => ({ ...plan, capacity: layers[index].nnz }));
  const fitting = SparseMlp.allocate(settings, plans);
  if (optimizerState !== undefined) fitting.holdState(optimizerState);
  copyModel(model, fitting);
  copyMeaning(model, fitting);
  model.adopt(fitting);
}

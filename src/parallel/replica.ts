/**
 * A worker's copy of the server's model, and models as they arrive in a worker.
 *
 * @module
 */
import { emptyCopy } from "../model/copy.ts";
import type { SparseLayer } from "../model/layer.ts";
import { SparseMlp } from "../model/model.ts";
import { partsOfShared, type SharedModel } from "../model/share.ts";

/** The model that another thread of the run shared; believed, since others may be changing it at this very moment. */
export function attachModel(shared: SharedModel): SparseMlp {
  return SparseMlp.assemble(partsOfShared(shared));
}

/** An empty model with the capacities of another, and room for its optimiser's state. */
export function emptyReplica(model: SparseMlp): SparseMlp {
  const replica = emptyCopy(model);
  if (model.optimizerState !== undefined) replica.holdState(model.optimizerState);
  return replica;
}

/**
 * The connections and parameters of one layer, without its incoming view and what an optimiser keeps. nnz is
 * `indptr[inputs]`.
 */
export type LayerSnapshot = Pick<
  SparseLayer,
  "indptr" | "indices" | "values" | "bias" | "activationParameters"
>;

/** What one side knows of a model of the other: a `SparseMlp`, or what was kept of one. */
export interface ModelSnapshot {
  readonly layers: readonly LayerSnapshot[];
}

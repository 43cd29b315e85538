/**
 * Dropping and growing connections.
 *
 * @module
 */
import { kernels } from "./library.ts";
import { capacityOf, type OutgoingArrays } from "./csr.ts";
import { kindCode, type ValueLaw } from "./init.ts";
import { buffer, check } from "./status.ts";

/** Removes the zeta fraction of each sign that is closest to zero; returns the new nnz. O(nnz). */
export function dropSmallest(layer: OutgoingArrays, zeta: number, threads = 1): number {
  const task = "drop connections";
  const capacity = capacityOf(layer, task);
  const status = kernels().ts_drop_smallest(
    buffer(layer.indptr),
    layer.indptr.length,
    buffer(layer.indices),
    buffer(layer.values),
    buffer(layer.velocity),
    capacity,
    zeta,
    threads,
  );
  check(status, task);
  return layer.indptr[layer.inputs];
}

/** Removes the weights closest to zero, of each sign in proportion, until `target` are left; returns the new nnz. */
export function dropTo(layer: OutgoingArrays, target: number, threads = 1): number {
  const task = "drop connections";
  const capacity = capacityOf(layer, task);
  const status = kernels().ts_drop_to(
    buffer(layer.indptr),
    layer.indptr.length,
    buffer(layer.indices),
    buffer(layer.values),
    buffer(layer.velocity),
    capacity,
    target,
    threads,
  );
  check(status, task);
  return layer.indptr[layer.inputs];
}

/** Where the random numbers of a topology change come from. */
export interface GrowthPlace {
  readonly seed: number;
  readonly epoch: number;
  readonly layer: number;
  readonly threads?: number;
}

/** Adds `count` connections at random absent places, fewer where fewer are absent; returns the new nnz. */
export function growRandom(layer: OutgoingArrays, count: number, law: ValueLaw, place: GrowthPlace): number {
  const task = "grow connections";
  const capacity = capacityOf(layer, task);
  const status = kernels().ts_grow_random(
    buffer(layer.indptr),
    layer.indptr.length,
    buffer(layer.indices),
    buffer(layer.values),
    buffer(layer.velocity),
    capacity,
    layer.neurons,
    count,
    kindCode(law),
    law.scale,
    place.seed,
    place.epoch,
    place.layer,
    place.threads ?? 1,
  );
  check(status, task);
  return layer.indptr[layer.inputs];
}

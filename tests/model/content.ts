/** All a model consists of, for tests that compare bits. @module */
import { assertEquals } from "@std/assert";
import type { SparseLayer } from "../../src/model/layer.ts";
import type { SparseMlp } from "../../src/model/model.ts";

/** The arrays of a layer by name, planes included, those of connections up to nnz; views. */
export function arraysOf(layer: SparseLayer): Record<string, Uint32Array | Float32Array> {
  const { nnz, planes, biasPlanes, activationPlanes } = layer;
  const arrays: Record<string, Uint32Array | Float32Array> = {};
  for (const name of ["indptr", "incomingPtr", "bias", "activationParameters"] as const) {
    arrays[name] = layer[name];
  }
  for (const name of ["indices", "values", "source", "position"] as const) {
    arrays[name] = layer[name].subarray(0, nnz);
  }
  planes.forEach((plane, place) => arrays[`planes[${place}]`] = plane.subarray(0, nnz));
  biasPlanes.forEach((plane, place) => arrays[`biasPlanes[${place}]`] = plane);
  activationPlanes.forEach((plane, place) => arrays[`activationPlanes[${place}]`] = plane);
  return arrays;
}

/** A copy of all that training makes use of: structure, parameters, what the optimiser keeps. */
export function contentOf({ layers, optimizerState, updates }: SparseMlp): unknown {
  return {
    optimizerState,
    updates,
    layers: layers.map((layer) => ({
      nnz: layer.nnz,
      ...Object.fromEntries(Object.entries(arraysOf(layer)).map(([name, array]) => [name, array.slice()])),
    })),
  };
}

/** Asserts that two models are equal bit for bit. */
export function assertSameModel(one: SparseMlp, other: SparseMlp, what?: string): void {
  assertEquals(contentOf(one), contentOf(other), what);
}

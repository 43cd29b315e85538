/** Layers for the tests of structure and topology, and slow, obvious oracles for them. @module */
import { assertEquals } from "@std/assert";
import { type Connections, validateConnections } from "../../src/sparse/csr.ts";
import { countConnections, fillConnections } from "../../src/sparse/init.ts";

/** What {@linkcode layerOf} makes. */
export interface LayerOptions {
  readonly inputs: number;
  readonly neurons: number;
  readonly probability: number;
  readonly seed?: number;
  readonly layer?: number;
  readonly threads?: number;
  /** Scale of the normal weights. */
  readonly scale?: number;
  /** Planes of state. @default {1} */
  readonly planes?: number;
}

/** Planes of `length` floats, one behind the other in a buffer of their own. */
export function planesOf(count: number, length: number): Float32Array[] {
  const floats = new Float32Array(new SharedArrayBuffer(4 * count * length));
  return Array.from({ length: count }, (_, plane) => floats.subarray(plane * length, (plane + 1) * length));
}

/** Allocates and fills one random layer. */
export function layerOf(options: LayerOptions): Connections {
  const { inputs, neurons, seed = 1, layer = 1, scale = 0.5, planes = 1 } = options;
  const integers = (length: number) => new Uint32Array(new SharedArrayBuffer(4 * length));
  const floats = (length: number) => new Float32Array(new SharedArrayBuffer(4 * length));
  const indptr = integers(inputs + 1);
  const capacity = countConnections(indptr, { ...options, seed, layer });
  const connections: Connections = {
    inputs,
    neurons,
    nnz: capacity,
    capacity,
    indptr,
    indices: integers(capacity),
    values: floats(capacity),
    planes: planesOf(planes, capacity),
    incomingPtr: integers(neurons + 1),
    source: integers(capacity),
    position: integers(capacity),
  };
  fillConnections(connections, { ...options, seed, layer, weights: { kind: "normal", scale } });
  return connections;
}

/** Gives every connection another number in each plane: 1, 2, … in the first, ten thousand more in each further one. */
export function numberPlanes({ nnz, planes }: Connections): void {
  for (const [number, plane] of planes.entries()) {
    for (let at = 0; at < nnz; at++) plane[at] = 10_000 * number + at + 1;
  }
}

/** An independent copy. */
export function copyOf(layer: Connections): Connections {
  const planes = planesOf(layer.planes.length, layer.capacity);
  planes.forEach((plane, place) => plane.set(layer.planes[place]));
  return {
    ...layer,
    planes,
    indptr: Uint32Array.from(layer.indptr),
    indices: Uint32Array.from(layer.indices),
    values: Float32Array.from(layer.values),
    incomingPtr: Uint32Array.from(layer.incomingPtr),
    source: Uint32Array.from(layer.source),
    position: Uint32Array.from(layer.position),
  };
}

/** The incoming view of the first nnz connections, found by sorting: `[incomingPtr, source, position]`. */
export function transposed(layer: Connections): [Uint32Array, Uint32Array, Uint32Array] {
  const entries: [neuron: number, row: number, at: number][] = [];
  for (let row = 0; row < layer.inputs; row++) {
    for (let at = layer.indptr[row]; at < layer.indptr[row + 1]; at++) {
      entries.push([layer.indices[at], row, at]);
    }
  }
  entries.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const pointers = new Uint32Array(layer.neurons + 1);
  for (const [neuron] of entries) pointers[neuron + 1]++;
  for (let neuron = 0; neuron < layer.neurons; neuron++) pointers[neuron + 1] += pointers[neuron];
  return [
    pointers,
    Uint32Array.from(entries, (entry) => entry[1]),
    Uint32Array.from(entries, (entry) => entry[2]),
  ];
}

/** Weight and what is kept of it by place (`row · neurons + column`). */
export function placesOf(layer: Connections): Map<number, readonly [value: number, ...kept: number[]]> {
  const places = new Map<number, readonly [number, ...number[]]>();
  for (let row = 0; row < layer.inputs; row++) {
    for (let at = layer.indptr[row]; at < layer.indptr[row + 1]; at++) {
      const kept = layer.planes.map((plane) => plane[at]);
      places.set(row * layer.neurons + layer.indices[at], [layer.values[at], ...kept]);
    }
  }
  return places;
}

/** Asserts that rows are in order and that the incoming view is theirs. */
export function assertInvariants(layer: Connections): void {
  validateConnections(layer);
  const [pointers, source, position] = transposed(layer);
  assertEquals(layer.incomingPtr, pointers);
  assertEquals(layer.source.subarray(0, layer.nnz), source);
  assertEquals(layer.position.subarray(0, layer.nnz), position);
}

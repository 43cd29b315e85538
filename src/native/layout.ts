/**
 * The layout table of a network: what kernels need to know to find a layer in memory.
 *
 * @module
 */
import { buffer, expectLength } from "./status.ts";

/** Words of one row of the layout table, in the order of `kernels/src/network/layer.rs`. */
export const LAYOUT_FIELDS = ["inputs", "neurons", "nnz", "capacity", "activation"] as const;

/** Words in one row of the layout table. */
export const LAYOUT_COLUMNS: number = LAYOUT_FIELDS.length;

/** What stands in one row; `activation` is the code of its kind. */
export type LayoutRow = { readonly [Field in typeof LAYOUT_FIELDS[number]]: number };

/** A network as kernels see it: the layout table, the slopes, and the arenas that hold all parameters and their state. */
export interface NetworkMemory {
  /** One row a layer. */
  readonly layout: Uint32Array;
  /** Slope of each layer's activation. */
  readonly slopes: Float32Array;
  /** All sections of all layers. */
  readonly arena: Uint32Array;
  /** What the optimiser keeps; empty where nothing is kept. */
  readonly state: Uint32Array;
}

/** Writes one row of a layout table. */
export function writeLayoutRow(layout: Uint32Array, layer: number, row: LayoutRow): void {
  layout.set(LAYOUT_FIELDS.map((field) => row[field]), layer * LAYOUT_COLUMNS);
}

/** Throws a TypeError unless the layout table has a row a slope: kernels take one number for both. */
export function expectLayout(
  { layout, slopes }: Pick<NetworkMemory, "layout" | "slopes">,
  task: string,
): void {
  expectLength(task, "the layout table", layout, slopes.length * LAYOUT_COLUMNS);
}

/**
 * The layout table for a kernel: table, slopes, layers.
 *
 * @throws {TypeError} As {@linkcode expectLayout}.
 */
export function layoutArguments(
  network: Pick<NetworkMemory, "layout" | "slopes">,
  task: string,
): readonly [BufferSource, BufferSource, number] {
  expectLayout(network, task);
  const { layout, slopes } = network;
  return [buffer(layout), buffer(slopes), slopes.length];
}

/** A network for a kernel: {@linkcode layoutArguments}, then the arena and its length. */
export function networkArguments(
  network: Pick<NetworkMemory, "layout" | "slopes" | "arena">,
  task: string,
): readonly [BufferSource, BufferSource, number, BufferSource, number] {
  return [...layoutArguments(network, task), buffer(network.arena), network.arena.length];
}

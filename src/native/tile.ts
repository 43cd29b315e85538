/**
 * How wide a tile of samples suits the processor.
 *
 * @module
 */
import { kernels } from "./library.ts";

/** Samples of the widest tile whose vectors the registers hold: 128 with AVX-512, else 64. */
export function widestTile(): number {
  return kernels().ts_widest_tile();
}

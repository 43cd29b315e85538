/**
 * Random orders.
 *
 * @module
 */
import { kernels } from "./library.ts";
import { buffer, check } from "./status.ts";

/** Writes a random order of `0 … order.length − 1`; a function of the seed and the epoch alone. */
export function shuffle(order: Uint32Array, seed: number, epoch: number): void {
  check(kernels().ts_shuffle(buffer(order), order.length, seed, epoch), "shuffle the samples");
}

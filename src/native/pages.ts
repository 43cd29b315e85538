/**
 * Pages of the operating system under a buffer.
 *
 * @module
 */
import { kernels } from "./library.ts";
import { buffer } from "./status.ts";

/** Asks for huge pages under a buffer that has not been touched; whether the system took note. */
export function adviseHuge(bytes: Uint8Array): boolean {
  return kernels().ts_advise_huge(buffer(bytes), bytes.length) !== 0;
}

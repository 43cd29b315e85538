/**
 * The most memory the program had.
 *
 * @module
 */

/** Remembers the largest of the sizes seen. */
export class PeakMemory {
  #bytes = 0;

  /** The most of all looks; bytes of the resident set. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Looks how much memory the program has now. */
  look(): void {
    this.#bytes = Math.max(this.#bytes, Deno.memoryUsage().rss);
  }
}

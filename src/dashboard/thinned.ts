/**
 * A list that stays short however much is added: every second item goes when it is full.
 *
 * @module
 */

/** Items evenly spread over all that were added, and the last one. */
export class Thinned<T> {
  readonly #most: number;
  readonly #kept: T[] = [];
  #stride = 1;
  #added = 0;
  #last: T | undefined;

  /** @param most Items that are kept, an even number. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Adds an item; amortised O(1). */
  add(item: T): void {
    this.#last = item;
    if (this.#added++ % this.#stride !== 0) return;
    this.#kept.push(item);
    if (this.#kept.length < this.#most) return;
    const halved = this.#kept.filter((_, place) => place % 2 === 0);
    this.#kept.splice(0, Infinity, ...halved);
    this.#stride *= 2;
  }

  /** The items, in their order; a new array. */
  items(): T[] {
    const last = this.#kept.at(-1);
    return this.#last === undefined || last === this.#last ? [...this.#kept] : [...this.#kept, this.#last];
  }
}

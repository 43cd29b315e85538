/**
 * What is shared and does one thing at a time: processors and links.
 *
 * @module
 */

/** Stations of one kind, each a queue that serves first who comes first. */
export class Stations {
  readonly #free: Float64Array;
  #busy = 0;

  constructor(count: number) {
    this.#free = new Float64Array(count);
  }

  /** Serves what comes `now`, behind what came before; returns when it has been served. */
  serve(station: number, now: number, seconds: number): number {
    this.#busy += seconds;
    return this.#free[station] = Math.max(this.#free[station], now) + seconds;
  }

  /** Lets a station take nothing before then. */
  closeUntil(station: number, time: number): void {
    this.#free[station] = Math.max(this.#free[station], time);
  }

  /** Seconds of service so far, mean of the stations. */
  get busySeconds(): number {
    return this.#busy / this.#free.length;
  }

  /** When the last station will have served all that has come. */
  get lastFreeAt(): number {
    return this.#free.reduce((last, time) => Math.max(last, time), 0);
  }
}

/** Threads that come to an end in the middle of what they do with others, as when somebody ended them. @module */

declare const self: { close(): void };

/**
 * Ends this thread before one of its operations on shared words: in its turn at the server or outside, but not in the
 * middle of a change, where there are none.
 *
 * @param operations How many are left to it.
 */
export function dieAfter(operations: number): void {
  let left = operations;
  const mortal = <A extends unknown[], R>(operation: (...given: A) => R) => (...given: A): R => {
    if (left-- === 0) {
      self.close();
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    }
    return operation(...given);
  };
  Atomics.load = mortal(Atomics.load) as typeof Atomics.load;
  Atomics.add = mortal(Atomics.add) as typeof Atomics.add;
  Atomics.compareExchange = mortal(Atomics.compareExchange) as typeof Atomics.compareExchange;
}

/** A number from 1 to `most`, of each thread another. */
export function lifeOf(thread: number, most: number): number {
  return 1 + (Math.imul(thread, 0x9e37_79b1) >>> 8) % most;
}

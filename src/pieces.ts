/**
 * Long work in pieces, between which others may have their turn.
 *
 * @module
 */

/** Work that stops after each piece, to go on when it is asked to; the pieces alone do not tell the result. */
export type Pieces<T> = Generator<unknown, T>;

/** Does all pieces of some work, one right after the other. */
export function atOnce<T>(work: Pieces<T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

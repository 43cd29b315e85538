/**
 * Long work in pieces, between which others may have their turn.
 *
 * @module
 */

/** Work that stops after each piece, to go on when it is asked to; the pieces alone do not tell the result. */
export type Pieces<T> = Generator<unknown, T>;

/** Things that are looked at in one piece: about a millisecond. */
const PIECE_COUNT = 1 << 16;

/**
 * Goes through so many things in order, a range of them in each piece.
 *
 * @param work Does what there is to do with those from `first` up to (not including) `end`. A loop inside it is as fast as
 * any; one that yields itself is not.
 * @param numbers Numbers that each thing has.
 */
export function* inRanges(
  count: number,
  work: (first: number, end: number) => void,
  numbers = 1,
): Pieces<void> {
  const size = Math.max(1, Math.floor(PIECE_COUNT / numbers));
  for (let first = 0; first < count; first += size) {
    work(first, Math.min(first + size, count));
    yield;
  }
}

/** Does all pieces of some work, one right after the other. */
export function atOnce<T>(work: Pieces<T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

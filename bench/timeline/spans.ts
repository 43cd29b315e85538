/**
 * What was done from when to when, and where recorded workers leave it.
 *
 * @module
 */

/** What workers do, and what is done between epochs. */
export const ACTIVITIES = [
  "gradient",
  "push",
  "stalePush",
  "round",
  "pull",
  "topologyPull",
  "step",
  "copyOut",
  "topologyOut",
  "pairAverage",
  "change",
  "average",
  "evaluation",
  "wait",
] as const;
/** One of them. */
export type Activity = typeof ACTIVITIES[number];

/** Something that was done from one moment to another, in milliseconds of {@linkcode clock}. */
export interface Span {
  readonly activity: Activity;
  readonly begin: number;
  readonly end: number;
}

/** Spans that a worker has room for. */
const MOST_SPANS = 40_000;
const NUMBERS = 1 + 3 * MOST_SPANS;

/** Milliseconds on a clock that all threads of the process share. */
export function clock(): number {
  return performance.timeOrigin + performance.now();
}

/** Labels of some samples, with room behind them for the spans of workers, in the same shared memory. */
export function labelsWithSpans(labels: Uint32Array, workers: number): Uint32Array {
  const bytes = 8 * Math.ceil(labels.length / 2);
  const room = new Uint32Array(
    new SharedArrayBuffer(bytes + 8 * NUMBERS * workers),
    0,
    labels.length,
  );
  room.set(labels);
  return room;
}

/** Writes the spans of one worker behind the labels. */
export class SpanWriter {
  readonly #numbers: Float64Array;

  constructor(labels: Uint32Array, worker: number) {
    this.#numbers = numbersOf(labels, worker);
  }

  /**
   * Adds a span.
   *
   * @throws {RangeError} When there is no room for it.
   */
  add(activity: Activity, begin: number, end: number): void {
    const numbers = this.#numbers;
    const count = numbers[0];
    if (count === MOST_SPANS) {
      throw new RangeError(`Cannot record more than ${MOST_SPANS} spans of a worker: record fewer epochs`);
    }
    numbers.set([ACTIVITIES.indexOf(activity), begin, end], 1 + 3 * count);
    numbers[0] = count + 1;
  }
}

/** The spans of a worker, in the order in which they ended. */
export function spansOf(labels: Uint32Array, worker: number): Span[] {
  const numbers = numbersOf(labels, worker);
  return Array.from({ length: numbers[0] }, (_, place) => {
    const [activity, begin, end] = numbers.subarray(1 + 3 * place);
    return { activity: ACTIVITIES[activity], begin, end };
  });
}

function numbersOf(labels: Uint32Array, worker: number): Float64Array {
  const place = 8 * Math.ceil(labels.length / 2) + 8 * NUMBERS * worker;
  return new Float64Array(labels.buffer, place, NUMBERS);
}

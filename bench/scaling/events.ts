/**
 * What happens next in a simulation: a heap of events.
 *
 * @module
 */

/** Events in the order of their times; each is one number, whose meaning the simulation knows. */
export class Events {
  readonly #times: number[] = [];
  readonly #values: number[] = [];

  /** Adds an event. Cost: O(log of events). */
  add(time: number, value: number): void {
    const [times, values] = [this.#times, this.#values];
    let place = times.length;
    times.push(time);
    values.push(value);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (times[parent] <= time) break;
      times[place] = times[parent];
      values[place] = values[parent];
      place = parent;
    }
    times[place] = time;
    values[place] = value;
  }

  /** Takes the earliest event; there must be one. Cost: O(log of events). */
  next(): [time: number, value: number] {
    const [times, values] = [this.#times, this.#values];
    const first: [number, number] = [times[0], values[0]];
    const [time, value] = [times.pop()!, values.pop()!];
    const length = times.length;
    if (length === 0) return first;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= length) break;
      if (child + 1 < length && times[child + 1] < times[child]) child++;
      if (times[child] >= time) break;
      times[place] = times[child];
      values[place] = values[child];
      place = child;
    }
    times[place] = time;
    values[place] = value;
    return first;
  }
}

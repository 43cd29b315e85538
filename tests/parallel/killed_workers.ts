/** Workers that are ended at random. @module */
import { numbers } from "../oracle/batch.ts";

/** What ends workers. */
export interface Killer {
  /** Ends one of the workers that live, as a function of the seed; returns whether there was one. */
  kill(): boolean;
  /** How many it has ended. */
  readonly kills: number;
}

/** Runs something while a killer may end any Worker that this thread starts, without anybody being told. */
export async function withKiller<T>(seed: number, work: (killer: Killer) => Promise<T>): Promise<T> {
  const Original = Worker;
  const alive: Worker[] = [];
  const next = numbers(seed);
  let kills = 0;
  const forget = (worker: Worker) => {
    const place = alive.indexOf(worker);
    if (place >= 0) alive.splice(place, 1);
  };
  globalThis.Worker = class extends Original {
    constructor(...given: ConstructorParameters<typeof Original>) {
      super(...given);
      alive.push(this);
    }

    override terminate(): void {
      forget(this);
      super.terminate();
    }
  };
  try {
    return await work({
      kill() {
        const worker = alive[Math.floor((next() + 1) / 2 * alive.length) % alive.length];
        worker?.terminate();
        if (worker !== undefined) kills++;
        return worker !== undefined;
      },
      get kills() {
        return kills;
      },
    });
  } finally {
    globalThis.Worker = Original;
  }
}

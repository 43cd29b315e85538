/** Damaged inputs for the tests of readers. @module */
import { assert } from "@std/assert";

const ROUNDS = 20_000;

/** Whole numbers below a bound, the same in each run of a seed. */
export function drawsBelow(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * bound);
  };
}

/** What a reader may do with damaged inputs. */
export interface Expectations {
  /** Inputs that are read, and that are refused, at least. */
  readonly least: number;
  /** Errors that refuse. */
  readonly refusals: readonly (new (message: string) => Error)[];
}

/** Asserts that each of many damaged inputs is read, or refused with a message of one line, and that both occur. */
export async function assertReadOrRefused<Input>(
  damaged: () => Input,
  read: (input: Input, round: number) => unknown,
  { least, refusals }: Expectations,
): Promise<void> {
  let refused = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const input = damaged();
    try {
      await read(input, round);
    } catch (cause) {
      assert(refusals.some((kind) => cause instanceof kind), `${cause} for ${JSON.stringify(input)}`);
      assert(!/[\n\r]/.test((cause as Error).message), String(cause));
      refused++;
    }
  }
  assert(Math.min(ROUNDS - refused, refused) > least, `${ROUNDS - refused} read, ${refused} refused`);
}

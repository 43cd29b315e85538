import { assert, assertEquals } from "@std/assert";
import { SharedState, sharedStateMemory } from "../src/parallel/threads/shared_state.ts";

Deno.test("SharedState.lockedWithin() does not count time in which the whole process was stopped", () => {
  const memory = sharedStateMemory(1);
  const worker = new SharedState(memory, { worker: 0, thread: 1 });
  const state = new SharedState(memory);
  const { now } = performance;
  let looks = 0;
  worker.locked(() => {
    // Each look comes an hour after the last.
    performance.now = () => 3_600_000 * looks++;
    try {
      assertEquals(state.lockedWithin(500, () => 7), undefined);
    } finally {
      performance.now = now;
    }
  });
  assert(looks > 2, `${looks}`);
  assertEquals(state.lockedWithin(500, () => 7), { value: 7 });
});

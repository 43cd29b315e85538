import { assert, assertEquals, assertThrows } from "@std/assert";
import { SharedState, sharedStateMemory } from "../src/parallel/shared_state.ts";

Deno.test("SharedState.locked() does not count time in which the whole process was stopped", () => {
  const memory = sharedStateMemory(1);
  const state = new SharedState(memory, 500);
  // Somebody holds the lock, and each look comes an hour after the last.
  memory.words[0] = 1;
  const { now } = performance;
  let looks = 0;
  performance.now = () => 3_600_000 * looks++;
  try {
    assertThrows(() => state.locked(() => {}), Error, "it was held for 0.5 s");
  } finally {
    performance.now = now;
  }
  assert(looks > 2, `${looks}`);
  memory.words[0] = 0;
  assertEquals(state.locked(() => 7), 7);
});

import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { readSchedule, SCHEDULE_KINDS, scheduleFactor } from "../src/model/schedule.ts";

Deno.test("scheduleFactor() is 1 for the constant schedule", () => {
  for (const progress of [0, 0.5, 99.9]) assertEquals(scheduleFactor({ kind: "constant" }, progress, 100), 1);
});

Deno.test("scheduleFactor() rises in a line while warming up, above zero from the first step, then stays 1", () => {
  const warmUp = { kind: "warm-up", epochs: 5 } as const;
  assertEquals([1, 2.5, 5, 6, 100].map((progress) => scheduleFactor(warmUp, progress, 100)), [
    0.2,
    0.5,
    1,
    1,
    1,
  ]);
  assert(scheduleFactor(warmUp, 0, 100) > 0);
});

Deno.test("scheduleFactor() multiplies once after each step's epochs, at the boundary itself", () => {
  const step = { kind: "step", every: 10, factor: 0.1 } as const;
  assertEquals([0, 9.999, 10, 19.9].map((progress) => scheduleFactor(step, progress, 100)), [1, 1, 0.1, 0.1]);
  assertAlmostEquals(scheduleFactor(step, 35, 100), 1e-3, 1e-15);
  assertEquals(scheduleFactor({ kind: "step", every: 0.5, factor: 2 }, 1, 2), 4);
});

Deno.test("scheduleFactor() falls along half a cosine to the floor and never below", () => {
  const cosine = (progress: number, floor?: number) =>
    scheduleFactor({ kind: "cosine", ...(floor !== undefined && { floor }) }, progress, 40);
  assertEquals([cosine(0), cosine(20), cosine(40), cosine(50)], [1, 0.5, 0, 0]);
  // Rounded to 12 decimals.
  assertAlmostEquals(cosine(10), (1 + Math.SQRT1_2) / 2, 1e-12);
  assertEquals([cosine(0, 0.2), cosine(40, 0.2), cosine(7, 1)], [1, 0.2, 1]);
  for (let progress = 1; progress <= 40; progress++) assert(cosine(progress) < cosine(progress - 1));
});

Deno.test("scheduleFactor() rises before it falls along a cosine, where that has a warm-up", () => {
  const [cosine, rising] = [{ kind: "cosine", floor: 0.1 }, { kind: "warm-up", epochs: 4 }] as const;
  for (const progress of [0, 1, 3.5, 4, 9, 40, 50]) {
    const expected = scheduleFactor(cosine, progress, 40) * scheduleFactor(rising, progress, 40);
    assertEquals(scheduleFactor({ ...cosine, warmUp: 4 }, progress, 40), expected);
  }
});

Deno.test("readSchedule() refuses settings out of range, unknown ones and unknown schedules", () => {
  const place = { task: "train", name: "schedule" };
  const wrong: [unknown, ErrorConstructor, string][] = [
    [{ kind: "warm-up", epochs: 0 }, RangeError, "schedule.epochs is 0"],
    [{ kind: "warm-up", epochs: NaN }, RangeError, "schedule.epochs is NaN"],
    [{ kind: "step", every: -1, factor: 0.5 }, RangeError, "schedule.every is -1"],
    [{ kind: "step", every: 1, factor: 0 }, RangeError, "schedule.factor is 0"],
    [{ kind: "step", every: 1, factor: Infinity }, RangeError, "schedule.factor is Infinity"],
    [{ kind: "cosine", floor: -0.1 }, RangeError, "schedule.floor is -0.1"],
    [{ kind: "cosine", warmUp: 0 }, RangeError, "schedule.warmUp is 0"],
    [{ kind: "cosine", floor: 1.1 }, RangeError, "schedule.floor is 1.1"],
    [{ kind: "warm-up" }, TypeError, "schedule.epochs is undefined, expected a finite number above 0"],
    [{ kind: "cosine", flor: 0.1 }, TypeError, 'no option "schedule.flor", did you mean "schedule.floor"?'],
    [{ kind: "constant", epochs: 3 }, TypeError, 'no option "schedule.epochs"; there is kind'],
    [{ kind: "linear" }, RangeError, "schedule.kind is linear, expected constant, warm-up, step or cosine"],
    ["cosine", TypeError, "schedule is cosine (a string), expected an object with a kind"],
  ];
  for (const [schedule, type, message] of wrong) {
    assertThrows(() => readSchedule(schedule, place), type, message);
  }
  assertEquals(readSchedule({ kind: "cosine" }, place), { kind: "cosine" });
  assertEquals(SCHEDULE_KINDS, ["constant", "warm-up", "step", "cosine"]);
});

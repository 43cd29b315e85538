import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { epochsTo, type Line, markdown, ranked, secondsTo } from "../bench/time_to_accuracy/table.ts";

function line(system: string, accuracies: number[], seconds: number): Line {
  const secondsAnEpoch = { 1: seconds };
  return { system, version: "1.0.0", schedule: "cosine", rate: 0.1, limit: 3, accuracies, secondsAnEpoch };
}

Deno.test("epochsTo() counts the epochs up to the first that reaches an accuracy", () => {
  assertEquals(epochsTo([0.8, 0.9, 0.85, 0.91], 0.9), 2);
  assertEquals(epochsTo([0.8, 0.89], 0.9), undefined);
});

Deno.test("secondsTo() takes the seconds an epoch that were measured alone", () => {
  assertEquals(secondsTo(line("a", [0.8, 0.9], 1.5), 0.9, 1), 3);
  assertEquals(secondsTo(line("a", [0.8, 0.9], 1.5), 0.9, 2), undefined, "not timed with 2 threads");
});

Deno.test("ranked() puts what is best on the validation part at its end first, and leaves out what diverged", () => {
  const candidate = (rate: number, accuracies: number[], diverged = false) => ({
    rate,
    training: {
      system: "a",
      version: "1",
      connections: 1,
      accuracies,
      epochSeconds: [],
      leastEpochSeconds: 1,
      diverged,
    },
  });
  const candidates = [candidate(0.01, [0.5, 0.7]), candidate(0.03, [0.7, 0.8]), candidate(0.1, [0.9, 0.8])];
  candidates.push(candidate(0.3, [0.95], true));
  assertEquals(ranked(candidates).map(({ rate }) => rate), [0.03, 0.1, 0.01]);
  assertThrows(() => ranked([candidate(0.3, [0.95], true)]), RangeError, "Cannot choose a rate");
});

Deno.test("markdown() says what is not reached, and compares ours with the fastest peer", () => {
  const lines = [
    line("truly-sparse", [0.88, 0.9], 1),
    line("slow", [0.85, 0.87, 0.89], 4),
    line("fast", [0.9], 8),
  ];
  const text = markdown(lines, [0.88, 0.9], [1]);
  assertStringIncludes(text, "| truly-sparse 1.0.0 | cosine 0.1 | 1.00 | 1.00 (1) | 2.00 (2) |");
  assertStringIncludes(text, "| 12.0 (3) | not within 3 epochs (best 89 %) |");
  assertStringIncludes(
    text,
    "90 %, 1 thread(s): ours takes 0.25 of the time of the fastest peer, fast (cosine)",
  );
});

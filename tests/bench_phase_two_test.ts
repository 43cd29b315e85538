import { assert, assertAlmostEquals, assertEquals } from "@std/assert";

const RESULTS = new URL("../bench/results/2026-11-27-parallel-phase-two.json", import.meta.url);

/** Accuracies of a run: what they come to, and each. */
interface Accuracies {
  readonly best: number;
  readonly bestEpoch: number;
  readonly last: number;
  readonly byEpoch: readonly number[];
}

interface Run {
  readonly command: string;
  readonly firstEpoch: number;
  readonly validation?: Accuracies;
  readonly test: Accuracies;
  readonly lastEpoch: Readonly<Record<string, number>>;
}

Deno.test("the results of bench/parallel_phase_two.ts are small, and say what their curves come to", async () => {
  const text = await Deno.readTextFile(RESULTS);
  assert(text.length < 120_000, `${text.length} bytes`);
  const { runs } = JSON.parse(text) as { runs: Run[] };
  assert(runs.length >= 45);
  for (const { command, firstEpoch, validation, test, lastEpoch } of runs) {
    assert(lastEpoch.trainLoss > 0, command);
    for (const { best, bestEpoch, last, byEpoch } of [validation ?? test, test]) {
      // Each is kept in four digits.
      for (const accuracy of byEpoch) assertEquals(accuracy, Number(accuracy.toPrecision(4)), command);
      assertAlmostEquals(byEpoch[bestEpoch - firstEpoch], best, 5e-5, command);
      assertAlmostEquals(Math.max(...byEpoch), best, 5e-5, command);
      assertAlmostEquals(byEpoch[byEpoch.length - 1], last, 5e-5, command);
    }
  }
});

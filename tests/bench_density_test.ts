import { assert, assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import { crossing, type DensityResult, type DensityRow, median, table } from "../bench/density.ts";
import { densityPicture } from "../bench/density_plot.ts";

function row(density: number, medianMs: number): DensityRow {
  return { density, connections: 1000 * density, samplesMs: [medianMs], medianMs, bytes: 2 ** 20 * medianMs };
}

const rows = [row(1, 100), row(0.1, 10), row(0.01, 5)];

Deno.test("crossing() lies between the densities on both sides, in logarithms", () => {
  const ms = ({ medianMs }: DensityRow) => medianMs;
  assertAlmostEquals(crossing(rows, ms, 50)!, 0.5, 1e-12);
  assertAlmostEquals(crossing(rows, ms, 10)!, 0.1, 1e-12);
  assertEquals(crossing(rows, ms, 200), undefined, "always below");
  assertEquals(crossing(rows, ms, 5), undefined, "never below");
});

Deno.test("median() is the middle, or the mean of the two in the middle", () => {
  assertEquals([median([3, 1, 2]), median([4, 1, 3, 2])], [2, 2.5]);
});

Deno.test("table() and densityPicture() name the crossover, and show every density", async () => {
  const result: DensityResult = {
    date: "2026-01-01",
    host: "none",
    command: "none",
    network: "2-2",
    batch: 8,
    threads: 1,
    dense: { ...row(1, 50), system: "dense" },
    rows,
    crossover: { time: 0.5, memory: undefined },
  };
  const lines = table(result).split("\n");
  assertEquals(lines[4], "| 10 % | 100 | 10.000 | 5.00 | 10.00 | 5.00 |");
  assertEquals(lines.at(-1), "As fast as dense at 50 %, as large at never");
  const time = await densityPicture("time", result);
  assertMatch(time, />equal at 50 %</);
  assertEquals(time.match(/r="2.5"/g)!.length, rows.length);
  // Never as large: no place is marked.
  assert(!(await densityPicture("memory", result)).includes("equal at"));
});

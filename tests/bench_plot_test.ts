import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import type { Result } from "../bench/accuracy.ts";
import { curveOf, svg } from "../bench/plot.ts";

function result(testAccuracy: number[], connectionsEnd: number): Result {
  return {
    name: "made up",
    command: "",
    paperPercent: 50,
    settings: {},
    summary: {},
    connectionsEnd,
    testAccuracy,
    connections: testAccuracy.map(() => connectionsEnd),
  };
}

Deno.test("curveOf() takes the mean over the runs, epoch by epoch", () => {
  const curve = curveOf("two", "#000", [result([0.25, 0.5, 0.75], 100), result([0.75, 0.5], 300)]);
  assertEquals(curve.values, [0.5, 0.5]);
  assertEquals(curve.label, "two: 0.2 k weights, mean of 2 runs");
  assertThrows(() => curveOf("none", "#000", []), RangeError, 'Cannot draw "none"');
});

Deno.test("svg() places the mean of five epochs between the axes, and leaves out what lies below", () => {
  const accuracy = [...Array(5).fill(0.2), ...Array(5).fill(0.5), ...Array(5).fill(1)];
  const curves = [curveOf("a < b", "#123456", [result(accuracy, 1500)])];
  const document = svg([{
    title: "T",
    curves,
    dashed: [],
    lowest: 0.5,
    highest: 1,
    grid: 0.25,
    written: String,
    mean: 5,
  }]);
  // Axes: x from 48 to 426 for epochs 0 to 15, y from 246 to 40 for 50 to 100 %.
  assertMatch(document, /stroke="#123456" stroke-width="1.6" points="249.6,246 375.6,40"/);
  assertMatch(document, /a &lt; b: 1\.5 k weights</);
});

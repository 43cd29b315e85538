import { assertEquals, assertMatch } from "@std/assert";
import { lossCurve, svg } from "../bench/scale_plot.ts";

Deno.test("svg() draws the loss of each step between the axes, and leaves out what lies below", () => {
  const curve = lossCurve({
    sizes: [4, 500_000, 500_000, 2],
    connections: 2_400_000,
    settings: { "batch-size": 8 },
    curve: [0.5, 0.2, 1].map((loss, index) => ({ step: index + 1, loss })),
  }, "#123456");
  assertEquals(curve.label, "1 M neurons, 2 M connections, batches of 8");
  const document = svg([{
    title: "a < b",
    curves: [curve],
    lowest: 0.5,
    highest: 1,
    grid: 0.25,
    written: String,
  }]);
  // Axes: x from 48 to 426 for steps 0 to 3, y from 246 to 40 for 0.5 to 1.
  assertMatch(document, /stroke="#123456" stroke-width="1.6" points="174,246 426,40"/);
  assertMatch(document, /a &lt; b</);
});

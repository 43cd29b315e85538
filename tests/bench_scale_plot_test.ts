import { assertEquals } from "@std/assert";
import { lossLine } from "../bench/scale_plot.ts";

Deno.test("lossLine() is the loss of each step, named by the network's size", () => {
  const line = lossLine({
    sizes: [4, 500_000, 500_000, 2],
    connections: 2_400_000,
    settings: { "batch-size": 8 },
    curve: [0.5, 0.2, 1].map((loss, index) => ({ step: index + 1, loss })),
  });
  assertEquals(line, {
    name: "1 M neurons, 2 M connections, batches of 8",
    x: [1, 2, 3],
    y: [0.5, 0.2, 1],
  });
});

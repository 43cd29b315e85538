import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../src/cli/option.ts";
import { parseCommandLine } from "../src/cli/parse.ts";
import { planCommand } from "../src/cli/plan.ts";
import { layerSizes } from "../src/format.ts";

const hidden = (text: string) => parseCommandLine("train", ["--hidden", text]).values.hidden;

Deno.test("--hidden and --plan take sizes, and how often a layer is repeated", () => {
  assertEquals(hidden("5000000x3,100"), [5e6, 5e6, 5e6, 100]);
  assertEquals(hidden("4, 3"), [4, 3]);
  assertEquals(parseCommandLine("inspect", ["--plan", "65536,5x2,2"]).values.plan, [65_536, 5, 5, 2]);
});

Deno.test("--hidden and --plan refuse what is no list of sizes", () => {
  for (
    const text of [
      "",
      "5,,2",
      "5,x3,2",
      "5,0,2",
      "5,3x0,2",
      "5,-1",
      "5,4294967296",
      "3x3x3",
      "5x1001",
      "5.5x2",
    ]
  ) {
    assertThrows(() => hidden(text), UsageError, "Cannot use --hidden");
    assertThrows(() => parseCommandLine("inspect", ["--plan", text]), UsageError, "Cannot use --plan");
  }
  assertThrows(() => planCommand([5], {}), UsageError, "at least two layers");
});

Deno.test("layerSizes() counts layers that are alike", () => {
  assertEquals(layerSizes([65_536, 5, 5, 5, 5, 2]), "65536 → 5x4 → 2");
  assertEquals(layerSizes([5, 5, 5, 2]), "5 → 5 → 5 → 2");
});

import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../src/cli/option.ts";
import { readSizes } from "../src/cli/plan.ts";

Deno.test("readSizes() reads sizes and how often a layer is repeated", () => {
  assertEquals(readSizes("65536,5000000x3,2"), [65_536, 5e6, 5e6, 5e6, 2]);
  assertEquals(readSizes("4, 3"), [4, 3]);
});

Deno.test("readSizes() refuses what is no list of sizes", () => {
  for (const text of ["", "5", "5,,2", "5,x3,2", "5,0,2", "5,3x0,2", "5,-1,2", "5,4294967296", "5,3x3x3,2"]) {
    assertThrows(() => readSizes(text), UsageError, "Cannot plan");
  }
});

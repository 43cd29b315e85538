import { assert, assertEquals, assertRejects } from "@std/assert";
import { curves } from "../src/figures/curves.ts";
import { agreement } from "../src/figures/agreement.ts";
import { bars } from "../src/figures/bars.ts";
import { histogram } from "../src/figures/histogram.ts";
import { matrix } from "../src/figures/matrix.ts";
import { heatMap } from "../src/figures/heat_map.ts";

Deno.test("curves() draws each line and its name, and gives the same text for the same lines", async () => {
  const lines = [{ name: "training", x: [1, 2, 3], y: [3, 2, 1] }, {
    name: "test",
    x: [1, 2, 3],
    y: [4, 3, 3],
  }];
  const options = { x: "epoch", y: "loss" };
  const picture = await curves("Both fall", lines, options);
  assert(picture.startsWith("<svg") && picture.includes('aria-label="Both fall"'));
  for (const text of [">training<", ">test<", ">epoch<", ">loss<"]) assert(picture.includes(text), text);
  assertEquals(picture, await curves("Both fall", lines, options));
});

Deno.test("curves() escapes names, leaves gaps, and draws one point or none", async () => {
  const options = { x: "epoch", y: "accuracy in %", percent: true };
  const hostile = await curves(
    '"><script>',
    [{ name: "<script>", x: [1, 2, 3, 4], y: [1, NaN, 2, 3] }],
    options,
  );
  assert(!hostile.includes("<script"), hostile);
  assert((await curves("one", [{ name: "a", x: [7], y: [0.5] }], options)).includes("<circle"));
  assert((await curves("none", [], options)).startsWith("<svg"));
  assert((await curves("lost", [{ name: "a", x: [1, 2], y: [NaN, Infinity] }], options)).startsWith("<svg"));
  await assertRejects(
    () => curves("wrong", [{ name: "a", x: [1, 2], y: [1] }], options),
    TypeError,
    'Cannot draw the line "a": it has 2 places and 1 values',
  );
});

Deno.test("curves() of many points stay small", async () => {
  const x = Array.from({ length: 100_000 }, (_, place) => place);
  const picture = await curves("many", [{ name: "a", x, y: x.map(Math.sqrt) }], { x: "step", y: "loss" });
  assert(picture.length < 40_000, `${picture.length}`);
});

Deno.test("heatMap() draws what is not finite as nothing, and refuses another number of values", async () => {
  const empty = await heatMap("map", [0, 1, NaN, 1], { width: 2, height: 2, title: "<b>" });
  // The first row has two shades, the second one alone.
  assertEquals(empty.match(/M\d \dh/g), ["M0 0h", "M1 0h", "M1 1h"]);
  assert(empty.includes("&lt;b&gt;"));
  await assertRejects(() => heatMap("map", [1], { width: 2, height: 2 }), TypeError, "found 1 values");
});

Deno.test("heatMap() of a large image shows the means of squares", async () => {
  const values = Float32Array.from({ length: 512 * 300 }, (_, pixel) => pixel % 7);
  const picture = await heatMap("map", values, { width: 512, height: 300 });
  assert(picture.length < 200_000, `${picture.length}`);
});

/** Texts of the ticks of an axis. */
function ticksOf(picture: string, axis: "x" | "y"): string[] {
  const group = picture.match(new RegExp(`<g[^>]*aria-label="${axis}-axis tick label".*?</g>`, "s"))![0];
  return [...group.matchAll(/<text[^>]*>([^<]*)/g)].map(([, text]) => text);
}

Deno.test("pictures of large and of small numbers have room for their ticks, counts whole ones", async () => {
  const prices = [{ x: 1e6, y: 1.1e6 }, { x: -4e5, y: -3e5 }];
  const said = await agreement("prices", prices, { x: "said", y: "is" });
  const line = { name: "a", x: [1, 2, 3], y: [100_000, 120_000, 128_470] };
  const pictures = [
    said,
    await curves("connections", [line], { x: "epoch", y: "connections" }),
    await curves("rate", [{ ...line, y: [2e-5, 1e-5, 1e-6] }], { x: "epoch", y: "rate" }),
    await histogram("errors", { least: -4e5, most: 9e5, counts: [1, 2] }, { x: "error", y: "samples" }),
  ];
  for (const picture of pictures) {
    for (const axis of ["x", "y"] as const) {
      const ticks = ticksOf(picture, axis);
      assert(ticks.length > 0 && ticks.every((tick) => tick.length <= 6), ticks.join(" "));
    }
  }
  assertEquals(ticksOf(pictures[3], "y"), ["0", "1", "2"]);
});

Deno.test("pictures of one number, of none and of many keep to numbers that are finite", async () => {
  const drawn = [
    await histogram("one", { least: 3, most: 3, counts: [7] }, { x: "degree", y: "neurons", whole: true }),
    await histogram("none", { least: 0, most: 0, counts: [] }, { x: "degree", y: "neurons" }),
    await bars("none", [], { x: "strength" }),
    await bars("alike", [{ name: "<a>", value: 0 }, { name: "<a>", value: 0 }], { x: "strength" }),
    await agreement("none", [], { x: "said", y: "is" }),
    await agreement("one", [{ x: 2, y: 2 }], { x: "said", y: "is" }),
    await matrix("one", [[0, 0], [3, 1]], { names: ["a", "<b>"], x: "predicted", y: "true", text: String }),
  ];
  for (const picture of drawn) {
    assert(picture.startsWith("<svg") && !/NaN|undefined|Infinity|<[ab]>/.test(picture), picture);
  }
});

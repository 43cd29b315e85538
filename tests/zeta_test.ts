import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { type DropRule, type GrowRule, madelonLike, type RulePlace, SparseMlp, train } from "../mod.ts";
import { zetaOf } from "../src/topology/zeta.ts";
import { assertSameModel } from "./model/content.ts";
import { finish } from "./trainer/data.ts";

const data = madelonLike({ samples: 120, testSamples: 0, features: 20, seed: 2 });
const make = () => SparseMlp.create({ sizes: [20, 60, 50, 2], epsilon: 6, seed: 5 });

Deno.test("zetaOf() follows its schedule down to 0 at zetaStop", () => {
  const zeta = 0.4;
  const values = (zetaSchedule: "constant" | "linear" | "cosine", zetaStop: number) =>
    [0, 0.2, 0.4, 0.6, 0.8, 0.9].map((progress) => zetaOf({ zeta, zetaSchedule, zetaStop }, progress));
  assertEquals(values("constant", 1), [0.4, 0.4, 0.4, 0.4, 0.4, 0.4]);
  assertEquals(values("constant", 0.6), [0.4, 0.4, 0.4, 0, 0, 0]);
  // 0.4·(1 − p/0.8), and 0.2·(1 + cos(π·p/0.8)) with cos(π/4) = 0.70710678…
  for (const [place, expected] of [0.4, 0.3, 0.2, 0.1, 0, 0].entries()) {
    assertAlmostEquals(values("linear", 0.8)[place], expected, 1e-12);
  }
  for (const [place, expected] of [0.4, 0.341421356237, 0.2, 0.058578643763, 0, 0].entries()) {
    assertAlmostEquals(values("cosine", 0.8)[place], expected, 1e-12);
  }
});

Deno.test("train() replaces what the schedule of zeta says, of the epochs of the run", async () => {
  const options = { epochs: 5, batchSize: 40, zeta: 0.4 } as const;
  const seen: number[] = [];
  const nothing: DropRule<RulePlace> = { name: "nothing", drop: () => 0 };
  const watching: GrowRule<RulePlace> = {
    name: "watching",
    grow(_, count, { layer, settings }) {
      if (layer === 0) seen.push(settings.zeta);
      return count;
    },
  };
  for await (
    const _ of train(make(), data, {
      ...options,
      ...{ zetaSchedule: "linear", zetaStop: 0.5, drop: nothing, growth: watching },
    })
  ) continue;
  // After epochs 1 and 2 of 5: 0.4·(1 − 0.2/0.5) and 0.4·(1 − 0.4/0.5); at 0.6 it has stopped.
  assertEquals(seen.map((zeta) => zeta.toFixed(6)), ["0.240000", "0.080000"]);
  const { records } = await finish(make(), data, { ...options, zetaSchedule: "cosine", zetaStop: 0.6 });
  assertEquals(records.map(({ replaced }) => replaced > 0), [true, true, false, false, false]);
});

Deno.test("train() with a constant schedule gives the bits of none", async () => {
  const [plain, named] = [make(), make()];
  await finish(plain, data, { epochs: 3, batchSize: 40 });
  await finish(named, data, {
    epochs: 3,
    batchSize: 40,
    zetaSchedule: "constant",
    zetaStop: 1,
    evolveEvery: 1,
  });
  assertSameModel(named, plain);
});

Deno.test("train() refuses a schedule that there is not, and a stop that is no share", () => {
  const run = (options: object) => train(make(), data, options);
  assertThrows(() => run({ zetaSchedule: "cosin" }), RangeError, 'did you mean "cosine"?');
  assertThrows(() => run({ zetaStop: 0 }), RangeError, "zetaStop is 0");
  assertThrows(() => run({ zetaStop: 1.1 }), RangeError, "zetaStop is 1.1");
});

import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { gradients, parts } from "../examples/residual_two_heads.ts";

const EXAMPLES = new URL("../examples/", import.meta.url);

/** What an example prints, line by line. */
async function linesOf(name: string): Promise<string[]> {
  const args = ["run", "--quiet", "--allow-all", new URL(name, EXAMPLES).href];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
  assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
  return new TextDecoder().decode(stdout).trim().split("\n");
}

/** The last number of each line that tells a loss. */
const lossesOf = (lines: readonly string[]) => lines.map((line) => Number(/loss ([\d.]+)/.exec(line)![1]));

Deno.test("the graph of examples/residual_two_heads.ts has the gradients of finite differences in every part", () => {
  const features = Float32Array.from({ length: 8 * 40 }, (_, at) => Math.cos(at * at));
  const kinds = Uint32Array.from({ length: 40 }, (_, at) => at % 3);
  const sizes = Float32Array.from({ length: 40 }, (_, at) => Math.sin(at));
  const { layers } = gradients(features, kinds, sizes);
  const loss = () => gradients(features, kinds, sizes).loss;
  for (const [index, part] of parts.entries()) {
    for (const [number, { nnz, values, bias }] of part.layers.entries()) {
      const found = layers[index][number];
      const parameters = [[values.subarray(0, nnz), found.values], [bias, found.bias]];
      for (const [numbers, slopes] of parameters) {
        for (let at = 0; at < numbers.length; at += 7) {
          const before = numbers[at];
          numbers[at] = before + 2 ** -7;
          const up = loss();
          numbers[at] = before - 2 ** -7;
          const down = loss();
          numbers[at] = before;
          // An f32 loss near 3, of which sums are rounded: 2⁻²¹ · 2⁷ ≈ 6e-5; and the third order, 2⁻¹⁴ of a slope near 1.
          assertAlmostEquals((up - down) * 2 ** 6, slopes[at], 5e-4, `part ${index}, layer ${number}, ${at}`);
        }
      }
    }
  }
});

Deno.test("examples/residual_two_heads.ts learns, in at most 40 lines", async () => {
  const losses = lossesOf(await linesOf("residual_two_heads.ts"));
  assert(losses.length === 4 && losses[3] < losses[0] / 20, losses.join());
  const text = await Deno.readTextFile(new URL("residual_two_heads.ts", EXAMPLES));
  assert(text.trim().split("\n").length <= 40);
});

Deno.test("examples/gradient_growth.ts trains with a rule of its own, in at most 25 lines", async () => {
  const lines = await linesOf("gradient_growth.ts");
  const losses = lossesOf(lines);
  assert(losses.length === 10 && losses[9] < losses[0], losses.join());
  assert(lines.slice(0, -1).every((line) => Number(/, (\d+) connections replaced/.exec(line)![1]) > 300));
  const text = await Deno.readTextFile(new URL("gradient_growth.ts", EXAMPLES));
  assert(text.trim().split("\n").length <= 25);
});

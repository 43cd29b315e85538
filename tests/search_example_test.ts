import { assert, assertEquals, assertMatch } from "@std/assert";

const PATH = new URL("../examples/search.ts", import.meta.url);

Deno.test("examples/search.ts finds settings with 20 trials of five folds, in fewer than 60 lines and by public names", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", PATH.href],
    env: { NO_COLOR: "1" },
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  const text = new TextDecoder().decode(stdout);
  assertMatch(text, /^20 trials of 5 folds took \d+\.\d s$/m);
  assert(Number(text.match(/^Accuracy (\d+\.\d) %/m)![1]) > 80, text);
  const source = await Deno.readTextFile(PATH);
  assert(source.split("\n").length < 60);
  assertEquals([...source.matchAll(/from "(.*?)"/g)].map(([, from]) => from), ["@truly-sparse/truly-sparse"]);
});

/** Each program in `examples/` runs by public names alone; more of some is tested elsewhere. */
import { assert, assertEquals, assertMatch } from "@std/assert";

const EXAMPLES = new URL("../examples/", import.meta.url);

/** What the programs print that are run here; `flowers.ts` goes first, it writes the table of `own_table.ts`. */
const PRINTED: Readonly<Record<string, { readonly args?: readonly string[]; readonly says: RegExp }>> = {
  "flowers.ts": { says: /^$/ },
  "own_arrays.ts": { args: ["model.safetensors"], says: /^kept epoch \d+, accuracy 0\.[89]/ },
  "own_table.ts": { args: ["flowers.csv"], says: /^Label: "species"[^]*measures of 40 samples[^]*class: "/ },
  "regression.ts": { says: /^R² 0\.9/ },
  "multi_label.ts": { says: /^macro F1 0\.9/ },
  "early_stopping.ts": { says: /^stopped after epoch \d+, kept epoch \d+\nstopped after 100 steps: enough$/ },
  "select_features.ts": { says: /^[89] of 10 chosen features matter\naccuracy 0\.9/ },
  "server.ts": { says: /^200 \[\{"class":"ripe"[^]*\n400 \{"error":"Cannot use .*no column \\"mass\\"/ },
};

/** Programs with a test of their own. */
const ELSEWHERE = ["search.ts", "residual_two_heads.ts", "gradient_growth.ts"];

Deno.test("examples are eleven programs of fewer than 60 lines that import the package alone", async () => {
  const names = (await Array.fromAsync(Deno.readDir(EXAMPLES), ({ name }) => name)).filter((name) =>
    name.endsWith(".ts")
  );
  assertEquals(names.sort(), [...Object.keys(PRINTED), ...ELSEWHERE].sort());
  for (const name of names) {
    const source = await Deno.readTextFile(new URL(name, EXAMPLES));
    assert(source.split("\n").length < 60, name);
    for (const [, from] of source.matchAll(/from "(.*?)"/g)) {
      assertEquals(from, "@truly-sparse/truly-sparse", name);
    }
  }
});

Deno.test("examples run, and print what they promise", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, { args = [], says }] of Object.entries(PRINTED)) {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", new URL(name, EXAMPLES).href, ...args],
        env: { NO_COLOR: "1" },
        cwd: folder,
      }).output();
      assertEquals(code, 0, `${name}: ${new TextDecoder().decode(stderr)}`);
      assertMatch(new TextDecoder().decode(stdout).trim(), says, name);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

import { assert, assertEquals } from "@std/assert";

const CLI = new URL("../cli.ts", import.meta.url).pathname;

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--allow-all", CLI, ...args],
  }).output();
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), err: text.decode(stderr) };
}

const SMALL = ["train", "--epochs", "4", "--hidden", "30", "--batch-size", "64", "--json"];

Deno.test("train --parallel trains with workers, and a checkpoint goes on in parallel", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const output = `${folder}/model.safetensors`;
    for (const kind of ["wasap", "wassp"]) {
      const { code, out, err } = await run(
        ...SMALL,
        "--parallel",
        kind,
        "--workers",
        "2",
        "--output",
        output,
      );
      assertEquals(code, 0, err);
      const events = out.trim().split("\n").map((line) => JSON.parse(line));
      const epochs = events.filter(({ event }) => event === "epoch");
      assertEquals(epochs.map(({ parallel }) => [parallel.phase, parallel.workers]), [
        [1, 2],
        [1, 2],
        [1, 2],
        [2, 2],
      ]);
      assertEquals(events[0].settings.parallel, kind);
      const resumed = await run("train", "--resume", output, "--epochs", "6", "--json");
      assertEquals(resumed.code, 0, resumed.err);
      const more = resumed.out.trim().split("\n").map((line) => JSON.parse(line));
      assertEquals(more.filter(({ event }) => event === "epoch").map(({ epoch }) => epoch), [5, 6]);
      assert(more.every(({ event, parallel }) => event !== "epoch" || parallel.workers === 2));
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("train --workers without --parallel is wrong usage, and too many workers are refused", async () => {
  const alone = await run(...SMALL, "--workers", "2");
  assertEquals([alone.code, alone.err.trim()], [2, "error: Cannot use --workers without --parallel"]);
  const many = await run(...SMALL, "--parallel", "wasap", "--workers", "1000");
  assertEquals(many.code, 1);
  assert(many.err.includes("Cannot train with 1000 workers"), many.err);
});

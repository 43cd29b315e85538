import { assert, assertEquals } from "@std/assert";

const PROGRAM = new URL("memory/loop.ts", import.meta.url).pathname;
const MEBIBYTES = 128;

interface Peak {
  /** Bytes of what is made. */
  readonly one: number;
  /** Most bytes the process ever had. */
  readonly peak: number;
}

async function peakOf(what: string, count: number): Promise<Peak> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", PROGRAM, what, `${MEBIBYTES}`, `${count}`],
    env: { NO_COLOR: "1" },
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

for (
  const [what, made] of [
    ["create", "SparseMlp.create() in a loop that never awaits"],
    ["compile", "compile() in a loop that never awaits"],
    ["load", "loadModel() again and again"],
    ["train", "train() of one model after another"],
  ]
) {
  Deno.test({
    name: `${made} takes the memory of two models at most, and gives back the others`,
    ignore: Deno.build.os !== "linux",
    fn: async () => {
      const [first, many] = [await peakOf(what, 1), await peakOf(what, 16)];
      const further = (many.peak - first.peak) / many.one;
      assert(further < 1.5, `16 take ${further.toFixed(2)} times what one takes more than one alone`);
    },
  });
}

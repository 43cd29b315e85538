import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { type Run, run } from "./determinism/run.ts";

/** The same run in a process of its own, on a given instruction set. */
async function runOn(simd: string, seed: number, threads: number): Promise<Run> {
  const script = new URL("./determinism/run.ts", import.meta.url).href;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", script, String(seed), String(threads)],
    env: { TRULY_SPARSE_SIMD: simd, NO_COLOR: "1" },
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test("train() gives the same bits for 1, 2, 3 and 8 threads, and others for another seed", async () => {
  const one = await run(3, 1);
  for (const threads of [2, 3, 8]) assertEquals(await run(3, threads), one, `${threads} threads`);
  assertEquals(await run(3, 1), one);
  assertNotEquals((await run(4, 1)).bits, one.bits);
});

Deno.test("train() gives the same bits on every instruction set, with any number of threads", async () => {
  const best = await run(3, 1);
  for (const simd of ["avx2", "portable"]) {
    for (const threads of [1, 2]) {
      assertEquals(await runOn(simd, 3, threads), best, `${simd}, ${threads} threads`);
    }
  }
  assert(best.testAccuracy > 0.3, `accuracy ${best.testAccuracy} of 10 classes`);
});

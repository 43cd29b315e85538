import { assert, assertEquals } from "@std/assert";
import { inFolder } from "./temporary.ts";
import { assertSameModel } from "./model/content.ts";
import { loadModel } from "../mod.ts";

const CLI = new URL("../cli.ts", import.meta.url);
/** The full test has 50 kills; TRULY_SPARSE_KILLS asks for them. */
const KILLS = Number(Deno.env.get("TRULY_SPARSE_KILLS") ?? 4);

/** Starts `train` with a checkpoint after each epoch. */
function start(args: readonly string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "-A", CLI.pathname, "train", "--quiet", "--checkpoint-every", "1", ...args],
    stdout: "null",
    stderr: "null",
  }).spawn();
}

const RUN = ["--dataset", "madelon-like", "--hidden", "2000,2000", "--batch-size", "500", "--seed", "3"];

/** When a file was last written, in milliseconds; 0 when it is not there. */
function writtenAt(path: string): Promise<number> {
  return Deno.stat(path).then(({ mtime }) => mtime!.getTime(), () => 0);
}

/** Waits until a file is newer than it was; a minute is for machines that do much else. */
async function waitFor(path: string, before = 0): Promise<void> {
  for (let round = 0; round < 3000; round++) {
    if (await writtenAt(path) > before) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`Cannot go on: "${path}" has not been written`);
}

Deno.test(`train leaves a checkpoint that loads and resumes when it is killed (${KILLS} times)`, () =>
  inFolder(async (folder) => {
    const path = `${folder}/run.safetensors`;
    let state = 12345;
    let [epoch, kills] = [0, 0];
    while (kills < KILLS) {
      const before = await writtenAt(path);
      const child = start(
        kills === 0 ? [...RUN, "--epochs", "100000", "--output", path] : ["--resume", path],
      );
      // Every second run saves something before it dies, however slow the machine is; the others die anywhere.
      if (kills % 2 === 0) await waitFor(path, before);
      state = (state * 1103515245 + 12345) % 2 ** 31;
      await new Promise((resolve) => setTimeout(resolve, 300 + state % 1200));
      child.kill("SIGKILL");
      const { signal } = await child.status;
      assertEquals(signal, "SIGKILL");
      kills++;
      const { training } = await loadModel(path);
      assert(training !== undefined && training.epoch >= epoch, `epoch ${training?.epoch} after ${epoch}`);
      epoch = training.epoch;
    }
    assert(epoch >= Math.ceil(KILLS / 2), `only ${epoch} epochs were done in ${KILLS} runs`);
    // After all these deaths the run ends with the bits of one that never stopped.
    const straight = `${folder}/straight.safetensors`;
    const end = ["--epochs", String(epoch + 1)];
    const runs = [start(["--resume", path, ...end]), start([...RUN, ...end, "--output", straight])];
    for (const run of runs) assertEquals((await run.status).code, 0);
    const [killed, whole] = [await loadModel(path), await loadModel(straight)];
    assertSameModel(killed.model, whole.model);
    assertEquals([...Deno.readDirSync(folder)].length, 2);
  }));

Deno.test({
  name: "train saves a checkpoint and says so when it gets SIGTERM",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      const path = `${folder}/run.safetensors`;
      const child = start([...RUN, "--epochs", "100000", "--output", path]);
      await waitFor(path);
      child.kill("SIGTERM");
      assertEquals((await child.status).code, 143);
      const { training } = await loadModel(path);
      assert(training!.epoch >= 1);
      assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["run.safetensors"]);
    }),
});

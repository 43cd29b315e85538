import { assert, assertEquals } from "@std/assert";
import { loadModel } from "../mod.ts";
import { inFolder } from "./temporary.ts";

/** The full test has 1,000 saves of each process; TRULY_SPARSE_SAVES asks for them. */
const SAVES = Number(Deno.env.get("TRULY_SPARSE_SAVES") ?? 30);
const PROCESSES = 8;

/** Starts a process that saves models of its own to a path, and tells what failed. */
function saver(path: string, seed: number): Deno.ChildProcess {
  const code = `import { saveModel, SparseMlp } from ${
    JSON.stringify(new URL("../mod.ts", import.meta.url).href)
  };
    const model = SparseMlp.create({ sizes: [50, ${10 + seed}, 2], epsilon: 5, seed: ${seed} });
    const failed = [];
    for (let save = 0; save < ${SAVES}; save++) {
      await saveModel(model, ${JSON.stringify(path)}).catch((error) => failed.push(error.message));
    }
    console.log(JSON.stringify(failed));`;
  return new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-lock", code],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}

Deno.test(`saveModel() fails in none of ${PROCESSES} processes that save ${SAVES} times to one path`, () =>
  inFolder(async (folder) => {
    const path = `${folder}/model.safetensors`;
    let running = true;
    const children = Array.from({ length: PROCESSES }, (_, seed) => saver(path, seed).output());
    const ended = Promise.all(children).finally(() => running = false);
    let loads = 0;
    // Whoever reads meanwhile finds one of the files, whole.
    while (running) {
      if (await Deno.stat(path).then(() => true, () => false)) {
        const { model } = await loadModel(path);
        assertEquals(model.settings.sizes[1], 10 + model.settings.seed);
        loads++;
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    for (const { stdout } of await ended) assertEquals(JSON.parse(new TextDecoder().decode(stdout)), []);
    assert(loads > 0);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["model.safetensors"]);
  }));

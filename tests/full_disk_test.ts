import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { CheckpointError, loadModel, madelonLike, saveModel, SparseMlp, train } from "../mod.ts";
import { run } from "./cli/process.ts";
import { onSmallDisk } from "./small_disk.ts";
import { inFolder } from "./temporary.ts";

const model = (hidden: number) => SparseMlp.create({ sizes: [200, hidden, 2], epsilon: 20, seed: 3 });

Deno.test("saveModel() on a full disk says so, keeps the older file and leaves no other", (test) =>
  inFolder(async (folder) => {
    await onSmallDisk(test, folder, async () => {
      const path = `${folder}/model.safetensors`;
      await saveModel(model(100), path);
      const before = await Deno.readFile(path);
      const error = await assertRejects(() => saveModel(model(40_000), path), CheckpointError);
      assertStringIncludes(error.message, path);
      assertStringIncludes(error.message, "No space left");
      assertEquals(await Deno.readFile(path), before);
      assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["model.safetensors"]);
      assertEquals((await loadModel(path)).model.layers.length, 2);
    });
  }));

Deno.test("predict on a full disk names the path, keeps the older file and leaves no other", (test) =>
  inFolder(async (folder) => {
    const [disk, model, samples] = [`${folder}/disk`, `${folder}/model.safetensors`, `${folder}/samples.csv`];
    const data = madelonLike({ samples: 60, testSamples: 20, features: 6, informative: 3, redundant: 1 });
    const trained = SparseMlp.create({ sizes: [6, 8, 2], epsilon: 4, seed: 1 });
    for await (const _ of train(trained, data, { epochs: 1, batchSize: 16, threads: 1 }));
    await saveModel(trained, model);
    await Deno.writeTextFile(samples, "1,2,3,4,5,6\n6,5,4,3,2,1\n".repeat(50_000));
    await Deno.mkdir(disk);
    await onSmallDisk(test, disk, async () => {
      const path = `${disk}/out.csv`;
      await Deno.writeTextFile(path, "old");
      const { code, stderr } = await run("predict", model, samples, "--output", path);
      assertEquals(
        [code, stderr],
        [1, `error: Cannot write predictions to "${path}": No space left on device (os error 28)\n`],
      );
      assertEquals(await Deno.readTextFile(path), "old");
      assertEquals([...Deno.readDirSync(disk)].map(({ name }) => name), ["out.csv"]);
      // Not even the first line fits.
      await Deno.writeFile(`${disk}/filler`, new Uint8Array(2 ** 20)).catch(() => {});
      assertEquals((await run("predict", model, samples, "--output", path)).code, 1);
      assertEquals([...Deno.readDirSync(disk)].map(({ name }) => name).sort(), ["filler", "out.csv"]);
    });
  }));

Deno.test({
  name: "saveModel() past the size a file may have says so, keeps the older file and leaves no other",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      const path = `${folder}/model.safetensors`;
      await saveModel(model(100), path);
      const before = await Deno.readFile(path);
      const code = `import { saveModel, SparseMlp } from ${
        JSON.stringify(new URL("../mod.ts", import.meta.url).href)
      };
        const model = SparseMlp.create({ sizes: [200, 40_000, 2], epsilon: 20, seed: 3 });
        await saveModel(model, ${
        JSON.stringify(path)
      }).catch((error) => console.log(error.name, error.message));`;
      // The shell forbids files over 256 KiB; without the trap the signal would end the program.
      const line = `trap '' XFSZ; ulimit -f 256; exec "$0" eval --no-lock "$1"`;
      const { stdout } = await new Deno.Command("bash", {
        args: ["-c", line, Deno.execPath(), code],
        stderr: "inherit",
      }).output();
      const said = new TextDecoder().decode(stdout);
      assert(said.startsWith(`CheckpointError Cannot save the model to "${path}": `), said);
      assertEquals(await Deno.readFile(path), before);
      assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["model.safetensors"]);
    }),
});

Deno.test({
  name: "saveModel() to a folder that cannot be written names the path",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    for (const path of ["/proc/model.safetensors", "/dev/null/model.safetensors"]) {
      const error = await assertRejects(() => saveModel(model(10), path), CheckpointError);
      assertStringIncludes(error.message, path);
    }
  },
});

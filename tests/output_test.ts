import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { CheckpointError, exportScipy, loadModel, madelonLike, saveModel, SparseMlp, train } from "../mod.ts";
import { main } from "../src/cli/main.ts";
import { UsageError } from "../src/cli/option.ts";
import { checkOutput } from "../src/cli/output.ts";
import { command, run } from "./cli/process.ts";
import { inFolder } from "./temporary.ts";

const POSIX = Deno.build.os !== "windows";
const LINUX = Deno.build.os === "linux";
const model = SparseMlp.create({ sizes: [6, 8, 2], epsilon: 4, seed: 1 });

/** A trained model, `model.safetensors`, and 40,000 samples to predict, `samples.csv`, in a folder of their own. */
const inPlace = (work: (place: { folder: string; model: string; samples: string }) => Promise<void>) =>
  inFolder(async (folder) => {
    const data = madelonLike({ samples: 60, testSamples: 20, features: 6, informative: 3, redundant: 1 });
    const trained = SparseMlp.create({ sizes: [6, 8, 2], epsilon: 4, seed: 1 });
    for await (const _ of train(trained, data, { epochs: 1, batchSize: 16, threads: 1 }));
    const place = { folder, model: `${folder}/model.safetensors`, samples: `${folder}/samples.csv` };
    await saveModel(trained, place.model);
    await Deno.writeTextFile(place.samples, "1,2,3,4,5,6\n6,5,4,3,2,1\n".repeat(20_000));
    await work(place);
  });

/** Names of the files in a folder. */
const names = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

Deno.test({
  name: "saveModel() through a symbolic link replaces what it names, and the link stays",
  ignore: !POSIX,
  fn: () =>
    inFolder(async (folder) => {
      await Deno.mkdir(`${folder}/far`);
      await Deno.writeTextFile(`${folder}/far/old`, "old");
      for (const [link, to] of [["old", "far/old"], ["new", "far/new"], ["away", `${folder}/far/away`]]) {
        await Deno.symlink(to, `${folder}/${link}`);
        await saveModel(model, `${folder}/${link}`);
        assert((await Deno.lstat(`${folder}/${link}`)).isSymlink);
        assertEquals((await loadModel(`${folder}/far/${link}`)).model.layers.length, 2);
      }
      assertEquals(names(`${folder}/far`), ["away", "new", "old"]);
    }),
});

Deno.test("checkOutput() refuses a file that the same command reads or saves, whatever it is called", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/data.csv`, "a,b\n");
    const taken = [`${folder}/data.csv`, `${folder}/names.txt`, "https://localhost/data.csv"];
    const refused = (path: string) =>
      assertRejects(() => checkOutput(path, taken), UsageError, "would be lost");
    for (const path of [`${folder}/data.csv`, `${folder}/./data.csv`, `${folder}//names.txt`]) {
      await refused(path);
    }
    if (POSIX) {
      await Deno.symlink("data.csv", `${folder}/link.csv`);
      await refused(`${folder}/link.csv`);
    }
    await checkOutput(`${folder}/other.csv`, taken);
    assertEquals(await Deno.readTextFile(`${folder}/data.csv`), "a,b\n");
  }));

Deno.test("commands do not write over what they read", () =>
  inPlace(async ({ model, samples }) => {
    const before = await Promise.all([model, samples].map((path) => Deno.readFile(path)));
    for (
      const args of [
        ["train", "--data", samples, "--output", samples],
        ["predict", model, samples, "--output", samples],
        ["predict", model, samples, "--output", model],
        ["report", model, "--output", model],
        ["select-features", model, "--count", "1", "--output", model],
        ["select-features", "--data", samples, "--count", "1", "--reduced", samples],
        ["export", model, "--to", "onnx", "--output", model],
      ]
    ) {
      const { code, stderr } = await run(...args);
      assertEquals(code, 2, stderr);
      assertMatch(
        stderr,
        /^error: Cannot save to "[^"]*": the same command reads or saves "[^"]*", [^\n]*\n$/,
      );
    }
    const after = await Promise.all([model, samples].map((path) => Deno.readFile(path)));
    assertEquals(after, before);
  }));

Deno.test({
  name: "saveModel() refuses links in a circle and folders in one line that names the path",
  ignore: !POSIX,
  fn: () =>
    inFolder(async (folder) => {
      await Deno.symlink("one", `${folder}/other`);
      await Deno.symlink("other", `${folder}/one`);
      const loop = await assertRejects(() => saveModel(model, `${folder}/one`), CheckpointError);
      assertStringIncludes(loop.message, `"${folder}/one": Too many levels of symbolic links`);
      const found = await assertRejects(() => saveModel(model, folder), CheckpointError);
      assertEquals(found.message, `Cannot save the model to "${folder}": it is a folder, a file is needed`);
      const absent = await assertRejects(() => saveModel(model, `${folder}/no/model`), CheckpointError);
      assertEquals(
        absent.message,
        `Cannot save the model to "${folder}/no/model": its folder does not exist`,
      );
      assertEquals(names(folder), ["one", "other"]);
    }),
});

Deno.test({
  name: "saveModel() says what the system said of the path it was given, not of its temporary name",
  ignore: !POSIX,
  fn: () =>
    inFolder(async (folder) => {
      const path = `${folder}/${"a".repeat(250)}`;
      const { message } = await assertRejects(() => saveModel(model, path), CheckpointError);
      assertMatch(message, /^Cannot save the model to ".+a": File name too long/);
      assertEquals([message.endsWith(`: open '${path}'`), message.includes(".part")], [true, false]);
    }),
});

Deno.test({
  name: "saveModel() keeps the mode of the file it replaces",
  ignore: !POSIX,
  fn: () =>
    inFolder(async (folder) => {
      const path = `${folder}/model.safetensors`;
      await saveModel(model, path);
      for (const mode of [0o600, 0o664, 0o755]) {
        await Deno.chmod(path, mode);
        await saveModel(model, path);
        assertEquals((await Deno.stat(path)).mode! & 0o7777, mode);
      }
    }),
});

Deno.test({
  name: "saveModel() removes no leftover that is a pipe, which would never open",
  ignore: !LINUX,
  fn: () =>
    inFolder(async (folder) => {
      const path = `${folder}/model.safetensors`;
      assert((await new Deno.Command("mkfifo", { args: [`${path}.0123abcd.part`] }).output()).success);
      await saveModel(model, path);
      assertEquals(names(folder), ["model.safetensors", "model.safetensors.0123abcd.part"]);
    }),
});

Deno.test({
  name: "saveModel() writes into a pipe, which stays one",
  ignore: !LINUX,
  fn: () =>
    inFolder(async (folder) => {
      const pipe = `${folder}/pipe`;
      assert((await new Deno.Command("mkfifo", { args: [pipe] }).output()).success);
      const [bytes] = await Promise.all([Deno.readFile(pipe), saveModel(model, pipe)]);
      assertEquals((await loadModel(bytes)).model.layers[0].nnz, model.layers[0].nnz);
      assert((await Deno.stat(pipe)).isFifo);
      assertEquals(names(folder), ["pipe"]);
    }),
});

Deno.test({
  name: "predict writes into a pipe and to /dev/null, and says when a device is full",
  ignore: !LINUX,
  fn: () =>
    inPlace(async ({ folder, model, samples }) => {
      const pipe = `${folder}/pipe`;
      assert((await new Deno.Command("mkfifo", { args: [pipe] }).output()).success);
      const reader = Deno.readTextFile(pipe);
      assertEquals(await main(["predict", model, samples, "--labels", "--output", pipe]), 0);
      assertEquals((await reader).split("\n").length, 40_002);
      assertEquals(await main(["predict", model, samples, "--output", "/dev/null"]), 0);
      assert((await Deno.stat("/dev/null")).isCharDevice);
      const full = await run("predict", model, samples, "--output", "/dev/full");
      assertEquals([full.code, full.stderr], [
        1,
        'error: Cannot write predictions to "/dev/full": No space left on device (os error 28)\n',
      ]);
      const npy = await run("predict", model, samples, "--format", "npy", "--output", "/dev/null");
      assertEquals(npy.code, 1);
      assertStringIncludes(npy.stderr, "no regular file");
      assertEquals(names(folder), ["model.safetensors", "pipe", "samples.csv"]);
    }),
});

Deno.test({
  name: "predict, export and report end without a word when their reader has had enough",
  ignore: !POSIX,
  fn: () =>
    inPlace(async ({ folder, model, samples }) => {
      // More than a pipe holds: what fits into it whole has been delivered, read or not.
      const deep = SparseMlp.create({ sizes: [6, ...Array<number>(600).fill(8), 2], epsilon: 4, seed: 1 });
      await saveModel(deep, `${folder}/deep.safetensors`);
      for (
        const args of [
          ["predict", model, samples],
          ["export", `${folder}/deep.safetensors`, "--to", "onnx", "--output", "-"],
          ["report", `${folder}/deep.safetensors`, "--output", "-"],
        ]
      ) {
        const child = command(args).spawn();
        const reader = child.stdout.getReader();
        assert((await reader.read()).value!.length > 0);
        await reader.cancel();
        const [said, { code }] = await Promise.all([new Response(child.stderr).text(), child.status]);
        assertEquals([code, said], [141, ""], args[0]);
      }
    }),
});

Deno.test("predict --output - is the standard output; models do not go there", () =>
  inPlace(async ({ folder, model, samples }) => {
    await Deno.writeTextFile(samples, "1,2,3,4,5,6\n");
    const [plain, dash] = [
      await run("predict", model, samples),
      await run("predict", model, samples, "--output", "-"),
    ];
    assertEquals(dash, plain);
    assertEquals(dash.stdout.split("\n").length, 3);
    const npy = await run("predict", model, samples, "--format", "npy", "--output", "-");
    assertEquals(npy.code, 2);
    const trained = await run("train", "--epochs", "1", "--hidden", "4", "--output", "-");
    assertEquals([trained.code, trained.stdout], [2, ""]);
    assertMatch(
      trained.stderr,
      /Cannot save to "-": only predictions, reports, names of features and ONNX files go/,
    );
    assertEquals(names(folder), ["model.safetensors", "samples.csv"]);
  }));

Deno.test("export --to onnx --output - writes the bytes of the file and nothing else", () =>
  inPlace(async ({ folder, model }) => {
    assertEquals(await main(["export", model, "--to", "onnx", "--output", `${folder}/m.onnx`, "--json"]), 0);
    const { stdout, code } = await command(["export", model, "--to", "onnx", "--output", "-"]).output();
    assertEquals(code, 0);
    assertEquals(stdout, await Deno.readFile(`${folder}/m.onnx`));
    assertEquals((await run("export", model, "--output", "-")).code, 2);
  }));

Deno.test("exportScipy() of one model writes the same bytes at any time of day", () =>
  inFolder(async (folder) => {
    const now = Date.now;
    try {
      for (const [name, time] of [["one", 1e12], ["other", 1.7e12]] as const) {
        Date.now = () => time;
        await exportScipy(model, `${folder}/${name}`);
      }
    } finally {
      Date.now = now;
    }
    assertEquals(names(`${folder}/one`), ["layer1.npz", "layer2.npz", "model.json"]);
    for (const name of names(`${folder}/one`)) {
      assertEquals(
        await Deno.readFile(`${folder}/one/${name}`),
        await Deno.readFile(`${folder}/other/${name}`),
      );
    }
  }));

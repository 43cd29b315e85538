import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { CheckpointError, loadModel, madelonLike, saveModel, SparseMlp, train } from "../mod.ts";
import { RandomAccess } from "../src/data/random_access.ts";
import {
  readSafetensorsHeader,
  type SafetensorsFile,
  type Tensor,
  writeSafetensors,
} from "../src/files/safetensors.ts";
import { inFolder } from "./temporary.ts";
import { assertSameModel } from "./model/content.ts";
import { holdNumbers, KEEPING } from "./model/state.ts";

/** Tensors and description of a file. */
async function readFile(path: string): Promise<SafetensorsFile> {
  const file = await RandomAccess.open(path);
  try {
    return await readSafetensorsHeader(file);
  } finally {
    file[Symbol.dispose]();
  }
}

const capital = (before: string, name: string) => before + name[0].toUpperCase() + name.slice(1);

const smallData = () =>
  madelonLike({ samples: 64, testSamples: 16, features: 4, informative: 2, redundant: 1, seed: 1 });
const small = () => SparseMlp.create({ sizes: [4, 6, 2], epsilon: 2, activation: "prelu", seed: 3 });

Deno.test("loadModel() gives back what saveModel() wrote", () =>
  inFolder(async (folder) => {
    const path = `${folder}/model.safetensors`;
    const data = smallData();
    const model = small();
    for await (const _ of train(model, data, { epochs: 2, batchSize: 16, threads: 1 }));
    await saveModel(model, path, { training: { epoch: 2, options: { batchSize: 16 } } });
    const { model: loaded, training } = await loadModel(path);
    assertSameModel(loaded, model);
    assertEquals(loaded.settings, model.settings);
    assertEquals(loaded.standardization, model.standardization);
    assertEquals(loaded.classNames, model.classNames);
    assertEquals(training, { epoch: 2, options: { batchSize: 16 } });
    assertEquals([...Deno.readDirSync(folder)].length, 1);
  }));

/** Names of the planes in a file whose optimiser keeps no, one and two planes. */
const PLANES = [[], ["velocity"], ["meanGradient", "meanSquare"]];

Deno.test("train() goes on from a checkpoint bit for bit as if it had never stopped, with each optimiser", () =>
  inFolder(async (folder) => {
    const path = `${folder}/checkpoint.safetensors`;
    const data = madelonLike({ samples: 200, testSamples: 50, features: 20, seed: 2 });
    for (const [count, keeping] of KEEPING.entries()) {
      for (const compactWhilePruning of [false, true]) {
        const options = {
          epochs: 6,
          batchSize: 32,
          importancePruning: { start: 2, every: 2, percentile: 10 },
          compactWhilePruning,
          ...keeping,
        };
        const sizes = [20, 40, 30, 2];
        const straight = SparseMlp.create({ sizes, epsilon: 5, activation: "srelu", seed: 5 });
        for await (const record of train(straight, data, { ...options, threads: 2 })) {
          if (record.epoch === 3) await saveModel(straight, path, { training: { epoch: 3, options: {} } });
        }
        const { model, training } = await loadModel(path);
        for await (const _ of train(model, data, { ...options, epochsDone: training!.epoch, threads: 1 }));
        assertSameModel(model, straight);
        assertEquals(model.optimizerState!.planes.map(({ name }) => name), PLANES[count]);
        // 7 steps an epoch; without planes there is no place to count them, and no use.
        assertEquals(model.updates, count === 0 ? 0 : 42);
      }
    }
  }));

Deno.test("saveModel() writes the planes the optimiser keeps, and of a model that is no checkpoint none", () =>
  inFolder(async (folder) => {
    const path = `${folder}/model.safetensors`;
    const data = smallData();
    for (const [count, keeping] of KEEPING.entries()) {
      const model = small();
      for await (const _ of train(model, data, { epochs: 1, batchSize: 16, threads: 1, ...keeping }));
      for (const checkpoint of [true, false]) {
        await saveModel(model, path, checkpoint ? { training: { epoch: 1, options: {} } } : {});
        const { tensors, metadata } = await readFile(path);
        const names = [...tensors.keys()].filter((name) => name.startsWith("layers.0."));
        const planes = checkpoint
          ? PLANES[count].flatMap((name) => [name, capital("bias", name), capital("shape", name)])
          : [];
        const parts = ["indptr", "indices", "values", "bias", "shape", ...planes];
        assertEquals(names.toSorted(), parts.map((part) => `layers.0.${part}`).toSorted());
        const { name, planes: told, updates } = JSON.parse(metadata.optimizer ?? "{}");
        const expected = [model.optimizerState!.optimizer, PLANES[count], [count === 0 ? 0 : 4]];
        assertEquals([name, told, updates], checkpoint ? expected : [undefined, undefined, undefined]);
        const { model: loaded } = await loadModel(path);
        if (checkpoint) assertSameModel(loaded, model);
        else assertEquals([loaded.optimizerState, loaded.updates], [undefined, 0]);
      }
    }
  }));

Deno.test("train() refuses a checkpoint of another optimiser than the one asked for, in one line", () =>
  inFolder(async (folder) => {
    const path = `${folder}/checkpoint.safetensors`;
    const data = smallData();
    const options = { batchSize: 16, threads: 1 };
    for (const [held, asked] of [["sgd", "adam"], ["adam", "sgd"]] as const) {
      const model = small();
      for await (const _ of train(model, data, { ...options, epochs: 1, optimizer: held }));
      await saveModel(model, path, { training: { epoch: 1, options: {} } });
      const { model: loaded } = await loadModel(path);
      const run = () => train(loaded, data, { ...options, epochs: 2, epochsDone: 1, optimizer: asked });
      const { message } = assertThrows(run, TypeError);
      assertEquals(
        message,
        `Cannot train with optimizer "${asked}": the model holds the state of "${held}"; ` +
          "go on with that one, or call discardState() to begin anew",
      );
      loaded.discardState();
      for await (
        const { epoch } of train(loaded, data, { ...options, epochs: 2, epochsDone: 1, optimizer: asked })
      ) {
        assertEquals(epoch, 2);
      }
    }
  }));

Deno.test("saveModel() and loadModel() refuse mean squares below zero, as their roots are no numbers", () =>
  inFolder(async (folder) => {
    const path = `${folder}/negative.safetensors`;
    for (const array of ["planes", "biasPlanes"] as const) {
      const model = small();
      holdNumbers(model, 2);
      const [meanGradient, meanSquare] = model.layers[1][array];
      [meanGradient[1], meanSquare[1]] = [-1, -0];
      await saveModel(model, path, { training: { epoch: 1, options: {} } });
      await loadModel(path);
      const said =
        `number 1 of tensor "layers.1.${array === "planes" ? "meanSquare" : "biasMeanSquare"}" is -1, ` +
        "a finite one of 0 or more is needed";
      const save = () => saveModel(model, path, { training: { epoch: 1, options: {} } });
      meanSquare[1] = -1;
      await assertRejects(save, CheckpointError, said);
      // The same in a file that another program has written.
      meanSquare[1] = 0.123;
      await save();
      const bytes = await Deno.readFile(path);
      const pattern = new Uint8Array(Float32Array.of(0.123).buffer);
      const at = bytes.findIndex((_, place) => pattern.every((byte, part) => bytes[place + part] === byte));
      bytes.set(new Uint8Array(Float32Array.of(-1).buffer), at);
      await Deno.writeFile(path, bytes);
      await assertRejects(() => loadModel(path), CheckpointError, said);
    }
  }));

Deno.test("loadModel() refuses planes that are missing, foreign or swapped, and an unknown optimiser, in one line", () =>
  inFolder(async (folder) => {
    const [whole, changed] = [`${folder}/whole.safetensors`, `${folder}/changed.safetensors`];
    const model = small();
    holdNumbers(model, 2);
    await saveModel(model, whole, { training: { epoch: 1, options: {} } });
    const planes = '\\"planes\\":[\\"meanGradient\\",\\"meanSquare\\"]';
    const told = (names: string[]) => `\\"planes\\":[${names.map((name) => `\\"${name}\\"`).join(",")}]`;
    const name = '\\"name\\":\\"adam\\"';
    const cases: [string, string, string][] = [
      [name, '\\"name\\":\\"adamm\\"', 'the state of optimizer "adamm": this package knows sgd, adam'],
      [name, '\\"name\\":\\"toString\\"', 'the state of optimizer "toString": this package knows sgd, adam'],
      [name, '\\"name\\":7', "its optimizer has no name and planes"],
      [name, '\\"name\\":\\"a\\\\nb\\"', "its optimizer has no name and planes"],
      [name, `\\"name\\":\\"${"x".repeat(9999)}\\"`, "its optimizer has no name and planes"],
      [planes, told(["meanGradient, meanSquare"]), "its optimizer has no name and planes"],
      [name, '\\"name\\":\\"sgd\\"', "it has meanGradient, meanSquare, expected no planes or velocity"],
      [planes, '\\"planes\\":7', "its optimizer has no name and planes"],
      [planes, told([]), "it has no planes, expected meanGradient, meanSquare"],
      [planes, told(["meanGradient"]), "it has meanGradient, expected meanGradient, meanSquare"],
      [
        planes,
        told(["meanSquare", "meanGradient"]),
        "it has meanSquare, meanGradient, expected meanGradient, meanSquare",
      ],
      [
        planes,
        told(["meanGradient", "speed"]),
        "it has meanGradient, speed, expected meanGradient, meanSquare",
      ],
      ['"layers.1.meanSquare"', '"layers.1.meanSquares"', 'it has no tensor "layers.1.meanSquare"'],
      ['"layers.0.biasMeanGradient"', '"layers.0.biasMean"', 'it has no tensor "layers.0.biasMeanGradient"'],
      ['\\"updates\\":[7]', '\\"updates\\":[-1]', "its optimizer has made [-1] updates"],
      ['\\"updates\\":[7]', '\\"updates\\":[4294967296]', "its optimizer has made [4294967296] updates"],
      ['\\"updates\\":[7]', '\\"updates\\":7', "its optimizer has made 7 updates"],
      ['\\"updates\\":[7]', '\\"updates\\":[7,7]', "expected a list of 1 whole numbers below 2^32"],
      ['"optimizer":', '"optimiser":', "its network has no place for tensor"],
    ];
    for (const [from, to, message] of cases) {
      await withHeader(whole, changed, (json) => {
        assert(json.includes(from), from);
        return json.replace(from, to);
      });
      const error = await assertRejects(() => loadModel(changed), CheckpointError);
      assertStringIncludes(error.message, message);
      assertStringIncludes(error.message, changed);
      assert(!error.message.includes("\n"));
    }
  }));

Deno.test("loadModel() refuses a file cut off at any byte, and says which file", () =>
  inFolder(async (folder) => {
    const [whole, cut] = [`${folder}/whole.safetensors`, `${folder}/cut.safetensors`];
    await saveModel(small(), whole);
    const bytes = await Deno.readFile(whole);
    for (let length = 0; length < bytes.length; length++) {
      await Deno.writeFile(cut, bytes.subarray(0, length));
      const error = await assertRejects(() => loadModel(cut), CheckpointError);
      assertStringIncludes(error.message, cut);
    }
  }));

Deno.test("loadModel() loads a file with changed bytes whole, or refuses it with a CheckpointError", () =>
  inFolder(async (folder) => {
    const [whole, changed] = [`${folder}/whole.safetensors`, `${folder}/changed.safetensors`];
    await saveModel(small(), whole);
    const bytes = await Deno.readFile(whole);
    let refused = 0;
    for (let round = 0; round < 2000; round++) {
      const copy = bytes.slice();
      copy[(round * 7919) % copy.length] ^= 1 << (round % 8);
      await Deno.writeFile(changed, copy);
      try {
        await loadModel(changed);
      } catch (error) {
        assert(error instanceof CheckpointError, String(error));
        refused++;
      }
    }
    assert(refused > 1000, `only ${refused} of 2000 were refused`);
  }));

Deno.test("saveModel() leaves the older file and no other when it cannot write", () =>
  inFolder(async (folder) => {
    const path = `${folder}/none/model.safetensors`;
    const error = await assertRejects(() => saveModel(small(), path), CheckpointError);
    assertStringIncludes(error.message, path);
    assertEquals([...Deno.readDirSync(folder)].length, 0);
  }));

Deno.test("loadModel() names a file that is missing or of another kind", () =>
  inFolder(async (folder) => {
    await assertRejects(() => loadModel(`${folder}/absent`), CheckpointError, "absent");
    await Deno.writeTextFile(`${folder}/text`, "hello, this is no model at all");
    await assertRejects(
      () => loadModel(`${folder}/text`),
      CheckpointError,
      'it begins with the text "hello, t"',
    );
    await Deno.writeFile(`${folder}/bytes`, new Uint8Array(16).fill(0xff));
    await assertRejects(() => loadModel(`${folder}/bytes`), CheckpointError, "its header claims");
  }));

/** Writes a saved model with its header changed. */
async function withHeader(from: string, to: string, change: (json: string) => string): Promise<void> {
  const bytes = await Deno.readFile(from);
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = new TextEncoder().encode(change(new TextDecoder().decode(bytes.subarray(8, 8 + length))));
  const changed = new Uint8Array(8 + header.length + bytes.length - 8 - length);
  new DataView(changed.buffer).setBigUint64(0, BigInt(header.length), true);
  changed.set(header, 8);
  changed.set(bytes.subarray(8 + length), 8 + header.length);
  await Deno.writeFile(to, changed);
}

Deno.test("loadModel() refuses a header that contradicts itself or the network", () =>
  inFolder(async (folder) => {
    const [whole, changed] = [`${folder}/whole.safetensors`, `${folder}/changed.safetensors`];
    await saveModel(small(), whole, { training: { epoch: 1, options: {} } });
    await withHeader(whole, changed, (json) => json);
    await loadModel(changed);
    const cases: [string, (json: string) => string][] = [
      ["twice", (json) => json.replace('"layers.0.indices":', '"layers.0.indptr":')],
      ["is no text", (json) => json.replace('"format":"truly-sparse"', '"format":7')],
      ["class names for", (json) => json.replace('"classNames":"[]"', '"classNames":"[\\"a\\"]"')],
      ["no list of texts", (json) => json.replace('"classNames":"[]"', '"classNames":"[1,2]"')],
      ["settings are no object", (json) => json.replace(/"settings":"\{.*?\}\}?"/, '"settings":"null"')],
      ["no epoch and options", (json) => json.replace('\\"epoch\\":1', '\\"epoch\\":null')],
      ["format version 9", (json) => json.replace('"formatVersion":"5"', '"formatVersion":"9"')],
    ];
    for (const [found, change] of cases) {
      await withHeader(whole, changed, change);
      const error = await assertRejects(() => loadModel(changed), CheckpointError, found);
      assertStringIncludes(error.message, changed);
    }
  }));

Deno.test("loadModel() refuses a structure that is no sparse matrix, numbers that are not finite, other networks", () =>
  inFolder(async (folder) => {
    const path = `${folder}/crafted.safetensors`;
    const valid = () => ({
      "layers.0.indptr": Uint32Array.of(0, 2, 3, 4),
      "layers.0.indices": Uint32Array.of(0, 1, 1, 0),
      "layers.0.values": Float32Array.of(1, 2, 3, 4),
      "layers.0.bias": Float32Array.of(0, 0),
      "layers.0.shape": new Float32Array(0),
    });
    const write = (change: (tensors: Record<string, Tensor>) => void, sizes = [3, 2]) => {
      const tensors: Record<string, Tensor> = valid();
      change(tensors);
      return writeSafetensors(path, new Map(Object.entries(tensors)), {
        format: "truly-sparse",
        formatVersion: "2",
        packageVersion: "0.1.0",
        settings: JSON.stringify({ sizes }),
        classNames: "[]",
      });
    };
    await write(() => {});
    assertEquals((await loadModel(path)).model.layers[0].nnz, 4);
    const cases: [string, (tensors: Record<string, Tensor>) => void][] = [
      ["structure", (t) => t["layers.0.indices"][1] = 2],
      ["structure", (t) => t["layers.0.indices"].set([1, 0])],
      ["structure", (t) => t["layers.0.indices"][1] = 0],
      ["structure", (t) => t["layers.0.indptr"].set([0, 3, 2, 4])],
      ["indptr ends at 3", (t) => t["layers.0.indptr"][3] = 3],
      ["is NaN", (t) => t["layers.0.values"][2] = NaN],
      ["is Infinity", (t) => t["layers.0.bias"][1] = Infinity],
      ["no place for tensor", (t) => t["layers.1.bias"] = Float32Array.of(1)],
      ["no tensor", (t) => delete t["layers.0.bias"]],
      ["expected 4", (t) => t["layers.0.values"] = Float32Array.of(1)],
      ["of type F32", (t) => t["layers.0.indptr"] = Float32Array.of(0, 2, 3, 4)],
    ];
    for (const [found, change] of cases) {
      await write(change);
      const error = await assertRejects(() => loadModel(path), CheckpointError);
      assert(error.message.includes(found) || found === "structure", error.message);
      assertStringIncludes(error.message, path);
    }
    for (const sizes of [[4, 2], [3, 3], [3, 2, 2], [2 ** 32 - 1, 2]]) {
      await write(() => {}, sizes);
      await assertRejects(() => loadModel(path), CheckpointError, path);
    }
  }));

Deno.test("saveModel() removes what a killed program left, and nothing another one is writing", () =>
  inFolder(async (folder) => {
    const path = `${folder}/model.safetensors`;
    const [orphan, living, foreign] = ["0123abcd.part", "89abcdef.part", "part"].map((end) =>
      `${path}.${end}`
    );
    for (const left of [orphan, living, foreign]) await Deno.writeTextFile(left, "half");
    const code = `const file = await Deno.open(${JSON.stringify(living)}, { write: true });
      await file.lock(true);
      console.log("locked");
      await Deno.stdin.read(new Uint8Array(1));`;
    await using other = new Deno.Command(Deno.execPath(), {
      args: ["eval", code],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const said = other.stdout.getReader();
    await said.read();
    await saveModel(small(), path);
    const names = [...Deno.readDirSync(folder)].map(({ name }) => `${folder}/${name}`).sort();
    assertEquals(names, [path, living, foreign].sort());
    await other.stdin.close();
    await said.cancel();
  }));

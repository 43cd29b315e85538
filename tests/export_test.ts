import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import {
  type ActivationKind,
  CheckpointError,
  compact,
  exportDense,
  exportOnnx,
  exportScipy,
  importScipy,
  loadModel,
  madelonLike,
  pruneByImportance,
  saveModel,
  SparseMlp,
  train,
} from "../mod.ts";
import { Evaluator } from "../engine.ts";
import { ACTIVATION_KINDS } from "../src/model/activation.ts";
import { activationOf } from "../src/model/settings.ts";
import { decodeNpy, encodeNpy } from "../src/data/npy.ts";
import { readNpz } from "../src/data/npz.ts";
import { writeNpz } from "../src/files/npz.ts";
import { inFolder } from "./temporary.ts";
import { hasModules, python } from "./python.ts";

const data = madelonLike({
  samples: 200,
  testSamples: 20,
  features: 12,
  informative: 4,
  redundant: 2,
  seed: 4,
});

async function trained(
  activation: ActivationKind | readonly ActivationKind[] = "all-relu",
): Promise<SparseMlp> {
  const model = SparseMlp.create({ sizes: [12, 20, 16, 2], epsilon: 4, activation, seed: 6 });
  for await (const _ of train(model, data, { epochs: 3, batchSize: 20, threads: 1, dropout: 0 }));
  return model;
}

function predictions(model: SparseMlp): Float32Array {
  const outputs = new Float32Array(data.test!.samples * 2);
  new Evaluator(model, data.test!).run(outputs);
  return outputs;
}

const content = (model: SparseMlp) =>
  model.layers.map(({ indptr, indices, values, bias, activationParameters }) =>
    [indptr, indices, values, bias, activationParameters].map(String)
  );

Deno.test("importScipy() gives back what exportScipy() wrote", () =>
  inFolder(async (folder) => {
    for (const kind of [...ACTIVATION_KINDS, ["prelu", "all-relu"] as const]) {
      const model = await trained(kind);
      await exportScipy(model, `${folder}/${kind}`);
      const found = await importScipy(`${folder}/${kind}`);
      await saveModel(model, `${folder}/same`);
      assertEquals(content(found), content((await loadModel(`${folder}/same`)).model));
      assertEquals(found.settings, model.settings);
      assertEquals(found.classNames, model.classNames);
      assertEquals(predictions(found), predictions(model));
    }
  }));

Deno.test("exportDense() puts each weight in its place", () =>
  inFolder(async (folder) => {
    const model = await trained();
    await exportDense(model, folder);
    for (const [index, layer] of model.layers.entries()) {
      const { shape, data } = decodeNpy(await Deno.readFile(`${folder}/layer${index + 1}.npy`), "dense");
      assertEquals(shape, [layer.inputs, layer.neurons]);
      let nonZero = 0;
      for (let row = 0; row < layer.inputs; row++) {
        for (let at = layer.indptr[row]; at < layer.indptr[row + 1]; at++) {
          assertEquals(data[row * layer.neurons + layer.indices[at]], layer.values[at]);
          nonZero += Number(layer.values[at] !== 0);
        }
      }
      assertEquals((data as Float32Array).filter((weight) => weight !== 0).length, nonZero);
    }
    const large = SparseMlp.create({ sizes: [20_000, 20_000, 2], epsilon: 1, seed: 1 });
    await assertRejects(() => exportDense(large, `${folder}/large`), CheckpointError, "400000000 places");
  }));

Deno.test("importScipy() refuses what is no chain of CSR matrices", () =>
  inFolder(async (folder) => {
    const entry = (array: Float64Array | BigInt64Array, descr: string, shape = [array.length]) => ({
      descr,
      shape,
      data: array,
    });
    const write = (change: Record<string, unknown> = {}, format = "csr") =>
      writeNpz(`${folder}/layer1.npz`, {
        format: { descr: "|S3", shape: [], data: new TextEncoder().encode(format) },
        shape: entry(BigInt64Array.of(2n, 3n), "<i8"),
        indptr: entry(BigInt64Array.of(0n, 2n, 3n), "<i8"),
        indices: entry(BigInt64Array.of(2n, 0n, 1n), "<i8"),
        data: entry(Float64Array.of(0.5, 1.5, 2.5), "<f8"),
        ...change as Record<string, ReturnType<typeof entry>>,
      });
    await write();
    const { layers: [layer], settings } = await importScipy(folder, { activation: "relu" });
    assertEquals([[...layer.indices], [...layer.values], [...layer.bias]], [[0, 2, 1], [1.5, 0.5, 2.5], [
      0,
      0,
      0,
    ]]);
    assertEquals([settings.sizes, activationOf(settings, 0).kind], [[2, 3], "relu"]);
    const cases: [string, Promise<void> | (() => Promise<void>)][] = [
      ["no CSR matrix of SciPy", () => write({}, "csc")],
      ["stands twice", () => write({ indices: entry(BigInt64Array.of(2n, 2n, 1n), "<i8") })],
      ["expected 0 to 2", () => write({ indices: entry(BigInt64Array.of(2n, 3n, 1n), "<i8") })],
      ["is -1", () => write({ indices: entry(BigInt64Array.of(2n, -1n, 1n), "<i8") })],
      ["expected 3", () => write({ indptr: entry(BigInt64Array.of(0n, 3n), "<i8") })],
      ["expected 0", () => write({ indptr: entry(BigInt64Array.of(1n, 2n, 3n), "<i8") })],
      ["the number of connections", () => write({ indptr: entry(BigInt64Array.of(0n, 2n, 2n), "<i8") })],
      ["is NaN", () => write({ data: entry(Float64Array.of(1, NaN, 2), "<f8") })],
      ["is 1e+300", () => write({ data: entry(Float64Array.of(1, 1e300, 2), "<f8") })],
    ];
    for (const [found, damage] of cases) {
      await (damage as () => Promise<void>)();
      await assertRejects(() => importScipy(folder), CheckpointError, found);
    }
    await write();
    await Deno.writeTextFile(`${folder}/model.json`, '{"settings":{"sizes":[2,4]},"classNames":[]}');
    await assertRejects(() => importScipy(folder), CheckpointError, "model.json 2-4");
    await assertRejects(() => importScipy(`${folder}/none`), CheckpointError, "no file layer1.npz");
  }));

Deno.test("importScipy() sorts no row before the row ends are known to be in order", () =>
  inFolder(async (folder) => {
    const ends = Int32Array.from({ length: 4001 }, (_, row) => row % 2 === 0 ? 0 : 4000);
    ends[4000] = 4000;
    const ones = new Float32Array(4000).fill(1);
    await writeNpz(`${folder}/layer1.npz`, {
      format: { descr: "|S3", shape: [], data: new TextEncoder().encode("csr") },
      shape: { descr: "<i8", shape: [2], data: BigInt64Array.of(4000n, 5n) },
      indptr: { descr: "<i4", shape: [4001], data: ends },
      indices: { descr: "<i4", shape: [4000], data: new Int32Array(4000) },
      data: { descr: "<f4", shape: [4000], data: ones },
    });
    await assertRejects(() => importScipy(folder), CheckpointError, 'number 2 of "indptr"');
  }));

Deno.test({
  name: "exportScipy() writes what scipy.sparse.load_npz reads, and reads what it saves",
  ignore: !hasModules("numpy", "scipy"),
  fn: () =>
    inFolder(async (folder) => {
      const model = await trained();
      await exportScipy(model, folder);
      const found = JSON.parse(
        await python(
          `
import json, sys, numpy as np, scipy.sparse as sp
folder, count = sys.argv[1], int(sys.argv[2])
out = []
for layer in range(1, count + 1):
    path = f"{folder}/layer{layer}.npz"
    matrix = sp.load_npz(path)
    matrix.check_format(full_check=True)
    bias = np.load(path)["bias"]
    out.append([matrix.format, list(matrix.shape), matrix.indices.tolist(), matrix.data.tolist(), bias.tolist()])
    sp.save_npz(path, matrix)
print(json.dumps(out))`,
          folder,
          String(model.layers.length),
        ),
      );
      assertEquals(
        found,
        model.layers.map((
          { inputs, neurons, indices, values, bias },
        ) => ["csr", [inputs, neurons], [...indices], [...values], [...bias]]),
      );
      // SciPy has saved the matrices anew, without biases.
      const again = await importScipy(folder);
      assertEquals(
        again.layers.map(({ values }) => [...values]),
        model.layers.map(({ values }) => [...values]),
      );
    }),
});

Deno.test("exportOnnx() keeps weights sparse in the file", () =>
  inFolder(async (folder) => {
    const wide = SparseMlp.create({ sizes: [1000, 1000, 2], epsilon: 1, seed: 1 });
    await exportOnnx(wide, `${folder}/wide.onnx`);
    const { size } = await Deno.stat(`${folder}/wide.onnx`);
    const { connections } = wide.stats();
    assert(
      size > 12 * connections && size < 12 * connections + 10_000,
      `${size} bytes, ${connections} connections`,
    );
  }));

/** Checks a model's ONNX file, and that onnxruntime predicts from it as we do. */
async function compareWithOnnxruntime(model: SparseMlp, folder: string): Promise<void> {
  assert(model.is("classification"));
  await exportOnnx(model, `${folder}/model.onnx`);
  const { samples, features } = data.test!;
  const input = { shape: [samples, 12], data: features as Float32Array };
  await Deno.writeFile(`${folder}/input.npy`, encodeNpy(input));
  const found: number[] = JSON.parse(
    await python(
      `
import json, sys, numpy as np, onnx, onnxruntime
path = sys.argv[1] + "/model.onnx"
# A full check infers shapes too, and the inference of MatMul knows no sparse initialisers.
onnx.checker.check_model(onnx.load(path))
session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
print(json.dumps(session.run(["probabilities"], {"features": np.load(sys.argv[1] + "/input.npy")})[0].ravel().tolist()))`,
      folder,
    ),
  );
  // Sums of up to 20 products in another order, then softmax: f32 rounding.
  const expected = model.temperature === 1
    ? predictions(model)
    : model.predictProbabilities(features as Float32Array);
  expected.forEach((probability, at) => assertAlmostEquals(found[at], probability, 2e-6));
  assertEquals(found.length, 2 * samples);
}

for (const kind of ACTIVATION_KINDS) {
  Deno.test({
    name: `exportOnnx() passes the checker and predicts as we do in onnxruntime (${
      [kind].flat().join(", ")
    })`,
    ignore: !hasModules("onnx", "onnxruntime", "numpy"),
    fn: () => inFolder(async (folder) => await compareWithOnnxruntime(await trained(kind), folder)),
  });
}

Deno.test({
  name: "exportOnnx() of a calibrated model predicts its probabilities in onnxruntime",
  ignore: !hasModules("onnx", "onnxruntime", "numpy"),
  fn: () =>
    inFolder(async (folder) => {
      const model = await trained();
      model.temperature = 2.5;
      await compareWithOnnxruntime(model, folder);
    }),
});

Deno.test("exportOnnx() divides by the temperature of a calibrated model, and of no other", () =>
  inFolder(async (folder) => {
    const model = await trained();
    for (const temperature of [1, 2.5]) {
      model.temperature = temperature;
      await exportOnnx(model, `${folder}/model.onnx`);
      const text = new TextDecoder("latin1").decode(await Deno.readFile(`${folder}/model.onnx`));
      assertEquals([text.includes("temperature"), text.includes("Div")], [
        temperature !== 1,
        temperature !== 1,
      ]);
    }
  }));

Deno.test({
  name: "exportOnnx() of a compacted model takes all raw features and predicts as we do in onnxruntime",
  ignore: !hasModules("onnx", "onnxruntime", "numpy"),
  fn: () =>
    inFolder(async (folder) => {
      const model = await trained();
      // Two features that are constant, and half of the neurons gone.
      model.standardization!.scale.fill(0, 3, 5);
      for (const layer of model.layers.slice(0, -1)) pruneByImportance(layer, 50);
      const small = compact(model).model;
      assert(small.layers[0].inputs < 12 && small.layers[0].neurons < 20);
      assertEquals(small.featureCount, 12);
      await compareWithOnnxruntime(small, folder);
    }),
});

Deno.test({
  name: "saveModel() writes what the safetensors package of Python reads, and reads what it saves",
  ignore: !hasModules("numpy", "safetensors"),
  fn: () =>
    inFolder(async (folder) => {
      const path = `${folder}/model.safetensors`;
      const model = await trained("prelu");
      await saveModel(model, path);
      await python(
        `
import sys
from safetensors import safe_open
from safetensors.numpy import save_file
with safe_open(sys.argv[1], "np") as file:
    tensors = {name: file.get_tensor(name) for name in file.keys()}
    metadata = file.metadata()
save_file(tensors, sys.argv[1], metadata)`,
        path,
      );
      assertEquals(predictions((await loadModel(path)).model), predictions(model));
    }),
});

Deno.test("writeNpz() writes what readNpz() reads, empty arrays too", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.npz`;
    const large = Float32Array.from({ length: 2_000_003 }, (_, at) => at);
    await writeNpz(path, {
      large: { descr: "<f4", shape: [large.length], data: large },
      none: { descr: "<f4", shape: [0], data: new Float32Array(0) },
    });
    const found = await readNpz(path);
    assertEquals(found.get("none")!.data.length, 0);
    assert((found.get("large")!.data as Float32Array).every((number, at) => number === large[at]));
  }));

import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { type InferenceModel, loadModel, madelonLike, saveModel, SparseMlp, train } from "../mod.ts";
import { main } from "../src/cli/main.ts";
import { decodeNpy, encodeNpy } from "../src/data/npy.ts";
import { type SampleWindow, sampleWindows } from "../src/data/windows.ts";

const FEATURES = 6;
const data = madelonLike({
  samples: 200,
  testSamples: 23,
  features: FEATURES,
  informative: 3,
  redundant: 1,
  seed: 1,
});
const features = data.test!.features as Float32Array;

interface Place {
  readonly folder: string;
  readonly model: string;
  readonly inference: InferenceModel<"classification">;
}

/** A trained model with class names that need quoting, saved in a folder of its own. */
async function inFolder(work: (place: Place) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const named = { ...data, classNames: ["no", 'yes, "very"'] };
    const model = SparseMlp.create({ sizes: [FEATURES, 12, 2], epsilon: 4, seed: 1 });
    for await (const _ of train(model, named, { epochs: 3, batchSize: 16, threads: 1 }));
    await saveModel(model, `${folder}/model.safetensors`);
    await work({ folder, model: `${folder}/model.safetensors`, inference: model.toInference() });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function rows(): string[] {
  return Array.from(
    { length: 23 },
    (_, sample) => [...features.subarray(FEATURES * sample, FEATURES * (sample + 1))].join(","),
  );
}

async function all(windows: AsyncIterable<SampleWindow>): Promise<{ values: number[]; windows: number }> {
  const values: number[] = [];
  let count = 0;
  for await (const window of windows) {
    values.push(...window.features);
    count++;
  }
  return { values, windows: count };
}

Deno.test("sampleWindows() reads text, npy and IDX in windows of any size alike", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const csv = `${folder}/a.csv`;
    await Deno.writeTextFile(csv, `\na,b,c,d,e,f,class\n${rows().map((row) => `${row},x y`).join("\r\n")}`);
    const npy = `${folder}/a.npy`;
    await Deno.writeFile(npy, encodeNpy({ shape: [23, FEATURES], data: features }));
    const doubles = `${folder}/b.npy`;
    await Deno.writeFile(doubles, encodeNpy({ shape: [23, 2, 3], data: Float64Array.from(features) }));
    const idx = `${folder}/c.idx`;
    const head = new DataView(new ArrayBuffer(12 + features.byteLength));
    [0x0d02, 23, FEATURES].forEach((word, at) => head.setUint32(4 * at, word));
    features.forEach((value, at) => head.setFloat32(12 + 4 * at, value));
    await Deno.writeFile(idx, new Uint8Array(head.buffer));
    for (const path of [csv, npy, doubles, idx]) {
      for (const windowBytes of [1, 300, 1 << 20]) {
        const found = await all(sampleWindows(path, { featureCount: FEATURES, windowBytes }));
        assertEquals(found.values, [...features], path);
        assert(windowBytes > 300 ? found.windows === 1 : found.windows > 1, `${found.windows} windows`);
      }
    }
    const mismatch = await assertRejects(() => all(sampleWindows(csv, { featureCount: 9 })), TypeError);
    assertEquals(
      mismatch.message,
      `Cannot predict on "${csv}": it has 7 columns, the model takes 9 features`,
    );
    const other = await assertRejects(() => all(sampleWindows(npy, { featureCount: 9 })), TypeError);
    assert(other.message.includes(npy) && other.message.includes("shape 6, the model takes 9"));
    const bytes = await Deno.readFile(npy);
    await Deno.writeFile(npy, bytes.subarray(0, bytes.length - 5));
    await assertRejects(() => all(sampleWindows(npy, { featureCount: FEATURES })), SyntaxError, "22 of 23");
    await Deno.writeFile(npy, encodeNpy({ shape: [1, 6], data: Float32Array.of(1, 2, 3, NaN, 5, 6) }));
    const place = `feature 3 of sample 0 of "${npy}"`;
    await assertRejects(() => all(sampleWindows(npy, { featureCount: FEATURES })), SyntaxError, place);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("predict writes CSV, JSON lines and npy that agree with predictProbabilities()", () =>
  inFolder(async ({ folder, model, inference }) => {
    const file = `${folder}/samples.csv`;
    await Deno.writeTextFile(file, `${rows().join("\n")}\n`);
    const wanted = inference.predictProbabilities(features);
    const labels = inference.predictClasses(features);
    for (const name of ["out.csv", "out.jsonl", "out.npy"]) {
      assertEquals(await main(["predict", model, file, "--output", `${folder}/${name}`]), 0);
    }
    const lines = (await Deno.readTextFile(`${folder}/out.csv`)).trimEnd().split("\n");
    assertEquals(lines[0], 'label,no,"yes, ""very"""');
    assertEquals(lines.length, 24);
    const objects = (await Deno.readTextFile(`${folder}/out.jsonl`)).trimEnd().split("\n").map((line) =>
      JSON.parse(line)
    );
    objects.forEach(({ label, probabilities }, sample) => {
      assertEquals(label, inference.classNames[labels[sample]]);
      // Seven digits are written.
      assertAlmostEquals(probabilities[0], wanted[2 * sample], 1e-6);
      const cells = /^(?:no|"yes, ""very""")(,.*)$/.exec(lines[sample + 1]);
      assertEquals(cells?.[1], `,${probabilities.join(",")}`);
    });
    const { shape, data } = decodeNpy(await Deno.readFile(`${folder}/out.npy`), "out");
    assertEquals(shape, [23, 2]);
    assertEquals([...data], [...wanted]);
    assertEquals(await main(["predict", model, file, "--labels", "--output", `${folder}/out.npy`]), 0);
    const classes = decodeNpy(await Deno.readFile(`${folder}/out.npy`), "out");
    assertEquals([classes.shape, [...classes.data]], [[23], [...labels]]);
  }));

Deno.test("predict leaves no file behind when the samples do not fit", () =>
  inFolder(async ({ folder, model }) => {
    const file = `${folder}/samples.csv`;
    await Deno.writeTextFile(file, "1,2,3\n4,5,6\n");
    assertEquals(await main(["predict", model, file, "--output", `${folder}/out.csv`]), 1);
    await Deno.writeTextFile(file, `${rows().join("\n")}\n1,2,3,4,5,six\n`);
    assertEquals(await main(["predict", model, file, "--output", `${folder}/out.csv`]), 1);
    assertEquals(await main(["predict", model, file, "--format", "npy"]), 2);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), [
      "model.safetensors",
      "samples.csv",
    ]);
  }));

Deno.test("prune saves a compacted model that predict and evaluate take", () =>
  inFolder(async ({ folder, model }) => {
    const csv = `${folder}/test.csv`;
    const labelled = rows().map((row, sample) => `${row},${sample % 2 === 0 ? "no" : '"yes, ""very"""'}`);
    await Deno.writeTextFile(csv, `${labelled.join("\n")}\n`);
    const small = `${folder}/small.safetensors`;
    const percentile = ["--percentiles", "50"];
    assertEquals(await main(["prune", model, "--data", csv, ...percentile, "--output", small]), 0);
    const [before, after] = [(await loadModel(model)).model, (await loadModel(small)).model];
    assert(after.stats().parameters < 0.8 * before.stats().parameters);
    assertEquals(await main(["evaluate", small, "--data", csv]), 0);
    assertEquals(await main(["predict", small, csv, "--output", `${folder}/out.csv`]), 0);
    assertEquals(await main(["prune", model, "--data", csv, "--output", small]), 2);
  }));

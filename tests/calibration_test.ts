import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { CheckpointError } from "../src/errors.ts";
import { loadModel, saveModel } from "../src/files/checkpoint.ts";
import { exportScipy, importScipy } from "../src/files/scipy.ts";
import { writeSafetensors } from "../src/files/safetensors.ts";
import { SparseMlp } from "../src/model/model.ts";
import { applyTemperature } from "../src/model/temperature.ts";
import { calibrate, fitTemperature } from "../src/train/calibration.ts";
import { evaluate } from "../src/train/measures.ts";
import { compact } from "../src/topology/compaction.ts";
import { folder, run, table } from "./cli/process.ts";
import { fileContent } from "./model/file.ts";
import { inFolder, withFile } from "./temporary.ts";
import { finish, linearData, noiseData, xorModel } from "./trainer/data.ts";

/** Learns classes that nothing tells by heart, and is far too sure of them. */
const OPTIONS = { epochs: 30, batchSize: 8, dropout: 0, learningRate: 0.03, validationFraction: 0.3 };
const data = noiseData(120, 60);

Deno.test("applyTemperature() gives softmax(z / T) of softmax(z)", () => {
  const logits = [1.5, -2, 0.25, -60, 0, 12];
  const softmax = (row: readonly number[], temperature: number) => {
    const weights = row.map((value) => Math.exp((value - Math.max(...row)) / temperature));
    return weights.map((weight) => weight / weights.reduce((sum, value) => sum + value, 0));
  };
  const rows = [logits.slice(0, 3), logits.slice(3)];
  for (const temperature of [0.5, 1, 3]) {
    const found = Float32Array.from(rows.flatMap((row) => softmax(row, 1)));
    applyTemperature(found, 3, temperature);
    const expected = rows.flatMap((row) => softmax(row, temperature));
    // A probability near 1 has lost 2⁻²⁵ of itself in f32, which a low temperature doubles.
    found.forEach((value, place) => assertAlmostEquals(value, expected[place], 3e-7));
  }
  const sure = Float32Array.of(1, 0);
  applyTemperature(sure, 2, 10);
  assertAlmostEquals(sure[1], 1 / (1 + Math.exp(149 * Math.LN2 / 10)), 1e-9);
});

Deno.test("fitTemperature() finds the temperature that probabilities were made with", () => {
  // Of 40 samples with the probabilities p and 1 − p, p·40 are of the first class: temperature 1 is right.
  const fractions = [0.6, 0.75, 0.9];
  const probabilities = fractions.flatMap((p) => Array.from({ length: 40 }, () => [p, 1 - p]).flat());
  const labels = fractions.flatMap((p) => Array.from({ length: 40 }, (_, sample) => sample < 40 * p ? 0 : 1));
  for (const temperature of [0.5, 1, 2.5]) {
    const sharpened = Float32Array.from(probabilities);
    applyTemperature(sharpened, 2, 1 / temperature);
    // Probabilities are f32.
    assertAlmostEquals(fitTemperature(sharpened, Uint32Array.from(labels)), temperature, 1e-5);
  }
  // All right, or all wrong: the ends of the range.
  assertAlmostEquals(fitTemperature(Float32Array.of(0.75, 0.25), Uint32Array.of(0)), 0.1, 1e-9);
  assertAlmostEquals(fitTemperature(Float32Array.of(0.75, 0.25), Uint32Array.of(1)), 10, 1e-9);
  assertThrows(
    () => fitTemperature(new Float32Array(3), new Uint32Array(2)),
    TypeError,
    "3 values for 2 samples",
  );
});

Deno.test("train() with calibrate fits a temperature on the validation samples, and leaves classes as they are", async () => {
  const [plain, model] = [xorModel(), xorModel()];
  const keep = "last";
  await finish(plain, data, { ...OPTIONS, keep });
  const { summary } = await finish(model, data, { ...OPTIONS, keep, calibrate: true });
  const { temperature, errorBefore, errorAfter, logLossBefore, logLossAfter } = summary.calibration!;
  assert(temperature > 1.5 && model.temperature === temperature, `${temperature}`);
  assert(errorAfter < errorBefore && logLossAfter < logLossBefore);
  const { features } = data.test!;
  assertEquals(model.predict(features), plain.predict(features));
  const expected = plain.predictProbabilities(features);
  applyTemperature(expected, 2, temperature);
  assertEquals(model.predictProbabilities(features), expected);
  const [one, other] = [plain, model].map((of) => evaluate(of, [data.test!]));
  assertEquals(one.loss, other.loss);
  assertEquals(one.accuracy, other.accuracy);
  assert(other.logLoss < one.logLoss);
  // The best epoch is calibrated where that is kept, and a run that goes on begins without.
  const kept = xorModel();
  await finish(kept, data, { ...OPTIONS, calibrate: true });
  assert(kept.temperature !== 1 && kept.running?.temperature === 1);
  await finish(kept, data, { ...OPTIONS, epochs: 1 });
  assertEquals(kept.temperature, 1);
});

Deno.test("calibrate() refuses regression, and train() a calibration without validation samples", async () => {
  const model = SparseMlp.create({ sizes: [3, 8, 2], epsilon: 5, task: "regression", seed: 1 });
  const numbers = linearData(40);
  assertThrows(() => calibrate(model, numbers.train), TypeError, "it is for regression");
  const options = { ...OPTIONS, calibrate: true };
  await assertRejects(
    () => finish(model, numbers, options),
    TypeError,
    "it is for regression",
  );
  await assertRejects(
    async () => await finish(xorModel(), data, { calibrate: true }),
    TypeError,
    "needs a validationFraction",
  );
});

Deno.test("saveModel(), exportScipy() and compact() keep the temperature", () =>
  inFolder(async (folder) => {
    const model = xorModel();
    await finish(model, data, { ...OPTIONS, calibrate: true });
    const path = `${folder}/m.safetensors`;
    await saveModel(model, path);
    await exportScipy(model, `${folder}/scipy`);
    const { features } = data.test!;
    const expected = model.predictProbabilities(features);
    for (const other of [(await loadModel(path)).model, await importScipy(`${folder}/scipy`)]) {
      assertEquals(other.temperature, model.temperature);
      assert(other.is("classification"));
      assertEquals(other.predictProbabilities(features), expected);
    }
    assertEquals(compact(model).model.temperature, model.temperature);
    const json = JSON.parse(await Deno.readTextFile(`${folder}/scipy/model.json`));
    assertEquals(json.temperature, model.temperature);
    await Deno.writeTextFile(`${folder}/scipy/model.json`, JSON.stringify({ ...json, temperature: -1 }));
    await assertRejects(() => importScipy(`${folder}/scipy`), CheckpointError, "temperature is -1");
  }));

Deno.test("loadModel() refuses a temperature that is none", () =>
  withFile(async (path) => {
    const model = xorModel();
    await finish(model, data, { ...OPTIONS, epochs: 2, calibrate: true });
    await saveModel(model, path);
    const { metadata, tensors } = await fileContent(path);
    for (const temperature of ["0", "-2", "null", '"2"', "1e999", "[]"]) {
      await writeSafetensors(path, tensors, { ...metadata, temperature });
      await assertRejects(() => loadModel(path), CheckpointError, "a number above 0");
    }
  }));

Deno.test("train --calibrate saves the temperature, also where the last epoch was saved before", async () => {
  const path = await folder({ "t.csv": table(90).replaceAll("5,odd", "5,even") });
  const model = `${path}/m.safetensors`;
  const args = ["train", "--data", `${path}/t.csv`, "--hidden", "16", "--threads", "1", "--epochs", "4"];
  const judged = ["--validation-fraction", "0.3", "--calibrate", "--checkpoint-every", "1", "--json"];
  const { code, stdout, stderr } = await run(...args, ...judged, "--output", model);
  assertEquals(code, 0, stderr);
  const { calibration } = JSON.parse(stdout.trim().split("\n").at(-1)!);
  assert(calibration.temperature !== 1);
  assertEquals((await loadModel(model)).model.temperature, calibration.temperature);
});

Deno.test("fitTemperature() counts each sample as its weight", () => {
  const probabilities = Float32Array.of(0.9, 0.1, 0.9, 0.1, 0.3, 0.7);
  const labels = Uint32Array.of(0, 1, 1);
  const [rows, classes] = [[0, 0, 0, 1, 2, 2], [0, 0, 0, 1, 1, 1]];
  const repeated = Float32Array.from(
    rows.flatMap((row) => [...probabilities.subarray(2 * row, 2 * row + 2)]),
  );
  const expected = fitTemperature(repeated, Uint32Array.from(classes));
  assertAlmostEquals(fitTemperature(probabilities, labels, Float32Array.of(3, 1, 2)), expected, 1e-12);
});

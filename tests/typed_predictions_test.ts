import { assert, assertEquals, assertThrows } from "@std/assert";
import { FeatureError, InferenceModel, loadModel, type Matrix, saveModel, SparseMlp } from "../mod.ts";
import { linearData, xorData, xorModel } from "./trainer/data.ts";
import { finish } from "./trainer/data.ts";

const OPTIONS = { epochs: 3, batchSize: 16, threads: 1 };

/** A trained classifier, and raw samples of it. */
async function classifier() {
  const data = xorData(60, 20);
  const model = xorModel();
  await finish(model, data, OPTIONS);
  return { model, features: data.test!.features as Float32Array };
}

Deno.test("predictClasses(), predictValues() and predictLabels() give what predict() gave", async () => {
  const { model, features } = await classifier();
  const classes = model.predictClasses(features);
  assert(classes instanceof Uint32Array);
  assertEquals(model.predict(features), classes);
  assertEquals(model.compile().predict(features), classes);
  const probabilities = model.predictProbabilities(features);
  assertEquals(
    classes,
    Uint32Array.from(classes, (_, at) => Number(probabilities[2 * at + 1] > probabilities[2 * at])),
  );

  const data = linearData(60, 20);
  const regression = SparseMlp.create({ sizes: [3, 16, 2], epsilon: 8, task: "regression", seed: 1 });
  await finish(regression, data, OPTIONS);
  const values = regression.predictValues(data.test!.features);
  assertEquals([values.constructor, values.length], [Float32Array, 40]);
  assertEquals(regression.predict(data.test!.features), values);

  const several = SparseMlp.create({ sizes: [4, 24, 3], epsilon: 8, task: "multi-label", seed: 1 });
  const labels = several.predictLabels(features);
  assert(labels instanceof Uint8Array);
  assertEquals(several.predict(features), labels);
  const each = several.predictProbabilities(features);
  assertEquals(labels, Uint8Array.from(each, (probability) => Number(probability > 0.5)));
  assert(labels.includes(0) && labels.includes(1));
});

Deno.test("predictClasses() and predictProbabilities() of one output have two classes", () => {
  const model = SparseMlp.create({ sizes: [4, 24, 1], epsilon: 8, seed: 2 });
  const features = Float32Array.from({ length: 4 * 30 }, (_, at) => Math.sin(at * at));
  const [classes, probabilities] = [model.predictClasses(features), model.predictProbabilities(features)];
  assertEquals([classes.length, probabilities.length], [30, 60]);
  assertEquals(classes, Uint32Array.from(classes, (_, at) => Number(probabilities[2 * at + 1] > 0.5)));
  assert(classes.includes(0) && classes.includes(1));
});

Deno.test("predictions take numbers as people bring them, and give the same of all of them", async () => {
  const { model, features } = await classifier();
  const inference = model.toInference();
  const rounded = features.map((feature) => Math.round(50 * feature));
  const expected = inference.predictProbabilities(rounded);
  const rows = Array.from({ length: 20 }, (_, row) => rounded.subarray(4 * row, 4 * row + 4));
  const growing = new Float32Array(new ArrayBuffer(320, { maxByteLength: 640 }));
  growing.set(rounded);
  class Named extends Float64Array {}
  const given: [string, Matrix][] = [
    ["a list", [...rounded]],
    ["a frozen list", Object.freeze([...rounded])],
    ["rows", rows.map((row) => [...row])],
    ["rows of typed arrays", rows],
    ["Float64Array", Float64Array.from(rounded)],
    ["Int8Array", Int8Array.from(rounded)],
    ["Int32Array", Int32Array.from(rounded)],
    ["a class of one's own", Named.from(rounded)],
    ["a resizable array", growing],
    ["a proxied list", new Proxy([...rounded], {})],
    ["shared memory", new Float32Array(new SharedArrayBuffer(320))],
  ];
  (given.at(-1)![1] as Float32Array).set(rounded);
  for (const [name, features] of given) {
    assertEquals(inference.predictProbabilities(features), expected, name);
  }
  assertEquals(model.predictClasses([]).length, 0);
  assertEquals(model.predictClasses([...rounded.subarray(0, 4)]).length, 1);
});

Deno.test("predictions refuse features they would misread, and options there are none of", async () => {
  const { model, features } = await classifier();
  const gone = Float32Array.from(features);
  structuredClone(gone, { transfer: [gone.buffer] });
  const refused: [unknown, typeof TypeError | typeof RangeError | typeof FeatureError, string][] = [
    [undefined, TypeError, "features is undefined, expected an array of numbers"],
    [null, TypeError, "features is null"],
    ["1,2,3,4", TypeError, "features is a string"],
    [{ length: 4 }, TypeError, "features is an object"],
    [new Proxy(features, {}), TypeError, "features is an object"],
    [new BigInt64Array(4), TypeError, "features is a BigInt64Array of 4"],
    [new DataView(new ArrayBuffer(16)), TypeError, "features is a DataView"],
    [gone, TypeError, "whose memory was transferred"],
    [features.subarray(1), TypeError, "features are 79 numbers, samples have 4 each"],
    [[[1, 2, 3, 4], [1, 2, 3]], TypeError, "row 1 of features are 3 numbers, expected 4"],
    [[[1, 2, 3]], TypeError, "row 0 of features are 3 numbers, expected 4"],
    [[1, 2, 3, "4"], TypeError, "element 3 of features is a string"],
    [[1, 2, 3, , 5], TypeError, "element 3 of features is undefined"],
    [[1, 2, 3, NaN], RangeError, "number 3 of features is NaN"],
    [[1, 2, 3, 1e39], RangeError, "number 3 of features is 1e+39"],
    [Float32Array.of(1, 2, 3, NaN), FeatureError, "feature 3 of sample 0 is NaN"],
  ];
  for (const asked of [model, model.toInference()]) {
    for (const method of ["predictClasses", "predictProbabilities", "predict"] as const) {
      const predict = (...given: unknown[]) => () =>
        Reflect.apply(asked[method] as (...given: unknown[]) => unknown, asked, given);
      for (const [given, kind, message] of refused) assertThrows(predict(given), kind, message);
      assertThrows(
        predict(features, { thread: 2 }),
        TypeError,
        'no option "thread", did you mean "threads"?',
      );
      assertThrows(predict(features, { threads: 0 }), RangeError, "threads is 0");
      assertThrows(predict(features, 2), TypeError, "options is 2, expected an object");
    }
  }
});

Deno.test("a prediction of another task is refused with the ones there are, and is() tells tasks apart", async () => {
  const kinds = [
    ["classification", "predictClasses or predictProbabilities"],
    ["regression", "predictValues"],
    ["multi-label", "predictLabels or predictProbabilities"],
  ] as const;
  const METHODS = ["predictClasses", "predictProbabilities", "predictValues", "predictLabels"] as const;
  for (const [task, methods] of kinds) {
    const model: SparseMlp = SparseMlp.create({ sizes: [2, 4, 2], task, seed: 1 });
    for (const asked of [model, model.toInference()]) {
      assertEquals(kinds.filter(([other]) => asked.is(other)).map(([other]) => other), [task]);
      for (const method of METHODS) {
        const predict = () => Reflect.apply(asked[method] as (features: Matrix) => unknown, asked, [[1, 2]]);
        if (methods.includes(method)) predict();
        else assertThrows(predict, TypeError, `the model is for ${task}, use ${methods}`);
      }
      assertThrows(() => asked.is("regresion" as "regression"), RangeError, 'did you mean "regression"?');
    }
  }
  const path = await Deno.makeTempFile({ suffix: ".safetensors" });
  const model = xorModel();
  await saveModel(model, path);
  const loaded = await loadModel(path);
  await Deno.remove(path);
  const { model: again } = loaded;
  if (!again.is("classification")) throw new Error("the task was lost");
  assertEquals(again.predictClasses([[1, 2, 3, 4]]), model.predictClasses([[1, 2, 3, 4]]));
});

Deno.test("a model whose task is known is a model, and the compiler refuses predictions of other tasks", () => {
  const classifier: SparseMlp<"classification"> = SparseMlp.create({ sizes: [2, 4, 2] });
  const any: SparseMlp = classifier;
  const inference: InferenceModel = classifier.toInference();
  assert(any.is("classification") && inference.is("classification"));
  assertThrows(() => {
    // @ts-expect-error A classification has no values.
    classifier.predictValues([1, 2]);
  }, TypeError);
  assertThrows(() => {
    const either = SparseMlp.create({
      sizes: [2, 4, 2],
      task: "regression" as "classification" | "regression",
    });
    // @ts-expect-error Of a model that may be for either task, is() tells first.
    either.predictClasses([1, 2]);
  }, TypeError);
});

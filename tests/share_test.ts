import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import {
  CheckpointError,
  encodeModel,
  evaluate,
  InferenceModel,
  loadModel,
  newRunState,
  SparseMlp,
  train,
  trainParallel,
} from "../mod.ts";
import { compact } from "../src/topology/compaction.ts";
import { assertSameModel } from "./model/content.ts";
import { KEEPING } from "./model/state.ts";
import { make, trained, TRAINING as options } from "./model/trained.ts";
import { type Answer, type Request, WORKER_DATA as data } from "./model/sharing_worker.ts";
import { linearData } from "./trainer/data.ts";

/** Asks a Worker of its own. */
function ask(request: Request): Promise<Answer> {
  const worker = new Worker(new URL("./model/sharing_worker.ts", import.meta.url), { type: "module" });
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new Error(event.message));
  };
  worker.postMessage(request);
  return promise.finally(() => worker.terminate());
}

const meaning = ({ classNames, temperature, schema, targetScaling, standardization }: SparseMlp) => ({
  ...{ classNames, temperature, schema, targetScaling, standardization },
});

// --- bytes ---

Deno.test("a run paused into bytes in the middle of an epoch goes on in a Worker bit for bit", async () => {
  for (const keeping of KEEPING) {
    const more = { ...options, ...keeping };
    const straight = make();
    const all = newRunState();
    for await (const _ of train(straight, data, { ...more, state: all }));
    const model = make();
    const state = newRunState();
    // 10 steps an epoch: it stops in the middle of the third.
    for await (const _ of train(model, data, { ...more, maxSteps: 24, state, keep: "best" }));
    assertEquals([state.epoch, state.step], [2, 4]);
    const bytes = await encodeModel(model, { training: { epoch: state.epoch, options: {}, state } });
    const answer = await ask({ kind: "resume", bytes, options: more });
    const { model: resumed } = await loadModel(answer.bytes!);
    assert(resumed.is("classification"));
    assertSameModel(resumed.running ?? resumed, straight.running ?? straight);
    assertEquals(
      resumed.predictProbabilities(data.test!.features),
      straight.predictProbabilities(data.test!.features),
    );
  }
});

// --- clone ---

Deno.test("clone() gives the bits of the model, and training it leaves the model alone", async () => {
  for (const keeping of KEEPING) {
    const model = await trained({ ...keeping, calibrate: true });
    const copy = model.clone();
    assertSameModel(copy, model);
    assertEquals(meaning(copy), meaning(model));
    assertEquals(copy.running === undefined, model.running === undefined);
    if (model.running) assertSameModel(copy.running!, model.running);
    const before = await encodeModel(model);
    // The copy learns what the model would have learned.
    for await (const _ of train(copy, data, { ...options, ...keeping, epochs: 3 }));
    assertEquals(await encodeModel(model), before);
    copy.standardization!.mean.fill(1);
    assertEquals(await encodeModel(model), before);
    for await (const _ of train(model, data, { ...options, ...keeping, epochs: 3 }));
    assertSameModel(copy, model);
  }
});

Deno.test("clone() of a model in the middle of a run goes on with the state as the model would have", async () => {
  const [model, state] = [make(), newRunState()];
  for await (const _ of train(model, data, { ...options, maxSteps: 24, state }));
  const [copy, copiedState] = [model.clone(), structuredClone(state)];
  for await (const _ of train(copy, data, { ...options, state: copiedState }));
  for await (const _ of train(model, data, { ...options, state }));
  assertSameModel(copy, model);
  assertEquals(await encodeModel(copy), await encodeModel(model));
});

Deno.test("clone() keeps the unit of targets, and the features of a compacted model", async () => {
  const numbers = linearData(60, 20);
  const model = SparseMlp.create({
    sizes: [numbers.featureCount, 16, numbers.outputCount],
    task: "regression",
  });
  for await (const _ of train(model, numbers, { epochs: 2, batchSize: 8 }));
  const small = compact(model).model;
  for (const one of [model, small]) {
    const copy = one.clone();
    assertEquals(meaning(copy), meaning(one));
    assert(copy.targetScaling!.mean !== one.targetScaling!.mean);
    assertEquals(copy.predict(numbers.test!.features), one.predict(numbers.test!.features));
  }
});

// --- share ---

Deno.test("fromShared() sees the weights of the model that was shared, and all that it means", async () => {
  for (const keeping of KEEPING) {
    const model = await trained({ ...keeping, calibrate: true });
    const other = SparseMlp.fromShared(structuredClone(model.share()));
    assertSameModel(other, model);
    assertEquals(meaning(other), meaning(model));
    if (model.running) assertSameModel(other.running!, model.running);
    model.layers[1].values[0] = 0.25;
    other.layers[0].bias[1] = -0.5;
    assertSameModel(other, model);
    assertEquals(await encodeModel(other), await encodeModel(model));
  }
});

Deno.test("fromShared() in a Worker trains the model of this thread, whose arrays change", async () => {
  const model = await trained({ keep: "last" });
  const before = model.clone();
  const more = { epochs: 2, batchSize: 16, threads: 1 };
  const { shared } = await ask({ kind: "train", shared: model.share(), options: more });
  assertNotEquals(model.layers[0].connections(), before.layers[0].connections());
  for await (const _ of train(before, data, more));
  assertSameModel(model, before);
  assertSameModel(SparseMlp.fromShared(shared!), before);
});

Deno.test("a model that was never trained refuses to predict and to be saved once another over its memory was", async () => {
  const model = SparseMlp.create({ sizes: [data.featureCount, 16, data.outputCount], seed: 1 });
  const { features } = data.train;
  model.predictClasses(features);
  const other = SparseMlp.fromShared(structuredClone(model.share()));
  model.predictClasses(features);
  for await (const _ of train(other, data, { epochs: 1, batchSize: 16 }));
  const calls = [
    () => model.predictClasses(features),
    () => model.forward(features),
    () => model.clone().predictClasses(features),
    () => evaluate(model, data.train),
    () => SparseMlp.fromShared(model.share()).forward(features),
  ];
  for (const call of calls) assertThrows(call, TypeError, "another Worker has trained the model");
  await assertRejects(() => encodeModel(model), CheckpointError, "another Worker has trained the model");
  const back = SparseMlp.fromShared(structuredClone(other.share()));
  assertEquals(back.forward(features), other.forward(features));
  const loaded = await loadModel(await encodeModel(back));
  assertEquals(loaded.model.forward(features), other.forward(features));
});

Deno.test("InferenceModel.fromShared() predicts in Workers from one copy of the weights", async () => {
  const inference = (await trained({ calibrate: true })).toInference();
  assert(inference.is("classification"));
  const shared = inference.share();
  // What arrives is the same memory: a word that is changed here is seen there.
  const { memory: { arena } } = structuredClone(shared);
  shared.memory.arena[0] = 7;
  assertEquals(arena[0], 7);
  shared.memory.arena[0] = 0;
  const answers = await Promise.all([1, 2].map(() => ask({ kind: "predict", shared })));
  for (const { probabilities, classNames } of answers) {
    assertEquals(probabilities, inference.predictProbabilities(data.test!.features));
    assertEquals(classNames, inference.classNames);
  }
});

Deno.test("InferenceModel.fromShared() keeps the unit of targets and the features that are read", async () => {
  const numbers = linearData(60, 20);
  const model = SparseMlp.create({
    sizes: [numbers.featureCount, 16, numbers.outputCount],
    task: "regression",
  });
  for await (const _ of train(model, numbers, { epochs: 2, batchSize: 8 }));
  for (const one of [model.compile(), compact(model).model.compile()]) {
    const other = InferenceModel.fromShared(structuredClone(one.share()));
    assertEquals(other.featureCount, one.featureCount);
    assertEquals(other.predict(numbers.test!.features), one.predict(numbers.test!.features));
  }
});

// --- husks ---

Deno.test("structuredClone(), postMessage(), JSON and spread of a model, a layer or an inference model throw what to do", async () => {
  const model = await trained();
  const { port1, port2 } = new MessageChannel();
  try {
    for (
      const [object, remedy] of [[model, "share()"], [model.compile(), "share()"], [
        model.layers[0],
        "share()",
      ]] as const
    ) {
      for (const copied of [object, { inside: [object] }]) {
        // Deno says of an error within structuredClone() what it says, as a DataCloneError.
        assertThrows(() => structuredClone(copied), DOMException, remedy);
        assertThrows(() => port1.postMessage(copied), TypeError, remedy);
        assertThrows(() => JSON.stringify(copied), TypeError, remedy);
      }
      assertThrows(() => ({ ...object }), TypeError, "Cannot copy");
      assert(Deno.inspect({ object }).length > 0);
    }
  } finally {
    port1.close();
    port2.close();
  }
});

Deno.test("clone() refuses a model that workers are changing", async () => {
  const model = make();
  const refusals: unknown[] = [];
  const onProgress = () => {
    try {
      model.clone();
    } catch (error) {
      refusals.push(error);
    }
  };
  for await (const _ of trainParallel(model, data, { epochs: 8, batchSize: 4, workers: 2, onProgress }));
  for (const refusal of refusals) {
    assert(refusal instanceof TypeError && refusal.message.startsWith("Cannot clone the model: its workers"));
  }
});

Deno.test("connections() lists exactly the connections there are, sorted, as copies", () => {
  const layer = SparseMlp.create({ sizes: [6, 5, 2], density: 0.4, seed: 3 }).layers[0];
  const { rows, columns, values } = layer.connections();
  assertEquals([rows.length, columns.length, values.length], [layer.nnz, layer.nnz, layer.nnz]);
  const places = [...rows].map((row, at) => 5 * row + columns[at]);
  assertEquals(places, [...new Set(places)].toSorted((one, other) => one - other));
  for (const [at, row] of rows.entries()) {
    assert(layer.indptr[row] <= at && at < layer.indptr[row + 1]);
    assertEquals(values[at], layer.values[at]);
  }
  values.fill(9);
  columns.fill(9);
  assert(layer.values[0] !== 9 && layer.indices[0] !== 9);
  assert(!(values.buffer instanceof SharedArrayBuffer));
});

import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import {
  encodeModel,
  InferenceModel,
  loadModel,
  newRunState,
  type SharedInference,
  type SharedModel,
  SparseMlp,
  train,
  trainParallel,
} from "../mod.ts";
import { compact } from "../src/topology/compaction.ts";
import { assertSameModel } from "./model/content.ts";
import { KEEPING } from "./model/state.ts";
import { type Answer, type Request, WORKER_DATA as data } from "./model/sharing_worker.ts";
import { linearData } from "./trainer/data.ts";

const make = () => SparseMlp.create({ sizes: [20, 24, 16, 2], epsilon: 5, activation: "srelu", seed: 2 });
const options = { epochs: 4, batchSize: 16, validationFraction: 0.2, threads: 1 } as const;

async function trained(more: object = {}): Promise<SparseMlp> {
  const model = make();
  for await (const _ of train(model, data, { ...options, ...more }));
  return model;
}

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

Deno.test("InferenceModel.fromShared() predicts in Workers from one copy of the weights", async () => {
  const inference = (await trained({ calibrate: true })).compile();
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

/** An object with another value at a path. */
function withValue<T>(object: T, path: string, value: unknown): T {
  const [name, ...rest] = path.split(".");
  const inner = Reflect.get(object as object, name);
  return { ...object, [name]: rest.length === 0 ? value : withValue(inner, rest.join("."), value) };
}

/** A copy of a shared array with one word changed. */
function wordChanged<T extends Uint32Array | Float32Array>(array: T, place: number, value: number): T {
  const buffer = new SharedArrayBuffer(array.byteLength);
  const copy = new (array.constructor as new (buffer: SharedArrayBuffer) => T)(buffer);
  copy.set(array);
  copy[place] = value;
  return copy;
}

Deno.test("fromShared() refuses what is foreign or damaged, in one line, before a kernel sees it", async () => {
  const model = await trained({ keep: "last" });
  const shared = model.share();
  const { layout, slopes, arena, state } = shared.memory;
  const growable = new Uint32Array(new SharedArrayBuffer(arena.byteLength, { maxByteLength: 2 ** 20 }));
  const wrong: [path: string, value: unknown, message: string][] = [
    ["trulySparse", "inference", 'it is a shared "inference"'],
    ["version", 2, "it has version 2, this package shares version 1"],
    ["settings", null, "its settings are null"],
    ["settings.sizes", [20, 24, 17, 2], "its settings say"],
    ["settings.sizes", [20, 24, 2], "its layout has 15 numbers"],
    ["settings.task", "ranking", 'task is "ranking"'],
    ["settings.activation", { kind: "relu", alpha: 0 }, "activation code 5"],
    ["memory", undefined, "its arrays are undefined"],
    ["memory.arena", arena.subarray(16), "its arena has"],
    ["memory.arena", new Uint32Array(arena), "its arena is not over shared memory"],
    [
      "memory.arena",
      new Float32Array(arena.buffer, arena.byteOffset, arena.length),
      "expected a Uint32Array",
    ],
    ["memory.arena", growable, "expected a Uint32Array of one length"],
    ["memory.arena", new Proxy(arena, {}), "expected a Uint32Array of one length"],
    ["memory.arena", wordChanged(arena, 0, 1), "valid sparse matrix"],
    ["memory.arena", wordChanged(arena, 32, 24), "valid sparse matrix"],
    ["memory.state", state.subarray(1), "its state has"],
    ["memory.layout", wordChanged(layout, 2, layout[3] + 1), "connections, its settings say"],
    ["memory.layout", wordChanged(layout, 3, layout[3] + 64), "its arena has"],
    ["memory.layout", wordChanged(layout, 2, layout[2] - 1), "nnz is"],
    ["memory.layout", new Uint32Array(layout), "its layout is not over shared memory"],
    ["memory.slopes", slopes.map(() => 2), "slope 2"],
    ["optimizer", undefined, "its state has"],
    ["optimizer", { name: "adam", planes: ["velocity"] }, "state of optimizer"],
    ["optimizer", { name: 3, planes: [] }, "no name and planes"],
    ["meaning", 7, "its words are 7"],
    ["meaning.classNames", ["a"], "1 class names"],
    ["meaning.temperature", 0, "its temperature is 0"],
    ["meaning.targets", { mean: [0, 0], deviation: [1, 1] }, "it has targets"],
    ["meaning.schema", { header: true, columns: [] }, "its schema makes 0 inputs"],
    ["meaning.standardization.mean", new Float32Array(3), "its mean has 3 numbers"],
    ["meaning.standardization.scale", new Float32Array(20).fill(NaN), "not finite"],
    ["meaning.standardization.selection", { featureCount: 20, features: new Uint32Array(20) }, "ascending"],
    ["best", {}, "it is an object"],
    ["running", 1, "it is 1"],
  ];
  for (const [path, value, message] of wrong) {
    const error = assertThrows(
      () => SparseMlp.fromShared(withValue(shared, path, value)),
      Error,
      message,
      path,
    );
    assert(error instanceof TypeError || error instanceof RangeError, `${path}: ${error.name}`);
    assert(error.message.startsWith("Cannot use the shared model: ") && !error.message.includes("\n"), path);
  }
  for (const foreign of [undefined, null, 3, "model", [], {}, model, new Map()]) {
    assertThrows(
      () => SparseMlp.fromShared(foreign as unknown as SharedModel),
      TypeError,
      "SparseMlp.share()",
    );
  }
  // The incoming view is another part of the arena: every damage of it is found too.
  const [layer] = model.layers;
  for (const name of ["incomingPtr", "source", "position"] as const) {
    const place = (layer[name].byteOffset - arena.byteOffset) / 4 + 1;
    const damaged = withValue(shared, "memory.arena", wordChanged(arena, place, 4_000_000_000));
    assertThrows(() => SparseMlp.fromShared(damaged), TypeError, "Cannot use the shared model", name);
  }
});

Deno.test("InferenceModel.fromShared() refuses what is foreign or damaged, in one line", async () => {
  const model = await trained();
  const shared = model.compile().share();
  const { layout, arena } = shared.memory;
  const wrong: [path: string, value: unknown, message: string][] = [
    ["trulySparse", "model", 'it is a shared "model"'],
    ["version", 0, "it has version 0"],
    ["settings", undefined, "its settings are undefined"],
    ["settings.sizes", [21, 24, 16, 2], "its settings say [21, 24]"],
    ["settings.task", "regression", "class names"],
    ["memory.arena", new Uint32Array(arena), "not over shared memory"],
    ["memory.arena", arena.subarray(0, 64), "its arena has 64 numbers"],
    ["memory.arena", wordChanged(arena, 0, 1), "valid sparse matrix"],
    ["memory.arena", wordChanged(arena, 24, 1), "its connections are not as many"],
    ["memory.arena", wordChanged(arena, 32, 20), "valid sparse matrix"],
    ["memory.layout", wordChanged(layout, 4, 9), "activation code 9, which is none"],
    ["memory.layout", wordChanged(layout, 4, 0), "its arena has"],
    ["meaning.temperature", "1", "its temperature is"],
  ];
  for (const [path, value, message] of wrong) {
    const damaged = withValue(shared, path, value);
    const error = assertThrows(() => InferenceModel.fromShared(damaged), Error, message, path);
    assert(error.message.startsWith("Cannot use the shared inference model: "), path);
  }
  const foreign = model as unknown as SharedInference;
  assertThrows(() => InferenceModel.fromShared(foreign), TypeError, "InferenceModel.share()");
});

/** Whole numbers below a bound, the same in every run. */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}

Deno.test("fromShared() refuses any word that is damaged, or what it gives can be used without harm", async () => {
  const model = await trained({ keep: "last" });
  const shared = model.share();
  const inference = model.compile().share();
  const features = data.test!.features;
  const random = numbersFrom(7);
  const uses = [
    (memory: SharedModel["memory"]) => SparseMlp.fromShared({ ...shared, memory }).predict(features),
    (memory: SharedModel["memory"]) => InferenceModel.fromShared({ ...inference, memory }).predict(features),
  ];
  const outcomes = { used: 0, refused: 0 };
  for (let round = 0; round < 600; round++) {
    const use = round % 2;
    const { memory } = [shared, inference][use];
    const name = (["arena", "arena", "layout", "slopes"] as const)[random(4)];
    const value = [random(2 ** 32), random(64), 0xffff_ffff, 0][random(4)];
    const damaged = { ...memory, [name]: wordChanged(memory[name], random(memory[name].length), value) };
    try {
      uses[use](damaged);
      outcomes.used++;
    } catch (error) {
      // A weight may have become infinite: that is the affair of the prediction.
      assert(error instanceof TypeError || error instanceof RangeError, String(error));
      outcomes.refused++;
    }
  }
  assert(outcomes.used > 50 && outcomes.refused > 200, JSON.stringify(outcomes));
});

Deno.test("fromShared() refuses getters that throw or change, and objects that answer to everything", async () => {
  const shared = (await trained({ keep: "last" })).share();
  const thrower = Object.defineProperty({ ...shared }, "memory", {
    get() {
      throw new Error("not today");
    },
  });
  assertThrows(() => SparseMlp.fromShared(thrower), TypeError, "Cannot use the shared model: not today");
  const all: unknown = new Proxy({}, { get: () => all });
  assertThrows(() => SparseMlp.fromShared(all as SharedModel), TypeError, "Cannot use the shared model");
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  assertThrows(
    () => SparseMlp.fromShared(revoked.proxy as SharedModel),
    TypeError,
    "Cannot use the shared model",
  );
  let asked = 0;
  const changing = Object.defineProperty({ ...shared }, "memory", {
    get: () => asked++ === 0 ? shared.memory : { ...shared.memory, arena: new Uint32Array(3) },
  });
  assertSameModel(SparseMlp.fromShared(changing), SparseMlp.fromShared(shared));
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

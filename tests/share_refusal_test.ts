import { assert, assertThrows } from "@std/assert";
import { InferenceModel, type SharedInference, type SharedModel, SparseMlp } from "../mod.ts";
import { assertSameModel } from "./model/content.ts";
import { WORKER_DATA } from "./model/sharing_worker.ts";
import { trained } from "./model/trained.ts";

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
  const features = WORKER_DATA.test!.features;
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

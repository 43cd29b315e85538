import { assert, assertEquals, assertThrows } from "@std/assert";
import { madelonLike, SparseMlp, train } from "../mod.ts";
import { SYMBOLS } from "../src/native/ffi.ts";
import { resolveHyperparameters } from "../src/train/hyperparameters.ts";
import { StepSettings } from "../src/optimizer/step_settings.ts";
import { trainBatch, workspaceWords } from "../src/native/step.ts";
import { gatherBatch } from "../src/native/batch.ts";
import { retainValid } from "../src/native/merge.ts";
import { validateStructure } from "../src/native/csr.ts";
import { squaredNorm } from "../src/native/update.ts";
import { delimitedRows } from "../src/native/delimited.ts";
import { svmlightScan } from "../src/native/text.ts";
import { dropSmallest } from "../src/native/drop.ts";

const SIZES = [500, 40, 10, 40, 2];
const GARBAGE = [0, 1, 39, 40, 500, 65_535, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
const data = madelonLike({ seed: 1 });

function create(): SparseMlp {
  return SparseMlp.create({ sizes: SIZES, epsilon: 10, seed: 1 });
}

/** Trains two epochs with evolution between them; an exception is an answer, a crash ends the process. */
async function survives(model: SparseMlp): Promise<boolean> {
  try {
    for await (
      const _ of train(model, data, {
        ...{ epochs: 2, batchSize: 500, threads: 2 },
        importancePruning: { start: 1, every: 1 },
      })
    );
    return true;
  } catch (cause) {
    assert(cause instanceof Error);
    return false;
  }
}

Deno.test("train() on a structure full of garbage throws or ends, and never crashes", async () => {
  let refused = 0;
  for (const array of ["indptr", "indices", "incomingPtr", "source", "position"] as const) {
    for (const [turn, value] of GARBAGE.entries()) {
      const model = create();
      const words = model.layers[turn % 4][array];
      words[(turn * 7919) % words.length] = value;
      words[words.length >> 1] = value;
      if (!await survives(model)) refused++;
    }
  }
  assert(refused >= 15, `${refused} of 45 were refused`);
});

Deno.test("train() beside a Worker that rewrites its indices throws or ends, and never crashes", async () => {
  const model = create();
  const source = `self.onmessage = ({ data: [stop, ...arrays] }) => {
    let state = 1;
    while (Atomics.load(stop, 0) === 0) {
      for (const words of arrays) {
        state = Math.imul(state, 1664525) + 1013904223 >>> 0;
        const place = state % words.length, before = words[place];
        words[place] = state;
        words[place] = before;
      }
      Atomics.add(stop, 1, 1);
      Atomics.notify(stop, 1);
    }
    self.postMessage("stopped");
    self.close();
  };`;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(url, { type: "module" });
  const stopped = new Promise((resolve) => worker.onmessage = resolve);
  const stop = new Int32Array(new SharedArrayBuffer(8)); // whether to stop, and rounds done
  const arrays = model.layers.flatMap(({ indices, source, position }) => [indices, source, position]);
  worker.postMessage([stop, ...arrays]);
  assert(Atomics.wait(stop, 1, 0, 10_000) !== "timed-out", "the Worker runs");
  const before = Atomics.load(stop, 1);
  for (let run = 0; run < 20; run++) await survives(model);
  assert(Atomics.load(stop, 1) > before + 100, "the Worker wrote while kernels ran");
  Atomics.store(stop, 0, 1);
  await stopped;
  URL.revokeObjectURL(url);
});

Deno.test("kernels refuse detached, resized and wrongly sized buffers", () => {
  const layer = { inputs: 2, neurons: 2, indptr: Uint32Array.of(0, 1, 2), indices: Uint32Array.of(0, 1) };
  validateStructure(layer, 2);
  const detached = Uint32Array.of(0, 1, 2);
  structuredClone(detached, { transfer: [detached.buffer] });
  assertThrows(() => validateStructure({ ...layer, indptr: detached }, 2), TypeError);
  const resizable = new ArrayBuffer(12, { maxByteLength: 64 });
  const shrunk = new Uint32Array(resizable);
  resizable.resize(4);
  assertThrows(() => validateStructure({ ...layer, indptr: shrunk }, 2), TypeError);
  for (const size of [0, 3, NaN, -1, 2 ** 53, Infinity]) {
    assertThrows(() => validateStructure({ ...layer, inputs: size }, 2), Error);
  }
});

Deno.test("trainBatch() refuses an arena, work memory or batch of another length, and huge sizes", () => {
  const whole = {
    layout: Uint32Array.of(2, 2, 0, 0, 0),
    slopes: new Float32Array(1),
    arena: new Uint32Array(128),
    state: new Uint32Array(64),
  };
  const settings = new StepSettings(resolveHyperparameters({ threads: 1 }, 1), 1).block;
  const none = new Uint32Array(0);
  let refused = 0;
  for (const arena of [0, 1, 16, 127, 4096]) {
    for (const samples of [0, 1, 2 ** 31, 2 ** 52]) {
      for (const work of [0, 1, 64]) {
        for (const width of [0, 1, 16, 2 ** 40]) {
          const batch = {
            loss: "squared-error" as const,
            ...{ input: new Float32Array(1), labels: none, targets: new Float32Array(1), samples, width },
          };
          const network = { ...whole, arena: new Uint32Array(arena) };
          const totals = new Float64Array(2);
          assertThrows(
            () => trainBatch(network, none, batch, settings, new Uint32Array(work), totals),
            Error,
            "Cannot",
          );
          refused++;
        }
      }
    }
  }
  assertEquals(refused, 240);
});

Deno.test("typed functions refuse arrays whose length the kernel would take from another", () => {
  const network = {
    layout: Uint32Array.of(2, 2, 0, 0),
    slopes: new Float32Array(1),
    arena: new Uint32Array(128),
    state: new Uint32Array(0),
  };
  const floats = (length: number) => new Float32Array(length);
  const words = (length: number) => new Uint32Array(length);
  const longs = (length: number) => new BigUint64Array(length);
  const layer = {
    inputs: 2,
    neurons: 2,
    indptr: words(3),
    indices: words(8),
    values: floats(8),
    planes: [floats(8)],
  };
  const source = { features: floats(8), mean: floats(4), scale: floats(4) };
  const window = { text: new Uint8Array(4), dialect: Uint8Array.of(44, 0, 46, 0), last: true, threads: 1 };
  const hostile: [string, () => unknown][] = [
    ["layout", () => squaredNorm(network, words(16))],
    ["layout", () => workspaceWords(network, 16, { training: true, dropout: false })],
    ["counts", () => delimitedRows(window, 1, longs(1), longs(8))],
    ["detail", () => delimitedRows(window, 1, longs(3), longs(7))],
    ["dialect", () => delimitedRows({ ...window, dialect: new Uint8Array(3) }, 1, longs(3), longs(8))],
    ["counts", () => svmlightScan(new Uint8Array(4), 1, longs(3), longs(8))],
    ["scales", () => gatherBatch({ ...source, scale: floats(3) }, words(2), 16, 1, floats(64))],
    ["values", () => dropSmallest({ ...layer, values: floats(7) }, 0.3)],
    ["plane", () => dropSmallest({ ...layer, planes: [floats(0)] }, 0.3)],
    ["at equal distances", () => dropSmallest({ ...layer, planes: [floats(8), floats(8)] }, 0.3)],
    ["indptr", () => dropSmallest({ ...layer, inputs: 5 }, 0.3)],
  ];
  for (const [name, call] of hostile) assertThrows(call, TypeError, name);
});

Deno.test("every export survives hostile numbers and contents, and writes inside its buffers", async () => {
  const program = decodeURIComponent(new URL("hostile/symbols.ts", import.meta.url).pathname);
  const { code, signal, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", program, "200", "1"],
    signal: AbortSignal.timeout(600_000),
    env: { NO_COLOR: "1" },
  }).output();
  const errors = new TextDecoder().decode(stderr).split("\n").filter((line) => /^error/i.test(line)).join(
    "\n",
  );
  assertEquals([code, signal], [0, null], errors);
  const { calls, accepted, statuses, overlaps } = JSON.parse(new TextDecoder().decode(stdout));
  assertEquals(calls, 200 * Object.keys(SYMBOLS).length);
  assert(accepted > 0 && statuses["1"] > 0 && statuses["2"] > 0, "calls were both accepted and refused");
  assertEquals(overlaps.accepted, [], "calls with two arrays in one piece of memory");
  // The others are refused for their sizes before their last array is looked at.
  assert(overlaps.refused > overlaps.calls / 2, `${overlaps.refused} of ${overlaps.calls}`);
});

Deno.test("kernels refuse arrays that share memory where they write one, and take what is only read twice", () => {
  const topology = { indptr: Uint32Array.of(0, 1, 2), indices: Uint32Array.of(0, 1) };
  const floats = Float32Array.of(1, 2, 3, 4);
  for (const [read, written] of [[0, 0], [0, 1], [1, 0]]) {
    const [old, current] = [floats.subarray(read, read + 2), floats.subarray(written, written + 2)];
    assertThrows(() => retainValid(topology, old, topology, current), TypeError, "share memory");
  }
  assertEquals([...floats], [1, 2, 3, 4], "nothing was written");
  assertEquals(retainValid(topology, floats.subarray(0, 2), topology, floats.subarray(2)), 0);
  assertEquals([...floats], [1, 2, 1, 2]);
  const values = Float32Array.of(1, -1);
  const layer = { inputs: 2, neurons: 2, ...topology, values, planes: [values] };
  assertThrows(() => dropSmallest(layer, 0.3), TypeError, "share memory");
});

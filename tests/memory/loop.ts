/**
 * Makes one thing after another without keeping any, and prints what one takes and the peak of the process.
 *
 * `deno run -A tests/memory/loop.ts WHAT MEBIBYTES COUNT`, where WHAT is a key of `MAKERS`.
 */
import { loadModel, madelonLike, saveModel, SparseMlp, train, trainParallel } from "../../mod.ts";
import { loadFiles } from "../../src/data/files.ts";

const MEBIBYTE = 2 ** 20;
const BYTES_A_CONNECTION = 16;
const INPUTS = 4096;

/** A model whose arena has about so many MiB. */
function create(mebibytes: number): SparseMlp {
  const connections = mebibytes * MEBIBYTE / BYTES_A_CONNECTION;
  const neurons = Math.ceil(connections / INPUTS / 0.5);
  return SparseMlp.create({ sizes: [INPUTS, neurons, 2], density: 0.5, seed: 1, threads: 2 });
}

/** Writes an IDX file: its head, and the bytes given. */
async function writeIdx(path: string, type: number, shape: number[], bytes: Uint8Array): Promise<void> {
  const head = new DataView(new ArrayBuffer(4 + 4 * shape.length));
  head.setUint32(0, type << 8 | shape.length);
  shape.forEach((length, dimension) => head.setUint32(4 + 4 * dimension, length));
  await Deno.writeFile(path, new Uint8Array([...new Uint8Array(head.buffer), ...bytes]));
}

/** Each makes something of about so many MiB, `count` times; says how many bytes one is. */
const MAKERS: Record<string, (mebibytes: number, count: number) => Promise<number> | number> = {
  create(mebibytes, count) {
    let bytes = 0;
    for (let made = 0; made < count; made++) bytes = create(mebibytes).memory.arena.byteLength;
    return bytes;
  },
  /** Peaks with the model and the compiled ones together; one is what they take once. */
  compile(mebibytes, count) {
    const model = create(mebibytes);
    let bytes = 0;
    for (let made = 0; made < count; made++) bytes = model.toInference().bytes;
    return model.memory.arena.byteLength + bytes;
  },
  async load(mebibytes, count) {
    const folder = await Deno.makeTempDir();
    try {
      await saveModel(create(mebibytes), `${folder}/model.safetensors`);
      let bytes = 0;
      for (let made = 0; made < count; made++) {
        const { model } = await loadModel(`${folder}/model.safetensors`);
        bytes = model.memory.arena.byteLength;
      }
      return bytes;
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
  /** A search over settings: models that were trained, each with an optimiser's state. */
  async train(mebibytes, count) {
    const data = madelonLike({ samples: 32, testSamples: 8, features: INPUTS, seed: 1 });
    let bytes = 0;
    for (let made = 0; made < count; made++) {
      const model = create(mebibytes);
      for await (const _ of train(model, data, { epochs: 1, batchSize: 16, threads: 2 }));
      bytes = model.memory.arena.byteLength + model.memory.state.byteLength;
    }
    return bytes;
  },
  /** Each with two Workers, which have a copy of the model and gradients each. */
  async parallel(mebibytes, count) {
    const data = madelonLike({ samples: 32, testSamples: 8, features: INPUTS, seed: 1 });
    let bytes = 0;
    for (let made = 0; made < count; made++) {
      const model = create(mebibytes);
      for await (const _ of trainParallel(model, data, { workers: 2, epochs: 1, batchSize: 8 }));
      const { arena, state } = model.memory;
      bytes = 3 * (arena.byteLength + state.byteLength) + 2 * state.byteLength;
    }
    return bytes;
  },
  async data(mebibytes, count) {
    const folder = await Deno.makeTempDir();
    try {
      const samples = Math.ceil(mebibytes * MEBIBYTE / 4 / 1024);
      await writeIdx(`${folder}/images`, 0x0d, [samples, 1024], new Uint8Array(0));
      await Deno.truncate(`${folder}/images`, 12 + 4 * 1024 * samples);
      const labels = Uint8Array.from({ length: samples }, (_, sample) => sample % 2);
      await writeIdx(`${folder}/labels`, 0x08, [samples], labels);
      let bytes = 0;
      for (let made = 0; made < count; made++) {
        const data = await loadFiles([`${folder}/images`, `${folder}/labels`]);
        bytes = data.train.features.byteLength;
      }
      return bytes;
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
};

const [what, mebibytes, count] = Deno.args;
const started = performance.now();
const one = await MAKERS[what](Number(mebibytes), Number(count));
const status = await Deno.readTextFile("/proc/self/status");
const peak = 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)![1]);
console.log(
  JSON.stringify({ what, count: Number(count), one, peak, seconds: (performance.now() - started) / 1000 }),
);

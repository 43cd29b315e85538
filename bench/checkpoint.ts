/**
 * Saving and loading at 40 million connections: GB/s, against plain writes and reads of as many bytes.
 *
 * `deno run -A bench/checkpoint.ts [FOLDER] [CONNECTIONS]`; memory: about 45 bytes a connection. Writes are synced;
 * reads come from the page cache where the machine has room for the file.
 *
 * @module
 */
import { rebuildIncoming } from "../src/sparse/csr.ts";
import { loadModel, newRunState, saveModel, SparseMlp } from "../mod.ts";

const [folder = ".", wanted = "40000000"] = Deno.args;
const ROUNDS = 3;
const CHUNK_BYTES = 4 * 2 ** 20;
const path = `${folder}/bench-checkpoint.safetensors`;
const width = 200_000;

const model = SparseMlp.create({
  sizes: [width, width, 10],
  density: [Number(wanted) / width ** 2, 0.01],
  seed: 1,
  threads: 2,
});
const { connections } = model.stats();

async function plainWrite(bytes: number): Promise<void> {
  const chunk = new Uint8Array(CHUNK_BYTES).fill(7);
  using file = await Deno.open(`${path}.plain`, { write: true, create: true, truncate: true });
  for (let left = bytes; left > 0; left -= CHUNK_BYTES) {
    await file.write(chunk.subarray(0, Math.min(left, CHUNK_BYTES)));
  }
  await file.sync();
}

async function plainRead(): Promise<void> {
  const chunk = new Uint8Array(CHUNK_BYTES);
  using file = await Deno.open(path);
  while (await file.read(chunk) !== null);
}

/** Seconds of each round, sorted. */
async function time(work: () => Promise<unknown>): Promise<number[]> {
  const seconds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now();
    await work();
    seconds.push((performance.now() - started) / 1000);
  }
  return seconds.sort((a, b) => a - b);
}

await saveModel(model, path);
const modelBytes = (await Deno.stat(path)).size;
const options = { training: { epoch: 1, options: {}, state: newRunState(1) } };
await saveModel(model, path, options);
const checkpointBytes = (await Deno.stat(path)).size;
const measures = {
  save: await time(() => saveModel(model, path, options)),
  plainWrite: await time(() => plainWrite(checkpointBytes)),
  load: await time(() => loadModel(path, { threads: 2 })),
  // What loading does beside reading and checking.
  incomingView: await time(() => Promise.resolve(model.layers.forEach((layer) => rebuildIncoming(layer, 2)))),
  plainRead: await time(plainRead),
};
const speeds = Object.entries(measures).map(([name, seconds]) => {
  const medianGBs = Number((checkpointBytes / 1e9 / seconds[Math.floor(ROUNDS / 2)]).toFixed(3));
  return [name, { seconds, medianGBs }];
});
const bytesAConnection = (bytes: number) => Number((bytes / connections).toFixed(3));
await Deno.remove(path);
await Deno.remove(`${path}.plain`);
const host = { cores: navigator.hardwareConcurrency, kind: "2 cores, AVX-512, shared" };
console.log(
  JSON.stringify(
    {
      bench: "checkpoint",
      connections,
      rounds: ROUNDS,
      host,
      model: { bytes: modelBytes, bytesAConnection: bytesAConnection(modelBytes) },
      checkpoint: {
        bytes: checkpointBytes,
        bytesAConnection: bytesAConnection(checkpointBytes),
        ...Object.fromEntries(speeds),
      },
    },
    null,
    2,
  ),
);

/**
 * Saving and loading: GB/s, against plain writes and reads of as many bytes.
 *
 * `deno run -A bench/checkpoint.ts [FOLDER] [40m | 1m]`: 40 million connections in one layer, or the network of a million
 * neurons with 16.7 million; memory: about 45 bytes a connection. Writes are synced; reads come from the page cache where
 * the machine has room for the file. What is compared runs in turn, so that all meet the same machine.
 *
 * @module
 */
import { rebuildIncoming } from "../src/sparse/csr.ts";
import { sharedWords } from "../src/sparse/shared.ts";
import { loadModel, newRunState, saveModel, SparseMlp } from "../mod.ts";
import { describeProcessor, processor } from "./processor.ts";

const [folder = ".", network = "40m"] = Deno.args;
const NETWORKS: Record<string, { sizes: number[]; density?: number[]; epsilon?: number }> = {
  "40m": { sizes: [200_000, 200_000, 10], density: [0.001, 0.01] },
  "1m": { sizes: [65_536, 500_000, 500_000, 2], epsilon: 10 },
};
const ROUNDS = 5;
const CHUNK_BYTES = 4 * 2 ** 20;
const path = `${folder}/bench-checkpoint.safetensors`;

const model = SparseMlp.create({ ...NETWORKS[network], seed: 1, threads: 2 });
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

/** Seconds of each round of each work, sorted; the works take turns. */
async function time(works: Record<string, () => unknown>): Promise<Record<string, number[]>> {
  const seconds: Record<string, number[]> = {};
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, work] of Object.entries(works)) {
      const started = performance.now();
      await work();
      (seconds[name] ??= []).push((performance.now() - started) / 1000);
    }
  }
  for (const list of Object.values(seconds)) list.sort((a, b) => a - b);
  return seconds;
}

await saveModel(model, path);
const modelBytes = (await Deno.stat(path)).size;
const options = { training: { epoch: 1, options: {}, state: newRunState(1) } };
await saveModel(model, path, options);
const checkpointBytes = (await Deno.stat(path)).size;
const measures = await time({
  save: () => saveModel(model, path, options),
  plainWrite: () => plainWrite(checkpointBytes),
  load: () => loadModel(path, { threads: 2 }),
  // What loading does beside reading and checking.
  incomingView: () => model.layers.forEach((layer) => rebuildIncoming(layer, 2)),
  plainRead,
  // Memory that the system has to find and clear, which the loaded model needs too.
  freshMemory: () => sharedWords(model.memory.arena.length).fill(1),
});
const speeds = Object.entries(measures).map(([name, seconds]) => {
  const medianGBs = Number((checkpointBytes / 1e9 / seconds[Math.floor(ROUNDS / 2)]).toFixed(3));
  return [name, { seconds, medianGBs }];
});
const bytesAConnection = (bytes: number) => Number((bytes / connections).toFixed(3));
await Deno.remove(path);
await Deno.remove(`${path}.plain`);
const host = describeProcessor(processor());
console.log(
  JSON.stringify(
    {
      bench: "checkpoint",
      network,
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

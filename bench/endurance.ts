/**
 * One process that makes, trains, saves, loads, compacts and predicts with small models for as long as it is told, and
 * starts and ends Workers: each round must give the bits of the first, and memory must not grow.
 *
 *     deno run -A bench/endurance.ts --minutes 20 [--output FILE]
 *
 * A line a minute; at the end counts of operations, and resident memory after the first minute and at the end.
 */
import {
  compact,
  loadModel,
  madelonLike,
  pruneByImportance,
  saveModel,
  SparseMlp,
  train,
  trainParallel,
} from "../mod.ts";
import { createHash } from "node:crypto";
import { describeProcessor, processor } from "./processor.ts";

/** Rounds for one that trains in parallel too. */
const PARALLEL_EVERY = 10;
const WORKERS = 4;

const option = (name: string) => {
  const place = Deno.args.indexOf(`--${name}`);
  return place < 0 ? undefined : Deno.args[place + 1];
};

const counts = { rounds: 0, trained: 0, saved: 0, loaded: 0, compacted: 0, predicted: 0, workers: 0 };

/** Resident memory of the process, in MiB. */
function resident(): number {
  return Math.round(Deno.memoryUsage().rss / 2 ** 20);
}

/** Open file descriptors of the process. */
function openFiles(): number {
  return [...Deno.readDirSync("/proc/self/fd")].length;
}

const data = madelonLike({ samples: 256, testSamples: 64, features: 40, seed: 1 });
const create = () => SparseMlp.create({ sizes: [40, 64, 32, 2], epsilon: 8, seed: 1 });
const settings = { epochs: 2, batchSize: 16, learningRate: 0.01 };

async function round(path: string): Promise<string> {
  const model = create();
  for await (const _ of train(model, data, { ...settings, threads: 2 }));
  counts.trained++;
  await saveModel(model, path);
  counts.saved++;
  const { model: again } = await loadModel(path);
  counts.loaded++;
  for (const layer of again.layers.slice(0, -1)) pruneByImportance(layer, 20);
  const small = compact(again).model;
  counts.compacted++;
  const hash = createHash("sha256");
  for (const each of [model, again, small]) {
    if (!each.is("classification")) throw new Error("The model read is not the one that was written");
    const inference = each.toInference();
    for (let time = 0; time < 5; time++) {
      const outputs = inference.predictProbabilities(data.test!.features, { threads: 1 + time % 2 });
      hash.update(new Uint8Array(outputs.buffer));
      counts.predicted++;
    }
  }
  if (counts.rounds % PARALLEL_EVERY === 0) {
    const shared = create();
    for await (const _ of trainParallel(shared, data, { ...settings, workers: WORKERS }));
    counts.workers += WORKERS;
  }
  counts.rounds++;
  return hash.digest("hex");
}

const minutes = Number(option("minutes") ?? 20);
const folder = await Deno.makeTempDir();
const started = performance.now();
const elapsed = () => (performance.now() - started) / 60_000;
const seen: { readonly minute: number; readonly mebibytes: number; readonly openFiles: number }[] = [];
try {
  const first = await round(`${folder}/model.safetensors`);
  while (elapsed() < minutes) {
    const found = await round(`${folder}/model.safetensors`);
    if (found !== first) throw new Error(`round ${counts.rounds} gave other bits than the first`);
    if (elapsed() < seen.length + 1) continue;
    seen.push({ minute: Math.floor(elapsed()), mebibytes: resident(), openFiles: openFiles() });
    console.error(`${seen.length} min: ${counts.rounds} rounds, ${resident()} MiB`);
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}
const result = {
  date: new Date().toISOString().slice(0, 10),
  host: describeProcessor(processor()),
  minutes,
  ...counts,
  mebibytesAfterOneMinute: seen[0]?.mebibytes,
  mebibytesAtTheEnd: resident(),
  seen,
};
const text = `${JSON.stringify(result, null, 2)}\n`;
const output = option("output");
if (output === undefined) console.log(text);
else await Deno.writeTextFile(output, text);

/**
 * A checkpoint of more than 2³² bytes: saved, loaded by another process, all arrays compared.
 *
 * `deno run -A bench/large_file.ts [FOLDER] [width=12500000] [out=FILE]`: 65536-12.5M×10-2 at ε 1, 125 million neurons and
 * 250 million connections, a file of 4.5 GB, 7.2 GiB of memory. Two processes, one after another, so that only one model
 * is in memory; each gives the SHA-256 of every array. The file is removed afterwards.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { loadModel, newRunState, saveModel, SparseMlp } from "../mod.ts";
import { stateFor } from "../src/optimizer/optimizers.ts";
import { resolveHyperparameters } from "../src/train/hyperparameters.ts";
import { describeProcessor, processor } from "./processor.ts";

const [folder = "."] = Deno.args.filter((arg) => !arg.includes("="));
const given = new Map(
  Deno.args.filter((arg) => arg.includes("=")).map((arg) => arg.split("=") as [string, string]),
);
const path = `${folder}/bench-large.safetensors`;
const width = Number(given.get("width") ?? 12_500_000);
const [THREADS, CHUNK_BYTES] = [2, 2 ** 22];

/** What a process found. */
interface Report {
  readonly connections: number;
  readonly seconds: number;
  /** How often progress was told, and whether it only rose, to the size of the file. */
  readonly progressCalls: number;
  readonly progressRises: boolean;
  readonly peakRssBytes: number;
  readonly digests: readonly string[];
}

/** SHA-256 of each array, a chunk at a time, since hashes take no shared memory. */
function digestsOf({ layers }: SparseMlp): string[] {
  const chunk = new Uint8Array(CHUNK_BYTES);
  return layers.flatMap((layer) => {
    const { nnz, indices, values, planes, source, position } = layer;
    const counted = [indices, values, ...planes, source, position].map((array) => array.subarray(0, nnz));
    return [layer.indptr, ...counted, layer.incomingPtr, layer.bias, ...layer.biasPlanes].map((array) => {
      const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
      const hash = createHash("sha256");
      for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
        const part = bytes.subarray(at, at + CHUNK_BYTES);
        chunk.set(part);
        hash.update(chunk.subarray(0, part.length));
      }
      return hash.digest("hex");
    });
  });
}

async function measure(work: "save" | "load"): Promise<Report> {
  let [last, total, progressCalls, progressRises] = [0, 0, 0, true];
  const onProgress = (doneBytes: number, totalBytes: number) => {
    progressRises &&= doneBytes >= last && doneBytes <= totalBytes;
    [last, total] = [doneBytes, totalBytes];
    progressCalls++;
  };
  const made = work === "load" ? undefined : SparseMlp.create({
    sizes: [65_536, ...Array<number>(10).fill(width), 2],
    epsilon: 1,
    seed: 1,
    threads: THREADS,
  });
  made?.holdState(stateFor(resolveHyperparameters({}, 1)));
  // A state that differs from the weights, so that a mix-up would show.
  made?.layers.forEach((layer, index) => layer.planes[0].set(layer.values.subarray(index, layer.nnz)));
  const started = performance.now();
  if (made) {
    const training = { epoch: 1, options: {}, state: newRunState(1) };
    await saveModel(made, path, { training, onProgress });
  }
  const model = made ?? (await loadModel(path, { threads: THREADS, onProgress })).model;
  const seconds = (performance.now() - started) / 1000;
  const peak = /^VmHWM:\s+(\d+) kB/m.exec(Deno.readTextFileSync("/proc/self/status"));
  return {
    connections: model.stats().connections,
    seconds,
    progressCalls,
    // The header is read before the first call, and not counted.
    progressRises: progressRises && total - last < 2 ** 20,
    peakRssBytes: 1024 * Number(peak?.[1] ?? NaN),
    digests: digestsOf(model),
  };
}

async function inProcess(work: "save" | "load"): Promise<Report> {
  const args = ["run", "-A", import.meta.filename!, folder, `width=${width}`, `work=${work}`];
  const child = await new Deno.Command(Deno.execPath(), { args, stderr: "inherit" }).output();
  if (!child.success) throw new Error(`Cannot ${work}: the process ended with ${child.code}`);
  return JSON.parse(new TextDecoder().decode(child.stdout));
}

const work = given.get("work");
if (work === "save" || work === "load") console.log(JSON.stringify(await measure(work)));
else {
  try {
    const saved = await inProcess("save");
    const { size } = await Deno.stat(path);
    const loaded = await inProcess("load");
    const numbers = ({ digests: _, ...rest }: Report) => ({
      ...rest,
      gigabytesASecond: size / 1e9 / rest.seconds,
    });
    const text = JSON.stringify(
      {
        date: new Date().toISOString(),
        bench: "large file",
        command: `deno run -A bench/large_file.ts FOLDER width=${width}`,
        host: describeProcessor(processor()),
        neurons: 65_536 + 10 * width + 2,
        bytes: size,
        passes2To32: size > 2 ** 32,
        arrays: saved.digests.length,
        arraysEqual: saved.digests.filter((digest, index) => digest === loaded.digests[index]).length,
        save: numbers(saved),
        load: numbers(loaded),
      },
      null,
      1,
    );
    const out = given.get("out");
    if (out === undefined) console.log(text);
    else await Deno.writeTextFile(out, text + "\n");
  } finally {
    await Deno.remove(path).catch(() => {});
  }
}

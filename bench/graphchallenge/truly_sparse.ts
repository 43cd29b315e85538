/**
 * Times `propagate` on a network of the challenge, and tells which samples are alive at its end.
 *
 * Run by run.ts: `truly_sparse.ts FOLDER NEURONS LAYERS SAMPLES THREADS REPEATS`; FOLDER holds what peer.py reads, too.
 * Prints one line of JSON.
 *
 * @module
 */
import { propagate } from "../../mod.ts";
import { CONNECTIONS, layerOf } from "./network.ts";

const [folder, ...numbers] = Deno.args;
const [neurons, count, samples, threads, repeats] = numbers.map(Number);
const images = (await Deno.readFile(`${folder}/images.bin`)).subarray(0, samples * neurons);
const sources = new Uint32Array((await Deno.readFile(`${folder}/layers.bin`)).buffer);
const size = neurons * CONNECTIONS;
const layers = Array.from(
  { length: count },
  (_, layer) => layerOf(sources.subarray(layer * size, (layer + 1) * size)),
);
const seconds: number[] = [];
let alive = new Uint32Array(0);
for (let repeat = 0; repeat < repeats; repeat++) {
  const start = performance.now();
  alive = new Uint32Array((await propagate(images, layers, { threads, dropDead: true })).samples);
  seconds.push((performance.now() - start) / 1000);
}
console.log(JSON.stringify({ seconds, alive: [...alive] }));

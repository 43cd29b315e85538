/**
 * Gradients of absent connections against a training step: as many places as the network has connections, B 128, ε 20,
 * dropout 0.3 in the step. The baseline is the kernel of the step.
 *
 * @module
 */
import { narrowestTile } from "../src/model/tile.ts";
import { probeGradients, probeWords } from "../src/native/probe.ts";
import { sharedFloats, sharedWords } from "../src/sparse/shared.ts";
import { prepareStep } from "./training_step.ts";

const SIZES = [784, 1000, 1000, 1000, 10];
const BATCH = 128;

for (const threads of [1, 2]) {
  const group = `Fashion-MNIST 784-1000×3-10, ${threads} thread${threads > 1 ? "s" : ""}`;
  let made: { step: () => void; probe: () => void } | undefined;
  const prepared = () => made ??= prepare(threads);
  Deno.bench(`training step, ${group}`, { group, baseline: true }, () => prepared().step());
  Deno.bench(`probe of nnz places, ${group}`, { group }, () => prepared().probe());
}

function prepare(threads: number): { step: () => void; probe: () => void } {
  const { model, kernel } = prepareStep({ sizes: SIZES, threads, batch: BATCH });
  const counts = model.layers.map(({ nnz }) => nnz);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const [ends, rows, columns] = [counts.length, total, total].map(sharedWords);
  let place = 0;
  for (const [index, { inputs, neurons, nnz }] of model.layers.entries()) {
    // Evenly spread over the matrix, with columns in no order.
    for (let at = 0; at < nnz; at++, place++) {
      rows[place] = Math.floor(at * inputs / nnz);
      columns[place] = (at * 2_654_435_761 >>> 8) % neurons;
    }
    ends[index] = place;
  }
  const width = narrowestTile(BATCH);
  const batch = {
    loss: "softmax-cross-entropy" as const,
    input: sharedFloats(SIZES[0] * BATCH).map((_, at) => at % 17 / 8 - 1),
    labels: sharedWords(BATCH).map((_, sample) => sample % 10),
    targets: new Float32Array(0),
    samples: BATCH,
    width,
  };
  const work = sharedWords(probeWords(model.memory, width, { dropout: false }));
  const gradients = sharedFloats(total);
  const probe = () =>
    probeGradients(model.memory, batch, { ends, rows, columns }, { threads }, work, gradients);
  return { step: kernel, probe };
}

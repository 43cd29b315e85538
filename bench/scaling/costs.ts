/**
 * What the parts of parallel training cost on this machine, and how fast real runs with one and two workers are.
 *
 * @module
 */
import { type Dataset, SparseMlp, trainParallel } from "../../mod.ts";
import { standardization } from "../../src/data/dataset.ts";
import { tileWidth } from "../../src/model/tile.ts";
import { trainBatch, workspaceWords } from "../../src/native/step.ts";
import { resolveParallelOptions } from "../../src/parallel/options.ts";
import { copyTopology, emptyReplica, pullBytes } from "../../src/parallel/replica.ts";
import { ParameterServer, serverState } from "../../src/parallel/server.ts";
import { rebuildIncoming } from "../../src/sparse/csr.ts";
import { sharedBytes, sharedWords } from "../../src/sparse/shared.ts";
import { BatchBuilder } from "../../src/train/batches.ts";
import { resolveTrainOptions } from "../../src/train/options.ts";
import { changeTopology } from "../../src/train/trainer.ts";
import type { Costs } from "./simulation.ts";

const BATCH = 128;
const SAMPLES = 60_000;

/** Made-up samples in bytes, as wide as the network. */
export function madeUpData(sizes: readonly number[], samples: number = SAMPLES): Dataset {
  const [inputs, classes] = [sizes[0], sizes[sizes.length - 1]];
  const features = sharedBytes(samples * inputs);
  const labels = sharedWords(samples);
  for (let place = 0; place < features.length; place++) {
    features[place] = Math.imul(place, 2_654_435_761) >>> 24;
  }
  for (let sample = 0; sample < samples; sample++) labels[sample] = sample % classes;
  return {
    name: "made up",
    task: "classification",
    featureCount: inputs,
    outputCount: classes,
    featureNames: [],
    classNames: Array.from({ length: classes }, (_, index) => `${index}`),
    train: { samples, features, labels, targets: new Float32Array(0) },
  };
}

/** Median seconds of a call. */
function seconds(work: () => void, calls = 41): number {
  for (let call = 0; call < 5; call++) work();
  const times = Array.from({ length: calls }, () => {
    const started = performance.now();
    work();
    return (performance.now() - started) / 1000;
  });
  return median(times);
}

/** Measures every part on one thread. */
export function measureCosts(sizes: readonly number[], epsilon: number, data: Dataset): Costs {
  const model = SparseMlp.create({ sizes, epsilon, seed: 1 });
  const { train: split } = data;
  const settings = resolveTrainOptions({ threads: 1, batchSize: BATCH }, 1);
  model.standardization = standardization(split.features, split.samples, data.featureCount, 1);
  const width = tileWidth(sizes, BATCH);
  const builder = new BatchBuilder({
    split,
    standardization: model.standardization,
    batchSize: BATCH,
    width,
    threads: 1,
  });
  const order = sharedWords(split.samples);
  for (let place = 0; place < order.length; place++) order[place] = (place * 7_919) % order.length;
  const work = sharedWords(workspaceWords(model.memory, width, { training: true, dropout: true }));
  const gradients = model.allocateGradients();
  const totals = new Float64Array(2);
  const replica = emptyReplica(model);
  copyTopology(model, replica);
  const steps = Math.ceil(split.samples / BATCH);
  const parallel = resolveParallelOptions({ workers: 2 });
  const server = new ParameterServer(model, serverState(2, 0), { settings, parallel, steps });
  server.pull(replica, -1);
  const header = () => ({
    worker: 0,
    version: server.version,
    clock: server.updates,
    loss: 1,
    correct: 0,
    samples: BATCH,
  });
  // In turn, as a worker does it: each part finds the caches as the others leave them.
  const times = { gradient: [] as number[], push: [] as number[], pull: [] as number[] };
  for (let step = 0; step < 205; step++) {
    const began = performance.now();
    const batch = builder.build(order, (step % (steps - 1)) * BATCH, BATCH, 1);
    const stepSettings = {
      learningRate: 0,
      fanInLimit: Infinity,
      momentum: 0.9,
      weightDecay: 0,
      coupledDecay: false,
      nesterov: false,
      dropout: 0.3,
      seed: 1,
      step,
      threads: 1,
    };
    trainBatch(replica.memory, gradients, batch, stepSettings, work, totals);
    const computed = performance.now();
    server.push(gradients, header(), replica);
    const pushed = performance.now();
    server.pull(replica, server.version);
    if (step < 5) continue;
    times.gradient.push((computed - began) / 1000);
    times.push.push((pushed - computed) / 1000);
    times.pull.push((performance.now() - pushed) / 1000);
  }
  // What a run does in a second follows from mean times, disturbances included.
  const mean = (numbers: readonly number[]) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
  const [gradient, push, pull] = [mean(times.gradient), mean(times.push), mean(times.pull)];
  let epoch = 1;
  const pause = seconds(() => void changeTopology(model, settings, epoch++), 15);
  server.topologyChanged();
  const stalePush = seconds(() => server.push(gradients, { ...header(), version: 0 }, replica));
  const rebuild = seconds(() => model.layers.forEach((layer) => rebuildIncoming(layer)), 15);
  const values = pullBytes(model, false);
  const structure = model.layers.reduce((sum, layer) => sum + 4 * (layer.nnz + layer.inputs + 1), 0);
  return {
    gradient,
    worker: 0,
    push,
    stalePush,
    pull,
    pause,
    rebuild,
    pushBytes: values,
    pullBytes: values,
    topologyBytes: structure,
    steps,
  };
}

/** What a real run of Workers in shared memory does. */
export interface RunOptions {
  readonly workers: number;
  /** Whether they share a server (phase 1), or each trains a model of its own (phase 2). */
  readonly together: boolean;
  readonly epochs: number;
}

/** Updates a second of a real run, pauses not counted; median of the epochs but the first. */
export async function realUpdatesPerSecond(
  sizes: readonly number[],
  epsilon: number,
  data: Dataset,
  { workers, together, epochs }: RunOptions,
): Promise<number> {
  const model = SparseMlp.create({ sizes, epsilon, seed: 1 });
  const options = {
    workers,
    threads: workers,
    epochs,
    phaseOneFraction: together ? 1 : 0,
    batchSize: BATCH,
    evaluateEvery: epochs,
  };
  const found: number[] = [];
  for await (const { epoch, parallel } of trainParallel(model, data, options)) {
    if (epoch > 1) found.push(parallel!.updatesPerSecond);
  }
  return median(found);
}

/** The middle one. */
export function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

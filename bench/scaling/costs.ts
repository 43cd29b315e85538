/**
 * What the parts of parallel training cost on this machine, and how fast real runs with one and two workers are.
 *
 * @module
 */
import { type Dataset, type ParallelOptions, SparseMlp, trainParallel } from "../../mod.ts";
import { resolveParallelHyperparameters } from "../../src/parallel/options.ts";
import { emptyReplica, pullBytes } from "../../src/parallel/replica.ts";
import { ParameterServer, serverState } from "../../src/parallel/server.ts";
import { trainOver } from "../../src/parallel/wasap.ts";
import { WorkersTransport } from "../../src/parallel/workers.ts";
import { rebuildIncoming } from "../../src/sparse/csr.ts";
import { resolveHyperparameters } from "../../src/train/hyperparameters.ts";
import { changeTopology } from "../../src/topology/change.ts";
import { labelsWithSums, type Part, PARTS, partSums } from "./parts.ts";
import type { Costs } from "./simulation.ts";

const BATCH = 128;

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

/** What a pause costs, what a stale push does, and the sizes of messages; measured on one thread. */
export function measureRest(
  sizes: readonly number[],
  epsilon: number,
): Pick<Costs, "stalePush" | "pause" | "rebuild" | "pushBytes" | "pullBytes" | "topologyBytes"> {
  const model = SparseMlp.create({ sizes, epsilon, seed: 1 });
  const settings = resolveHyperparameters({ threads: 1, batchSize: BATCH }, 1);
  const parallel = resolveParallelHyperparameters({ workers: 2 });
  const server = new ParameterServer(model, serverState(2, 0), { settings, parallel, steps: 1000 });
  const [gradients, replica] = [model.allocateGradients(), emptyReplica(model)];
  const old = server.pull(replica, -1, 0);
  let epoch = 1;
  const change = () => void changeTopology(model, settings, epoch++);
  change();
  server.topologyChanged();
  // One change of the topology lies between gradient and push.
  const header = { ...old, worker: 0, loss: 1, correct: 0, samples: BATCH };
  const stalePush = seconds(() => server.push(gradients, header, replica));
  const values = pullBytes(model, false);
  return {
    stalePush,
    pause: seconds(change, 15),
    rebuild: seconds(() => model.layers.forEach((layer) => rebuildIncoming(layer)), 15),
    pushBytes: values,
    pullBytes: values,
    topologyBytes: model.layers.reduce((sum, layer) => sum + 4 * (layer.nnz + layer.inputs + 1), 0),
  };
}

/** A real run of Workers in shared memory. */
export interface RunOptions {
  readonly workers: number;
  readonly epochs: number;
}

function options({ workers, epochs }: RunOptions): ParallelOptions {
  return { workers, threads: workers, epochs, phaseOneFraction: 1, batchSize: BATCH, evaluateEvery: epochs };
}

/**
 * Mean seconds of each part in a real run, its first two epochs left out: in the second, workers touch for the first time
 * the memory that stale gradients need. Waiting is in none of them.
 *
 * Workers slow each other down, as they share caches and memory, and take over from each other what they write: so each
 * number of workers has times of its own.
 */
export async function measureParts(
  sizes: readonly number[],
  epsilon: number,
  data: Dataset,
  run: RunOptions,
): Promise<Readonly<Record<Part, number>>> {
  const labels = labelsWithSums(data.train.samples, run.workers);
  labels.set(data.train.labels);
  const timed = { ...data, train: { ...data.train, labels } };
  const module = new URL("./timed_worker.ts", import.meta.url);
  const model = SparseMlp.create({ sizes, epsilon, seed: 1 });
  const sums = () => {
    const all = new Float64Array(2 * PARTS.length);
    for (let worker = 0; worker < run.workers; worker++) {
      partSums(labels, worker).forEach((sum, place) => all[place] += sum);
    }
    return all;
  };
  const epochs = trainOver(model, timed, options(run), (plan) => new WorkersTransport({ ...plan, module }));
  let before = sums();
  for await (const { epoch } of epochs) if (epoch === 2) before = sums();
  const found = sums().map((sum, place) => sum - before[place]);
  return Object.fromEntries(PARTS.map((part, place) => [part, found[2 * place] / found[2 * place + 1]])) as {
    [P in Part]: number;
  };
}

/** Updates a second of a real run, pauses not counted; median of the epochs but the first. */
export async function realUpdatesPerSecond(
  sizes: readonly number[],
  epsilon: number,
  data: Dataset,
  run: RunOptions,
): Promise<number> {
  const model = SparseMlp.create({ sizes, epsilon, seed: 1 });
  const found: number[] = [];
  for await (const { epoch, parallel } of trainParallel(model, data, options(run))) {
    if (epoch > 1) found.push(parallel!.updatesPerSecond);
  }
  return median(found);
}

/** The middle one, or the mean of the two in the middle. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

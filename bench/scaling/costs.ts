/**
 * What the parts of parallel training cost on this machine, and how fast real runs are.
 *
 * @module
 */
import { type Dataset, type ParallelOptions, SparseMlp, trainParallel } from "../../mod.ts";
import { averageModels } from "../../src/parallel/average.ts";
import { stateFor } from "../../src/optimizer/optimizers.ts";
import { resolveParallelHyperparameters } from "../../src/parallel/options.ts";
import { emptyReplica } from "../../src/parallel/replica.ts";
import { ParameterServer, serverState } from "../../src/parallel/server.ts";
import { rebuildIncoming } from "../../src/sparse/csr.ts";
import { changeTopology } from "../../src/topology/change.ts";
import { resolveHyperparameters } from "../../src/train/hyperparameters.ts";
import { recordTraining } from "../timeline/record.ts";
import type { Activity, Span } from "../timeline/spans.ts";

/** Samples of a mini-batch. */
export const BATCH = 128;
/** Steps between two questions of gossip. */
export const LOCAL_STEPS = 8;

/** A network whose training is measured. */
export interface Subject {
  readonly sizes: readonly number[];
  readonly epsilon: number;
}

/** A real run of Workers in shared memory. */
export interface RealRun {
  readonly algorithm: "wasap" | "gossip";
  readonly workers: number;
  readonly epochs: number;
}

/** What is measured on one thread alone, seconds; sizes in bytes. */
export interface Rest {
  readonly stalePush: number;
  readonly change: number;
  readonly rebuild: number;
  /** The average of all models, for each of four that have nothing in common, as those of many epochs. */
  readonly average: number;
  readonly valueBytes: number;
  readonly topologyBytes: number;
  /** Values, topology and what the optimiser keeps. */
  readonly modelBytes: number;
}

/** Seconds of what workers do, and how the time of a step varies: its deviation, as a part of the mean. */
export interface Parts {
  /** Means: what a run took. */
  readonly seconds: Readonly<Partial<Record<Activity, number>>>;
  /** Medians: what it would take where nobody is in the way. */
  readonly usual: Readonly<Partial<Record<Activity, number>>>;
  readonly variation: number;
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

/** What a change costs, what a stale push does, the average of all, and the sizes of messages. */
export function measureRest({ sizes, epsilon }: Subject): Rest {
  const settings = resolveHyperparameters({ threads: 1, batchSize: BATCH }, 1);
  const [model, ...models] = [1, 2, 3, 4, 5].map((seed) => {
    const each = SparseMlp.create({ sizes, epsilon, seed });
    each.holdState(stateFor(settings));
    return each;
  });
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
  const planes = model.layers[0].planes.length;
  const valueBytes = model.layers.reduce(
    (sum, layer) => sum + 4 * (layer.nnz + layer.neurons + layer.activationParameters.length),
    0,
  );
  const topologyBytes = model.layers.reduce((sum, layer) => sum + 4 * (layer.nnz + layer.inputs + 1), 0);
  return {
    stalePush,
    change: seconds(change, 15),
    rebuild: seconds(() => model.layers.forEach((layer) => rebuildIncoming(layer)), 15),
    average: seconds(() => averageModels(models, model), 9) / models.length,
    valueBytes,
    topologyBytes,
    modelBytes: valueBytes * (1 + planes) + topologyBytes,
  };
}

function options({ algorithm, workers, epochs }: RealRun, phaseOneFraction = 1): ParallelOptions & RealRun {
  const phases = algorithm === "gossip"
    ? { localSteps: LOCAL_STEPS, peerAverage: "holders" as const }
    : { phaseOneFraction };
  return { algorithm, workers, threads: workers, epochs, ...phases, batchSize: BATCH, evaluateEvery: epochs };
}

/**
 * Seconds of what workers do in a real run, but for its first two epochs: in the second, workers touch for the first
 * time the memory that stale gradients need. Waiting is apart.
 *
 * A run of WASAP has a phase 2 as well, for steps of workers on models of their own. Workers slow each other down, as they
 * share caches and memory, and take over from each other what they write: so each number of workers has times of its own.
 */
export async function measureParts(subject: Subject, data: Dataset, run: RealRun): Promise<Parts> {
  const { workers, engine, ends } = await recordTraining(subject, data, options(run, 0.7));
  const counted = [...workers.flat(), ...engine].filter(({ begin }) => begin > ends[1]);
  const found = Map.groupBy(counted, ({ activity }) => activity);
  const steps = (found.get("step") ?? []).map(lasted);
  const deviation = Math.sqrt(mean(steps.map((time) => (time - mean(steps)) ** 2)));
  const each = (of: (numbers: readonly number[]) => number) =>
    Object.fromEntries([...found].map(([activity, spans]) => [activity, of(spans.map(lasted))]));
  return {
    seconds: each(mean),
    usual: each(median),
    variation: deviation / mean(steps),
  };
}

/** Updates a second of a real run, changes of the topology not counted; median of the epochs but the first. */
export async function realUpdatesPerSecond(
  { sizes, epsilon }: Subject,
  data: Dataset,
  run: RealRun,
): Promise<number> {
  const model = SparseMlp.create({ sizes, epsilon, seed: 1 });
  const found: number[] = [];
  for await (const { epoch, parallel } of trainParallel(model, data, options(run))) {
    if (epoch > 1) found.push(parallel!.updatesPerSecond);
  }
  return median(found);
}

/** Seconds. */
function lasted({ begin, end }: Span): number {
  return (end - begin) / 1000;
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
}

/** The middle one, or the mean of the two in the middle. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

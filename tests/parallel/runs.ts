/** Whole parallel runs for tests, and models compared bit for bit. @module */
import { assertEquals } from "@std/assert";
import type { Dataset } from "../../src/data/dataset.ts";
import { loadModel, saveModel } from "../../src/files/checkpoint.ts";
import type { SparseMlp } from "../../src/model/model.ts";
import { InProcessTransport, type ServerEvent } from "../../src/parallel/in_process.ts";
import type { ParallelOptions } from "../../src/parallel/options.ts";
import { trainOver, trainParallel } from "../../src/parallel/wasap.ts";
import { WorkerModels } from "../../src/parallel/worker_models.ts";
import { WorkersTransport } from "../../src/parallel/threads/transport.ts";
import type { EpochRecord, TrainSummary } from "../../src/train/records.ts";
import { newRunState, type RunState } from "../../src/train/state.ts";

/** What a run yields and returns. */
export interface ParallelRun {
  readonly records: EpochRecord[];
  readonly summary: TrainSummary;
}

async function drain(epochs: AsyncGenerator<EpochRecord, TrainSummary>): Promise<ParallelRun> {
  const records: EpochRecord[] = [];
  for (;;) {
    const { done, value } = await epochs.next();
    if (done) return { records, summary: value };
    records.push(value);
  }
}

/** Trains with real Workers. */
export function finishParallel(
  model: SparseMlp,
  data: Dataset,
  options: ParallelOptions,
): Promise<ParallelRun> {
  return drain(trainParallel(model, data, { threads: 1, ...options }));
}

/** Trains with workers that take turns as `order` decides. */
export function finishInProcess(
  model: SparseMlp,
  data: Dataset,
  options: ParallelOptions,
  order: number,
  onEvent?: (event: ServerEvent) => void,
): Promise<ParallelRun> {
  const make = (plan: ConstructorParameters<typeof InProcessTransport>[0]) =>
    new InProcessTransport(plan, order, onEvent);
  return drain(trainOver(model, data, { threads: 1, ...options }, make));
}

/** Trains with Workers that run a module of the test. */
export function finishWithModule(
  model: SparseMlp,
  data: Dataset,
  options: ParallelOptions,
  module: URL,
): Promise<ParallelRun> {
  return drain(
    trainOver(model, data, { threads: 1, ...options }, (plan) => new WorkersTransport({ ...plan, module })),
  );
}

/** Which epochs {@linkcode trainPart} trains. */
export interface Part {
  /** Epoch at which the checkpoint stands; 0 for none. */
  readonly from: number;
  readonly to: number;
  /** Makes the model that has no checkpoint yet. */
  readonly make: () => SparseMlp;
}

/** Trains a part of a run: from a checkpoint or from the start, up to an epoch, where it saves a checkpoint. */
export async function trainPart(
  path: string,
  { from, to, make }: Part,
  begin: (
    model: SparseMlp,
    resumed: { readonly state: RunState; readonly workerModels: WorkerModels },
  ) => AsyncGenerator<EpochRecord, TrainSummary>,
): Promise<SparseMlp> {
  const before = from === 0 ? undefined : await loadModel(path);
  const model = before?.model ?? make();
  const workerModels = new WorkerModels(before?.workers);
  const state = before?.training?.state ?? newRunState();
  assertEquals(state.epoch, from);
  const epochs = begin(model, { state, workerModels });
  for (;;) {
    const { done } = await epochs.next();
    if (!done && state.epoch < to) continue;
    const workers = await workerModels.current();
    await saveModel(model, path, { training: { epoch: state.epoch, options: {}, state }, workers });
    if (!done) await epochs.return(undefined!);
    return model;
  }
}

/** Whole parallel runs for tests, and models compared bit for bit. @module */
import type { Dataset } from "../../src/data/dataset.ts";
import type { SparseMlp } from "../../src/model/model.ts";
import { InProcessTransport, type ServerEvent } from "../../src/parallel/in_process.ts";
import type { ParallelOptions } from "../../src/parallel/options.ts";
import { trainOver, trainParallel } from "../../src/parallel/wasap.ts";
import { WorkersTransport } from "../../src/parallel/workers.ts";
import type { EpochRecord, TrainSummary } from "../../src/train/records.ts";

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

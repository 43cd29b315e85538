/**
 * The models of the workers in phase 2, for checkpoints.
 *
 * @module
 */
import type { SparseMlp } from "../model/model.ts";
import { requireModel } from "../model/model_argument.ts";
import { readItems } from "../value.ts";

/**
 * The models of the workers in phase 2: what a checkpoint needs beside the average to go on bit for bit.
 *
 * @example
 * ```ts
 * import { loadModel, madelonLike, saveModel, SparseMlp, trainParallel } from "@truly-sparse/truly-sparse";
 * import { WorkerModels } from "@truly-sparse/truly-sparse";
 *
 * const data = madelonLike({ samples: 200, testSamples: 50, features: 20, seed: 1 });
 * const path = await Deno.makeTempFile({ suffix: ".safetensors" });
 * const options = { workers: 2, epochs: 4, batchSize: 16, phaseOneFraction: 0.5 };
 *
 * const model = SparseMlp.create({ sizes: [20, 32, 2], epsilon: 8, seed: 1 });
 * const workerModels = new WorkerModels();
 * for await (const { epoch } of trainParallel(model, data, { ...options, workerModels })) {
 *   if (epoch < 3) continue;
 *   await saveModel(model, path, { training: { epoch, options: {} }, workers: await workerModels.current() });
 *   break;
 * }
 *
 * const { model: again, workers, training } = await loadModel(path);
 * const more = { ...options, epochsDone: training!.epoch, workerModels: new WorkerModels(workers) };
 * for await (const { epoch } of trainParallel(again, data, more)) console.assert(epoch === 4);
 * await Deno.remove(path);
 * ```
 */
export class WorkerModels {
  /** Models to begin with, in the order of the workers; empty where phase 2 begins with the server's. */
  readonly start: readonly SparseMlp[];
  #read: (() => readonly SparseMlp[] | Promise<readonly SparseMlp[]>) | undefined;

  /**
   * For a run from the start, or from a checkpoint.
   *
   * @param start Models of a checkpoint of phase 2. They count when the run goes on in phase 2, with as many workers;
   * otherwise all workers begin with the model of the run.
   */
  constructor(start: readonly SparseMlp[] = []) {
    const task = "go on with the models of workers";
    const models = readItems(start, { task, name: "start" }, 65_536);
    for (const model of models) requireModel(model, task);
    this.start = models as readonly SparseMlp[];
  }

  /**
   * The models as they are, between two epochs, after the last, or after an aborted one; none in phase 1.
   *
   * They change with the next epoch. A run that has not come to its phase 2 has those it began with. Over MPI they are
   * brought here by this call.
   *
   * @throws {TrainingError} When a worker does not send its model in time.
   */
  async current(): Promise<readonly SparseMlp[]> {
    return await this.#read?.() ?? this.start;
  }

  /** For the engine: says where the models are. */
  follow(read: () => readonly SparseMlp[] | Promise<readonly SparseMlp[]>): void {
    this.#read = read;
  }
}

/** Refuses models of another shape than the server's. */
export function checkWorkerModels(models: readonly SparseMlp[], model: SparseMlp): void {
  for (const [worker, { layers }] of models.entries()) {
    const fits = layers.length === model.layers.length && layers.every(({ inputs, neurons }, index) => {
      const own = model.layers[index];
      return inputs === own.inputs && neurons === own.neurons;
    });
    if (fits) continue;
    throw new TypeError(
      `Cannot go on with the model of worker ${
        worker + 1
      }: its layers are not those of the model in training`,
    );
  }
}

/**
 * A whole run of training as one promise.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { unfit } from "../hyperparameter.ts";
import type { SparseMlp } from "../model/model.ts";
import type { TrainOptions } from "./options.ts";
import type { EpochRecord, TrainSummary } from "./records.ts";
import { train } from "./trainer.ts";

/**
 * Trains a model in place from the first epoch to the last: {@linkcode train} for who needs no iterator.
 *
 * @param onEpoch Called with the record of each epoch; the run waits for what it returns. What it throws ends the run:
 * the model stays as it stands after that epoch, and can be saved, used and trained again.
 * @returns The summary of the run; it is rejected with whatever {@linkcode train} throws, at the call or later.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { fit, madelonLike, SparseMlp } from "@truly-sparse/truly-sparse";
 *
 * const data = madelonLike({ samples: 400, testSamples: 100, features: 20, seed: 1 });
 * const model = SparseMlp.create({ sizes: [20, 32, 2], epsilon: 8, seed: 1 });
 * const losses: number[] = [];
 * const options = { epochs: 3, batchSize: 16, validationFraction: 0.2 };
 * const summary = await fit(model, data, options, ({ trainLoss }) => void losses.push(trainLoss));
 * assertEquals([summary.epochs, losses.length], [3, 3]);
 * ```
 */
export async function fit(
  model: SparseMlp,
  data: Dataset,
  options: TrainOptions = {},
  onEpoch?: (record: EpochRecord) => void | Promise<void>,
): Promise<TrainSummary> {
  if (onEpoch !== undefined && typeof onEpoch !== "function") {
    throw unfit({ task: "fit", name: "onEpoch" }, onEpoch, "a function");
  }
  const epochs = train(model, data, options);
  try {
    for (;;) {
      const { done, value } = await epochs.next();
      if (done) return value;
      await onEpoch?.(value);
    }
  } finally {
    // Ends the run that onEpoch has left; nothing where it is over.
    await epochs.return(undefined as never);
  }
}

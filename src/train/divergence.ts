/**
 * Divergence: what tells that a training cannot go on, because its numbers are not finite any more.
 *
 * @module
 */
import { TrainingError } from "../errors.ts";
import { firstUnfit } from "../finite.ts";
import { learnsSlope } from "../model/activation.ts";
import type { SparseMlp } from "../model/model.ts";

/** The error for a loss or weights that are no numbers any more; the model is as the run left it. */
export function diverged(found: string, learningRate: number): TrainingError {
  return new TrainingError(
    `Cannot go on training: ${found}, at learning rate ${learningRate}; ` +
      "the model's weights cannot be used any more, go on from a saved file or make it anew; " +
      "try a learning rate ten times smaller, a warm-up, or weights scaled to the sparse fan-in",
  );
}

/**
 * Refuses to go on with a loss that is not finite.
 *
 * @param part Which samples it is of.
 */
export function checkLoss(
  part: "training" | "validation" | "test",
  loss: number,
  epoch: number,
  learningRate: number,
): void {
  if (Number.isFinite(loss)) return;
  throw diverged(`the ${part} loss is not finite after epoch ${epoch}`, learningRate);
}

/** Refuses to go on with parameters that are not finite: an evaluation may never have met a weight that is NaN. */
export function checkWeights({ layers }: SparseMlp, epoch: number, learningRate: number): void {
  const finite = layers.every(({ values, nnz, bias, activationParameters }) =>
    [values.subarray(0, nnz), bias, activationParameters].every((numbers) => firstUnfit(numbers) < 0)
  );
  if (!finite) throw diverged(`weights are not finite after epoch ${epoch}`, learningRate);
}

/**
 * Refuses to go on with a learned slope that is not finite.
 *
 * @returns The slopes of the layers that learn theirs, first layer first.
 */
export function checkSlopes({ layers }: SparseMlp, epoch: number, learningRate: number): readonly number[] {
  const learning = layers.filter(({ activation }) => learnsSlope(activation));
  const slopes = learning.map(({ slope }) => slope!);
  if (slopes.every(Number.isFinite)) return slopes;
  throw diverged(`a learned slope is not finite after epoch ${epoch}`, learningRate);
}

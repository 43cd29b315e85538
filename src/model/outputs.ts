/**
 * Outputs: how those of a network are compared with the truth, and what they say of a sample.
 *
 * A classification of two classes may have one output, z: the second class has probability σ(z), the first σ(−z).
 *
 * @module
 */
import type { Loss } from "../native/step.ts";
import type { Task } from "../task.ts";

/** What the outputs of a network depend on. */
export interface OutputSettings {
  readonly task: Task;
  /** Neurons of each layer, output last. */
  readonly sizes: readonly number[];
}

/** Whether one output tells two classes apart. */
export function isOneSided({ task, sizes }: OutputSettings): boolean {
  return task === "classification" && sizes[sizes.length - 1] === 1;
}

/** How outputs are compared with the truth. */
export function lossOf(settings: OutputSettings): Loss {
  if (settings.task === "regression") return "squared-error";
  return settings.task === "multi-label" || isOneSided(settings)
    ? "sigmoid-cross-entropy"
    : "softmax-cross-entropy";
}

/** Classes, labels or values that a network tells of a sample: its outputs, but two for the one of two classes. */
export function answerCount(settings: OutputSettings): number {
  return isOneSided(settings) ? 2 : settings.sizes[settings.sizes.length - 1];
}

/**
 * Writes the probabilities of both classes, each with all its digits: 1 − p of a sure answer would have none.
 *
 * @param outputs Shape `[samples]`.
 * @param probabilities Receives σ(−z) and σ(z), shape `[samples, 2]`.
 */
export function writeBothSides(outputs: Float32Array, probabilities: Float32Array): void {
  for (let sample = 0; sample < outputs.length; sample++) {
    const small = Math.exp(-Math.abs(outputs[sample]));
    const [likely, unlikely] = [1 / (1 + small), small / (1 + small)];
    const second = outputs[sample] > 0;
    probabilities[2 * sample] = second ? unlikely : likely;
    probabilities[2 * sample + 1] = second ? likely : unlikely;
  }
}

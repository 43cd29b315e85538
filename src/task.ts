/**
 * What a network is for.
 *
 * @module
 */

/**
 * What is learned of a sample: its one class (softmax, or with one output the sigmoid, and cross-entropy), values (mean
 * squared error), or which of several labels apply to it, each for itself (sigmoids and binary cross-entropy).
 */
export type Task = "classification" | "regression" | "multi-label";

/** Every task, by its name. */
export const TASKS = ["classification", "regression", "multi-label"] as const satisfies readonly Task[];

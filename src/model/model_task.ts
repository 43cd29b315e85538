/**
 * What a model is for, and what it can be asked.
 *
 * @module
 */
import { readValue } from "../hyperparameter.ts";
import { type Task, TASKS } from "../task.ts";

/** What predicts, for each task. */
const METHODS: Readonly<Record<Task, string>> = {
  classification: "predictClasses or predictProbabilities",
  regression: "predictValues",
  "multi-label": "predictLabels or predictProbabilities",
};

const TASK = { kind: "choice", choices: TASKS, doc: "What a model is for." } as const;

/**
 * Whether a model that is for one task is for the one asked for.
 *
 * @throws {TypeError} When there is no such task.
 */
export function isFor(task: Task, asked: Task): boolean {
  return task === readValue<Task>(TASK, asked, { task: "tell what the model is for", name: "task" });
}

/**
 * Refuses a prediction that a model does not give, as the compiler does where it knows the task.
 *
 * @param what Is predicted: "classes".
 * @throws {TypeError} With what predicts.
 */
export function requireTask(task: Task, allowed: readonly Task[], what: string): void {
  if (allowed.includes(task)) return;
  throw new TypeError(`Cannot predict ${what}: the model is for ${task}, use ${METHODS[task]}`);
}

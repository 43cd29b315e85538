/**
 * What goes in and out of a model, checked where it comes from outside: names of classes, temperature.
 *
 * @module
 */
import { answerCount } from "./outputs.ts";
import type { ModelSettings } from "./settings.ts";

/** What the outputs of a model are, as far as their meaning depends on it. */
type Outputs = Pick<ModelSettings, "sizes" | "task">;

/** The names of the classes or labels: none, or one each. */
export function readClassNames(found: unknown, outputs: Outputs): string[] {
  if (!Array.isArray(found) || !found.every((name) => typeof name === "string")) {
    throw new SyntaxError("its class names are no list of texts");
  }
  checkNameCount(found.length, outputs);
  return found;
}

/**
 * Refuses class names that are not as many as there are classes or labels; none at all are well.
 *
 * @throws {RangeError} Also when there are any for a regression.
 */
export function checkNameCount(names: number, outputs: Outputs): void {
  const needed = answerCount(outputs);
  if (names === 0 || (outputs.task !== "regression" && names === needed)) return;
  throw new RangeError(
    `it has ${names} class names for ${needed} outputs of a ${taskInWords(outputs.task)}`,
  );
}

/** As messages have it. */
export function taskInWords(task: ModelSettings["task"]): string {
  return task === "multi-label" ? "network of several labels" : task;
}

/**
 * The temperature of a calibrated model.
 *
 * @throws {RangeError} When it is none, or the model has no probabilities.
 */
export function readTemperature(found: unknown, { task }: Outputs): number {
  if (task !== "classification") {
    throw new RangeError(`it has a temperature, which a ${taskInWords(task)} does not use`);
  }
  if (typeof found === "number" && Number.isFinite(found) && found > 0) return found;
  throw new RangeError(`its temperature is ${JSON.stringify(found)}, expected a number above 0`);
}

/**
 * What goes in and out of a model, checked where it comes from outside: names of classes, temperature.
 *
 * @module
 */
import type { ModelSettings } from "./settings.ts";

/** What the outputs of a model are, as far as their meaning depends on it. */
type Outputs = Pick<ModelSettings, "sizes" | "task">;

/**
 * The names of the classes: none, or one an output.
 *
 * @throws {SyntaxError} When they are no list of texts.
 * @throws {RangeError} When there are others than the model has classes.
 */
export function readClassNames(found: unknown, { sizes, task }: Outputs): string[] {
  if (!Array.isArray(found) || !found.every((name) => typeof name === "string")) {
    throw new SyntaxError("its class names are no list of texts");
  }
  const outputs = sizes[sizes.length - 1];
  if (found.length !== 0 && (task !== "classification" || found.length !== outputs)) {
    throw new RangeError(`it has ${found.length} class names for ${outputs} outputs of a ${task}`);
  }
  return found;
}

/**
 * The temperature of a calibrated model.
 *
 * @throws {RangeError} When it is none, or the model has no probabilities.
 */
export function readTemperature(found: unknown, { task }: Outputs): number {
  if (task !== "classification") throw new RangeError(`it has a temperature, which a ${task} does not use`);
  if (typeof found === "number" && Number.isFinite(found) && found > 0) return found;
  throw new RangeError(`its temperature is ${JSON.stringify(found)}, expected a number above 0`);
}

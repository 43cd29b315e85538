/**
 * Whether the classes of samples are those of a model, which knows them by their numbers alone.
 *
 * @module
 */
import { quote } from "../quote.ts";

/**
 * Refuses names of classes or labels that have other numbers in a model than in samples.
 *
 * @param known Those of the model, in order; empty where it was never trained.
 * @param found Those of the samples.
 * @param doing What cannot be done with them: `evaluate "samples"`.
 * @param unknown What is done with a class that the model does not know, where it knows others: names that have nothing in
 * common are another spelling of the same classes.
 * @throws {TypeError} The first such class.
 */
export function requireOneOrder(
  known: readonly string[],
  found: readonly string[],
  doing: string,
  unknown: "refuse" | "learn",
): void {
  const places = new Map(known.map((name, place) => [name, place]));
  const shared = found.some((name) => places.has(name));
  for (const [place, name] of found.entries()) {
    const there = places.get(name);
    if (there === place || !shared || (there === undefined && unknown === "learn")) continue;
    const what = there === undefined ? "is none of the model's" : `is number ${there} of the model's`;
    throw new TypeError(
      `Cannot ${doing}: ${
        quote(name)
      }, class ${place} of the samples, ${what}; read them with the model's names ` +
        "(classNames of Dataset.from(), like of readTable())",
    );
  }
}

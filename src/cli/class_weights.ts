/**
 * Weights of classes by their names, as the command line takes them.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { messageOf } from "../errors.ts";
import { isRecord } from "../hyperparameter.ts";
import { nearest } from "../nearest.ts";
import type { ClassWeights } from "../train/sample_weights.ts";
import { UsageError } from "./option.ts";
import type { Values } from "./options.ts";

/** Longer files are no list of weights. */
const MOST_BYTES = 2 ** 26;
/** Most characters of a line that shows weights. */
const MOST_SHOWN = 90;

/** What `--class-weights` asks for; empty where it is not given. */
export interface AskedWeights {
  /** For training. */
  readonly options: { readonly classWeights?: ClassWeights };
  /** The option with a value that needs no file: what a checkpoint keeps. */
  readonly values: Pick<Values, "class-weights">;
}

/** A line about class weights, where there are any. */
export function weightLines({ "class-weights": weights }: Values): [title: string, text: string][] {
  if (weights === undefined) return [];
  return [["Class weights", weights.length > MOST_SHOWN ? `${weights.slice(0, MOST_SHOWN)}…` : weights]];
}

/**
 * Reads what was given as `--class-weights`: `balanced`, a JSON object of weights by class, or the name of a file that
 * holds one, or a line `class,weight` (or with a tab) for each class.
 *
 * @throws {UsageError} When the data have no classes.
 * @throws {SyntaxError} When there is a weight that cannot be read, too many or too few.
 */
export async function askedWeights(
  { "class-weights": given }: Values,
  data: Pick<Dataset, "name" | "task" | "classNames">,
): Promise<AskedWeights> {
  if (given === undefined) return { options: {}, values: {} };
  const { name, task, classNames } = data;
  if (task !== "classification") {
    const why = task === "regression" ? "has no classes" : "has no class of each sample";
    throw new UsageError(`Cannot use --class-weights with "${name}": it is for ${task}, which ${why}`);
  }
  if (given === "balanced") return asked(given, given);
  const inline = given.trimStart().startsWith("{");
  const because = (found: string) => {
    const where = inline ? "" : ` of "${given}"`;
    return new SyntaxError(`Cannot use the class weights${where}: ${found}`);
  };
  const text = inline ? given : await readText(given, because);
  const isJson = text.trimStart().startsWith("{");
  const byName = isJson ? fromJson(text, because) : fromLines(text, because);
  for (const found of byName.keys()) {
    if (classNames.includes(found)) continue;
    const near = nearest(found, classNames);
    const advice = near === undefined ? "" : `, did you mean "${near}"?`;
    throw because(`"${name}" has no class "${found}"${advice}`);
  }
  const classWeights = classNames.map((className) => {
    const weight = byName.get(className);
    if (weight === undefined) throw because(`there is none for class "${className}", each class needs one`);
    return weight;
  });
  return asked(classWeights, JSON.stringify(Object.fromEntries(byName)));
}

function asked(classWeights: ClassWeights, text: string): AskedWeights {
  return { options: { classWeights }, values: { "class-weights": text } };
}

type Because = (found: string) => SyntaxError;

async function readText(path: string, because: Because): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let [text, bytes] = ["", 0];
  try {
    for await (const chunk of (await Deno.open(path)).readable) {
      bytes += chunk.length;
      if (bytes > MOST_BYTES) throw new RangeError(`it has more than ${MOST_BYTES} bytes`);
      text += decoder.decode(chunk, { stream: true });
    }
    return text + decoder.decode();
  } catch (cause) {
    throw because(messageOf(cause));
  }
}

function fromJson(text: string, because: Because): Map<string, number> {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch (cause) {
    throw because(`they are no JSON: ${messageOf(cause)}`);
  }
  if (!isRecord(found)) throw because("they are no JSON object");
  return new Map(
    Object.entries(found).map(([name, weight]) => {
      if (isWeight(weight)) return [name, weight];
      throw because(`that of class "${name}" is ${JSON.stringify(weight)}, expected a number of at least 0`);
    }),
  );
}

function fromLines(text: string, because: Because): Map<string, number> {
  const weights = new Map<string, number>();
  for (const [place, line] of text.split(/\r\n|\n|\r/).entries()) {
    if (line.trim() === "") continue;
    const [, name, cell] = /^(.*)[,\t]\s*(\S+)\s*$/.exec(line) ?? [];
    const weight = cell === undefined ? NaN : Number(cell);
    if (!isWeight(weight)) {
      const found = line.length > 40 ? `${line.slice(0, 40)}…` : line;
      throw because(
        `line ${place + 1} is ${JSON.stringify(found)}, expected a class, a comma and a number of at least 0`,
      );
    }
    if (weights.has(name)) throw because(`line ${place + 1} is the second for class "${name}"`);
    weights.set(name, weight);
  }
  return weights;
}

function isWeight(found: unknown): found is number {
  return typeof found === "number" && Number.isFinite(found) && found >= 0;
}

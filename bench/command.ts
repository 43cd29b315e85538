/**
 * A bench as a command: its settings, its help, its exit code.
 *
 * @module
 */
import { nearest } from "../src/nearest.ts";

/**
 * Runs a bench with the settings of the command line.
 *
 * @param read Reads them; undefined where help is asked for.
 * @returns The exit code: 2 for settings that cannot be used, 1 for a run that failed.
 */
export async function runBench<Settings>(
  read: (args: string[]) => Settings | undefined,
  help: string,
  run: (settings: Settings) => Promise<void>,
): Promise<number> {
  let settings: Settings | undefined;
  try {
    settings = read(Deno.args);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 2;
  }
  if (settings === undefined) {
    console.log(help);
    return 0;
  }
  try {
    await run(settings);
    return 0;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 1;
  }
}

/**
 * A name that a bench knows.
 *
 * @param task What cannot be done with another: "run the suite".
 * @throws {RangeError} With the name and those there are.
 */
export function known<Known extends string>(word: string, all: readonly Known[], task: string): Known {
  const found = all.find((name) => name === word);
  if (found !== undefined) return found;
  const guess = nearest(word, all);
  const hint = guess === undefined ? "" : `did you mean "${guess}"? `;
  throw new RangeError(
    `Cannot ${task} "${word}": ${hint}${hint === "" ? "there" : "There"} are ${all.join(", ")}`,
  );
}

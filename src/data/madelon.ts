/**
 * The text files of the NIPS 2003 feature selection challenge (Madelon, and others of its form).
 *
 * @module
 */
import { type CsvOptions, readCsv, readLabels } from "./csv.ts";
import type { FileSamples } from "./samples.ts";
import { type Source, sourceName } from "./source.ts";

/** Options of {@linkcode readMadelon}. */
export type MadelonOptions = Pick<CsvOptions, "task" | "classNames" | "threads" | "onProgress">;

/**
 * Reads a `.data` file (a row of numbers between blanks for each sample) with its `.labels` file (one a line).
 *
 * @param data Path, `file:` URL or bytes of the features.
 * @param labels The same of the labels; −1 and 1 become classes 0 and 1.
 * @throws {SyntaxError} When a file cannot be read, or they do not have the same number of rows.
 */
export async function readMadelon(
  data: Source,
  labels: Source,
  options: MadelonOptions = {},
): Promise<FileSamples> {
  const layout = { delimiter: " ", header: false };
  const { classNames: _, ...unlabelled } = options;
  const samples = await readCsv(data, { ...unlabelled, ...layout, labelColumn: "none" });
  const marks = await readLabels(labels, { ...options, ...layout, onProgress: undefined });
  if (marks.samples !== samples.samples) {
    throw new SyntaxError(
      `Cannot match "${sourceName(labels)}" with "${sourceName(data)}": ` +
        `found ${marks.samples} labels for ${samples.samples} samples`,
    );
  }
  return { ...samples, labels: marks.labels, targets: marks.targets, classNames: marks.classNames };
}

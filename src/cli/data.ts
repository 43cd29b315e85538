/**
 * The data a command works on: a named data set, or files.
 *
 * @module
 */
import type { NamedDataset } from "../data/catalogue.ts";
import type { Column } from "../data/csv.ts";
import { type Dataset, validateDataset } from "../data/dataset.ts";
import { loadFiles } from "../data/files.ts";
import { datasets } from "../data/named.ts";
import { UsageError } from "./option.ts";
import type { Values } from "./options.ts";
import { loadingBar } from "./progress.ts";

/**
 * What is known of the named data set that was asked for; undefined for files.
 *
 * @throws {UsageError} When there is no such name; the message has the nearest.
 */
export function describeData({ dataset = "madelon-like", data, inputs }: Values): NamedDataset | undefined {
  if (data !== undefined || inputs !== undefined) return undefined;
  try {
    return datasets.describe(dataset);
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
}

/**
 * Loads the data set that options ask for, with progress on the terminal.
 *
 * @param showProgress Whether progress may be shown at all.
 * @param featureCount Features of the model that the data are for, where there is one.
 */
export async function loadData(
  values: Values,
  showProgress: boolean,
  featureCount?: number,
): Promise<Dataset> {
  const { dataset = "madelon-like", data, threads, "data-dir": dataDir } = values;
  using bar = loadingBar(showProgress);
  if (data === undefined) {
    return await datasets.load(dataset, {
      dataDir,
      threads,
      onProgress: ({ stage, file, doneBytes, totalBytes }) => {
        bar.update(`${stage === "download" ? "Downloading" : "Reading"} ${file}`, doneBytes, totalBytes);
      },
    });
  }
  const loaded = await loadFiles(data, {
    task: values.task,
    labelColumn: column(values["label-column"]),
    featureCount,
    firstIndex: firstIndex(values),
    testFraction: values["test-fraction"],
    seed: values.seed,
    threads,
    onProgress: (doneBytes, totalBytes) => bar.update("Reading", doneBytes, totalBytes),
  });
  validateDataset(loaded);
  return loaded;
}

/** A whole number is a column's place; anything else its name. */
export function column(text: string | undefined): Column | undefined {
  const dashed = text?.replace("−", "-");
  return dashed !== undefined && /^-?\d+$/.test(dashed) ? Number(dashed) : text;
}

/** Index of the first feature of svmlight text, where it is given. */
export function firstIndex({ "first-index": index }: Values): 0 | 1 | undefined {
  return index === undefined ? undefined : index === 0 ? 0 : 1;
}

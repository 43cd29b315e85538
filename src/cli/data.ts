/**
 * The data a command works on: a named data set, or files.
 *
 * @module
 */
import type { NamedDataset } from "../data/catalogue.ts";
import type { Column } from "../data/table/columns.ts";
import type { KnownModel, TextOptions } from "../data/table/table_files.ts";
import type { SparseMlp } from "../model/model.ts";
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

/** What a model is to the files it reads. */
function knownModel({ schema, classNames, settings, featureCount }: SparseMlp): KnownModel {
  return { task: settings.task, classNames, featureCount, schema };
}

/** How the text of tables is written, where options say so. */
export function textOptions({ delimiter, decimal, encoding, header }: Values): TextOptions {
  const marks: Readonly<Record<string, string>> = { "\\t": "\t", tab: "\t", blank: " " };
  return {
    delimiter: delimiter && (marks[delimiter] ?? delimiter),
    decimal,
    encoding,
    header: header && header === "yes",
  };
}

/** How a command loads its data. */
export interface LoadDataOptions {
  /** Whether progress may be shown at all. */
  readonly showProgress: boolean;
  /** The model that is to read them, where there is one, and what was asked for now: other options are of its training. */
  readonly reader?: { readonly model: SparseMlp; readonly given: Values } | undefined;
}

/** Data, and what is to be told of them. */
export interface LoadedData {
  readonly data: Dataset;
  /** What was guessed, put right or lost, a line each. */
  readonly notices: readonly string[];
}

/** Loads the data set that options ask for, with progress on the terminal. */
export async function loadData(
  values: Values,
  { showProgress, reader }: LoadDataOptions,
): Promise<LoadedData> {
  const notices: string[] = [];
  const data = await load(values, showProgress, reader, (notice) => notices.push(notice));
  validateDataset(data);
  return { data, notices };
}

async function load(
  values: Values,
  showProgress: boolean,
  reader: LoadDataOptions["reader"],
  onNotice: (notice: string) => void,
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
  // A model with a schema knows its columns; only what is said now can be about a file where they are called otherwise.
  const answers = reader?.model.schema === undefined ? values : reader.given;
  return await loadFiles(data, {
    ...textOptions(values),
    ...(reader && { like: knownModel(reader.model) }),
    task: values.task,
    labelColumn: column(answers["label-column"]),
    weightColumn: column(values["weight-column"]),
    ignoreColumns: values["ignore-columns"],
    categories: values.categories,
    numbers: values.numbers,
    missing: values.missing,
    missingLabels: values["missing-labels"],
    onNotice,
    firstIndex: firstIndex(values),
    testFraction: values["test-fraction"],
    seed: values.seed,
    threads,
    onProgress: (doneBytes, totalBytes) => bar.update("Reading", doneBytes, totalBytes),
  });
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

/**
 * From what the columns of a training table hold to what they are to a model.
 *
 * @module
 */
import { columnName, type ColumnSchema, inputCount, isInput, type TableSchema } from "../../schema.ts";
import { pictured } from "../../picture.ts";
import { quote } from "../../quote.ts";
import { schemaDisplay, schemaPicture } from "../../schema_picture.ts";
import type { Task } from "../../task.ts";
import { columnSchema, type MissingCells } from "./column_kinds.ts";
import {
  type Answers,
  called,
  type Column,
  findColumns,
  LABEL_NAMES,
  listed,
  type TableHead,
} from "./columns.ts";
import {
  chooseTask,
  type ChosenTask,
  flagsOf,
  type LabelClasses,
  labelClasses,
  lookAlikes,
  type MissingLabels,
  requireAnswers,
  requireLikelyClasses,
} from "./label_kinds.ts";
import type { TableProfile } from "./table.ts";

/** What somebody says about the columns of a training table; everything else is found out. */
export interface SchemaOptions {
  /** What is to be learned. @default {by the label column, see `chooseTask`} */
  readonly task?: Task | undefined;
  /**
   * The label's column, or several of them: targets of a regression, or with the task "multi-label" labels of which a
   * sample may have several, each a column of 0 and 1, true and false, or yes and no. A name, an index from 0, or from the end
   * if negative; "first", "last" or "none". A text that is no name may be digits, or a list with commas.
   *
   * Without it, the column the header calls label, class, target, response, output or y (in this order of
   * preference, capitals or not), and the last one where the header has none of them or there is no header.
   */
  readonly labelColumn?: Column | readonly Column[] | undefined;
  /** Column that says how much each sample counts, 0 or more. */
  readonly weightColumn?: Column | undefined;
  /** Columns that are no inputs. @default {[]} */
  readonly ignoreColumns?: Column | readonly Column[] | undefined;
  /** Columns whose spellings are categories, numbers too. @default {[]} */
  readonly categories?: Column | readonly Column[] | undefined;
  /** Columns that are numbers; texts in them count as missing cells. @default {[]} */
  readonly numbers?: Column | readonly Column[] | undefined;
  /** Whether missing cells are filled in (the mean, or a category of their own) or refused. @default {"fill"} */
  readonly missing?: MissingCells | undefined;
  /** Whether rows without a label are refused, left out, or a class of their own. @default {"refuse"} */
  readonly missingLabels?: MissingLabels | undefined;
}

/** What the columns of a table are, and what is said of them before training. */
export interface ChosenSchema extends LabelClasses {
  readonly schema: TableSchema;
  readonly task: Task;
  /** Label, inputs, what is ignored and missing: a line each. */
  readonly lines: readonly string[];
}

/**
 * Decides what each column of a training table is; see {@linkcode columnSchema} and {@linkcode chooseTask} for the rules.
 *
 * @param profile What the first reading found, with the spellings of label and categories.
 * @throws {SyntaxError} When a column or label can be of no use as it is; the message says where and what to do.
 * @throws {RangeError} When columns are unknown or called alike, there is no input, or labels make no classes.
 */
export function chooseSchema(
  table: TableHead,
  profile: TableProfile,
  answers: Answers,
  options: SchemaOptions,
): ChosenSchema {
  const { name: source } = table;
  const { missing = "fill", missingLabels = "refuse" } = options;
  const { labels, weight } = answers;
  const chosen = labels.length === 1 && options.task === undefined
    ? chooseTask(profile.columns[labels[0]])
    : { task: options.task ?? (labels.length > 1 ? "regression" : "classification") };
  const { task } = chosen;
  requireOneClass(labels, task, source);
  const wished = (given: Column | readonly Column[] | undefined) =>
    new Set(given === undefined ? [] : findColumns(given, table));
  const [ignored, asCategories, asNumbers] = [
    wished(options.ignoreColumns),
    wished(options.categories),
    wished(options.numbers),
  ];
  const both = [...labels, ...(weight === undefined ? [] : [weight])].find((place) =>
    ignored.has(place) || asCategories.has(place) || asNumbers.has(place)
  );
  if (both !== undefined) throw answerAsInput(table, both, answers);
  const header = table.columnNames.length > 0;
  const kind = task === "classification" ? "class" : "target";
  const constant: string[] = [];
  const columns = profile.columns.map((found, place): ColumnSchema => {
    const { name } = found;
    if (labels.includes(place) && task === "multi-label") {
      if (flagsOf(found, place, source).constant) constant.push(called(name, place));
      return { kind: "target", name, output: labels.indexOf(place) };
    }
    if (labels.includes(place)) {
      requireAnswers(found, place, source, { kind, missing: missingLabels });
      if (kind === "class" && options.task === undefined) requireLikelyClasses(found, place, source);
      return kind === "class" ? { kind, name } : { kind, name, output: labels.indexOf(place) };
    }
    if (place === weight) {
      requireAnswers(found, place, source, { kind: "weight", missing: missingLabels });
      return { kind: "weight", name };
    }
    if (ignored.has(place)) return { kind: "ignored", name, because: "asked for" };
    const wish = asCategories.has(place) ? "category" : asNumbers.has(place) ? "number" : undefined;
    return columnSchema(found, { source, rows: profile.rows, header, place, wish, missing });
  });
  const schema = pictured({ header, columns }, schemaPicture, schemaDisplay);
  requireDifferentNames(schema, source);
  if (!columns.some(isInput)) throw tooFewColumns(schema, source);
  const withMissing = missingLabels === "class" && profile.columns[labels[0]].missing > 0;
  const classes = task === "classification" && labels.length > 0
    ? labelClasses(profile.columns[labels[0]], labels[0], source, withMissing)
    : { classNames: [], classes: new Map() };
  const lines = [
    ...labelLines(schema, answers, chosen, classes.classNames, constant),
    inputLine(schema, profile),
    ...lossLines(schema, profile, missingLabels),
  ];
  return { schema, task, ...classes, lines };
}

/**
 * The schema of a table whose columns are all numbers, raw, but for the answers: what models without a schema read.
 */
export function plainSchema(
  { name: source, columnNames, columnCount }: TableHead,
  { labels }: Answers,
  task: Task,
): TableSchema {
  requireOneClass(labels, task, source);
  const columns = Array.from({ length: columnCount }, (_, place): ColumnSchema => {
    const name = columnNames[place] ?? "";
    if (labels.includes(place)) {
      return task === "classification"
        ? { kind: "class", name }
        : { kind: "target", name, output: labels.indexOf(place) };
    }
    return { kind: "number", name, offset: 0, factor: 1, indicator: false };
  });
  return { header: columnNames.length > 0, columns };
}

function requireOneClass({ length }: readonly number[], task: Task, source: string): void {
  if (task !== "classification" || length <= 1) return;
  throw new TypeError(
    `Cannot read classes from "${source}": ${length} label columns are given, a class has one; ` +
      'for labels of which a row may have several, the task is "multi-label"',
  );
}

/** The error of a wish for the inputs that speaks of an answer. */
function answerAsInput({ name: source, columnNames }: TableHead, place: number, answers: Answers): TypeError {
  const what = place === answers.weight ? "the weight" : "the label";
  const guess = answers.guess === undefined || place === answers.weight ? "" : " (a guess: --label-column)";
  return new TypeError(
    `Cannot ignore ${
      called(columnNames[place], place)
    } of "${source}" or choose what it holds: it is ${what}${guess}`,
  );
}

/** Columns are told apart by name, so two that matter cannot have one. */
function requireDifferentNames({ header, columns }: TableSchema, source: string): void {
  if (!header) return;
  const places = new Map<string, number>();
  for (const [place, { kind, name }] of columns.entries()) {
    const first = places.get(name);
    // Two that are ignored may have one name, but not an ignored one and one that is looked for by it.
    if (first !== undefined && (kind !== "ignored" || columns[first].kind !== "ignored")) {
      const both = name === "" ? "have no name" : `are both called ${quote(name)}`;
      throw new RangeError(
        `Cannot tell the columns of "${source}" apart: columns ${first + 1} and ${place + 1} ${both}; ` +
          `rename one, or ignore both by their index (--ignore-columns ${first},${place})`,
      );
    }
    places.set(name, place);
  }
}

/** The error of a table without inputs. */
export function tooFewColumns({ columns }: TableSchema, source: string): RangeError {
  const ignored = columns.filter(({ kind }) => kind === "ignored").length;
  const has = columns.length === 1 ? "1 column" : `${columns.length} columns`;
  return new RangeError(
    `Cannot read features from "${source}": it has ${has}, ${columns.length - ignored} for the label` +
      `${ignored > 0 ? ` and ${ignored} ignored` : ""}, at least 1 more is needed`,
  );
}

function labelLines(
  { columns }: TableSchema,
  { labels, guess, weight }: Answers,
  { task, because }: ChosenTask,
  classes: readonly string[],
  constant: readonly string[],
): string[] {
  if (labels.length === 0) return [];
  const names = labels.map((place) => called(columns[place].name, place));
  const found = guess === "place"
    ? `, a guess: the last column, none is called ${LABEL_NAMES.join(", ")} (--label-column)`
    : "";
  const what = task === "classification"
    ? `${classes.length} classes` + alike(classes)
    : task === "multi-label"
    ? "a sample may have several" + (constant.length > 0 ? `, always the same: ${listed(constant)}` : "")
    : `numbers to predict${because === undefined ? "" : `, as there are ${because} (--task)`}`;
  const weights = weight === undefined ? "" : `; weights are ${called(columns[weight].name, weight)}`;
  return [`Label: ${listed(names)}${found}; ${what}${weights}`];
}

/** ", "Yes" and "yes" apart", where there are such two. */
function alike(names: readonly string[]): string {
  const both = lookAlikes(names);
  return both === undefined ? "" : `, ${quote(both[0])} and ${quote(both[1])} apart`;
}

function inputLine(schema: TableSchema, profile: TableProfile): string {
  const { columns } = schema;
  const numbers = columns.filter(({ kind }) => kind === "number").length;
  const categories = columns.flatMap((column, place) =>
    column.kind === "category" ? [columnName(column, place)] : []
  );
  const flags = columns.filter((column) => column.kind === "number" && column.indicator).length;
  const fine = columns.flatMap((column, place) =>
    column.kind === "number" && column.offset !== 0 ? [called(column.name, place)] : []
  );
  const constant = profile.columns.flatMap(({ name, minimum, maximum, missing, texts }, place) =>
    columns[place].kind === "number" && minimum === maximum && missing + texts === 0
      ? [called(name, place)]
      : []
  );
  const kinds = [
    ...(numbers > 0 ? [numbers === 1 ? "1 number" : `${numbers} numbers`] : []),
    ...(categories.length > 0
      ? [
        `${categories.length === 1 ? "1 category" : `${categories.length} categories`} (${
          listed(categories)
        })`,
      ]
      : []),
  ];
  const twins = columns.flatMap((column, place) => {
    const both = column.kind === "category" ? alike([...column.categories, ...column.rare]) : "";
    return both === "" ? [] : [called(column.name, place) + both];
  });
  const remarks = [
    ...twins.slice(0, 1),
    ...(flags > 0
      ? [flags === 1 ? "1 says where a number is missing" : `${flags} say where numbers are missing`]
      : []),
    ...(fine.length > 0 ? [`standardised in 64 bits: ${listed(fine)}`] : []),
    ...(constant.length > 0 ? [`always the same: ${listed(constant)}`] : []),
  ];
  const inputs = inputCount(schema);
  return [`Inputs: ${kinds.join(" and ")}, ${inputs} input${inputs === 1 ? "" : "s"}`, ...remarks].join("; ");
}

function lossLines({ columns }: TableSchema, profile: TableProfile, missingLabels: MissingLabels): string[] {
  const ignored = columns.flatMap((column, place) =>
    column.kind === "ignored" ? [`${called(column.name, place)} (${column.because})`] : []
  );
  let cells = 0;
  const missing: string[] = [];
  let unlabelled = 0;
  for (const [place, column] of columns.entries()) {
    const found = profile.columns[place];
    if (column.kind === "class" || column.kind === "target") unlabelled += found.missing;
    const lost = found.missing + (column.kind === "number" && column.lenient === true ? found.texts : 0);
    if (!isInput(column) || lost === 0) continue;
    cells += lost;
    missing.push(`${called(column.name, place)} ${lost}`);
  }
  const parts = [
    ...(ignored.length > 0 ? [`Ignored: ${listed(ignored)}`] : []),
    ...(cells > 0 ? [`Missing: ${cells} cell${cells === 1 ? "" : "s"} filled in (${listed(missing)})`] : []),
    ...(unlabelled > 0
      ? [
        `${unlabelled} label${unlabelled === 1 ? " is" : "s are"} missing: ${
          missingLabels === "drop" ? "such rows are left out" : "a class of their own"
        }`,
      ]
      : []),
  ];
  return parts.length === 0 ? [] : [parts.join("; ")];
}

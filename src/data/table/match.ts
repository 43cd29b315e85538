/**
 * Another table in the place of the one a model was trained on: which of its columns are which.
 *
 * @module
 */
import { nearest } from "../../nearest.ts";
import { type ColumnSchema, isInput, type TableSchema } from "../../schema.ts";
import { quote } from "../../quote.ts";
import { called, listed, type TableHead } from "./columns.ts";

/** Which column of a file is which of the schema. */
export interface TableMatch {
  /** Where each column of the schema stands in the file; undefined where it is not needed and not there. */
  readonly places: readonly (number | undefined)[];
  /** Whether label or targets are there. */
  readonly answered: boolean;
  /** What was put right or passed over, a line each. */
  readonly notices: readonly string[];
}

/** What is asked of a match. */
export interface MatchOptions {
  /** Whether label or targets must be there. */
  readonly answers: boolean;
  /** Columns of the file that are the answers, whatever they are called. */
  readonly labels?: readonly number[] | undefined;
}

/**
 * Finds the columns of a schema in another table: by name where both have names, else by their number.
 *
 * By name, the order does not matter and columns the schema does not know are passed over, with a notice. By
 * number, a table may have all columns of the schema, all but the answers (label, targets, weights), or the inputs alone.
 *
 * @throws {RangeError} When a column is missing, with the nearest name there is, or the number of columns fits in no way.
 */
export function matchTable(schema: TableSchema, table: TableHead, options: MatchOptions): TableMatch {
  return schema.header && table.columnNames.length > 0
    ? matchByName(schema, table, options)
    : matchByNumber(schema, table, options);
}

function isAnswer({ kind }: ColumnSchema): boolean {
  return kind === "class" || kind === "target";
}

function matchByName(
  { columns }: TableSchema,
  table: TableHead,
  { answers, labels = [] }: MatchOptions,
): TableMatch {
  const { name: source, columnNames } = table;
  const found = new Map<string, number>();
  const twice = new Map<string, number>();
  for (const [place, name] of columnNames.entries()) {
    if (!found.has(name)) found.set(name, place);
    else if (!twice.has(name)) twice.set(name, place);
  }
  let given = 0;
  const places = columns.map((column) => {
    if (column.kind === "ignored") return undefined;
    return (isAnswer(column) ? labels[given++] : undefined) ?? found.get(column.name);
  });
  const missing = columns.filter((column, index) =>
    places[index] === undefined && (isInput(column) || (answers && isAnswer(column)))
  );
  if (missing.length > 0) throw missingColumns(missing, columns, table);
  const double = columns.find((column, index) => places[index] !== undefined && twice.has(column.name));
  if (double !== undefined) {
    const { name } = double;
    throw new RangeError(
      `Cannot use "${source}": its columns ${found.get(name)! + 1} and ${
        twice.get(name)! + 1
      } are both called ` +
        `${quote(name)}, one is needed`,
    );
  }
  const known = new Set(columns.map(({ name }) => name));
  const additional = columnNames.filter((name, place) =>
    !known.has(name) && found.get(name) === place && !labels.includes(place)
  );
  const used = places.filter((place, index) => place !== undefined && isInput(columns[index])) as number[];
  const moved = used.some((place, index) => index > 0 && place < used[index - 1]);
  const notices = [
    ...(moved ? ["its columns stand in another order than in training; they are matched by name"] : []),
    ...(additional.length > 0
      ? [
        `it has ${plural(additional.length, "column")} that the model does not know, passed over: ${
          listed(additional.map((name) => called(name, found.get(name)!)))
        }`,
      ]
      : []),
  ];
  return { places, answered: isAnswered(columns, places), notices: told(source, notices) };
}

function missingColumns(
  missing: readonly ColumnSchema[],
  columns: readonly ColumnSchema[],
  { name: source, columnNames }: TableHead,
): RangeError {
  const [first, ...others] = missing;
  const known = new Set(columns.map(({ name }) => name));
  const near = nearest(first.name, columnNames.filter((name) => name !== "" && !known.has(name)));
  const more = others.length === 0 ? "" : `, nor ${listed(others.map(({ name }) => quote(name)))}`;
  const advice = near === undefined
    ? `; its columns are ${listed(columnNames.map(quote), 8)}`
    : `; the nearest is ${quote(near)}`;
  const what = isAnswer(first) ? " (the label)" : "";
  return new RangeError(
    `Cannot use "${source}": it has no column ${
      quote(first.name)
    }${what}${more}, which the model was trained on${advice}`,
  );
}

function matchByNumber(
  schema: TableSchema,
  table: TableHead,
  { answers, labels = [] }: MatchOptions,
): TableMatch {
  const { columns } = schema;
  const { name: source, columnCount } = table;
  const ways: readonly ((column: ColumnSchema) => boolean)[] = [
    () => true,
    (column) => isInput(column) || column.kind === "ignored",
    (column) => isInput(column) || isAnswer(column),
    isInput,
  ];
  for (const isThere of ways) {
    const others = columns.filter((column) => isThere(column) && !(labels.length > 0 && isAnswer(column)));
    if (others.length + labels.length !== columnCount) continue;
    let [next, given] = [0, 0];
    const places = columns.map((column) => {
      if (labels.length > 0 && isAnswer(column)) return labels[given++];
      while (labels.includes(next)) next++;
      const place = isThere(column) ? next++ : undefined;
      return column.kind === "ignored" ? undefined : place;
    });
    const answered = isAnswered(columns, places);
    if (answers && !answered) break;
    const without = schema.header ? "it has no header" : "the model was trained without a header";
    const odd = schema.header !== (table.columnNames.length > 0);
    return {
      places,
      answered,
      notices: told(source, odd ? [`${without}, so its columns are taken in the order of training`] : []),
    };
  }
  const inputs = columns.filter(isInput).length;
  const label = columns.findIndex(isAnswer);
  const also = label < 0 ? "" : ` and ${called(columns[label].name, label)} for the answer`;
  const header = schema.header ? " without a header" : "";
  throw new RangeError(
    `Cannot use "${source}": it has ${plural(columnCount, "column")}${header}, the model takes ` +
      `${plural(inputs, "column")} of features${also}`,
  );
}

function isAnswered(columns: readonly ColumnSchema[], places: readonly (number | undefined)[]): boolean {
  return columns.some(isAnswer) &&
    columns.every((column, index) => !isAnswer(column) || places[index] !== undefined);
}

function told(source: string, notices: readonly string[]): string[] {
  return notices.map((notice) => `"${source}": ${notice}`);
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/**
 * What the columns of a model's tables are, as `inspect` shows them.
 *
 * @module
 */
import { columnName, type ColumnSchema, inputCount, inputsOf, type TableSchema } from "../schema.ts";
import { count } from "../format.ts";
import { columns as aligned } from "./format.ts";

/** Most columns that are shown, and most categories of one. */
const MOST_COLUMNS = 30, MOST_CATEGORIES = 6;

/** Kinds of columns where there are several. */
const MANY = { number: "numbers", category: "categories", ignored: "ignored" } as const;

/** Lines about a schema: how many columns of each kind, and where the answers stand. */
export function schemaLines(schema: TableSchema): [title: string, text: string][] {
  const { columns, header } = schema;
  const of = (...kinds: ColumnSchema["kind"][]) => columns.filter(({ kind }) => kinds.includes(kind));
  const answers = of("class", "target", "weight").map((column) =>
    `${columnName(column, columns.indexOf(column))} (${column.kind})`
  );
  const kinds = (["number", "category", "ignored"] as const).flatMap((kind) => {
    const { length } = of(kind);
    return length === 0 ? [] : [`${count(length)} ${length > 1 ? MANY[kind] : kind}`];
  });
  return [
    [
      "Columns",
      `${kinds.join(", ")}: ${count(inputCount(schema))} inputs, matched by ${header ? "name" : "place"}`,
    ],
    ...(answers.length > 0 ? [["Answers", shortened(answers)] as [string, string]] : []),
  ];
}

/** What each column is, those at the front of long tables. */
export function columnTable({ columns }: TableSchema): string[] {
  const rows = columns.slice(0, MOST_COLUMNS).map((column, place) => [
    columnName(column, place),
    column.kind,
    inputsOf(column) === 0 ? "" : `${inputsOf(column)}`,
    missingText(column),
    details(column),
  ]);
  const more = columns.length - rows.length;
  return [
    ...aligned([["column", "kind", "inputs", "a missing cell is", "holds"], ...rows], [
      "left",
      "left",
      "right",
      "left",
      "left",
    ]),
    ...(more > 0 ? [`and ${count(more)} more columns; --json shows all`] : []),
  ];
}

function missingText(column: ColumnSchema): string {
  if (column.kind === "number") {
    if (column.missing === undefined) return "refused";
    return Number(column.missing.toPrecision(6)) + (column.indicator ? ", told by an input" : "");
  }
  if (column.kind !== "category") return "";
  return { input: "an input of its own", zero: "no category", refuse: "refused" }[column.missing];
}

function details(column: ColumnSchema): string {
  switch (column.kind) {
    case "number": {
      const { offset, factor } = column;
      return offset === 0 && factor === 1
        ? ""
        : `(x − ${Number(offset.toPrecision(12))}) · ${factor.toPrecision(6)} in 64 bits`;
    }
    case "category":
      return shortened(column.categories) + (column.other ? `; others together` : "");
    case "ignored":
      return column.because;
    default:
      return "";
  }
}

function shortened(texts: readonly string[]): string {
  const more = texts.length - MOST_CATEGORIES;
  return texts.slice(0, MOST_CATEGORIES).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

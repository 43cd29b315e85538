/**
 * What the schema of a table looks like in a console and in a notebook.
 *
 * @module
 */
import { count, plural, short } from "./format.ts";
import { htmlLines, htmlTable } from "./html.ts";
import { listed } from "./picture.ts";
import { quote } from "./quote.ts";
import { columnName, type ColumnSchema, inputCount, inputsOf, type TableSchema } from "./schema.ts";

/** Most columns of a kind that are named. */
const MOST_COLUMNS = 5;

/** How lines begin. */
const TITLES = {
  number: ["number", "numbers"],
  category: ["category", "categories"],
  ignored: ["ignored", "ignored"],
  class: ["class", "classes"],
  target: ["target", "targets"],
  weight: ["weight", "weights"],
} as const satisfies Readonly<Record<ColumnSchema["kind"], readonly [one: string, many: string]>>;

/** A line about all columns, then one for the inputs, the answers and what is ignored. */
export function schemaPicture(schema: TableSchema): string {
  const { columns, header } = schema;
  const of = (kind: ColumnSchema["kind"]) => {
    const names = columns.flatMap((column, place) =>
      column.kind === kind ? [quote(columnName(column, place))] : []
    );
    const [one, many] = TITLES[kind];
    return names.length === 0
      ? []
      : [`${names.length === 1 ? one : `${count(names.length)} ${many}`} ${listed(names, MOST_COLUMNS)}`];
  };
  const lines = [["number"], ["category"], ["class", "target", "weight"], ["ignored"]] as const;
  return [
    `TableSchema of ${plural(columns.length, "column")}, ${plural(inputCount(schema), "input")}, matched by ${
      header ? "name" : "place"
    }`,
    ...lines.map((kinds) => kinds.flatMap(of).join("; ")).filter((line) => line !== "").map((line) =>
      `  ${line}`
    ),
  ].join("\n");
}

/** Most columns that a table of them has. */
const MOST_ROWS = 50;

/** The first of these lines, and a table of the columns. */
export function schemaDisplay(schema: TableSchema): string {
  const { columns } = schema;
  const rows = columns.slice(0, MOST_ROWS).map((column, place) => [
    columnName(column, place),
    TITLES[column.kind][0],
    count(inputsOf(column)),
    detailOf(column),
  ]);
  const more = columns.length > MOST_ROWS ? htmlLines(`… ${count(columns.length - MOST_ROWS)} more`) : "";
  const table = htmlTable(["column", "kind", "inputs", ""], rows);
  return htmlLines(schemaPicture(schema).split("\n")[0]) + table + more;
}

/** What there is to say of one column. */
function detailOf(column: ColumnSchema): string {
  if (column.kind === "category") return listed(column.categories.map((name) => quote(name)), MOST_COLUMNS);
  if (column.kind === "ignored") return column.because;
  if (column.kind !== "number" || column.missing === undefined) return "";
  return `missing cells count as ${short(column.missing)}`;
}

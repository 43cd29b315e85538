/**
 * What the schema of a table looks like in a console.
 *
 * @module
 */
import { count, plural } from "./format.ts";
import { listed } from "./picture.ts";
import { quote } from "./quote.ts";
import { columnName, type ColumnSchema, inputCount, type TableSchema } from "./schema.ts";

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

/**
 * Whether the numbers of samples stand for what they stand for in a model: classes and inputs are told by place alone.
 *
 * @module
 */
import type { PartMeaning } from "../data/finished.ts";
import { quote } from "../quote.ts";
import { columnName, isInput, type TableSchema } from "../schema.ts";

/**
 * Refuses samples whose classes have other numbers than in a model, or whose columns became other inputs.
 *
 * @param known What they mean to the model, which was never trained where it has no names.
 * @param found What the samples mean.
 * @param doing What cannot be done with them: `evaluate`.
 * @param unknown What is done with a class that the model does not know, where it knows others: names that have nothing in
 * common are another spelling of the same classes.
 * @throws {TypeError} The first class or column that differs.
 */
export function requireSameMeaning(
  known: PartMeaning,
  found: PartMeaning,
  doing: string,
  unknown: "refuse" | "learn",
): void {
  requireOneOrder(known.classNames, found.classNames, doing, unknown);
  if (known.schema === undefined || found.schema === undefined || known.schema === found.schema) return;
  const differs = differingColumn(known.schema, found.schema);
  if (differs === undefined) return;
  throw new TypeError(
    `Cannot ${doing}: ${differs} of the samples makes other inputs than the columns the model was trained on, or stands ` +
      "in another place; read the table with readTable(…, { like: model })",
  );
}

function requireOneOrder(
  known: readonly string[],
  found: readonly string[],
  doing: string,
  unknown: "refuse" | "learn",
): void {
  const places = new Map(known.map((name, place) => [name, place]));
  const shared = found.some((name) => places.has(name));
  for (const [place, name] of found.entries()) {
    const there = places.get(name);
    if (there === place || !shared || (there === undefined && unknown === "learn")) continue;
    const what = there === undefined ? "is none of the model's" : `is number ${there} of the model's`;
    throw new TypeError(
      `Cannot ${doing}: ${
        quote(name)
      }, class ${place} of the samples, ${what}; read them with the model's names ` +
        "(classNames of Dataset.from(), like of readTable())",
    );
  }
}

/** The first column of a table that makes inputs by another rule than the column in its place; undefined without one. */
function differingColumn(known: TableSchema, found: TableSchema): string | undefined {
  const rules = known.columns.filter(isInput).map(rule);
  const inputs = found.columns.filter(isInput);
  const place = inputs.findIndex((column, at) => rule(column) !== rules[at]);
  if (place >= 0) return `column ${quote(columnName(inputs[place], place))}`;
  return inputs.length === rules.length ? undefined : "the last column";
}

/** How a column becomes inputs, but for what a missing cell counts as. */
function rule(column: Extract<TableSchema["columns"][number], { kind: "number" | "category" }>): string {
  const { kind, name } = column;
  return JSON.stringify(
    kind === "number"
      ? [kind, name, column.offset, column.factor, column.indicator]
      : [kind, name, column.categories, column.other, column.missing === "input"],
  );
}

/**
 * The schema of a table as model files hold it: a JSON object without what goes without saying, checked when read.
 *
 * @module
 */
import { isRecord } from "./hyperparameter.ts";
import { pictured } from "./picture.ts";
import { schemaDisplay, schemaPicture } from "./schema_picture.ts";
import type { Task } from "./task.ts";
import { type ColumnSchema, inputCount, type TableSchema } from "./schema.ts";

/** What a schema has to fit. */
export interface SchemaOwner {
  readonly task: Task;
  /** Raw features the model takes. */
  readonly featureCount: number;
  /** Classes or values the model gives. */
  readonly outputCount: number;
}

/** A schema as JSON can hold it. */
export function describeSchema({ header, columns }: TableSchema): object {
  return { header, columns: columns.map(withoutDefaults) };
}

/** What is absent is 0, 1, false or empty, as {@linkcode readColumn} has it. */
function withoutDefaults(column: ColumnSchema): object {
  if (column.kind === "number") {
    const { offset, factor, indicator, lenient, ...rest } = column;
    return {
      ...rest,
      ...(offset !== 0 && { offset }),
      ...(factor !== 1 && { factor }),
      ...(indicator && { indicator }),
      ...(lenient === true && { lenient }),
    };
  }
  if (column.kind !== "category") return column;
  const { rare, other, ...rest } = column;
  return { ...rest, ...(rare.length > 0 && { rare }), ...(other && { other }) };
}

/**
 * Checks a schema that comes from outside.
 *
 * @param found What JSON gave.
 * @throws {SyntaxError} When it is no schema.
 * @throws {RangeError} When it does not fit the model.
 */
export function readSchema(found: unknown, { task, featureCount, outputCount }: SchemaOwner): TableSchema {
  if (!isRecord(found) || typeof found.header !== "boolean" || !Array.isArray(found.columns)) {
    throw new SyntaxError("its schema has no header and columns");
  }
  const columns = found.columns.map(readColumn);
  const schema: TableSchema = pictured({ header: found.header, columns }, schemaPicture, schemaDisplay);
  const inputs = inputCount(schema);
  if (inputs !== featureCount) {
    throw new RangeError(`its schema makes ${inputs} inputs, the model takes ${featureCount}`);
  }
  const answers = schema.columns.filter(({ kind }) => kind === "class" || kind === "target");
  const outputs = schema.columns.flatMap((column) => column.kind === "target" ? [column.output] : []);
  const fits = task === "classification"
    ? answers.length <= 1 && outputs.length === 0
    : outputs.length === answers.length && outputs.length === outputCount &&
      new Set(outputs).size === outputCount && outputs.every((output) => output < outputCount);
  if (!fits) {
    throw new RangeError(
      `its schema has ${answers.length} columns of answers, which do not fit ${outputCount} outputs of a ${task}`,
    );
  }
  if (!schema.header) return schema;
  const used = new Map<string, boolean>();
  for (const { kind, name } of schema.columns) {
    const [before, now] = [used.get(name), kind !== "ignored"];
    if (before !== undefined && (before || now)) {
      throw new RangeError(`its schema has column "${shortened(name)}" twice`);
    }
    used.set(name, now);
  }
  return schema;
}

function readColumn(found: unknown, place: number): ColumnSchema {
  const fail = (what: string) => new SyntaxError(`column ${place + 1} of its schema ${what}`);
  if (!isRecord(found) || typeof found.name !== "string") throw fail("has no name");
  const { kind, name } = found;
  switch (kind) {
    case "number": {
      const { offset = 0, factor = 1, missing, indicator = false, lenient = false } = found;
      if (
        !isFinite(offset) || !isFinite(factor) || factor === 0 ||
        !(missing === undefined || isFinite(missing))
      ) {
        throw fail("has numbers that are not finite, or a factor of 0");
      }
      if (typeof indicator !== "boolean" || typeof lenient !== "boolean") {
        throw fail("has flags that are none");
      }
      return {
        kind,
        name,
        offset,
        factor,
        ...(missing !== undefined && { missing }),
        ...(lenient && { lenient }),
        indicator,
      };
    }
    case "category": {
      const { categories, rare = [], other = false, missing } = found;
      if (!isTexts(categories) || !isTexts(rare) || typeof other !== "boolean") {
        throw fail("has no categories");
      }
      if (missing !== "input" && missing !== "zero" && missing !== "refuse") {
        throw fail("does not say what a missing cell is");
      }
      if (new Set([...categories, ...rare]).size < categories.length + rare.length) {
        throw fail("has a category twice");
      }
      return { kind, name, categories, rare, other, missing };
    }
    case "ignored": {
      const { because } = found;
      if (typeof because !== "string") throw fail("does not say why it is ignored");
      return { kind, name, because };
    }
    case "target": {
      const { output } = found;
      if (!Number.isSafeInteger(output) || (output as number) < 0) throw fail("is the target of no output");
      return { kind, name, output: output as number };
    }
    case "class":
    case "weight":
      return { kind, name };
    default:
      throw fail(`is of an unknown kind`);
  }
}

function isFinite(value: unknown): value is number {
  return Number.isFinite(value);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((text) => typeof text === "string");
}

/** A foreign text that a message can hold. */
function shortened(text: string): string {
  return text.slice(0, 40).replaceAll(/[^\P{C}]/gu, "\ufffd");
}

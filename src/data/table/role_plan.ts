/**
 * From what columns are to a model to what becomes of the cells of one file.
 *
 * @module
 */
import { inputCount, inputsOf, type TableSchema } from "../../schema.ts";
import type { CellRole, RolePlan } from "./table.ts";

/** Label of a row that is to be left out. */
export const LEFT_OUT = 0xffff_ffff;

/** Which answers are read, and how. */
export interface AnswerPlan {
  /** Class of each spelling of the label; without it, no classes are read. */
  readonly classes?: ReadonlyMap<string, number>;
  /** Class of a row without a label: one of the classes, or {@linkcode LEFT_OUT}; without it, such a row is refused. */
  readonly missingClass?: number;
  /** Whether targets are read. */
  readonly targets: boolean;
  /** Whether a missing target is NaN; otherwise it is refused. */
  readonly missingTargets: boolean;
  /** Whether weights are read. */
  readonly weights: boolean;
}

/** A plan that reads inputs alone. */
export const NO_ANSWERS: AnswerPlan = { targets: false, missingTargets: false, weights: false };

/**
 * Says what becomes of each column of a file.
 *
 * @param places Where each column of the schema stands in the file; undefined where it is not there.
 * @param columnCount Columns of the file; those that are in no place are passed over.
 */
export function planRoles(
  schema: TableSchema,
  places: readonly (number | undefined)[],
  columnCount: number,
  answers: AnswerPlan,
): RolePlan {
  const roles: CellRole[] = Array.from({ length: columnCount }, () => ({ kind: "skip" }));
  let input = 0;
  const targetCount = answers.targets ? schema.columns.filter(({ kind }) => kind === "target").length : 0;
  for (const [index, column] of schema.columns.entries()) {
    const place = places[index];
    const first = input;
    input += inputsOf(column);
    if (place === undefined) continue;
    switch (column.kind) {
      case "number": {
        const { offset, factor, missing, lenient, indicator } = column;
        roles[place] = {
          kind: "number",
          input: first,
          offset,
          factor,
          ...(missing !== undefined && { missing }),
          ...(lenient === true && { lenient }),
          ...(indicator && { indicator: first + 1 }),
        };
        break;
      }
      case "category": {
        const { categories, rare, other, missing } = column;
        const inputs = new Map(categories.map((category, at) => [category, first + at]));
        const shared = first + categories.length;
        if (other) { for (const category of rare) inputs.set(category, shared); }
        roles[place] = {
          kind: "category",
          inputs,
          ...(other && { other: shared }),
          ...(missing !== "refuse" && { missing: missing === "input" ? shared + Number(other) : -1 }),
        };
        break;
      }
      case "class":
        if (answers.classes !== undefined) {
          const { classes, missingClass } = answers;
          roles[place] = {
            kind: "class",
            classes,
            ...(missingClass !== undefined && { missing: missingClass }),
          };
        }
        break;
      case "target":
        if (answers.targets) {
          roles[place] = {
            kind: "target",
            output: column.output,
            ...(answers.missingTargets && { missing: NaN }),
          };
        }
        break;
      case "weight":
        if (answers.weights) roles[place] = { kind: "weight" };
        break;
      case "ignored":
        break;
      default: {
        const unknown: never = column;
        throw new TypeError(`Cannot plan a column of the kind ${JSON.stringify(unknown)}`);
      }
    }
  }
  return { roles, inputCount: inputCount(schema), targetCount };
}

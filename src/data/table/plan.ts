/**
 * What becomes of cells, as the kernels take it.
 *
 * @module
 */
import type { DelimitedPlan } from "../../native/delimited.ts";
import type { CellRole, RolePlan } from "./table.ts";

/** Kinds of roles and inputs that are none; those of `kernels/src/text/delimited/plan.rs`. */
const SKIP = 0, NUMBER = 1, CATEGORY = 2, CLASS = 3, TARGET = 4, WEIGHT = 5, LENIENT = 6;
const NONE = 0xffff_ffff, REFUSED = 0xffff_fffe;

/**
 * Packs a plan: roles and scales, and the words of each column in the order of their bytes.
 *
 * @throws {TypeError} Unless the plan has a role for each of `columns` columns.
 */
export function packPlan(plan: RolePlan, columns: number, source: string): DelimitedPlan {
  if (plan.roles.length !== columns) {
    throw new TypeError(
      `Cannot encode "${source}": the plan has ${plan.roles.length} roles, the table has ${columns} columns`,
    );
  }
  const roles = new Uint32Array(3 * columns);
  const scales = new Float64Array(3 * columns);
  const firstWords = new Uint32Array(columns + 1);
  const words: Uint8Array[] = [];
  const values: number[] = [];
  const encoder = new TextEncoder();
  for (const [column, role] of plan.roles.entries()) {
    const [kind, scale] = packRole(role);
    roles.set(kind, 3 * column);
    scales.set(scale, 3 * column);
    const known = role.kind === "category" ? role.inputs : role.kind === "class" ? role.classes : undefined;
    if (known !== undefined) {
      const sorted = Array.from(known, ([word, value]) => [encoder.encode(word), value] as const)
        .sort(([a], [b]) => compareBytes(a, b));
      for (const [word, value] of sorted) {
        words.push(word);
        values.push(value);
      }
    }
    firstWords[column + 1] = words.length;
  }
  const wordStarts = new Uint32Array(words.length + 1);
  words.forEach((word, index) => wordStarts[index + 1] = wordStarts[index] + word.length);
  const bytes = new Uint8Array(wordStarts[words.length]);
  words.forEach((word, index) => bytes.set(word, wordStarts[index]));
  const { inputCount, targetCount } = plan;
  return {
    ...{ roles, scales, firstWords, wordStarts, words: bytes, inputCount, targetCount },
    values: Uint32Array.from(values),
  };
}

type Triple = readonly [number, number, number];

function packRole(role: CellRole): readonly [role: Triple, scale: Triple] {
  const plain = [0, 1, NaN] as const;
  switch (role.kind) {
    case "skip":
      return [[SKIP, 0, 0], plain];
    case "number":
      return [
        [role.lenient === true ? LENIENT : NUMBER, role.input, role.indicator ?? NONE],
        [role.offset, role.factor, role.missing ?? NaN],
      ];
    case "category": {
      const missing = role.missing === undefined ? REFUSED : role.missing < 0 ? NONE : role.missing;
      return [[CATEGORY, role.other ?? NONE, missing], plain];
    }
    case "class":
      return [[CLASS, role.missing ?? REFUSED, 0], plain];
    case "target":
      return [[TARGET, role.output, Number(role.missing !== undefined)], plain];
    case "weight":
      return [[WEIGHT, 0, 0], plain];
  }
}

function compareBytes(one: Uint8Array, two: Uint8Array): number {
  const shared = Math.min(one.length, two.length);
  for (let at = 0; at < shared; at++) if (one[at] !== two[at]) return one[at] - two[at];
  return one.length - two.length;
}

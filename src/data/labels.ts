/**
 * Class labels as files spell them, and the classes they stand for.
 *
 * @module
 */

import { quote } from "../quote.ts";

/** Numbers in text, as the kernels read them (decimal, finite). */
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** Whether text is a decimal number. */
export function isNumber(text: string): boolean {
  return NUMBER.test(text);
}

/** A number that begins with zeros, as codes do: "007" is not "7". */
const CODE = /^[+-]?0\d/;

/** Whether some spellings stand for numbers: all are numbers, and none is a code that begins with zeros. */
export function areNumbers(spellings: readonly string[]): boolean {
  return spellings.every((spelling) => isNumber(spelling) && !CODE.test(spelling));
}

/** What a spelling of a label stands for: equal numbers are one where the classes are numbers, all else is itself. */
export function labelName(spelling: string, numeric: boolean): string {
  return numeric && areNumbers([spelling]) ? canonical(spelling) : spelling;
}

/** Most classes that numbers may stand for before they look like measurements. */
export const MOST_NUMBERED_CLASSES = 1000;

/** The classes of a file, in order. */
export interface Classes {
  /** Name of each class: numbers by value, otherwise names by their UTF-16 code units. */
  readonly classNames: readonly string[];
  /** Class of each label, by the number {@linkcode LabelTable.add} gave it. */
  readonly classOf: Uint32Array;
}

/**
 * Gathers the labels of a file.
 *
 * When all are numbers, equal numbers are one class ("1", "1.0" and "+1" alike), called by its shortest
 * spelling. When one begins with zeros ("007"), all are codes, and each spelling is a class.
 */
export class LabelTable {
  readonly #numbers = new Map<string, number>();
  readonly #lines: number[] = [];

  /** Number of a label; `line` is where it was first seen, 0 where there are no lines. */
  add(label: string, line: number): number {
    const known = this.#numbers.get(label);
    if (known !== undefined) return known;
    const number = this.#numbers.size;
    this.#numbers.set(label, number);
    this.#lines.push(line);
    return number;
  }

  /**
   * Puts the classes in order.
   *
   * @param source What messages call the file.
   * @param given Names of the classes, when they are known from another file; their order counts.
   * @throws {SyntaxError} When a label spells not-a-number.
   * @throws {RangeError} When numbers make more than 1,000 classes, or a label is not among the given ones.
   */
  classes(source: string, given?: readonly string[]): Classes {
    const labels = [...this.#numbers.keys()];
    const missing = labels.findIndex((label) => /^[+-]?nan$/i.test(label));
    if (missing >= 0) {
      throw new SyntaxError(
        `Cannot read ${this.#place(missing, source)}: its label is ${quote(labels[missing])}`,
      );
    }
    const numeric = areNumbers(given ?? labels);
    const nameOf = (label: string) => labelName(label, numeric);
    const classNames = given ?? [...new Set(labels.map(nameOf))].sort(
      numeric ? byValue : (a, b) => a < b ? -1 : a > b ? 1 : 0,
    );
    if (given === undefined && numeric && classNames.length > MOST_NUMBERED_CLASSES) {
      throw new RangeError(
        `Cannot take the labels of "${source}" for classes: found ${classNames.length} different numbers, ` +
          `at most ${MOST_NUMBERED_CLASSES} are possible; use regression, or name another label column`,
      );
    }
    const index = new Map(classNames.map((name, position) => [nameOf(name), position]));
    const classOf = Uint32Array.from(labels, (label, number) => {
      const position = index.get(nameOf(label));
      if (position !== undefined) return position;
      throw new RangeError(
        `Cannot use ${this.#place(number, source)} for testing: class ${quote(label)} is not among the ` +
          `${classNames.length} classes to learn`,
      );
    });
    return { classNames, classOf };
  }

  /** Where a label was first seen. */
  #place(number: number, source: string): string {
    const line = this.#lines[number];
    return line > 0 ? `line ${line} of "${source}"` : `"${source}"`;
  }
}

/** A whole number in digits alone. */
const DIGITS = /^[+-]?\d+$/;

/** The shortest spelling of a number; −0 is 0. Whole numbers in digits are exact, whatever their size. */
function canonical(label: string): string {
  return DIGITS.test(label) ? String(BigInt(label.replace("+", ""))) : String(Number(label) + 0);
}

/** Numbers by value, also those that 64-bit floats cannot tell apart. */
function byValue(a: string, b: string): number {
  const difference = Number(a) - Number(b);
  return difference === 0 && DIGITS.test(a) && DIGITS.test(b) ? Number(BigInt(a) - BigInt(b)) : difference;
}

/**
 * What a hyperparameter is: one row of a table that says its range, its default and what it means.
 *
 * A table belongs to the room that uses its values; whoever reads options given by others (`train()`, the command line)
 * goes by the rows alone.
 *
 * @module
 */
import { nearest } from "./nearest.ts";
import { guarded, hasNames, outOfRange, type Place, readByName, shown, unfit } from "./value.ts";

export { isRecord, type Place, shown, unfit } from "./value.ts";

/** Bounds of a number; whatever is absent is unbounded. */
export interface Bounds {
  /** Smallest value allowed. */
  readonly least?: number;
  /** Values must be larger than this. */
  readonly above?: number;
  /** Largest value allowed. */
  readonly most?: number;
  /** Values must be smaller than this. */
  readonly below?: number;
}

/** The bounds of a fraction that cannot be all. */
export const FRACTION = { least: 0, below: 1 } as const;

/** Something that is counted. */
export const COUNT = { kind: "whole", least: 1 } as const;

/** Threads of the kernels, where an option or argument of its own says how many. */
export const THREADS = {
  ...COUNT,
  most: 1024,
  default: 1,
  doc: "Threads of the kernels; the result does not depend on them.",
} as const;

/** Whole numbers of which random numbers are functions. */
export const SEED = { kind: "whole", least: 0, default: 0, doc: "Seed of everything random." } as const;

/** Something that is called. */
export const CALLBACK = { kind: "settings", read: readFunction, doc: "Called with how far it is." } as const;

/** What a value may be. */
export type HyperparameterKind =
  | { readonly kind: "flag" }
  | { readonly kind: "choice"; readonly choices: readonly string[] }
  /** `infinite`: Infinity is allowed too, and means no limit. */
  | ({ readonly kind: "whole" | "number"; readonly infinite?: true } & Bounds)
  | ({ readonly kind: "choice-or-number"; readonly choices: readonly string[] } & Bounds)
  /** An object: checks it, and returns a frozen copy that holds plain data, filled in. */
  | { readonly kind: "settings"; readonly read: (value: unknown, place: Place) => unknown };

/** Values of a table by name. */
export type ValuesByName = Readonly<Record<string, unknown>>;

/** One row: the only place where range, default and symbol of a hyperparameter stand. */
export type Hyperparameter<T = unknown> = HyperparameterKind & {
  /**
   * Value when none is given; without it, the value stays absent. A function gets the values given and the defaults that
   * do not depend on others.
   */
  readonly default?: T | ((values: ValuesByName) => T);
  /** Name of the hyperparameter whose value decides the default, where that is a function. */
  readonly follows?: string;
  /** Another hyperparameter, and the values of it that this one is for; with others it is refused, and absent. */
  readonly only?: { readonly name: string; readonly values: readonly string[] };
  /** Whether a value must be given. */
  readonly required?: true;
  /** The paper's symbol. */
  readonly symbol?: string;
  /** One or two sentences. */
  readonly doc: string;
};

/** Rows by name. */
export type HyperparameterTable = Readonly<Record<string, Hyperparameter>>;

/** The table of an interface of options: a row for each of its keys, and no other. */
export type TableOf<O> = { readonly [K in keyof O]-?: Hyperparameter<Exclude<O[K], undefined>> };

/** How options are resolved. */
export interface ResolveOptions {
  /** What cannot be done where they are wrong: "train". */
  readonly task: string;
  /** Name of the object they are in, with a dot behind: "importancePruning.". @default {""} */
  readonly within?: string;
  /** Defaults that only the caller knows, by name; they win over those of the table. */
  readonly defaults?: ValuesByName;
}

/**
 * Fills in the defaults of a table and checks what was given.
 *
 * Keys the table does not know are left out: {@linkcode refuseUnknown} is for them. O(rows).
 *
 * @returns A frozen object of plain data, which `structuredClone` can copy; a key without value and default is absent.
 * @throws {TypeError} When a value has another type than its row says.
 * @throws {RangeError} When it is out of range.
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { FRACTION, resolveOptions } from "./hyperparameter.ts";
 *
 * const table = { zeta: { kind: "number", ...FRACTION, default: 0.3, doc: "Fraction to replace." } } as const;
 * assertEquals(resolveOptions(table, {}, { task: "train" }), { zeta: 0.3 });
 * assertThrows(() => resolveOptions(table, { zeta: 1 }, { task: "train" }), RangeError, "zeta is 1");
 * ```
 */
export function resolveOptions(
  table: HyperparameterTable,
  options: object,
  { task, within = "", defaults = {} }: ResolveOptions,
): ValuesByName {
  const given = readByName(options, Object.keys(table), task, within);
  const resolved: Record<string, unknown> = {};
  const dependent: [name: string, make: (values: ValuesByName) => unknown][] = [];
  for (const [name, row] of Object.entries(table)) {
    const value = given[name] === undefined ? defaults[name] : given[name];
    if (row.only !== undefined && !isMeant(row.only, given, table)) {
      if (value === undefined) continue;
      const { name: other, values } = row.only;
      throw new TypeError(
        `Cannot ${task}: ${within}${name} is for ${within}${other} ${values.join(" or ")}, ` +
          `the one asked for is ${shown(chosen(other, given, table))}`,
      );
    }
    if (value !== undefined || row.required) {
      resolved[name] = checked(row, value, { task, name: within + name });
    } else if (typeof row.default === "function") {
      dependent.push([name, row.default as (values: ValuesByName) => unknown]);
    } else if (row.default !== undefined) {
      resolved[name] = checked(row, row.default, { task, name: within + name });
    }
  }
  const independent = { ...resolved };
  for (const [name, make] of dependent) {
    resolved[name] = checked(table[name], make(independent), { task, name: within + name });
  }
  return Object.freeze(resolved);
}

/** The value of a choice: as given, or its default, which may follow another choice. */
function chosen(name: string, given: ValuesByName, table: HyperparameterTable): unknown {
  if (given[name] !== undefined) return given[name];
  const value = table[name].default;
  return typeof value === "function" ? value(given) : value;
}

/** Whether another hyperparameter has a value that this one is for. */
function isMeant(
  { name, values }: { readonly name: string; readonly values: readonly string[] },
  given: ValuesByName,
  table: HyperparameterTable,
): boolean {
  return values.includes(String(chosen(name, given, table)));
}

/** The same rows, for one value of a choice alone: what only one optimiser or rule has. */
export function onlyFor<T extends HyperparameterTable>(name: string, value: string, table: T): T {
  const rows = Object.entries(table).map(([key, row]) => [key, { ...row, only: { name, values: [value] } }]);
  return Object.fromEntries(rows);
}

/**
 * Refuses options that nobody knows.
 *
 * @param known Every name that is allowed.
 * @param within Name of the object they are in, with a dot behind; empty for the options themselves.
 * @throws {TypeError} With the nearest name there is, when a key is none of them or there is no object.
 */
export function refuseUnknown(options: unknown, known: readonly string[], task: string, within = ""): void {
  const place = { task, name: within === "" ? "options" : within.slice(0, -1) };
  if (!hasNames(options)) throw unfit(place, options, "an object");
  const unknown = guarded(place, () => Object.keys(options)).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const near = nearest(unknown, known);
  const advice = near === undefined
    ? `; there ${known.length === 1 ? "is" : "are"} ${known.join(", ") || "none"}`
    : `, did you mean "${within}${near}"?`;
  throw new TypeError(`Cannot ${task}: there is no option "${shown(within + unknown)}"${advice}`);
}

/** Every name of an interface of options: what the compiler keeps complete. */
export type NamesOf<O> = Readonly<Record<keyof O, true>>;

/**
 * Refuses options that an interface does not have, and reads the others; for objects without a table.
 *
 * @param names Every name of the interface.
 * @param within Name of the object they are in, with a dot behind; empty for the options themselves.
 * @returns A plain copy, each option read once ({@linkcode readByName}); values are for the caller to check.
 * @throws {TypeError} With the nearest name there is, when a key is none of them or there is no object.
 */
export function onlyKnown<O extends object>(options: O, names: NamesOf<O>, task: string, within = ""): O {
  const known = Object.keys(names);
  refuseUnknown(options, known, task, within);
  return readByName(options, known, task, within) as O;
}

/** How an object with a table of its own is read: unknown keys refused, defaults filled in, the rest checked. */
export function settingsOf(table: HyperparameterTable): (value: unknown, place: Place) => ValuesByName {
  return (value, { task, name }) => {
    const within = `${name}.`;
    refuseUnknown(value, Object.keys(table), task, within);
    return resolveOptions(table, value as object, { task, within });
  };
}

/**
 * Checks one value by a row: for an argument, or an option of an object without a table.
 *
 * @throws {TypeError} When it has another type than the row says.
 * @throws {RangeError} When it is out of range.
 */
export function readValue<T>(row: Hyperparameter<T>, value: unknown, place: Place): T {
  return checked(row, value === undefined ? row.default : value, place) as T;
}

/** A whole number that is given as an argument, within bounds. */
export function readWhole(value: unknown, place: Place, bounds: Bounds = { least: 0 }): number {
  return checked({ kind: "whole", ...bounds, doc: "" }, value, place) as number;
}

/** A function. */
function readFunction(value: unknown, place: Place): unknown {
  if (typeof value !== "function") throw unfit(place, value, "a function");
  return value;
}

/** Says what bounds allow, with a blank before: " from 0 up to (not including) 1"; empty without bounds. */
export function boundsText({ least, above, most, below }: Bounds): string {
  const [low, high] = [least ?? above, most ?? below];
  if (low === undefined && high === undefined) return "";
  if (high === undefined) return least === undefined ? ` above ${above}` : ` of at least ${least}`;
  if (low === undefined) return most === undefined ? ` below ${below}` : ` of at most ${most}`;
  if (above !== undefined && below !== undefined) return ` between ${above} and ${below}`;
  const start = above === undefined ? ` from ${least}` : ` above ${above}`;
  if (below !== undefined) return `${start} up to (not including) ${below}`;
  return above === undefined ? `${start} to ${most}` : `${start}, at most ${most}`;
}

/** Whether a number keeps to bounds. */
export function isWithin(value: number, { least, above, most, below }: Bounds): boolean {
  return value >= (least ?? -Infinity) && value <= (most ?? Infinity) &&
    (above === undefined || value > above) && (below === undefined || value < below);
}

/**
 * What a number becomes for the kernels, which compute in f32, where that is infinite or on a bound that is excluded
 * though the number itself is not; undefined where it fits.
 */
export function misfitAsFloat(value: number, { above, below }: Bounds): number | undefined {
  const rounded = Math.fround(value);
  const fits = Number.isFinite(rounded) && (above === undefined || rounded > above) &&
    (below === undefined || rounded < below);
  return fits || !Number.isFinite(value) ? undefined : rounded;
}

function checked(row: Hyperparameter, value: unknown, place: Place): unknown {
  switch (row.kind) {
    case "settings":
      return row.read(value, place);
    case "flag":
      if (typeof value !== "boolean") throw unfit(place, value, "true or false");
      return value;
    case "choice": {
      if (typeof value !== "string") throw unfit(place, value, alternatives(row.choices));
      if (!row.choices.includes(value)) {
        throw outOfRange(place, value, alternatives(row.choices) + advice(value, row.choices));
      }
      return value;
    }
    case "choice-or-number": {
      if (typeof value === "string" && row.choices.includes(value)) return value;
      if (typeof value !== "number" && typeof value !== "string") {
        throw unfit(place, value, expectedChoiceOrNumber(row));
      }
      if (typeof value !== "number" || !Number.isFinite(value) || !isWithin(value, row)) {
        throw outOfRange(place, value, expectedChoiceOrNumber(row));
      }
      return asFloat(row, value, place, expectedChoiceOrNumber);
    }
    case "whole":
    case "number": {
      const whole = row.kind === "whole";
      if (typeof value !== "number") throw unfit(place, value, expectedNumber(row));
      const fits = whole ? Number.isSafeInteger(value) : Number.isFinite(value);
      if (!isWithin(value, row) || !(fits || (row.infinite === true && value === Infinity))) {
        throw outOfRange(place, value, expectedNumber(row));
      }
      // −0 is 0 where things are counted.
      return whole ? value + 0 : asFloat(row, value, place, expectedNumber);
    }
    default: {
      const unknown: never = row;
      throw new TypeError(`Cannot check a value of the kind ${JSON.stringify(unknown)}`);
    }
  }
}

/** What a number has to be, in words. */
function expectedNumber(row: Extract<HyperparameterKind, { kind: "number" | "whole" }>): string {
  const [low, high] = [row.least ?? row.above, row.most ?? row.below];
  const number = low !== undefined && high !== undefined
    ? "value"
    : row.infinite || high !== undefined
    ? "number"
    : "finite number";
  return `a ${row.kind === "whole" ? "whole number" : number}${boundsText(row)}`;
}

/** The number, unless it is none that a kernel can use. */
function asFloat<R extends Bounds>(
  row: R,
  value: number,
  place: Place,
  expected: (row: R) => string,
): number {
  const rounded = misfitAsFloat(value, row);
  if (rounded === undefined) return value;
  throw outOfRange(place, value, `${expected(row)}; it would be ${rounded} in 32 bits`);
}

function expectedChoiceOrNumber(row: Extract<HyperparameterKind, { kind: "choice-or-number" }>): string {
  return `${row.choices.join(", ")} or a finite number${boundsText(row)}`;
}

/** "f32 or bf16" */
function alternatives(choices: readonly string[]): string {
  return choices.length < 2 ? choices.join() : `${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}`;
}

/** Which of the choices was meant, where that can be told. */
function advice(value: string, choices: readonly string[]): string {
  const near = nearest(value, choices);
  return near === undefined ? "" : `; did you mean "${near}"?`;
}

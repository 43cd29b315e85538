/**
 * Values that come from outside: what they are, in words, and how they are read, whatever stands behind them.
 *
 * @module
 */

/** Where a value stands, for messages. */
export interface Place {
  /** What cannot be done without it: "train". */
  readonly task: string;
  /** Its name: "epochs", "importancePruning.start". */
  readonly name: string;
}

/** Whether a value that comes from outside is an object with names. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !isList(value);
}

/** Whether a value is an array, of whatever realm; a proxy that was revoked is none. */
export function isList(value: unknown): value is readonly unknown[] {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}

/** Whether a value is an object of a class; a proxy that was revoked is none. */
export function isInstance<T>(value: unknown, Class: abstract new (...given: never[]) => T): value is T {
  try {
    return value instanceof Class;
  } catch {
    return false;
  }
}

/** Letters of a text that a message shows. */
const MOST_LETTERS = 120;

/** A value on one line, whatever it is. */
export function shown(value: unknown): string {
  if (typeof value === "function") return "a function";
  if (isList(value)) return "an array";
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value === "bigint") return `${value}n`;
  const text = String(value).replaceAll(/\s+/g, " ");
  return text.length > MOST_LETTERS ? `${text.slice(0, MOST_LETTERS)}…` : text;
}

/** The error for a value of another type than the one expected. */
export function unfit({ task, name }: Place, value: unknown, expected: string): TypeError {
  const type = typeof value === "string" ? " (a string)" : "";
  return new TypeError(`Cannot ${task}: ${name} is ${shown(value)}${type}, expected ${expected}`);
}

/** The error for a value that lies outside its range. */
export function outOfRange({ task, name }: Place, value: unknown, expected: string): RangeError {
  return new RangeError(`Cannot ${task}: ${name} is ${shown(value)}, expected ${expected}`);
}

/** Whether a value can hold options: plain objects, objects of classes of one's own, modules. */
export function hasNames(value: unknown): value is object {
  if (!isRecord(value)) return false;
  try {
    const kind = Object.prototype.toString.call(value);
    return kind === "[object Object]" || kind === "[object Module]";
  } catch {
    return false;
  }
}

/** What somebody's object gives, whose own code may throw. */
export function guarded<T>(place: Place, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw unreadable(place, cause);
  }
}

function unreadable({ task, name }: Place, cause: unknown): TypeError {
  return new TypeError(`Cannot ${task}: ${name} cannot be read`, { cause });
}

/**
 * The values of an object by their names, each read once: they may be inherited, or come from getters.
 *
 * @param within Name of the object, with a dot behind; empty for the options themselves.
 * @returns A plain object, in which what is undefined is absent.
 * @throws {TypeError} When a getter throws; its error is the `cause`.
 */
export function readByName(
  object: object,
  names: readonly string[],
  task: string,
  within = "",
): Record<string, unknown> {
  if (!hasNames(object)) {
    const expected = isRecord(object) ? "a plain object with names" : "an object";
    throw unfit({ task, name: within === "" ? "options" : within.slice(0, -1) }, object, expected);
  }
  const read: Record<string, unknown> = {};
  let at = 0;
  try {
    for (; at < names.length; at++) {
      const value: unknown = Reflect.get(object, names[at]);
      if (value !== undefined) read[names[at]] = value;
    }
  } catch (cause) {
    throw unreadable({ task, name: within + names[at] }, cause);
  }
  return read;
}

/**
 * The elements of a short list of anything, each read once.
 *
 * @param most How many there may be.
 * @throws {TypeError} When it is no array, or an element cannot be read.
 * @throws {RangeError} When there are more.
 */
export function readItems(value: unknown, place: Place, most: number): readonly unknown[] {
  if (!isList(value)) throw unfit(place, value, "a list");
  const count: unknown = guarded(place, () => value.length);
  if (!Number.isSafeInteger(count) || (count as number) < 0 || (count as number) > most) {
    throw outOfRange({ ...place, name: `the length of ${place.name}` }, count, `at most ${most}`);
  }
  const items: unknown[] = [];
  try {
    for (let at = 0; at < (count as number); at++) items.push(value[at]);
  } catch (cause) {
    throw unreadable(place, cause);
  }
  return items;
}

/**
 * A text that is not empty: a path, a name.
 *
 * @throws {TypeError} When it is something else.
 */
export function requireText(value: unknown, place: Place, expected = "a text"): asserts value is string {
  if (typeof value !== "string" || value === "") throw unfit(place, value, expected);
}

/**
 * The path of a file or folder.
 *
 * @throws {TypeError} When it is no text, or none that a system can take.
 */
export function requirePath(value: unknown, place: Place, expected: string): asserts value is string {
  requireText(value, place, expected);
  if (value.includes("\0")) {
    throw unfit(place, value.replaceAll("\0", "␀"), `${expected}, without zero bytes`);
  }
}

/**
 * What stops a work under way.
 *
 * @throws {TypeError} When it is something else.
 */
export function requireSignal(value: unknown, task: string): asserts value is AbortSignal {
  const place = { task, name: "signal" };
  const stops: unknown = isRecord(value) ? guarded(place, () => value.throwIfAborted) : undefined;
  if (typeof stops !== "function") throw unfit(place, value, "an AbortSignal");
}

/**
 * What objects look like in a console: a few lines instead of all that is in them; and in a notebook.
 *
 * @module
 */

/** How consoles ask for a picture: Deno's, and Node's and those that follow it. */
const DENO = Symbol.for("Deno.customInspect");
const NODE = Symbol.for("nodejs.util.inspect.custom");

/** How notebooks do: Deno's kernel waits for what the method gives. */
const JUPYTER = Symbol.for("Jupyter.display");

/** What is used of a console's options. */
interface ConsoleOptions {
  readonly colors?: boolean;
  /** How many levels are shown; Infinity and null ask for everything. */
  readonly depth?: number | null;
  /** Blanks before the lines of what the object stands in, where the console leaves them to its pictures. */
  readonly indentationLvl?: number;
}

/** Shows a value with the options of a console. */
type Show = (value: unknown, options: ConsoleOptions) => string;

/** The escape sequences of a first word in colour. */
const CYAN = "\x1b[36m", PLAIN = "\x1b[39m";

/**
 * Gives an object, or all that have it as prototype, a picture for consoles, and for notebooks where it has more to show.
 *
 * The properties are symbols and not enumerable: spread, `structuredClone`, JSON and comparisons do not meet them. Whoever
 * asks for everything (`depth: Infinity`, as failed assertions do) sees the properties of a plain object instead.
 *
 * @param draw Makes one to five lines of the object. What it throws (somebody has put other things in it) is no error: the
 * console then shows the properties.
 * @param display Makes HTML of it, in which texts of others are escaped; called when a notebook asks. What it throws is no
 * error either: the notebook then shows what a console would.
 * @returns The object.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { pictured } from "./picture.ts";
 *
 * const point = pictured({ x: 1, y: 2 }, ({ x, y }) => `point ${x}|${y}`);
 * assertEquals(Deno.inspect({ point }), "{ point: point 1|2 }");
 * assertEquals({ ...point }, { x: 1, y: 2 });
 * ```
 */
export function pictured<T extends object>(
  object: T,
  draw: (object: T) => string,
  display?: (object: T) => string | Promise<string>,
): T {
  const look = (self: T, options: ConsoleOptions, show: Show, between: string): string => {
    const plain = Object.getPrototypeOf(self) === Object.prototype;
    const all = options.depth === null || options.depth === Infinity;
    if (plain && all) return show({ ...self }, options);
    try {
      const text = draw(self).replaceAll("\n", between);
      return options.colors ? text.replace(/^\S+/, `${CYAN}$&${PLAIN}`) : text;
    } catch {
      return plain ? show({ ...self }, options) : "[not usable]";
    }
  };
  const methods = [
    [DENO, function (this: T, show: Show, options: ConsoleOptions) {
      return look(this, options, show, "\n" + " ".repeat(options.indentationLvl ?? 0));
    }],
    [NODE, function (this: T, _depth: number, options: ConsoleOptions, show: Show) {
      return look(this, options, show, "\n");
    }],
    ...(display === undefined ? [] : [
      [JUPYTER, async function (this: T): Promise<Record<string, string>> {
        const text = look(this, {}, () => "[not usable]", "\n");
        try {
          return { "text/plain": text, "text/html": await display(this) };
        } catch {
          return { "text/plain": text };
        }
      }] as const,
    ]),
  ] as const;
  for (const [name, value] of methods) {
    Object.defineProperty(object, name, { value, enumerable: false, configurable: true, writable: true });
  }
  return object;
}

/** Names on one line: the first few, then how many more there are. */
export function listed(names: readonly string[], most: number): string {
  const more = names.length - most;
  return names.slice(0, most).join(", ") + (more > 0 ? `, … ${more} more` : "");
}

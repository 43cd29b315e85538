/**
 * What an option of the command line is, and how its value is read and refused.
 *
 * @module
 */

/** The command line was used wrongly; the program ends with exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Bounds of a number; whatever is absent is unbounded. */
export interface Range {
  /** Smallest value allowed. */
  readonly least?: number;
  /** Values must be larger than this. */
  readonly above?: number;
  /** Largest value allowed. */
  readonly most?: number;
  /** Values must be smaller than this. */
  readonly below?: number;
}

/** The range of a fraction that cannot be all. */
export const FRACTION = { least: 0, below: 1 } as const;

/** How the value of an option is written. */
export type Kind =
  | { readonly kind: "flag" }
  | { readonly kind: "text" }
  | { readonly kind: "texts" }
  | { readonly kind: "choice"; readonly choices: readonly string[] }
  | ({ readonly kind: "whole" | "number" | "sizes" | "numbers" } & Range);

/** An option that counts something. */
export const COUNT = { kind: "whole", least: 1, value: "N" } as const;

/** Sections of the help, in the order they are shown. */
export type Group = "data" | "network" | "training" | "topology" | "run";

/** Names of the commands. */
export type CommandName =
  | "train"
  | "evaluate"
  | "predict"
  | "prune"
  | "inspect"
  | "export"
  | "import"
  | "datasets";

/** One option: the only place where its name, range, default and help stand. */
export type Option = Kind & {
  /** Name without dashes. */
  readonly name: string;
  /** What help calls the value; absent for flags. */
  readonly value?: string;
  /** The paper's symbol. */
  readonly symbol?: string;
  /** Value when neither the user nor a named data set gives one, as it would be typed. */
  readonly default?: string;
  /** One or two sentences. */
  readonly help: string;
  readonly group: Group;
  readonly commands: readonly CommandName[];
};

/** What an option's value becomes. */
export type ValueOf<K extends Kind> = K extends { readonly kind: "flag" } ? boolean
  : K extends { readonly kind: "text" } ? string
  : K extends { readonly kind: "texts" } ? readonly string[]
  : K extends { readonly kind: "choice"; readonly choices: readonly (infer C)[] } ? C
  : K extends { readonly kind: "whole" | "number" } ? number
  : K extends { readonly kind: "sizes" | "numbers" } ? readonly number[]
  : never;

/** Says which values an option takes: "a value from 0 up to (not including) 1". */
export function expectedValue(option: Kind): string {
  switch (option.kind) {
    case "flag":
      return "no value";
    case "text":
    case "texts":
      return "a text that is not empty";
    case "choice":
      return `one of ${option.choices.join(", ")}`;
    case "whole":
      return `a whole number${bounds(option)}`;
    case "number":
      return `a number${bounds(option)}`;
    case "sizes":
      return `whole numbers${bounds(option)}, with commas between; 500x3 repeats one`;
    case "numbers":
      return `numbers${bounds(option)}, with commas between`;
    default: {
      const unknown: never = option;
      throw new TypeError(`Cannot describe the option ${JSON.stringify(unknown)}`);
    }
  }
}

function bounds({ least, above, most, below }: Range): string {
  const [low, high] = [least ?? above, most ?? below];
  if (low === undefined && high === undefined) return "";
  if (high === undefined) return least === undefined ? ` above ${above}` : ` of at least ${least}`;
  if (low === undefined) return most === undefined ? ` below ${below}` : ` of at most ${most}`;
  if (above !== undefined && below !== undefined) return ` between ${above} and ${below}`;
  const start = above === undefined ? ` from ${least}` : ` above ${above}`;
  if (below !== undefined) return `${start} up to (not including) ${below}`;
  return above === undefined ? `${start} to ${most}` : `${start}, at most ${most}`;
}

/**
 * Reads what was typed after an option.
 *
 * @throws {UsageError} When it is not a value the option takes; the message has the range and what was found.
 */
export function readValue(option: Option, text: string): boolean | string | number | readonly number[] {
  const fail = (): never => {
    const found = text === "" ? `--${option.name} without a value` : `--${option.name} ${text}`;
    throw new UsageError(`Cannot use ${found}: expected ${expectedValue(option)}`);
  };
  switch (option.kind) {
    case "flag":
      return text === "true" || text === "" ? true : text === "false" ? false : fail();
    case "text":
    case "texts":
      return text === "" ? fail() : text;
    case "choice":
      return option.choices.includes(text) ? text : fail();
    case "whole":
    case "number":
      return readNumber(option, text) ?? fail();
    case "sizes":
      return text.split(",").flatMap((part) => readSizes(option, part) ?? fail());
    case "numbers":
      return text.split(",").map((part) => readNumber(option, part) ?? fail());
    default: {
      const unknown: never = option;
      throw new TypeError(`Cannot read the option ${JSON.stringify(unknown)}`);
    }
  }
}

/** The most layers that one size can be repeated for. */
const MOST_REPEATED = 1000;

/** Reads `500` or `500x3`: neurons, and how many layers have as many. */
function readSizes(option: Range & { readonly kind: string }, text: string): number[] | undefined {
  const [, size, times = "1"] = /^([^x]*)(?:x(\d+))?\s*$/.exec(text) ?? [];
  const [neurons, layers] = [readNumber(option, size ?? ""), Number(times)];
  if (neurons === undefined || layers < 1 || layers > MOST_REPEATED) return undefined;
  return Array<number>(layers).fill(neurons);
}

function readNumber(option: Range & { readonly kind: string }, text: string): number | undefined {
  const value = /^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i.test(text) ? Number(text) : NaN;
  const { least = -Infinity, above = -Infinity, most = Infinity, below = Infinity } = option;
  if (!Number.isFinite(value) || value < least || value > most) return undefined;
  if ((option.above !== undefined && value <= above) || value >= below) return undefined;
  return option.kind !== "number" && option.kind !== "numbers" && !Number.isSafeInteger(value)
    ? undefined
    : value;
}

/**
 * What an option of the command line is, and how its value is read and refused.
 *
 * @module
 */
import type { NamedDataset } from "../data/catalogue.ts";
import {
  type Bounds,
  boundsText,
  COUNT as COUNTED,
  type Hyperparameter,
  isWithin,
  misfitAsFloat,
  type ValuesByName,
} from "../hyperparameter.ts";
import { nearest } from "../nearest.ts";

/** The command line was used wrongly; the program ends with exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** How the value of an option is written. */
export type Kind =
  | { readonly kind: "flag" }
  | { readonly kind: "text" }
  | { readonly kind: "texts" }
  | { readonly kind: "choice"; readonly choices: readonly string[] }
  | ({ readonly kind: "whole" | "number" | "sizes" | "numbers" } & Bounds)
  | ({ readonly kind: "choice-or-number"; readonly choices: readonly string[] } & Bounds);

/** An option that counts something. */
export const COUNT = { ...COUNTED, value: "N" } as const;

/** Sections of the help, in the order they are shown. */
export type Group = "data" | "network" | "training" | "topology" | "run";

/** Names of the commands that run a network, or look at one. */
export const NETWORK_COMMANDS = [
  "train",
  "cross-validate",
  "evaluate",
  "report",
  "predict",
  "prune",
  "inspect",
  "select-features",
] as const;

/** Names of the commands. */
export const COMMAND_NAMES = [...NETWORK_COMMANDS, "export", "import", "datasets"] as const;

/** Name of a command. */
export type CommandName = typeof COMMAND_NAMES[number];

/** Where the value of an option goes: its name among the options of each; a dot leads into an object. */
export interface Into {
  /** Options of the network; `hidden` becomes a part of its `sizes`. */
  readonly model?: string;
  /** Options of training. */
  readonly training?: string;
  /** Options of parallel training alone. */
  readonly parallel?: string;
}

/** Another option, and what is said of it. */
export interface Other {
  /** Its name. */
  readonly option: string;
  /** The values of it that are meant; without them, that it is given at all. */
  readonly values?: readonly string[];
  /** Why, for the message. */
  readonly because?: string;
}

/** One option: the only place where its name, range, default and help stand. */
export type Option = Kind & {
  /** Name without dashes. */
  readonly name: string;
  /** What help calls the value; absent for flags. */
  readonly value?: string;
  /** The value of the name alone, as it would be typed; another value is a number, or stands after `=`. */
  readonly alone?: string;
  /** The paper's symbol. */
  readonly symbol?: string;
  /** Value when neither the user nor a named data set gives one, as it would be typed; a function looks at others. */
  readonly default?: string | ((values: ValuesByName) => string);
  /**
   * The option whose value decides the default, or what the value means: what a data set, a recipe or a checkpoint brings
   * counts with its own value of that alone.
   */
  readonly follows?: string;
  /** Other options without which the default means nothing. */
  readonly defaultWith?: Other;
  /** One or two sentences. */
  readonly help: string;
  readonly group: Group;
  readonly commands: readonly CommandName[];
  /** Where its value goes; without it, the command uses the value itself. */
  readonly into?: Into;
  /** What the value becomes on its way there; undefined leaves it out. */
  readonly convert?: (value: unknown, values: ValuesByName, named?: NamedDataset) => unknown;
  /** Choices that only some commands have, and what help says of them there. */
  readonly choicesOf?: Readonly<
    Record<string, { readonly commands: readonly CommandName[]; readonly help: string }>
  >;
  /** What it means nothing without. */
  readonly needs?: readonly Other[];
  /** What it cannot be used with; it is enough that one of two says so. */
  readonly excludes?: readonly Other[];
  /** What of a checkpoint it belongs to: a run that goes on from one cannot change it. */
  readonly fixedWith?: "network" | "columns";
  /** Looks at all values once defaults are filled in: says what cannot be done ("prune from epoch 9 on: …"), or nothing. */
  readonly check?: (values: ValuesByName) => string | undefined;
};

/** What an option has of the hyperparameter it goes into. */
export type Taken<R extends Hyperparameter, I extends Into> =
  & Omit<R, "default" | "doc" | "infinite" | "only">
  & {
    readonly default?: string | ((values: ValuesByName) => string);
    readonly needs?: readonly Other[];
    readonly help: string;
    readonly into: I;
  };

/**
 * What an option has of the hyperparameter it goes into: kind, range, symbol, default, help, and what it is only for.
 *
 * A default is shown where it can be typed: a number, a choice.
 */
export function from<const R extends Hyperparameter, const I extends Into>(row: R, into: I): Taken<R, I> {
  const { default: value, doc: help, infinite: _, only, ...rest } = row as Hyperparameter & {
    infinite?: true;
  };
  const text = typeof value === "function"
    ? (values: ValuesByName) => String(value(values))
    : Number.isFinite(value) || typeof value === "string"
    ? String(value)
    : undefined;
  const needs = only &&
    [{ option: only.name, values: only.values, because: `it is for ${only.values.join(" and ")}` }];
  const taken = { ...rest, ...(text && { default: text }), ...(needs && { needs }), help, into };
  return taken as unknown as Taken<R, I>;
}

/** The default of an option, as it would be typed, where others have the values given. */
export function defaultOf({ default: value }: Option, values: ValuesByName = {}): string | undefined {
  return typeof value === "function" ? value(values) : value;
}

/** What an option's value becomes. */
export type ValueOf<K extends Kind> = K extends { readonly kind: "flag" } ? boolean
  : K extends { readonly kind: "text" } ? string
  : K extends { readonly kind: "texts" } ? readonly string[]
  : K extends { readonly kind: "choice"; readonly choices: readonly (infer C)[] } ? C
  : K extends { readonly kind: "choice-or-number"; readonly choices: readonly (infer C)[] } ? C | number
  : K extends { readonly kind: "whole" | "number" } ? number
  : K extends { readonly kind: "sizes" | "numbers" } ? readonly number[]
  : never;

/** Says which values an option takes: "a value from 0 up to (not including) 1". */
function expectedValue(option: Kind): string {
  switch (option.kind) {
    case "flag":
      return "no value";
    case "text":
    case "texts":
      return "a text that is not empty";
    case "choice":
      return `one of ${option.choices.join(", ")}`;
    case "choice-or-number":
      return `${option.choices.join(", ")} or a number${boundsText(option)}`;
    case "whole":
      return `a whole number${boundsText(option)}`;
    case "number":
      return `a number${boundsText(option)}`;
    case "sizes":
      return `whole numbers${boundsText(option)}, with commas between; 500x3 repeats one`;
    case "numbers":
      return `numbers${boundsText(option)}, with commas between`;
    default: {
      const unknown: never = option;
      throw new TypeError(`Cannot describe the option ${JSON.stringify(unknown)}`);
    }
  }
}

/**
 * Reads what was typed after an option.
 *
 * @throws {UsageError} When it is not a value the option takes; the message has the range and what was found.
 */
export function readValue(option: Option, text: string): boolean | string | number | readonly number[] {
  const fail = (): never => {
    const found = text === "" ? `--${option.name} without a value` : `--${option.name} ${text}`;
    const near = option.kind === "choice" ? nearest(text, option.choices) : undefined;
    const advice = near === undefined ? "" : `; did you mean "${near}"?`;
    const elsewhere = option.choicesOf?.[text]?.commands.join(" and ");
    const whose = elsewhere === undefined ? "" : `; ${text} is for ${elsewhere}`;
    const rounded = isFractional(option) ? misfitAsFloat(Number(text), option) : undefined;
    const float = rounded === undefined ? "" : `; it would be ${rounded} in 32 bits`;
    throw new UsageError(`Cannot use ${found}: expected ${expectedValue(option)}${advice}${whose}${float}`);
  };
  switch (option.kind) {
    case "flag":
      return text === "true" || text === "" ? true : text === "false" ? false : fail();
    case "text":
    case "texts":
      return text === "" ? fail() : text;
    case "choice":
      return option.choices.includes(text) ? text : fail();
    case "choice-or-number":
      return option.choices.includes(text) ? text : readNumber(option, text) ?? fail();
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
function readSizes(option: Bounds & { readonly kind: string }, text: string): number[] | undefined {
  const [, size, times = "1"] = /^([^x]*)(?:x(\d+))?\s*$/.exec(text) ?? [];
  const [neurons, layers] = [readNumber(option, size ?? ""), Number(times)];
  if (neurons === undefined || layers < 1 || layers > MOST_REPEATED) return undefined;
  return Array<number>(layers).fill(neurons);
}

function readNumber(option: Bounds & { readonly kind: string }, text: string): number | undefined {
  const value = /^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i.test(text) ? Number(text) : NaN;
  if (!Number.isFinite(value) || !isWithin(value, option)) return undefined;
  const fits = isFractional(option)
    ? misfitAsFloat(value, option) === undefined
    : Number.isSafeInteger(value);
  return fits ? value : undefined;
}

/** Whether an option takes numbers that kernels compute with. */
function isFractional<O extends { readonly kind: string }>(option: O): option is O & Bounds {
  return ["number", "numbers", "choice-or-number"].includes(option.kind);
}

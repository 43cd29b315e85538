/**
 * From options to settings: what was given, else what the data bring, else the default of the table.
 *
 * Everything here goes by what the rows say; no option is named.
 *
 * @module
 */
import type { NamedDataset } from "../data/catalogue.ts";
import type { ModelForOptions } from "../model/data_shape.ts";
import type { ParallelOptions } from "../parallel/options.ts";
import { isRecord } from "../hyperparameter.ts";
import type { HyperparameterOptions } from "../train/hyperparameters.ts";
import { recipe, type RecipeName } from "../train/recipes.ts";
import {
  type CommandName,
  defaultOf,
  type Into,
  type Option,
  type Other,
  readValue,
  UsageError,
} from "./option.ts";
import { OPTIONS, type Values } from "./options.ts";
import { presetOptions } from "./presets.ts";

const ROWS: readonly Option[] = OPTIONS;

/** Values by name of options. */
type Named = Readonly<Record<string, unknown>>;

/**
 * Refuses options that contradict each other.
 *
 * @throws {UsageError} With the first contradiction.
 */
export function checkTogether(given: Values): void {
  const used = ROWS.filter(({ name }) => (given as Named)[name] !== undefined);
  for (const { name, excludes = [] } of used) {
    const other = excludes.find((excluded) => isGiven(excluded, given));
    if (other === undefined) continue;
    throw new UsageError(
      other.values === undefined
        ? `Cannot use --${name} and --${other.option} together: expected one of them`
        : unsuited(name, other, given),
    );
  }
  for (const { name, needs = [] } of used) {
    const other = needs.find((needed) => !isGiven(needed, given));
    if (other === undefined) continue;
    throw new UsageError(
      other.values === undefined
        ? `Cannot use --${name} without --${other.option}`
        : unsuited(name, other, given),
    );
  }
}

/** Whether the other option is there, or has one of the values meant; then its default counts too. */
function isGiven({ option, values }: Other, given: Named): boolean {
  return values === undefined ? Boolean(given[option]) : values.includes(valueOf(option, given));
}

function valueOf(name: string, given: Named): string {
  const row = ROWS.find((row) => row.name === name);
  return String(given[name] ?? (row && defaultOf(row, given)));
}

function unsuited(name: string, { option, because }: Other, given: Named): string {
  return `Cannot use --${name} with --${option} ${valueOf(option, given)}: ${because}`;
}

/** The options given, over those of their preset; of these, what goes with the ones given. */
export function withPreset(given: Values): Values {
  if (given.preset === undefined) return given;
  const kept = Object.entries(presetOptions(given.preset)).filter(([name]) => {
    const { needs = [], follows } = ROWS.find((row) => row.name === name)!;
    if (follows !== undefined && (given as Named)[follows] !== undefined) return false;
    const made = needs.some(({ option, values }) =>
      values !== undefined && (given as Named)[option] !== undefined
    );
    return !made && !isExcluded(name, given);
  });
  return { ...Object.fromEntries(kept), ...given };
}

/** Whether an option that was given takes the place of this one. */
function isExcluded(name: string, given: Named): boolean {
  return ROWS.some((row) =>
    (row.excludes ?? []).some(({ option, values }) =>
      values === undefined &&
      ((row.name === name && given[option] !== undefined) ||
        (option === name && given[row.name] !== undefined))
    )
  );
}

/** The paper's settings for a named data set, as options. */
export function paperSettings({ settings }: NamedDataset): Values {
  const values = Object.entries(settings).flatMap(([setting, value]) => {
    const row = ROWS.find(({ into }) => nameIn(into?.model ?? into?.training) === setting);
    return row === undefined ? [] : [[row.name, value]];
  });
  return Object.fromEntries(values);
}

/**
 * What a recipe or a named data set, both or none of them, fill in for what was not given.
 *
 * A recipe is laid over the paper's settings of the data set, which has the sizes; `paper` is those settings themselves.
 */
export function broughtBy({ recipe: name }: Values, named: NamedDataset | undefined): Values | undefined {
  const paper = named && paperSettings(named);
  if (name === undefined) return paper;
  const options = recipeOptions(name);
  return name === "paper" ? { ...options, ...paper } : { ...paper, ...options };
}

/** A recipe as options. */
function recipeOptions(name: RecipeName): Values {
  const found = recipe(name);
  const values = ROWS.flatMap(({ name, into = {} }) => {
    const target = (Object.keys(into) as (keyof Into)[])[0];
    let value: unknown = (found as { readonly [T in keyof Into]?: unknown })[target];
    for (const key of into[target]?.split(".") ?? []) value = isRecord(value) ? value[key] : undefined;
    if (value === undefined) return [];
    return [[name, isRecord(value) ? value.kind : value]];
  });
  const { schedule } = found.training;
  const warmUp = schedule?.kind === "cosine" ? schedule.warmUp : undefined;
  return { ...Object.fromEntries(values), ...(warmUp !== undefined && { "schedule-epochs": warmUp }) };
}

/**
 * Fills in what was not given: first with what the data bring, then from the table.
 *
 * @param brought What suits the data: the paper's settings of a named set, or those suggested for a shape.
 * @returns Every setting of the run that means something, and none that does not; not yet checked.
 */
export function fillDefaults(command: CommandName, given: Values, brought: Values = {}): Values {
  const rows = ROWS.filter((row) => row.commands.includes(command));
  const values: Record<string, unknown> = {};
  const taken = new Set<string>();
  for (const row of rows) {
    if (typeof row.default === "string") values[row.name] = readValue(row, row.default);
    const suits = (brought as Named)[row.name];
    if (suits === undefined || isOtherwise(row.follows, given, brought)) continue;
    values[row.name] = suits;
    taken.add(row.name);
  }
  Object.assign(values, given);
  for (const row of rows) {
    if (typeof row.default === "function") values[row.name] ??= readValue(row, row.default(values));
  }
  for (const { name, needs = [], defaultWith } of rows) {
    if ((given as Named)[name] !== undefined) continue;
    const wanted = defaultWith === undefined || taken.has(name) ? needs : [...needs, defaultWith];
    if (isExcluded(name, given) || wanted.some((other) => !isGiven(other, values))) delete values[name];
  }
  return values as Values;
}

/**
 * Refuses settings that do not go together.
 *
 * @param values As {@linkcode fillDefaults} has filled them in.
 * @throws {UsageError} With the first contradiction.
 */
export function checkSettings(command: CommandName, values: Values): void {
  for (const { check, commands } of ROWS) {
    const problem = commands.includes(command) ? check?.(values) : undefined;
    if (problem !== undefined) throw new UsageError(`Cannot ${problem}`);
  }
}

/** Whether the user has chosen otherwise than what the data bring is for. */
function isOtherwise(follows: string | undefined, given: Values, brought: Values): boolean {
  if (follows === undefined || (given as Named)[follows] === undefined) return false;
  return String((given as Named)[follows]) !== valueOf(follows, brought);
}

/** Name of a setting where it ends up: "alpha" of "activation.alpha". */
function nameIn(path: string | undefined): string | undefined {
  return path?.split(".").at(-1);
}

/** Names in camelCase, as JSON has them. */
export function toJson(values: Values): Record<string, unknown> {
  const camel = (name: string) => name.replace(/-(.)/g, (_, letter) => letter.toUpperCase());
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [camel(name), value]));
}

/**
 * Options of the network that settings ask for, but for its inputs and outputs, which are those of data.
 */
export function modelOptions(values: Values): ModelForOptions {
  const { hidden = [], ...options } = collected("model", values) as Partial<ModelForOptions>;
  return { threads: navigator.hardwareConcurrency, ...options, hidden };
}

/** Options of parallel training that settings ask for, beside {@linkcode trainOptions}; none for `--parallel none`. */
export function parallelOptions(values: Values): ParallelOptions | undefined {
  const options: ParallelOptions = collected("parallel", values);
  return options.algorithm === undefined ? undefined : options;
}

/** Options of the training that settings ask for. */
export function trainOptions(values: Values, named?: NamedDataset): HyperparameterOptions {
  return collected("training", values, named);
}

/** The values whose rows say that they go there. */
function collected(target: keyof Into, values: Values, named?: NamedDataset): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  for (const { name, into, convert } of ROWS) {
    const given = (values as Named)[name];
    if (given === undefined || into?.[target] === undefined) continue;
    const value = convert === undefined ? given : convert(given, values, named);
    if (value === undefined) continue;
    const [outer, inner] = into[target].split(".");
    options[outer] = inner === undefined ? value : { ...options[outer] as object, [inner]: value };
  }
  return options;
}

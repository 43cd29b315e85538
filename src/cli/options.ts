/**
 * The options of all commands: one table that feeds the parser, the help and `docs/cli.md`.
 *
 * A new option is a row in its group's file, which says where its value goes.
 *
 * @module
 */
import type { CommandName, Option, ValueOf } from "./option.ts";
import { CROSS_VALIDATION_OPTIONS } from "./options/cross_validation.ts";
import { DATA_OPTIONS } from "./options/data.ts";
import { FEATURE_OPTIONS } from "./options/features.ts";
import { NETWORK_OPTIONS } from "./options/network.ts";
import { PARALLEL_OPTIONS } from "./options/parallel.ts";
import { RUN_OPTIONS } from "./options/run.ts";
import { TOPOLOGY_OPTIONS } from "./options/topology.ts";
import { OPTIMIZER_OPTIONS } from "./options/optimizer.ts";
import { TRAINING_OPTIONS } from "./options/training.ts";

/** Every option of every command, in the order help shows them. */
export const OPTIONS = [
  ...DATA_OPTIONS,
  ...NETWORK_OPTIONS,
  ...TRAINING_OPTIONS,
  ...OPTIMIZER_OPTIONS,
  ...TOPOLOGY_OPTIONS,
  ...CROSS_VALIDATION_OPTIONS,
  ...PARALLEL_OPTIONS,
  ...FEATURE_OPTIONS,
  ...RUN_OPTIONS,
] as const satisfies readonly Option[];

type Row = typeof OPTIONS[number];

/** Name of an option. */
export type OptionName = Row["name"];

/** Options as given, by name; what was not given is absent. */
export type Values = { readonly [O in Row as O["name"]]?: ValueOf<O> };

/** Options that mean something for files of one's own only, --data among them. */
export const FILE_OPTIONS: readonly OptionName[] = OPTIONS.filter((row: Option & { name: OptionName }) =>
  row.name === "data" || (row.needs ?? []).some(({ option }) => option === "data")
).map(({ name }) => name);

/** The rows of a command, in the order help shows them, with the choices that it has. */
export function rowsOf(command: CommandName): readonly Option[] {
  return OPTIONS.filter(({ commands }: Option) => commands.includes(command)).map((row: Option) => {
    if (row.choicesOf === undefined || !("choices" in row)) return row;
    const other = (choice: string) => row.choicesOf?.[choice]?.commands.includes(command) === false;
    const said = row.choices.flatMap((choice) => other(choice) ? [] : row.choicesOf?.[choice]?.help ?? []);
    return {
      ...row,
      choices: row.choices.filter((choice) => !other(choice)),
      help: [row.help, ...said].join(" "),
    };
  });
}

/** The row of one option. */
export function option(name: OptionName): Option {
  return OPTIONS.find((row) => row.name === name)!;
}

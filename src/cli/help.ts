/**
 * Help texts, from the table of options and the list of commands.
 *
 * @module
 */
import type { Command } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { columns, wrap } from "./format.ts";
import { defaultOf, type Group, type Option } from "./option.ts";
import { OPTIONS, rowsOf } from "./options.ts";

const WIDTH = 96;
const INDENT = "      ";

/** Titles of the sections, in the order they are shown. */
export const GROUPS: Readonly<Record<Group, string>> = {
  data: "Data",
  network: "Network",
  training: "Training",
  topology: "Topology",
  run: "Run",
};

/** How a command line begins that is typed in a clone; `train` has a task of its own. */
function typed(line: string): string {
  return line.startsWith("train") ? `deno task ${line}` : `deno task cli ${line}`;
}

/** The options of a command in one section. */
export function optionsOf({ name }: Command, group: Group): readonly Option[] {
  return rowsOf(name).filter((row) => row.group === group);
}

/** What can follow the name of the program. */
export function usage({ name, arguments: words = [] }: Command): string {
  const shown = words.map((word) => word.required ? word.name : `[${word.name}]`);
  return [name, ...shown, "[options]"].join(" ");
}

/** The paper's symbol, range and default of an option, in words. */
export function facts(option: Option): string[] {
  const { kind } = option;
  const range = kind === "choice"
    ? option.choices.join(" | ")
    : kind === "choice-or-number"
    ? [...option.choices, rangeOf(option) || "a number"].join(" | ")
    : kind.startsWith("text")
    ? ""
    : rangeOf(option);
  return [
    ...(option.symbol === undefined ? [] : [`${option.symbol} in the paper`]),
    ...(range === "" ? [] : [range]),
    ...(option.default === undefined ? [] : [`default ${defaultText(option)}`]),
  ];
}

/** The default; where another option decides it, one for each of its values that has another. */
function defaultText(option: Option): string | undefined {
  const decides = OPTIONS.find((row: Option) => row.name === option.follows);
  if (decides?.kind !== "choice") return defaultOf(option);
  const usual = defaultOf(option);
  const others = decides.choices.flatMap((choice) => {
    const value = defaultOf(option, { [decides.name]: choice });
    return value === usual ? [] : [`${value} with ${choice}`];
  });
  return [usual, ...others].join(", ");
}

function rangeOf(option: Option): string {
  if (!("least" in option || "above" in option || "most" in option || "below" in option)) return "";
  const { least, above, most, below } = option;
  const low = least !== undefined ? `≥ ${least}` : above !== undefined ? `> ${above}` : "";
  const high = most !== undefined ? `≤ ${most}` : below !== undefined ? `< ${below}` : "";
  return [low, high].filter(Boolean).join(", ");
}

/** The help of one command. */
export function commandHelp(command: Command): string {
  const lines = [`Usage: ${typed(usage(command))}`, "", ...wrap(command.description, WIDTH)];
  lines.push("", "Examples:", ...examples(command).map((line) => `  ${line}`));
  if (command.advice !== undefined) {
    lines.push("", "When something is not right:");
    const rows = command.advice.map(([sign, remedy]) => [`  ${sign}`, remedy]);
    lines.push(...columns(rows, ["left", "left"]));
  }
  for (const [group, title] of Object.entries(GROUPS) as [Group, string][]) {
    const rows = optionsOf(command, group);
    if (rows.length === 0) continue;
    lines.push("", `${title}:`);
    for (const row of rows) {
      const head = `  --${row.name}${row.value === undefined ? "" : ` ${row.value}`}`;
      const said = facts(row);
      lines.push(head + (said.length === 0 ? "" : `   [${said.join("; ")}]`));
      lines.push(...wrap(row.help, WIDTH - INDENT.length).map((line) => INDENT + line));
    }
  }
  return lines.join("\n");
}

/** Examples as they can be typed, each under what it does. */
export function examples(command: Command): string[] {
  return command.examples.flatMap(([does, line]) => [`# ${does}`, typed(line)]);
}

/** The help of the program. */
export function programHelp(): string {
  const rows = COMMANDS.map((command) => [`  ${command.name}`, command.summary]);
  return [
    "Usage: deno task cli COMMAND [options]",
    "",
    "Trains neural networks in which only the connections that exist are stored and computed.",
    "",
    "Commands:",
    ...columns(rows, ["left", "left"]),
    "",
    "COMMAND --help has the options of a command; --version prints the version.",
    'In a clone, "deno task train" is the command train, "deno task cli" any command; both build the',
    'kernels first. Elsewhere: "deno run -A cli.ts COMMAND", with cli.ts a file or an address.',
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped with Ctrl-C, 143 with SIGTERM, 75 with SIGUSR1,",
    "141 when whoever reads the output closes it.",
  ].join("\n");
}

/**
 * Help texts and `docs/cli.md`, from the table of options.
 *
 * @module
 */
import { COMMANDS, type CommandText } from "./commands.ts";
import { columns, wrap } from "./format.ts";
import { type Group, type Option } from "./option.ts";
import { OPTIONS } from "./options.ts";

const WIDTH = 96;
const INDENT = "      ";

const GROUPS: Readonly<Record<Group, string>> = {
  data: "Data",
  network: "Network",
  training: "Training",
  topology: "Topology",
  run: "Run",
};

/** How a command is typed: the program's name comes first. */
const PROGRAM = "cli.ts";

function optionsOf({ name }: CommandText, group: Group): readonly Option[] {
  return OPTIONS.filter((row: Option) => row.group === group && row.commands.includes(name));
}

function usage({ name, argument }: CommandText): string {
  const word = argument === undefined ? "" : argument.required ? ` ${argument.name}` : ` [${argument.name}]`;
  return `${name}${word} [options]`;
}

/** Range, default and symbol of an option, in words. */
function facts(option: Option): string[] {
  const { kind } = option;
  const range = kind === "choice"
    ? option.choices.join(" | ")
    : kind.startsWith("text")
    ? ""
    : rangeOf(option);
  return [
    ...(option.symbol === undefined ? [] : [`${option.symbol} in the paper`]),
    ...(range === "" ? [] : [range]),
    ...(option.default === undefined ? [] : [`default ${option.default}`]),
  ];
}

function rangeOf(option: Option): string {
  if (!("least" in option || "above" in option || "most" in option || "below" in option)) return "";
  const { least, above, most, below } = option;
  const low = least !== undefined ? `≥ ${least}` : above !== undefined ? `> ${above}` : "";
  const high = most !== undefined ? `≤ ${most}` : below !== undefined ? `< ${below}` : "";
  return [low, high].filter(Boolean).join(", ");
}

/** The help of one command. */
export function commandHelp(command: CommandText): string {
  const lines = [`Usage: ${PROGRAM} ${usage(command)}`, "", ...wrap(command.description, WIDTH)];
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
  if (command.name === "train") {
    lines.push(
      "",
      ...wrap("A named data set replaces defaults by the paper's settings for it; options win.", WIDTH),
    );
  }
  lines.push("", "Examples:");
  for (const [does, line] of command.examples) lines.push(`  # ${does}`, `  ${PROGRAM} ${line}`);
  return lines.join("\n");
}

/** The help of the program. */
export function programHelp(): string {
  const rows = COMMANDS.map((command) => [`  ${command.name}`, command.summary]);
  return [
    `Usage: ${PROGRAM} COMMAND [options]`,
    "",
    "Trains neural networks in which only the connections that exist are stored and computed.",
    "",
    "Commands:",
    ...columns(rows, ["left", "left"]),
    "",
    `${PROGRAM} COMMAND --help has the options of a command; --version prints the version.`,
    'With a clone, "deno task train" is the command train after building the kernels.',
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped with Ctrl-C.",
  ].join("\n");
}

/** The content of `docs/cli.md`. */
export function markdown(): string {
  const lines = [
    "# Command line",
    "",
    "Written by `deno task docs` from the table in `src/cli/options.ts`; do not edit.",
    "",
    "`deno task train` builds the kernels and runs `cli.ts train`. Records go to stdout, progress and errors",
    "to stderr. Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped with Ctrl-C.",
  ];
  for (const command of COMMANDS) {
    lines.push("", `## ${usage(command)}`, "", ...wrap(command.description, 108), "");
    lines.push("| option | meaning | value | default | paper |", "| --- | --- | --- | --- | --- |");
    for (const row of OPTIONS as readonly Option[]) {
      if (!row.commands.includes(command.name)) continue;
      const range = row.kind === "choice"
        ? row.choices.map((choice) => `\`${choice}\``).join(", ")
        : rangeOf(row);
      const name = `\`--${row.name}${row.value === undefined ? "" : ` ${row.value}`}\``;
      const shown = row.default === undefined ? "" : `\`${row.default}\``;
      lines.push(`| ${[name, row.help, range, shown, row.symbol ?? ""].map(cell).join(" | ")} |`);
    }
    lines.push("", "```sh");
    for (const [does, line] of command.examples) lines.push(`# ${does}`, `${PROGRAM} ${line}`);
    lines.push("```");
  }
  return `${lines.join("\n")}\n`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

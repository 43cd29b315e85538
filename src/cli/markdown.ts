/**
 * `docs/cli.md`, from the table of options and the list of commands. Run as a program, it prints it.
 *
 * @module
 */
import type { Command } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { TRAIN_EVENTS } from "./events.ts";
import { examples, facts, GROUPS, optionsOf, usage } from "./help.ts";
import type { Group } from "./option.ts";

/** The content of `docs/cli.md`, before `deno fmt`. */
export function markdown(): string {
  const lines = [
    "# Command line",
    "",
    "<!-- Written by `deno task docs` from src/cli/options/ and the commands; a test keeps it so. -->",
    "",
    "In a clone, `deno task train` is the command `train` and `deno task cli COMMAND` any command; both build",
    "the kernels first. Elsewhere: `deno run -A cli.ts COMMAND`, where `cli.ts` may be an address.",
    "Records go to stdout, progress and errors to stderr.",
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped with Ctrl-C (143: with SIGTERM; 75: with SIGUSR1 and a checkpoint to go on from), 141 when whoever reads the output closes it.",
  ];
  for (const command of COMMANDS) lines.push("", ...section(command));
  return `${lines.join("\n")}\n`;
}

function section(command: Command): string[] {
  const lines = [`## ${command.name}`, "", `\`${usage(command)}\``, "", command.description, ""];
  lines.push("```sh", ...examples(command), "```");
  if (command.advice !== undefined) {
    lines.push("", "When something is not right:", "");
    for (const [sign, remedy] of command.advice) lines.push(`- ${sign}: ${remedy}`);
  }
  for (const [group, title] of Object.entries(GROUPS) as [Group, string][]) {
    const rows = optionsOf(command, group);
    if (rows.length === 0) continue;
    lines.push("", `### ${title} options of ${command.name}`, "");
    for (const row of rows) {
      const name = `\`--${row.name}${row.value === undefined ? "" : ` ${row.value}`}\``;
      const said = facts(row);
      lines.push(`- ${name}${said.length === 0 ? "" : ` (${said.join("; ")})`}: ${escape(row.help)}`);
    }
  }
  if (command.name === "train") lines.push(...records());
  return lines;
}

/** The objects of `train --json`. */
function records(): string[] {
  const lines = ["", "### Records of train --json", ""];
  lines.push("One object a line on stdout. Accuracies are fractions, times are seconds.");
  for (const { event, printed, keys } of TRAIN_EVENTS) {
    lines.push("", `\`{"event":"${event}", …}\`, ${printed}:`, "");
    for (const { name, meaning, when } of keys) {
      lines.push(`- \`${name}\`: ${meaning}${when === undefined ? "" : ` (${when})`}`);
    }
  }
  return lines;
}

/** Keeps Markdown from reading formulas as emphasis. */
function escape(text: string): string {
  return text.replace(/[*_<]/g, "\\$&");
}

if (import.meta.main) console.log(markdown().trimEnd());

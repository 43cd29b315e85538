/**
 * From a command line to an exit code.
 *
 * @module
 */
import { nearest } from "../data/nearest.ts";
import { COMMANDS, type CommandText } from "./commands.ts";
import { datasetsCommand } from "./datasets.ts";
import { evaluateCommand } from "./evaluate.ts";
import { commandHelp, programHelp } from "./help.ts";
import { inspectCommand } from "./inspect.ts";
import { UsageError } from "./option.ts";
import type { Values } from "./options.ts";
import { parseCommandLine } from "./parse.ts";
import { trainCommand } from "./train.ts";
import { VERSION } from "../version.ts";

/**
 * Runs a command line. Never throws: what goes wrong is one line on stderr.
 *
 * @param args The words after the program's name.
 * @returns The exit code: 0 done, 1 failed, 2 wrong usage, 130 stopped with Ctrl-C.
 */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const [first, ...rest] = args;
    if (first === "--version" || first === "-V") {
      console.log(VERSION);
      return 0;
    }
    if (first === undefined || first === "--help" || first === "-h" || first === "help") {
      const asked = COMMANDS.find(({ name }) => name === rest[0]);
      console.log(asked === undefined ? programHelp() : commandHelp(asked));
      return first === undefined ? 2 : 0;
    }
    return await run(command(first), rest);
  } catch (cause) {
    console.error(`error: ${oneLine(cause)}`);
    return cause instanceof UsageError ? 2 : 1;
  }
}

function command(name: string): CommandText {
  const found = COMMANDS.find((command) => command.name === name);
  if (found !== undefined) return found;
  const names = COMMANDS.map((command) => command.name);
  const near = nearest(name, names);
  const advice = near === undefined ? `there are ${names.join(", ")}` : `did you mean ${near}?`;
  throw new UsageError(`Cannot run "${name}": there is no such command; ${advice}`);
}

async function run(command: CommandText, args: readonly string[]): Promise<number> {
  const { values: given, words } = parseCommandLine(command.name, args);
  if (given.help) {
    console.log(commandHelp(command));
    return 0;
  }
  const { argument } = command;
  // A model needs no files to be inspected, so with --data every word is one of them.
  const takesWord = argument !== undefined && (argument.required || given.data === undefined);
  const word = takesWord ? words[0] : undefined;
  const values = withFiles(command, given, words.slice(takesWord ? 1 : 0));
  switch (command.name) {
    case "train":
      return await trainCommand(values);
    case "evaluate":
      if (word === undefined) throw new UsageError("Cannot evaluate without a MODEL: name a model file");
      return await evaluateCommand(word, values);
    case "inspect":
      return await inspectCommand(word, values);
    case "datasets":
      return await datasetsCommand(values);
    default: {
      const unknown: never = command.name;
      throw new TypeError(`Cannot run "${unknown}"`);
    }
  }
}

/** Words after a file of `--data` are more files. */
function withFiles(command: CommandText, given: Values, words: readonly string[]): Values {
  if (words.length === 0) return given;
  if (given.data !== undefined) return { ...given, data: [...given.data, ...words] };
  const advice = command.name === "datasets" ? "" : "; files are given with --data";
  throw new UsageError(`Cannot use "${words[0]}" with ${command.name}: it is no option${advice}`);
}

/** What went wrong, on one line. */
function oneLine(cause: unknown): string {
  const message = cause instanceof Error ? cause.message || cause.name : String(cause);
  if (
    message.startsWith("Array buffer allocation failed") || message.startsWith("Invalid typed array length")
  ) {
    return `Cannot go on: there is not enough memory (${message})`;
  }
  return message.replace(/\s*\n\s*/g, " ").trim();
}

/**
 * From a command line to an exit code.
 *
 * @module
 */
import { ClosedPipeError } from "../whole_file.ts";
import { nearest } from "../nearest.ts";
import type { Command } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { commandHelp, programHelp } from "./help.ts";
import { type Option, UsageError } from "./option.ts";
import { OPTIONS, type Values } from "./options.ts";
import { parseCommandLine } from "./parse.ts";
import { VERSION } from "../version.ts";

/** What shells say of a program that a closed pipe has ended: 128 and the number of SIGPIPE. */
const CLOSED_PIPE = 141;

/**
 * Runs a command line. Never throws: what goes wrong is one line on stderr; a pipe that its reader closed is no word.
 *
 * @param args The words after the program's name.
 * @returns The exit code: 0 done, 1 failed, 2 wrong usage, 130 stopped with Ctrl-C, 143 with SIGTERM, 75 with
 * SIGUSR1 and a checkpoint to go on from, 141 when whoever read the output has had enough.
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
    if (isClosedPipe(cause)) return CLOSED_PIPE;
    console.error(`error: ${oneLine(cause)}`);
    return cause instanceof UsageError ? 2 : 1;
  }
}

function command(name: string): Command {
  const found = COMMANDS.find((command) => command.name === name);
  if (found !== undefined) return found;
  const names = COMMANDS.map((command) => command.name);
  const near = nearest(name, names);
  const advice = near === undefined ? `there are ${names.join(", ")}` : `did you mean ${near}?`;
  throw new UsageError(`Cannot run "${name}": there is no such command; ${advice}`);
}

async function run(command: Command, args: readonly string[]): Promise<number> {
  const { values, words } = parseCommandLine(command.name, args);
  if (values.help) {
    console.log(commandHelp(command));
    return 0;
  }
  // An optional word gives way to files: with --data every word is one of them.
  const wanted = (command.arguments ?? []).filter(({ required }) => required || values.data === undefined);
  const missing = wanted.findIndex(({ required }, place) => required && place >= words.length);
  if (missing >= 0) {
    throw new UsageError(
      `Cannot ${command.name} without a ${wanted[missing].name}: name it after the command`,
    );
  }
  const files = words.slice(wanted.length);
  return await command.run(words.slice(0, wanted.length), withFiles(command, values, files));
}

/** Words after a file of `--data` are more files. */
function withFiles(command: Command, given: Values, words: readonly string[]): Values {
  if (words.length === 0) return given;
  if (given.data !== undefined) return { ...given, data: [...given.data, ...words] };
  const takesFiles = OPTIONS.some((row: Option) =>
    row.name === "data" && row.commands.includes(command.name)
  );
  const advice = takesFiles ? "; files are given with --data" : "";
  throw new UsageError(`Cannot use "${words[0]}" with ${command.name}: it is no option${advice}`);
}

function isClosedPipe(cause: unknown): boolean {
  return cause instanceof ClosedPipeError || (cause instanceof Error && isClosedPipe(cause.cause));
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

/**
 * From the words of a command line to values of options.
 *
 * @module
 */
import { nearest } from "../nearest.ts";
import { type CommandName, type Option, readValue, UsageError } from "./option.ts";
import { OPTIONS, rowsOf, type Values } from "./options.ts";
// @ts-types="./parse_args.d.ts"
import { parseArgs } from "npm:deno-std@1.4.0/cli/parse_args.js";

/** A command line, read. */
export interface CommandLine {
  /** Options that were given. */
  readonly values: Values;
  /** Words that are no options. */
  readonly words: readonly string[];
}

/**
 * Reads the options of a command.
 *
 * Values follow their option after a blank or `=`; negative numbers too. Everything after `--` is a word.
 *
 * @throws {UsageError} When an option is unknown, given twice, or has a value out of its range.
 */
export function parseCommandLine(command: CommandName, args: readonly string[]): CommandLine {
  const rows = rowsOf(command);
  const names = (flags: boolean) =>
    rows.filter((row) => (row.kind === "flag") === flags).map((row) => row.name);
  const [flags, valued] = [names(true), names(false)];
  checkFlags(args, flags);
  const parsed = parseArgs(joinNegatives(valueAlone(args, rows), valued), {
    boolean: flags,
    string: [...valued, "_"],
    collect: rows.map((row) => row.name),
    alias: { h: "help" },
    unknown: (argument, key) => {
      if (key !== undefined) throw unknownOption(argument, command, rows);
      return true;
    },
  });
  const words = parsed._.map(String);
  const values: Record<string, unknown> = {};
  for (const row of rows) {
    const given = [parsed[row.name] ?? []].flat();
    if (given.length === 0) continue;
    const read = given.map((value) => readValue(row, String(value)));
    if (given.length > 1 && row.kind !== "texts") {
      throw new UsageError(`Cannot use --${row.name} ${given.length} times: expected once`);
    }
    values[row.name] = row.kind === "texts" ? read : read[0];
  }
  return { values: values as Values, words };
}

/** parseArgs takes any value after "=" for true; we do not. */
function checkFlags(args: readonly string[], flags: readonly string[]): void {
  for (const arg of args) {
    if (arg === "--") return;
    const [, name, value] = /^--([^=]+)=(.*)$/s.exec(arg) ?? [];
    if (flags.includes(name) && value !== "true" && value !== "false") {
      throw new UsageError(`Cannot use --${name}=${value}: it takes no value`);
    }
  }
}

/** Makes `--dashboard` what `--dashboard=8642` is, and `--dashboard 80` what `--dashboard=80` is. */
function valueAlone(args: readonly string[], rows: readonly Option[]): string[] {
  const given: string[] = [];
  const end = args.indexOf("--");
  for (const [index, arg] of args.entries()) {
    const alone = rows.find(({ name, alone }) => alone !== undefined && arg === `--${name}`)?.alone;
    const isOption = alone !== undefined && (end < 0 || index < end);
    const isValue = !isOption || /^\d+$/.test(args[index + 1] ?? "");
    given.push(isValue ? arg : `${arg}=${alone}`);
  }
  return given;
}

/** Makes `--alpha -0.5` what `--alpha=-0.5` is, `--output -` likewise: parseArgs would see options in -0.5 and -. */
function joinNegatives(args: readonly string[], valued: readonly string[]): string[] {
  const joined: string[] = [];
  for (const [index, arg] of args.entries()) {
    const before = args[index - 1] ?? "";
    if (/^-([\d.]|$)/.test(arg) && before.startsWith("--") && valued.includes(before.slice(2))) {
      joined[joined.length - 1] = `${before}=${arg}`;
    } else joined.push(arg);
  }
  return joined;
}

function unknownOption(argument: string, command: CommandName, rows: readonly Option[]): UsageError {
  const name = argument.replace(/^--?/, "").replace(/=.*$/s, "");
  const elsewhere = OPTIONS.find((row) => row.name === name);
  if (elsewhere !== undefined) {
    const commands = elsewhere.commands.join(", ");
    return new UsageError(`Cannot use --${name} with ${command}: it is an option of ${commands}`);
  }
  const near = nearest(name, rows.map((row) => row.name));
  const advice = near === undefined
    ? `see "${command} --help" for those there are`
    : `did you mean --${near}?`;
  return new UsageError(`Cannot use ${argument.replace(/=.*$/s, "")}: there is no such option; ${advice}`);
}

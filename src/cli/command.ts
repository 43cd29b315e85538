/**
 * What a command of the program is.
 *
 * @module
 */
import type { CommandName } from "./option.ts";
import type { Values } from "./options.ts";

/** One command: its words in help and documentation, and what it does. */
export interface Command {
  readonly name: CommandName;
  /** Words without dashes, in order. An optional one is last. */
  readonly arguments?: readonly { readonly name: string; readonly required: boolean }[];
  /** One line. */
  readonly summary: string;
  /** A paragraph. */
  readonly description: string;
  /** What each example does, and its command line after the program's name. */
  readonly examples: readonly (readonly [does: string, line: string])[];
  /** Signs that something is not right, and what helps. */
  readonly advice?: readonly (readonly [sign: string, remedy: string])[];
  /**
   * Runs the command.
   *
   * @param words Its arguments, the required ones all there.
   * @param values Its options, as given.
   * @returns The exit code.
   */
  readonly run: (words: readonly string[], values: Values) => Promise<number>;
}

/** Types of the one function used; npm's copy of the Deno standard library carries none. */
export interface ParseOptions {
  readonly boolean?: readonly string[];
  readonly string?: readonly string[];
  readonly collect?: readonly string[];
  readonly alias?: Readonly<Record<string, string>>;
  readonly unknown?: (argument: string, key?: string, value?: unknown) => boolean;
}
export function parseArgs(
  args: readonly string[],
  options: ParseOptions,
): { readonly _: readonly (string | number)[]; readonly [name: string]: unknown };

/**
 * A bench as a command: its settings, its help, its exit code.
 *
 * @module
 */

/**
 * Runs a bench with the settings of the command line.
 *
 * @param read Reads them; undefined where help is asked for.
 * @returns The exit code: 2 for settings that cannot be used, 1 for a run that failed.
 */
export async function runBench<Settings>(
  read: (args: string[]) => Settings | undefined,
  help: string,
  run: (settings: Settings) => Promise<void>,
): Promise<number> {
  let settings: Settings | undefined;
  try {
    settings = read(Deno.args);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 2;
  }
  if (settings === undefined) {
    console.log(help);
    return 0;
  }
  try {
    await run(settings);
    return 0;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 1;
  }
}

/**
 * Where output goes, and whether it can go there, asked before hours of work.
 *
 * @module
 */
import { messageOf } from "../errors.ts";
import { isSameFile, WholeFile } from "../whole_file.ts";
import { UsageError } from "./option.ts";

/** Whether an output is the standard output: `-`, or the name that systems have for it. */
export function isStdout(output: string): boolean {
  return output === "-" || output === "/dev/stdout";
}

/**
 * Refuses a path that no file can be written to, or whose file must stay. Nothing stays of the trial: a file is begun and
 * given up.
 *
 * @param taken Paths that the same command reads, or saves something else to.
 * @throws {UsageError} When it is the standard output, which takes no models, or leads to a file that is taken.
 * @throws {Error} With the path and the reason.
 */
export async function checkOutput(path: string, taken: readonly string[] = []): Promise<void> {
  if (isStdout(path)) {
    throw new UsageError(
      `Cannot save to "${path}": only predictions, reports, names of features and ONNX files go to the standard output`,
    );
  }
  const info = await Deno.stat(path).catch(() => undefined);
  // To open a pipe is to begin with it.
  if (info?.isFifo || info?.isCharDevice) return;
  for (const other of taken) {
    if (!await isSameFile(path, other)) continue;
    throw new UsageError(
      `Cannot save to "${path}": the same command reads or saves "${other}", which would be lost; name another file`,
    );
  }
  try {
    await using _ = await WholeFile.open(path);
  } catch (cause) {
    throw new Error(`Cannot save to "${path}": ${messageOf(cause).split("\n")[0]}`, { cause });
  }
}

/**
 * Refuses a folder that no file can be written to; it is made where it is missing.
 *
 * @throws {Error} With the path and the reason.
 */
export async function checkFolder(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true });
    const tried = `${path}/.${crypto.randomUUID()}`;
    // A full disk takes names, but no bytes.
    await Deno.writeFile(tried, new Uint8Array(1), { createNew: true }).finally(() =>
      Deno.remove(tried).catch(() => {})
    );
  } catch (cause) {
    throw new Error(`Cannot write into the folder "${path}": ${messageOf(cause).split("\n")[0]}`, { cause });
  }
}

/** Writes one record of `--json`: a line on the standard output. */
export function printEvent(event: Readonly<Record<string, unknown>>): void {
  console.log(JSON.stringify(event));
}

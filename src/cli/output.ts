/**
 * Whether a file can be written, asked before hours of work.
 *
 * @module
 */

/**
 * Refuses a path that no file can be written to.
 *
 * @throws {Error} With the path and the reason.
 */
export async function checkOutput(path: string): Promise<void> {
  const because = (reason: string) => new Error(`Cannot save to "${path}": ${reason}`);
  const info = await Deno.stat(path).catch(() => undefined);
  if (info?.isDirectory) throw because("it is a folder, a file is needed");
  const probe = `${path}.${crypto.randomUUID()}.part`;
  try {
    await Deno.writeFile(probe, new Uint8Array(0), { createNew: true });
  } catch (cause) {
    const absent = cause instanceof Deno.errors.NotFound;
    throw because(absent ? "its folder does not exist" : String((cause as Error).message).split("\n")[0]);
  }
  await Deno.remove(probe);
}

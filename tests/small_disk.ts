/** A disk that is soon full. @module */

/** A file system of a megabyte over a folder, which only this test sees; undefined where it cannot be made. */
export async function smallDisk(folder: string): Promise<AsyncDisposable | undefined> {
  if (Deno.build.os !== "linux") return undefined;
  const run = (command: string, ...args: string[]) =>
    new Deno.Command(command, { args, stdout: "null", stderr: "null" }).output().catch(() => undefined);
  const mounted = await run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder);
  if (!mounted?.success) return undefined;
  return { [Symbol.asyncDispose]: async () => void await run("umount", folder) };
}

/** A disk that is soon full. @module */

/** Makes a file system of a megabyte over a folder for one step of a test, which is shown as ignored where it cannot be. */
export async function onSmallDisk(
  test: Deno.TestContext,
  folder: string,
  fn: () => Promise<void>,
): Promise<void> {
  const disk = await smallDisk(folder);
  await test.step({
    name: "with a file system of 1 MiB",
    ignore: disk === undefined,
    fn: async () => {
      await using _ = disk!;
      await fn();
    },
  });
}

/** A file system of a megabyte over a folder, which only this test sees; undefined where it cannot be made. */
async function smallDisk(folder: string): Promise<AsyncDisposable | undefined> {
  if (Deno.build.os !== "linux") return undefined;
  const run = (command: string, ...args: string[]) =>
    new Deno.Command(command, { args, stdout: "null", stderr: "null" }).output().catch(() => undefined);
  const mounted = await run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder);
  if (!mounted?.success) return undefined;
  return { [Symbol.asyncDispose]: async () => void await run("umount", folder) };
}

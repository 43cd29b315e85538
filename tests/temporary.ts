/** Folders and files that last as long as a test's work. @module */

/** Runs a test's work in a folder of its own, which is removed afterwards. */
export async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Runs a test's work with an empty model file of its own, which is removed afterwards. */
export async function withFile(work: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile({ suffix: ".safetensors" });
  try {
    await work(path);
  } finally {
    await Deno.remove(path);
  }
}

/** Where the tests find real data sets: what is absent is skipped visibly. @module */

/** Folder of real data sets, from the environment; undefined when not given. */
export const dataFolder: string | undefined = Deno.env.get("TRULY_SPARSE_DATA") || undefined;

/** Where Debian's package `dataset-fashion-mnist` puts its files. */
export const debianFashionMnist = "/usr/share/datasets/fashion-mnist";

/** Whether a file or folder exists. */
export function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

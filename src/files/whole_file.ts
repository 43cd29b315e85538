/**
 * Files that appear whole or not at all: a temporary name, synced, renamed.
 *
 * @module
 */

/** End of the temporary names. */
const PART = ".part";

/**
 * Writes a file through a temporary one beside it, which replaces an older file only once it is whole and synced.
 *
 * Temporary files that a killed program left for the same path are removed; a living one holds a lock on its own.
 *
 * @param write Writes the content; called once.
 * @throws {Error} The system's error when the folder cannot be written or the disk is full; nothing is left behind.
 */
export async function writeWhole(path: string, write: (file: Deno.FsFile) => Promise<void>): Promise<void> {
  await removeOrphans(path);
  const temporary = `${path}.${crypto.randomUUID().slice(0, 8)}${PART}`;
  const file = await Deno.open(temporary, { write: true, createNew: true });
  try {
    try {
      await file.tryLock(true).catch(() => false);
      await write(file);
      await file.sync();
    } finally {
      file.close();
    }
    await Deno.rename(temporary, path);
    await syncFolder(path);
  } catch (cause) {
    await Deno.remove(temporary).catch(() => {});
    throw cause;
  }
}

/** Writes all bytes, however many the system takes at a time. */
export async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}

function folderOf(path: string): string {
  return path.replace(/[^/\\]*$/, "") || ".";
}

async function canRead(folder: string): Promise<boolean> {
  return (await Deno.permissions.query({ name: "read", path: folder })).state === "granted";
}

async function removeOrphans(path: string): Promise<void> {
  const folder = folderOf(path);
  if (!await canRead(folder)) return;
  const name = path.slice(folder === "." && !path.startsWith(".") ? 0 : folder.length);
  try {
    for await (const entry of Deno.readDir(folder)) {
      const middle = entry.name.slice(name.length, -PART.length);
      if (!entry.name.startsWith(name) || !entry.name.endsWith(PART) || !/^\.[0-9a-f]{8}$/.test(middle)) {
        continue;
      }
      const orphan = folder === "." ? entry.name : folder + entry.name;
      using file = await Deno.open(orphan, { write: true });
      if (await file.tryLock(true)) await Deno.remove(orphan);
    }
  } catch {
    // What cannot be tidied up does no harm but to the disk; the write itself will say what is wrong.
  }
}

/** Makes a rename last through a power cut, where folders can be synced and permissions allow it. */
async function syncFolder(path: string): Promise<void> {
  const folder = folderOf(path);
  if (!await canRead(folder)) return;
  try {
    using opened = await Deno.open(folder);
    await opened.sync();
  } catch {
    // Windows does not open folders, and some network file systems do not sync them; the file itself is synced.
  }
}

/**
 * Files that appear whole or not at all: a temporary name, locked, synced, renamed.
 *
 * @module
 */

/** End of the temporary names. */
const PART = ".part";
/** Temporary names tried before a save gives up; each fails only if another program tidies up at that very moment. */
const MOST_NAMES = 100;
/** Links followed to a file that does not exist yet, as many as Linux follows. */
const MOST_LINKS = 40;

/** Whoever reads the pipe that is written to has closed it. */
export class ClosedPipeError extends Error {
  /** Name of the class. */
  override readonly name = "ClosedPipeError";
}

/** What bytes can be written to. */
type Sink = Pick<Deno.FsFile, "write">;

/** A temporary file, held by a lock, and where it will stand. */
interface Part {
  readonly file: Deno.FsFile;
  readonly temporary: string;
  readonly target: string;
}

/**
 * A file in the making: open with `await using`, and commit what is to stay.
 *
 * A regular file is written under another name beside it, which replaces it at the commit: its mode stays, and where
 * the path is a symbolic link, the link stays and what it names is replaced. A pipe or a character device is written
 * to as it is.
 *
 * Two programs may write to one path at once: each file is whole, the last commit stays. Temporary files that a killed
 * program left for the path are removed; a living one holds a lock on its own.
 */
export class WholeFile implements AsyncDisposable {
  readonly #sink: Sink;
  readonly #close: () => void;
  readonly #part: Part | undefined;
  #done = false;

  private constructor(sink: Sink, close: () => void, part?: Part) {
    this.#sink = sink;
    this.#close = close;
    this.#part = part;
  }

  /**
   * Begins a file. A pipe without a reader is waited for.
   *
   * @throws {TypeError} When the path is a folder, a block device or a socket.
   * @throws {Deno.errors.NotCapable} When its folder may not be read or written to; for a pipe or device, the path.
   * @throws {Error} The system's error when the file cannot be made, or an older one must not be written.
   */
  static async open(path: string): Promise<WholeFile> {
    const { target, old } = await destinationOf(path);
    if (old !== undefined && !old.isFile) {
      const stream = await Deno.open(target, { write: true });
      return new WholeFile(stream, () => stream.close());
    }
    await expectFolder(target);
    // What its owner protected from writing is not replaced either.
    if (old !== undefined) (await Deno.open(target, { write: true })).close();
    await removeOrphans(target);
    const part = await beginPart(target, old);
    return new WholeFile(part.file, () => part.file.close(), part);
  }

  /** The standard output, as a file that is written to as it is. */
  static stdout(): WholeFile {
    return new WholeFile(Deno.stdout, () => {});
  }

  /** Whether bytes go out as they are written, so that none can be changed afterwards. */
  get isStream(): boolean {
    return this.#part === undefined;
  }

  /**
   * Writes all bytes, however many the system takes at a time.
   *
   * @throws {ClosedPipeError} When it is a pipe that nobody reads any more.
   * @throws {Error} The system's error, as when the disk is full.
   */
  async write(bytes: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < bytes.length;) at += await this.#sink.write(bytes.subarray(at));
    } catch (cause) {
      if (cause instanceof Deno.errors.BrokenPipe) {
        throw new ClosedPipeError("nobody reads the pipe any more", { cause });
      }
      throw cause;
    }
  }

  /**
   * Goes back to the beginning, whose bytes are then written anew.
   *
   * @throws {TypeError} When it is a stream.
   */
  async rewind(): Promise<void> {
    if (this.#part === undefined) throw new TypeError("Cannot go back in a pipe or device");
    await this.#part.file.seek(0, Deno.SeekMode.Start);
  }

  /**
   * Ends the file and gives it its name.
   *
   * @throws {Error} The system's error, as when the disk is full; then nothing is left behind.
   */
  async commit(): Promise<void> {
    if (this.#part !== undefined) {
      const { file, temporary, target } = this.#part;
      await file.sync();
      // Still under its lock: no other program takes it for a leftover.
      await Deno.rename(temporary, target).catch((cause) => {
        throw ofTarget(cause, { temporary, target });
      });
      this.#done = true;
      await syncFolder(target);
    }
    this.#done = true;
  }

  /** Closes the file; what was not committed goes. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#part !== undefined && !this.#done) await Deno.remove(this.#part.temporary).catch(() => {});
    this.#close();
  }
}

/**
 * Writes a file through a {@linkcode WholeFile}, which replaces an older one only once it is whole and synced.
 *
 * @param write Writes the content; called once.
 * @throws {Error} As {@linkcode WholeFile}'s methods; nothing is left behind.
 */
export async function writeWhole(path: string, write: (file: WholeFile) => Promise<void>): Promise<void> {
  await using file = await WholeFile.open(path);
  await write(file);
  await file.commit();
}

/**
 * Whether what is written to one path would stand where the other leads, links followed; false where permissions keep
 * either of them hidden.
 */
export async function isSameFile(one: string, other: string): Promise<boolean> {
  const [place, second] = [await placeOf(one), await placeOf(other)];
  return place !== undefined && place === second;
}

/** The one name of a file, or of what would be one in a folder that exists. */
async function placeOf(path: string): Promise<string | undefined> {
  const folder = folderOf(path) || ".";
  if (!await canRead(path) || !await canRead(folder)) return undefined;
  try {
    return await Deno.realPath(path);
  } catch {
    const found = await Deno.realPath(folder).catch(() => undefined);
    return found && `${found}/${path.slice(folderOf(path).length)}`;
  }
}

async function canRead(path: string): Promise<boolean> {
  return (await Deno.permissions.query({ name: "read", path })).state === "granted";
}

/** Where a path leads, and what stands there. */
async function destinationOf(path: string): Promise<{ target: string; old?: Deno.FileInfo }> {
  if (!await canRead(path)) await expectFolder(path);
  const old = await infoOf(Deno.stat, path);
  if (old === undefined) return { target: await endOfLinks(path) };
  if (old.isDirectory) throw new TypeError("it is a folder, a file is needed");
  if (old.isBlockDevice || old.isSocket) {
    throw new TypeError(`it is a ${old.isSocket ? "socket" : "block device"}, a file is needed`);
  }
  // Only a file is replaced, at the place where it really is; the rest is opened by the name it was given.
  const linked = old.isFile && (await Deno.lstat(path)).isSymlink;
  return { target: linked ? await Deno.realPath(path) : path, old };
}

/** Follows symbolic links to a file that does not exist. */
async function endOfLinks(path: string): Promise<string> {
  let target = path;
  for (let links = 0; links < MOST_LINKS; links++) {
    if (!(await infoOf(Deno.lstat, target))?.isSymlink) break;
    const to = await Deno.readLink(target);
    target = /^([\\/]|[a-z]:)/i.test(to) ? to : folderOf(target) + to;
  }
  return target;
}

/** Asks for what the temporary file will need, and the rename at the end, before there is work to lose. */
async function expectFolder(target: string): Promise<void> {
  const path = folderOf(target) || ".";
  const missing: string[] = [];
  for (const name of ["read", "write"] as const) {
    if ((await Deno.permissions.request({ name, path })).state !== "granted") missing.push(name);
  }
  if (missing.length === 0) return;
  const scope = path.includes(",") ? "" : `=${path}`;
  throw new Deno.errors.NotCapable(
    `Deno may not ${missing.join(" or ")} in its folder, where a file is made under another name first; ` +
      `run again with ${missing.map((name) => `--allow-${name}${scope}`).join(" ")}`,
  );
}

async function infoOf(ask: (path: string) => Promise<Deno.FileInfo>, path: string) {
  try {
    return await ask(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw cause;
  }
}

/** Makes a temporary file that no other program will take for a leftover, with the mode and owner of an older file. */
async function beginPart(target: string, old: Deno.FileInfo | undefined): Promise<Part> {
  const mode = old?.mode === undefined || old.mode === null ? undefined : old.mode & 0o7777;
  for (let names = 1;; names++) {
    const temporary = `${target}.${crypto.randomUUID().slice(0, 8)}${PART}`;
    const file = await createNew(temporary, target, mode);
    try {
      // Between its creation and the lock another program may have locked it, and is about to remove it, or has done so.
      const locked = await file.tryLock(true).catch(() => true);
      if (locked && await infoOf(Deno.lstat, temporary) !== undefined) {
        if (mode !== undefined) {
          // Root alone can give files away; for others a replaced file is theirs.
          await Deno.chown(temporary, old!.uid, old!.gid).catch(() => {});
          await Deno.chmod(temporary, mode);
        }
        return { file, temporary, target };
      }
      if (names === MOST_NAMES) {
        throw new Error(`${names} temporary files beside it were removed by other programs`);
      }
    } catch (cause) {
      file.close();
      await Deno.remove(temporary).catch(() => {});
      throw cause;
    }
    file.close();
  }
}

async function createNew(
  temporary: string,
  target: string,
  mode: number | undefined,
): Promise<Deno.FsFile> {
  try {
    return await Deno.open(temporary, {
      write: true,
      createNew: true,
      ...(mode !== undefined && { mode: mode & 0o777 }),
    });
  } catch (cause) {
    const there = await Deno.stat(folderOf(temporary) || ".").then(() => true, () => false);
    if (there || !(cause instanceof Deno.errors.NotFound)) throw ofTarget(cause, { temporary, target });
    throw new Deno.errors.NotFound("its folder does not exist", { cause });
  }
}

/** The system's error, told of the file that was asked for: its temporary name is nobody's. */
function ofTarget(cause: unknown, { temporary, target }: Omit<Part, "file">): unknown {
  if (cause instanceof Error) {
    cause.message = cause.message.replace(`'${temporary}' -> `, "").replaceAll(temporary, target);
  }
  return cause;
}

/** The folder of a path with what ends it; empty where the path is a name alone. */
function folderOf(path: string): string {
  return path.replace(/[^/\\]*$/, "");
}

async function removeOrphans(path: string): Promise<void> {
  const folder = folderOf(path);
  const name = path.slice(folder.length);
  try {
    for await (const entry of Deno.readDir(folder || ".")) {
      const middle = entry.name.slice(name.length, -PART.length);
      const ours = entry.name.startsWith(name) && entry.name.endsWith(PART) && /^\.[0-9a-f]{8}$/.test(middle);
      if (ours && entry.isFile) await removeUnlocked(folder + entry.name);
    }
  } catch {
    // What cannot be tidied up does no harm but to the disk; the write itself will say what is wrong.
  }
}

/** Removes a file unless somebody holds its lock, or it goes by itself. */
async function removeUnlocked(path: string): Promise<void> {
  try {
    using file = await Deno.open(path, { write: true });
    if (await file.tryLock(true)) await Deno.remove(path);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
  }
}

/** Makes a rename last through a power cut, where folders can be synced. */
async function syncFolder(path: string): Promise<void> {
  try {
    using opened = await Deno.open(folderOf(path) || ".");
    await opened.sync();
  } catch {
    // Windows does not open folders, and some network file systems do not sync them; the file itself is synced.
  }
}

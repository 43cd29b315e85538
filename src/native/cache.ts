/**
 * Prebuilt libraries in the user's cache: checked before each use, replaced whole, never half-written.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { messageOf } from "../errors.ts";
import type { PrebuiltLibrary } from "./manifest.ts";

/** Write permission of everybody, in a file's mode. */
const OTHERS_WRITE = 0o002;

/** A library that was compared with its pin, by the name it is to be opened with. */
export interface VerifiedLibrary {
  /**
   * Where the system lets a library be opened by its descriptor, and `--allow-ffi` covers that: the file that was read,
   * whatever stands at the path by now. Elsewhere the path.
   */
  readonly opens: string;
  /** Closes the file, when it was not opened as a library. */
  readonly release: () => void;
}

/**
 * Reads a library and compares it with its pin: what it is and its size first, so that nothing else is ever read.
 *
 * A FIFO under its name does not block. Needs `--allow-read` for the path alone.
 *
 * @returns What to open, or in `reason` why it is not this library.
 */
export function verify(
  path: string,
  library: PrebuiltLibrary,
): VerifiedLibrary | { readonly reason: string } {
  let file: number;
  try {
    // Windows has neither FIFOs in folders nor the constant.
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (cause) {
    return { reason: isMissing(cause) ? "there is no such file" : firstLine(cause) };
  }
  let reason: string | undefined;
  try {
    reason = difference(file, library);
  } catch (cause) {
    reason = firstLine(cause);
  }
  const descriptor = `/proc/self/fd/${file}`;
  const byDescriptor = reason === undefined && Deno.build.os === "linux" &&
    Deno.permissions.querySync({ name: "ffi", path: descriptor }).state === "granted";
  if (byDescriptor) return { opens: descriptor, release: () => closeSync(file) };
  closeSync(file);
  return reason === undefined ? { opens: path, release: () => {} } : { reason };
}

/** In what way an open file is not the library that was pinned; undefined when it is. */
function difference(file: number, library: PrebuiltLibrary): string | undefined {
  const found = fstatSync(file);
  if (!found.isFile()) return "it is not a regular file";
  if (Deno.build.os !== "windows" && (found.mode & OTHERS_WRITE) !== 0) {
    return "everybody may write to it, which would let anybody change it after it was checked";
  }
  if (found.size !== library.bytes) return wrongSize(found.size, library);
  const bytes = new Uint8Array(library.bytes);
  for (let at = 0; at < bytes.length;) {
    const count = readSync(file, bytes, at, bytes.length - at, at);
    if (count === 0) return wrongSize(at, library);
    at += count;
  }
  return mismatch(bytes, library);
}

function wrongSize(bytes: number, library: PrebuiltLibrary): string {
  return `it has ${bytes} bytes, ${library.bytes} are pinned`;
}

function isMissing(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && cause.code === "ENOENT";
}

/** In what way `bytes` are not the library that was pinned; undefined when they are. */
export function mismatch(bytes: Uint8Array, library: PrebuiltLibrary): string | undefined {
  if (bytes.length !== library.bytes) return wrongSize(bytes.length, library);
  const digest = createHash("sha256").update(bytes).digest("hex");
  return digest === library.sha256 ? undefined : `its SHA-256 is ${digest}, ${library.sha256} is pinned`;
}

/** Name in the cache: it says the content, so versions and repairs never meet. */
export function cachedName(library: PrebuiltLibrary): string {
  const dot = library.file.lastIndexOf(".");
  return `${library.file.slice(0, dot)}-${library.sha256.slice(0, 16)}${library.file.slice(dot)}`;
}

/**
 * Puts verified bytes at `path`: under a name of its own, synced, then renamed.
 *
 * Any number of processes and Workers may do this at once; each sees the old file or a whole new one.
 */
export function store(path: string, bytes: Uint8Array): void {
  Deno.mkdirSync(path.replace(/[/\\][^/\\]*$/, ""), { recursive: true });
  const part = `${path}.${crypto.randomUUID()}.part`;
  try {
    const file = Deno.openSync(part, { write: true, createNew: true, mode: 0o755 });
    try {
      for (let written = 0; written < bytes.length;) written += file.writeSync(bytes.subarray(written));
      file.syncSync();
    } finally {
      file.close();
    }
    Deno.renameSync(part, path);
  } catch (cause) {
    try {
      Deno.removeSync(part);
    } catch {
      // Never made, or renamed.
    }
    throw cause;
  }
}

/** The first line of what an exception says. */
export function firstLine(cause: unknown): string {
  return messageOf(cause).split("\n")[0];
}

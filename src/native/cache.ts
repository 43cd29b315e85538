/**
 * Prebuilt libraries in the user's cache: checked before each use, replaced whole, never half-written.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { messageOf } from "../errors.ts";
import type { PrebuiltLibrary } from "./manifest.ts";

/**
 * Reads a library and compares it with its pin.
 *
 * @returns Its bytes, or in `reason` why it is not this library.
 */
export function readVerified(
  path: string,
  library: PrebuiltLibrary,
): { readonly bytes: Uint8Array } | { readonly reason: string } {
  let bytes: Uint8Array;
  try {
    bytes = Deno.readFileSync(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return { reason: "there is no such file" };
    return { reason: firstLine(cause) };
  }
  const reason = mismatch(bytes, library);
  return reason === undefined ? { bytes } : { reason };
}

/** In what way `bytes` are not the library that was pinned; undefined when they are. */
export function mismatch(bytes: Uint8Array, library: PrebuiltLibrary): string | undefined {
  if (bytes.length !== library.bytes) return `it has ${bytes.length} bytes, ${library.bytes} are pinned`;
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

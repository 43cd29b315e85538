/**
 * Downloads that end whole and checked, or not at all.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { DatasetError, messageOf } from "../errors.ts";
import { WholeFile } from "../whole_file.ts";
import { unpacked } from "./gunzip.ts";

/** How far a download is. */
export interface DownloadProgress {
  /** Name of the file that comes. */
  readonly file: string;
  /** Bytes received, unpacked where the file is kept unpacked. */
  readonly received: number;
  /** Bytes of the whole. */
  readonly total: number;
}

/** What to download and where to put it; see {@linkcode download}. */
export interface DownloadOptions {
  /** Addresses to try, in this order. */
  readonly urls: readonly string[];
  /** Where the file shall stand; its folder is made. */
  readonly path: string;
  /** Bytes of the file as it is kept. */
  readonly bytes: number;
  /** SHA-256 of the file as it is kept, in hexadecimal. */
  readonly sha256: string;
  /** Whether a file that comes packed with gzip is kept unpacked. @default {true} */
  readonly unpack?: boolean;
  /** Called at the start, about every mebibyte, and at the end. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Stops the download. */
  readonly signal?: AbortSignal;
  /** Longest wait for the next bytes, in milliseconds. @default {60000} */
  readonly stallMs?: number;
}

const PROGRESS_BYTES = 1 << 20;

/**
 * Downloads a file: to a name of its own, checked for size and SHA-256, synced, then renamed.
 *
 * Whatever happens, no wrong or partial file ever stands at `path`; several processes may download the same file at
 * once. What an interrupted process left behind is removed by a later download; that of a living one is locked.
 *
 * @throws {DatasetError} When no address gives the right file; the message has the reason for each.
 */
export async function download(options: DownloadOptions): Promise<void> {
  const { path, urls, signal } = options;
  const folder = path.replace(/[/\\][^/\\]*$/, "") || ".";
  try {
    await Deno.mkdir(folder, { recursive: true });
  } catch (cause) {
    throw new DatasetError(`Cannot make the folder "${folder}": ${messageOf(cause)}`, { cause });
  }
  const found = await Deno.stat(path).catch(() => undefined);
  if (found !== undefined && !found.isFile) {
    throw new DatasetError(`Cannot download to "${path}": it is there and not a regular file`);
  }
  const failures: string[] = [];
  let lastCause: unknown;
  for (const url of urls) {
    try {
      await downloadFrom(url, options);
      return;
    } catch (cause) {
      signal?.throwIfAborted();
      failures.push(`${url}: ${messageOf(cause)}`);
      lastCause = cause;
    }
  }
  throw new DatasetError(`Cannot download "${baseName(path)}" from ${failures.join("; ")}`, {
    cause: lastCause,
  });
}

async function downloadFrom(url: string, options: DownloadOptions): Promise<void> {
  const { path, stallMs = 60_000, signal } = options;
  const stalled = new AbortController();
  const restart = () => setTimeout(() => stalled.abort(new Error(`nothing came for ${stallMs} ms`)), stallMs);
  let timer = restart();
  const alive = () => {
    clearTimeout(timer);
    timer = restart();
  };
  try {
    const response = await fetch(url, {
      signal: AbortSignal.any([stalled.signal, ...(signal === undefined ? [] : [signal])]),
    });
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      throw new DatasetError(`the server answered ${response.status} ${response.statusText}`.trimEnd());
    }
    await using file = await WholeFile.open(path);
    await receive(response.body, file, options, alive);
    await file.commit();
  } catch (cause) {
    // The reason the stall was declared says more than "aborted".
    if (stalled.signal.aborted) throw stalled.signal.reason;
    throw cause;
  } finally {
    clearTimeout(timer);
  }
}

/** Writes the body to the file, and refuses it unless size and SHA-256 are right. */
async function receive(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  file: WholeFile,
  options: DownloadOptions,
  alive: () => void,
): Promise<void> {
  const { path, bytes, sha256, unpack = true, onProgress } = options;
  const name = baseName(path);
  const hash = createHash("sha256");
  let received = 0;
  let reported = 0;
  onProgress?.({ file: name, received, total: bytes });
  for await (const chunk of unpack ? unpacked(body, name) : body) {
    alive();
    received += chunk.length;
    if (received > bytes) throw new DatasetError(`the file is longer than the ${bytes} bytes expected`);
    hash.update(chunk);
    await file.write(chunk);
    if (received - reported >= PROGRESS_BYTES) {
      reported = received;
      onProgress?.({ file: name, received, total: bytes });
    }
  }
  if (received !== bytes) throw new DatasetError(`the file has ${received} bytes, expected ${bytes}`);
  const digest = hash.digest("hex");
  if (digest !== sha256) throw new DatasetError(`the file has SHA-256 ${digest}, expected ${sha256}`);
  onProgress?.({ file: name, received, total: bytes });
}

function baseName(path: string): string {
  return path.replace(/^.*[/\\]/, "");
}

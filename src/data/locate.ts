/**
 * Where the files of named data sets are: the user's folder, the cache, the system's folders, else downloaded.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { DatasetError } from "../errors.ts";
import { CACHE_VARIABLES, userCache } from "../user_cache.ts";
import type { NamedDataset, NamedFile } from "./catalogue.ts";
import { download, type DownloadProgress } from "./download.ts";
import { type ReadProgress, readSource } from "./source.ts";

/** Files of a data set, found. */
export interface FoundFiles {
  /** The files, in the order of their arrangement. */
  readonly files: readonly NamedFile[];
  /** Where each of them stands. */
  readonly paths: readonly string[];
}

/** Options of {@linkcode locate}. */
export interface LocateOptions {
  /** Folder to look in first: in its folder of the data set's name, then in itself. */
  readonly dataDir?: string | undefined;
  /** Folder where downloads are kept, each data set in one of its own. @default the user's cache */
  readonly cacheDir?: string | undefined;
  /** Called while files come. */
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
  /** Stops a download. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Finds the files of a data set, and downloads them to the cache where they are nowhere.
 *
 * @throws {DatasetError} When they are nowhere and cannot be had; the message says what to do.
 */
export async function locate(set: NamedDataset, options: LocateOptions = {}): Promise<FoundFiles> {
  const { onProgress, signal } = options;
  const tried: string[] = [];
  const found = await find(set, options, tried);
  if (found !== undefined) return found;
  const files = set.arrangements[0];
  const lead = `Cannot find data set "${set.name}": ${listNames(set)} are not in ${tried.join(", ")}`;
  if (files.some((file) => file.urls === undefined)) {
    throw new DatasetError(`${lead}; ${set.placement}, or give another folder as data directory`);
  }
  const cache = `${options.cacheDir ?? cacheFolder()}/${set.name}`;
  const paths = files.map((file) => `${cache}/${file.name}`);
  for (const [index, { urls = [], bytes = 0, sha256 = "" }] of files.entries()) {
    const path = paths[index];
    if (await exists(path)) continue;
    try {
      await download({
        urls,
        path,
        bytes,
        sha256,
        ...(onProgress && { onProgress }),
        ...(signal && { signal }),
      });
    } catch (cause) {
      if (!(cause instanceof DatasetError)) throw cause;
      throw new DatasetError(
        `${lead}. ${cause.message}. Without network, get these files elsewhere (${set.home}) and put them in ` +
          `"${cache}" or a data directory, packed with gzip or not`,
        { cause },
      );
    }
  }
  return { files, paths };
}

/**
 * Finds the files of a data set where they may be on this machine, and downloads nothing.
 *
 * @param tried Receives the folders that were looked through.
 * @returns Undefined when they are nowhere.
 * @throws {DatasetError} When the data directory does not exist, or two files could be meant.
 */
export async function find(
  set: NamedDataset,
  options: Pick<LocateOptions, "dataDir" | "cacheDir"> = {},
  tried: string[] = [],
): Promise<FoundFiles | undefined> {
  const { dataDir } = options;
  const userFolder = userCache();
  const cacheDir = options.cacheDir ?? (userFolder && `${userFolder}/datasets`);
  if (dataDir !== undefined) {
    if (!await isFolder(dataDir)) {
      throw new DatasetError(
        `Cannot look for data set "${set.name}" in "${dataDir}": there is no such folder`,
      );
    }
    const found = await search(set, [`${dataDir}/${set.name}`, dataDir], tried);
    if (found !== undefined) return found;
  }
  const cached = cacheDir === undefined ? [] : [`${cacheDir}/${set.name}`];
  return await search(set, [...cached, ...(set.systemFolders ?? [])], tried);
}

/**
 * Reads a file found, unpacked, and refuses it when its content is pinned and not this.
 *
 * @throws {DatasetError} When the content is another.
 */
export async function readPinned(
  path: string,
  file: NamedFile,
  set: NamedDataset,
  onProgress?: ReadProgress,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await readSource(path, onProgress);
  const found = file.bytes !== undefined && bytes.length !== file.bytes
    ? `it has ${bytes.length} bytes, ${file.bytes} are expected`
    : file.sha256 !== undefined && sha256Of(bytes) !== file.sha256
    ? `its SHA-256 is ${sha256Of(bytes)}, ${file.sha256} is expected`
    : undefined;
  if (found === undefined) return bytes;
  throw new DatasetError(
    `Cannot use "${path}" for data set "${set.name}": ${found}; ` +
      `it is damaged or of another data set, which can be read as a file without this name`,
  );
}

function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Looks in folders, and what the data set calls subfolders there, for a whole arrangement. */
async function search(
  set: NamedDataset,
  folders: readonly string[],
  tried: string[],
): Promise<FoundFiles | undefined> {
  for (const folder of folders) {
    tried.push(`"${folder}"`);
    for (const subfolder of ["", ...(set.subfolders ?? [])]) {
      const place = subfolder === "" ? folder : `${folder}/${subfolder}`;
      const entries = await listFiles(place);
      for (const files of set.arrangements) {
        const names = files.map((file) => match(file, entries, place, set.name));
        if (names.every((name) => name !== undefined)) {
          return { files, paths: names.map((name) => `${place}/${name}`) };
        }
      }
    }
  }
  return undefined;
}

/** Names in a folder; none where there is no such folder, or it may not be read. */
async function listFiles(folder: string): Promise<readonly string[]> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(folder)) if (!entry.isDirectory) names.push(entry.name);
  } catch (cause) {
    const absent = [Deno.errors.NotFound, Deno.errors.NotADirectory];
    const closed = [Deno.errors.NotCapable, Deno.errors.PermissionDenied];
    if (![...absent, ...closed].some((kind) => cause instanceof kind)) throw cause;
  }
  return names.sort();
}

/** The entry that is this file, unpacked before packed. */
function match(file: NamedFile, entries: readonly string[], folder: string, set: string): string | undefined {
  for (const name of [file.name, ...(file.otherNames ?? [])]) {
    const [start, end] = name.split("*");
    for (const suffix of ["", ".gz"]) {
      const found = entries.filter((entry) =>
        end === undefined
          ? entry === name + suffix
          : entry.length >= name.length - 1 && entry.startsWith(start) && entry.endsWith(end + suffix)
      );
      if (found.length > 1) {
        throw new DatasetError(
          `Cannot choose a file of data set "${set}": "${folder}" has ${found.join(", ")}, one is needed`,
        );
      }
      if (found.length === 1) return found[0];
    }
  }
  return undefined;
}

function listNames(set: NamedDataset): string {
  return set.arrangements.map((files) => files.map((file) => file.name).join(", ")).join(", or ");
}

/**
 * The folder where downloads are kept, by the rules of the operating system.
 *
 * @throws {DatasetError} When the environment names neither a cache nor a home folder, or may not be read.
 */
export function cacheFolder(): string {
  const folder = userCache();
  if (folder !== undefined) return `${folder}/datasets`;
  const variables = CACHE_VARIABLES.join(" or ");
  throw new DatasetError(
    `Cannot find the cache for data sets: set ${variables} and allow it (--allow-env=${
      CACHE_VARIABLES.join(",")
    }), or give a data directory`,
  );
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound || cause instanceof Deno.errors.NotADirectory) return false;
    throw cause;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    return false;
  }
}

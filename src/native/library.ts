/**
 * Where the kernel library is found, and how it is opened: lazily, once, with its version checked.
 *
 * @module
 */
import { LibraryError } from "../errors.ts";
import { type NamesOf, onlyKnown } from "../hyperparameter.ts";
import { requirePath } from "../value.ts";
import { CACHE_VARIABLES, readVariable, userCache } from "../user_cache.ts";
import { VERSION } from "../version.ts";
import { cachedName, firstLine, mismatch, store, type VerifiedLibrary, verify } from "./cache.ts";
import { diagnose, explain, type Failure } from "./diagnosis.ts";
import { downloadBlocking } from "./download.ts";
import { ABI_VERSION, SYMBOLS, type Symbols } from "./ffi.ts";
import { MANIFEST, type PrebuiltLibrary } from "./manifest.ts";

const FILE_NAMES: Record<string, string> = {
  linux: "libtruly_sparse_kernels.so",
  darwin: "libtruly_sparse_kernels.dylib",
  windows: "truly_sparse_kernels.dll",
};

interface Opened {
  /** Where it was found. */
  readonly path: string;
  /** The name it was opened with, which names the same file in each thread of this process. */
  readonly opens: string;
  readonly symbols: Symbols;
}

let opened: Opened | undefined;

/** Options of {@linkcode loadKernels}. */
export interface LoadKernelsOptions {
  /** Path of the library; nothing else is tried then. */
  readonly path?: string;
  /** Folder where a downloaded library is kept. @default `truly-sparse/kernels` in the user's cache */
  readonly cacheDir?: string;
}

const TASK = "load the kernels";

const LOAD_OPTIONS: NamesOf<LoadKernelsOptions> = { path: true, cacheDir: true };

/**
 * Opens the kernel library, unless it is open already.
 *
 * Kernels open it by themselves at the first call, so this is only needed to name a path or a cache, or to have
 * a download done early: it blocks the thread. Places, in order: the given path; `TRULY_SPARSE_KERNELS` (these two
 * alone, when named); a local build beside the module; the cache; `prebuilt/` beside the module; the release
 * address. The last three are compared with the size and SHA-256 pinned in the source before they are opened; with an
 * unscoped `--allow-ffi` on Linux, the very file that was compared is opened.
 * The library is never closed: its threads live in it. A FIFO or a folder is refused where the path may be read.
 *
 * @returns Path of the library that is open.
 * @throws {LibraryError} When nothing can be opened, or speaks another ABI version; the message lists every place
 * tried with the reason, and the command or flag that mends it.
 */
export function loadKernels(options: LoadKernelsOptions = {}): string {
  const named = onlyKnown(options, LOAD_OPTIONS, TASK);
  for (const [name, path] of Object.entries(named)) requirePath(path, { task: TASK, name }, "a path");
  opened ??= openFirst(named);
  return opened.path;
}

/** The functions of the library, which is opened at the first call. */
export function kernels(): Symbols {
  opened ??= openFirst({});
  return opened.symbols;
}

/** Name of the library that is open, to give to {@linkcode loadKernels} in a Worker; undefined before the first kernel call. */
export function kernelsPath(): string | undefined {
  return opened?.opens;
}

function openFirst(options: LoadKernelsOptions): Opened {
  const failures: Failure[] = [];
  let lastCause: unknown;
  for (const { place, path, verified } of candidates(options, failures)) {
    const opens = verified?.opens ?? path;
    if (verified === undefined && isNoFile(path)) {
      failures.push({
        place,
        reason: "it is not a regular file",
        mend: 'build the kernels with "deno task build"',
      });
      continue;
    }
    try {
      return { path, opens, symbols: open(opens) };
    } catch (cause) {
      verified?.release();
      lastCause = cause;
      failures.push(diagnose(place, path, cause));
    }
  }
  throw new LibraryError(explain(failures), { cause: lastCause });
}

interface Candidate {
  readonly place: string;
  readonly path: string;
  /** Given for what was compared with its pin. */
  readonly verified?: VerifiedLibrary;
}

/** Files worth opening, in order; whoever asks for the next one says that the last did not open. */
function* candidates(options: LoadKernelsOptions, failures: Failure[]): Generator<Candidate> {
  if (options.path !== undefined) {
    yield { place: `the given path "${options.path}"`, path: options.path };
    return;
  }
  const named = readVariable("TRULY_SPARSE_KERNELS");
  if (named) {
    yield { place: `TRULY_SPARSE_KERNELS "${named}"`, path: named };
    return;
  }
  yield* localBuild();
  const library = MANIFEST.libraries.find(({ target }) => target === Deno.build.target);
  if (library === undefined) {
    const known = MANIFEST.libraries.map(({ target }) => target).join(", ");
    failures.push({
      place: `the prebuilt libraries of version ${VERSION}`,
      reason: known === "" ? "there are none, this is not a release" : `there are only some for ${known}`,
    });
    return;
  }
  yield* prebuilt(library, options, failures);
}

function* localBuild(): Generator<Candidate> {
  const path = filePath(`../../kernels/target/release/${FILE_NAMES[Deno.build.os] ?? FILE_NAMES.linux}`);
  if (path !== undefined) yield { place: `the local build "${path}"`, path };
}

/** The pinned library: in the cache, beside the module, or from where it was published into the cache. */
function* prebuilt(
  library: PrebuiltLibrary,
  options: LoadKernelsOptions,
  failures: Failure[],
): Generator<Candidate> {
  const userFolder = userCache();
  const folder = options.cacheDir ?? (userFolder && `${userFolder}/kernels`);
  const cached = folder && `${folder}/${cachedName(library)}`;
  const beside = new URL(`../../prebuilt/${library.file}`, import.meta.url);
  const besidePath = filePath(beside.href);
  const addresses = [
    ...(besidePath === undefined ? [beside.href] : []),
    ...(MANIFEST.address === undefined ? [] : [MANIFEST.address + library.file]),
  ];
  const flags = flagsFor(folder, addresses);

  const lacking = lackingFor(folder);
  if (cached === undefined || lacking !== undefined) {
    failures.push({
      place: cached === undefined ? "the cache" : `the cache "${cached}"`,
      reason: lacking ?? "no folder is known",
      ...(addresses.length > 0 && { mend: flags }),
    });
  } else {
    yield* verified(`the cache "${cached}"`, cached, library, failures);
  }

  if (besidePath !== undefined) {
    const place = `the prebuilt library "${besidePath}"`;
    if (!granted({ name: "read", path: besidePath })) {
      const mend = `run again with --allow-read=${besidePath} --allow-ffi=${besidePath}`;
      failures.push({ place, reason: "reading it is not permitted", mend });
    } else {
      yield* verified(place, besidePath, library, failures);
    }
  }

  for (const address of addresses) {
    if (cached === undefined || lacking !== undefined) break;
    const place = `the download from ${address}`;
    if (!granted({ name: "net", host: new URL(address).host })) {
      failures.push({ place, reason: "network access is not permitted", mend: flags });
      continue;
    }
    if (!granted({ name: "write", path: cached })) {
      failures.push({ place, reason: "writing to the cache is not permitted", mend: flags });
      continue;
    }
    try {
      const bytes = downloadBlocking(address, library.bytes);
      const wrong = mismatch(bytes, library);
      if (wrong !== undefined) throw new Error(`${wrong}; it was not used`);
      store(cached, bytes);
    } catch (cause) {
      const mend = `put "${library.file}" of this release at "${cached}"`;
      failures.push({ place, reason: firstLine(cause), mend });
      continue;
    }
    yield* verified(place, cached, library, failures);
  }
}

/** The library at `path` where it is the pinned one. */
function* verified(
  place: string,
  path: string,
  library: PrebuiltLibrary,
  failures: Failure[],
): Generator<Candidate> {
  const found = verify(path, library);
  if ("reason" in found) failures.push({ place, reason: found.reason });
  else yield { place, path, verified: found };
}

/** Why the cache cannot be used, if so. */
function lackingFor(folder: string | undefined): string | undefined {
  if (folder === undefined) {
    return `no folder is known: ${
      CACHE_VARIABLES.join(" and ")
    } are not set, not absolute, or may not be read`;
  }
  return granted({ name: "read", path: folder }) ? undefined : "reading it is not permitted";
}

function granted(descriptor: Deno.PermissionDescriptor): boolean {
  return Deno.permissions.querySync(descriptor).state === "granted";
}

/** All flags a download takes; where the cache is not known its usual place is named. */
function flagsFor(folder: string | undefined, addresses: readonly string[]): string {
  const usual = Deno.build.os === "darwin" ? "$HOME/Library/Caches" : "$HOME/.cache";
  const place = folder ??
    `${Deno.build.os === "windows" ? "%LOCALAPPDATA%" : usual}/truly-sparse/kernels`;
  const hosts = [...new Set(addresses.map((address) => new URL(address).host))].join(",");
  return `run again with --allow-env=${CACHE_VARIABLES.join(",")} --allow-read=${place} ` +
    `--allow-write=${place} --allow-net=${hosts} --allow-ffi=${place}`;
}

/** A place relative to this module as a path, or undefined where the module did not come from a file. */
function filePath(relative: string): string | undefined {
  const url = new URL(relative, import.meta.url);
  if (url.protocol !== "file:") return undefined;
  const path = decodeURIComponent(url.pathname);
  return Deno.build.os === "windows" ? path.slice(1) : path;
}

/** Whether something stands at the path that is no file, which may be waited for without an end; as far as can be seen. */
function isNoFile(path: string): boolean {
  if (!granted({ name: "read", path })) return false;
  try {
    return !Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Opens a library after its version was checked: signatures may differ in another one, symbols may lack. */
function open(path: string): Symbols {
  const { ts_abi_version } = SYMBOLS;
  const probe = Deno.dlopen(path, { ts_abi_version });
  try {
    const version = probe.symbols.ts_abi_version();
    if (version !== ABI_VERSION) {
      throw new LibraryError(`it has ABI version ${version}, this package needs ${ABI_VERSION}`);
    }
    return Deno.dlopen(path, SYMBOLS).symbols as Symbols;
  } finally {
    probe.close();
  }
}

/**
 * Where the kernel library is found, and how it is opened: lazily, once, with its version checked.
 *
 * @module
 */
import { LibraryError } from "../errors.ts";
import { ABI_VERSION, SYMBOLS, type Symbols } from "./ffi.ts";

const FILE_NAMES: Record<string, string> = {
  linux: "libtruly_sparse_kernels.so",
  darwin: "libtruly_sparse_kernels.dylib",
  windows: "truly_sparse_kernels.dll",
};

let opened: Symbols | undefined;

/** Options of {@linkcode loadKernels}. */
export interface LoadKernelsOptions {
  /** Path of the library; without it `TRULY_SPARSE_KERNELS`, then a local build beside the package. */
  readonly path?: string;
}

/**
 * Opens the kernel library; later calls return the one already open.
 *
 * Kernels open it by themselves at the first call, so this is only needed to name a path.
 * It is never closed: its threads live in it.
 *
 * @throws {LibraryError} When no candidate can be opened, or it speaks another ABI version; the message
 * lists what was tried and why it failed.
 */
export function loadKernels(options: LoadKernelsOptions = {}): Symbols {
  if (opened !== undefined) return opened;
  const tried: string[] = [];
  for (const [origin, path] of candidates(options)) {
    try {
      opened = open(path);
      return opened;
    } catch (cause) {
      tried.push(`${origin} "${path}": ${cause instanceof Error ? cause.message.split("\n")[0] : cause}`);
    }
  }
  throw new LibraryError(
    `Cannot load the kernels: tried ${tried.join("; ") || "nothing"}; build them with "deno task build"`,
  );
}

function* candidates(options: LoadKernelsOptions): Generator<[string, string]> {
  if (options.path !== undefined) {
    yield ["the given path", options.path];
    return;
  }
  if (Deno.permissions.querySync({ name: "env", variable: "TRULY_SPARSE_KERNELS" }).state === "granted") {
    const path = Deno.env.get("TRULY_SPARSE_KERNELS");
    if (path) {
      yield ["TRULY_SPARSE_KERNELS", path];
      return;
    }
  }
  const local = new URL(
    `../../kernels/target/release/${FILE_NAMES[Deno.build.os] ?? FILE_NAMES.linux}`,
    import.meta.url,
  );
  if (local.protocol === "file:") yield ["the local build", decodeURIComponent(local.pathname)];
}

function open(path: string): Symbols {
  const library = Deno.dlopen(path, SYMBOLS);
  const version = library.symbols.ts_abi_version();
  if (version !== ABI_VERSION) {
    library.close();
    throw new LibraryError(`the library has ABI version ${version}, this package needs ${ABI_VERSION}`);
  }
  return library.symbols as Symbols;
}

/**
 * The prebuilt libraries of this version, pinned by size and SHA-256.
 *
 * `deno task release` writes the list of a release; in the development tree it is empty, and the kernels are
 * built from source.
 *
 * @module
 */

/** One prebuilt library. */
export interface PrebuiltLibrary {
  /** Target triple it is for, as `Deno.build.target` says it. */
  readonly target: string;
  /** Name of the file, beside the module in `prebuilt/` and at the release address. */
  readonly file: string;
  /** Its size. */
  readonly bytes: number;
  /** Its SHA-256, in hexadecimal. */
  readonly sha256: string;
  /** Lowest version of glibc it runs with; absent where there is no glibc. */
  readonly glibc?: string;
}

/** What a version was released with. */
export interface Manifest {
  /** Address of the folder that holds the libraries, with a slash at its end; absent where there is none. */
  readonly address?: string;
  /** One library a target. */
  readonly libraries: readonly PrebuiltLibrary[];
}

/** The manifest of this version. */
export const MANIFEST: Manifest = { libraries: [] };

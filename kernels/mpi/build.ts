/**
 * Builds the MPI library with cargo, or says what is missing and how to get it.
 *
 * Run by `deno task build:mpi`. Nothing else needs it: only `--transport mpi` does.
 *
 * @module
 */

const PACKAGES = `Debian and Ubuntu: "apt-get install libopenmpi-dev openmpi-bin libclang-dev"; ` +
  `macOS: "brew install open-mpi llvm"`;

/** What a failed build lacked, by what it printed. */
const MISSING: readonly (readonly [RegExp, string])[] = [
  [/failed to find an MPI library|mpicc|mpi\.h/, `no MPI library was found. Install one (${PACKAGES})`],
  [/libclang/, `libclang was not found. Install it (${PACKAGES})`],
  [/linker `[^`]+` not found|could not exec the linker/, `no C linker was found. Install gcc or clang`],
];

async function build(): Promise<number> {
  const manifest = decodeURIComponent(new URL("./Cargo.toml", import.meta.url).pathname);
  const args = ["build", "--release", "--locked", "--quiet", "--manifest-path", manifest];
  let output: Deno.CommandOutput;
  try {
    output = await new Deno.Command("cargo", { args, stdout: "inherit", stderr: "piped" }).output();
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    console.error(
      "Cannot build the MPI library: cargo was not found. Install Rust from https://rustup.rs (or your system's " +
        "packages), then run the task again",
    );
    return 1;
  }
  if (output.code === 0) return 0;
  const errors = new TextDecoder().decode(output.stderr);
  console.error(errors);
  const reason = MISSING.find(([pattern]) => pattern.test(errors))?.[1];
  console.error(
    `Cannot build the MPI library: ${
      reason === undefined ? "cargo failed as shown above" : `${reason}, then run the task again`
    }`,
  );
  return 1;
}

if (import.meta.main) Deno.exit(await build());

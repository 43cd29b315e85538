/**
 * Builds the kernels with cargo, or says what is missing and how to get it.
 *
 * Run by `deno task build`; cargo itself decides whether anything must be compiled again.
 *
 * @module
 */

const HOW_TO: Record<string, string> = {
  cargo: "Install Rust from https://rustup.rs (or your system's packages), then run the task again",
  linker: `Install a C linker (Debian and Ubuntu: "apt-get install gcc"; macOS: "xcode-select --install"; ` +
    `Windows: the Visual Studio C++ build tools), then run the task again`,
};

async function build(): Promise<number> {
  const manifest = new URL("./Cargo.toml", import.meta.url).pathname;
  const arguments_ = ["build", "--release", "--locked", "--quiet", "--manifest-path", manifest];
  let output: Deno.CommandOutput;
  try {
    output = await new Deno.Command("cargo", { args: arguments_, stdout: "inherit", stderr: "piped" })
      .output();
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    console.error(`Cannot build the kernels: cargo was not found. ${HOW_TO.cargo}`);
    return 1;
  }
  const errors = new TextDecoder().decode(output.stderr);
  if (output.code === 0) return 0;
  // The linker's absence is reported once for each crate that needs one: a single line says it better.
  const linker = /linker `([^`]+)` not found|could not exec the linker/.exec(errors);
  if (linker !== null) {
    const name = linker[1] === undefined ? "a linker" : `the linker "${linker[1]}"`;
    console.error(`Cannot build the kernels: ${name} was not found. ${HOW_TO.linker}`);
  } else {
    console.error(`${errors}\nCannot build the kernels: cargo failed as shown above`);
  }
  return 1;
}

if (import.meta.main) Deno.exit(await build());

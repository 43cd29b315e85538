import { assertEquals, assertStringIncludes } from "@std/assert";
import { loadKernels } from "../mod.ts";
import { ABI_VERSION, SYMBOLS } from "../src/native/ffi.ts";
import { inFolder } from "./temporary.ts";

const MODULE = new URL("../mod.ts", import.meta.url);

function hasRustc(): boolean {
  try {
    return new Deno.Command("rustc", { args: ["--version"], stdout: "null", stderr: "null" })
      .outputSync().success;
  } catch {
    return false;
  }
}

/** Builds a library that says it has `version`, and whose other exports end the process when they are called. */
async function stale(folder: string, version: number, names: readonly string[]): Promise<string> {
  const source = [
    `#[unsafe(no_mangle)] pub extern "C" fn ts_abi_version() -> u32 { ${version} }`,
    ...names.map((name) =>
      `#[unsafe(no_mangle)] pub extern "C" fn ${name}() -> i32 { std::process::abort() }`
    ),
  ];
  await Deno.writeTextFile(`${folder}/stale.rs`, source.join("\n"));
  const path = `${folder}/stale-${version}.so`;
  const { success, stderr } = await new Deno.Command("rustc", {
    args: ["--edition", "2024", "--crate-type", "cdylib", "-o", path, `${folder}/stale.rs`],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return path;
}

Deno.test("loadKernels() returns the path of the library that is open, also when another is asked for", () => {
  const path = loadKernels();
  assertEquals(loadKernels({ path: "/nowhere/else.so" }), path);
});

Deno.test({
  name:
    "loadKernels() refuses a library of another ABI version before anything else in it is called or missed",
  ignore: !hasRustc(),
  fn: async () => {
    const folder = await Deno.makeTempDir();
    try {
      const others = Object.keys(SYMBOLS).filter((name) => name !== "ts_abi_version");
      for (const [version, names] of [[ABI_VERSION - 1, others], [ABI_VERSION + 1, []]] as const) {
        const path = await stale(folder, version, names);
        await Deno.writeTextFile(
          `${folder}/train.ts`,
          `import { madelonLike, SparseMlp } from "${MODULE}";
          console.log(madelonLike({ seed: 1 }).samples, SparseMlp.create({ sizes: [4, 2], density: 1 }).sizes);`,
        );
        const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
          args: ["run", "--no-prompt", "--allow-env", "--allow-read", "--allow-ffi", `${folder}/train.ts`],
          env: { NO_COLOR: "1", TRULY_SPARSE_KERNELS: path },
        }).output();
        const text = new TextDecoder();
        assertEquals([code, text.decode(stdout)], [1, ""]);
        assertStringIncludes(
          text.decode(stderr),
          `LibraryError: Cannot load the kernels for ${Deno.build.target}: tried TRULY_SPARSE_KERNELS "${path}": ` +
            `it has ABI version ${version}, this package needs ${ABI_VERSION}; ` +
            `build the kernels with "deno task build"`,
        );
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: "loadKernels() refuses a FIFO or a folder, and waits for neither",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      await new Deno.Command("mkfifo", { args: [`${folder}/fifo`] }).output();
      for (const path of [`${folder}/fifo`, folder]) {
        const { code, stderr } = await new Deno.Command(Deno.execPath(), {
          args: ["eval", "--no-lock", `import { madelonLike } from "${MODULE}"; madelonLike({ seed: 1 });`],
          env: { NO_COLOR: "1", TRULY_SPARSE_KERNELS: path },
        }).output();
        assertEquals(code, 1);
        assertStringIncludes(
          new TextDecoder().decode(stderr),
          `TRULY_SPARSE_KERNELS "${path}": it is not a regular file`,
        );
      }
    }),
});

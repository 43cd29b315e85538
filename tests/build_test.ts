import { assertEquals, assertMatch } from "@std/assert";
import { folder } from "./cli/process.ts";

const SCRIPT = new URL("../kernels/build.ts", import.meta.url).pathname;

/** Runs the build script with variables of its own. */
async function build(env: Record<string, string>): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-run", "--allow-read", "--allow-env", SCRIPT],
    env: { NO_COLOR: "1", CARGO_TERM_COLOR: "never", ...env },
  }).output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

/** A folder with a program that prints a message to stderr and fails, in cargo's place. */
async function failingCargo(message: string): Promise<string> {
  const path = await folder({
    cargo: `#!/bin/sh\nwhile read -r line; do echo "$line" >&2; done <<'END'\n${message}\nEND\nexit 101\n`,
  });
  await Deno.chmod(`${path}/cargo`, 0o755);
  return path;
}

Deno.test("build.ts without cargo says in one line what to install", async () => {
  const { code, stdout, stderr } = await build({ PATH: await folder({}) });
  assertEquals([code, stdout, stderr.trim().split("\n").length], [1, "", 1], stderr);
  assertMatch(
    stderr,
    /^Cannot build the kernels: cargo was not found\. Install Rust from https:\/\/rustup\.rs/,
  );
});

Deno.test({
  name: "build.ts with a linker that does not exist says what to install",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    // A target folder of its own: nothing of the real build is touched. Build scripts need a linker first.
    const target = await folder({});
    const missing = "/nowhere/such-linker";
    const host = Deno.build.target.toUpperCase().replaceAll("-", "_");
    const { code, stderr } = await build({
      CARGO_TARGET_DIR: target,
      [`CARGO_TARGET_${host}_LINKER`]: missing,
    });
    assertEquals(code, 1);
    assertMatch(
      stderr,
      /^Cannot build the kernels: the linker "\/nowhere\/such-linker" was not found\. Install a C linker/,
    );
    assertEquals(stderr.trim().split("\n").length, 1, stderr);
  },
});

Deno.test({
  name: "build.ts shows what else cargo complains about",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const path = await failingCargo("error: could not compile");
    const { code, stderr } = await build({ PATH: path });
    assertEquals([code, stderr], [
      1,
      "error: could not compile\n\nCannot build the kernels: cargo failed as shown above\n",
    ]);
  },
});

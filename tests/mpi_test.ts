import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { LibraryError } from "../src/errors.ts";
import { mpiLibraryPath, startMpi } from "../src/native/mpi.ts";
import { exists } from "./real_data.ts";

/** Why ranks cannot be started here; undefined when they can. */
function obstacle(): string | undefined {
  if (!exists(mpiLibraryPath())) return 'the MPI library is not built ("deno task build:mpi")';
  try {
    new Deno.Command("mpirun", { args: ["--version"], stdout: "null", stderr: "null" }).outputSync();
    return undefined;
  } catch {
    return "mpirun is not installed";
  }
}

const missing = obstacle();
const ignore = missing !== undefined;
const why = ignore ? ` (ignored: ${missing})` : "";

/** Runs a program of tests/mpi/ as ranks of a job. */
async function ranks(
  count: number,
  program: string,
  args: readonly string[] = [],
): Promise<{ code: number; out: string; err: string; seconds: number }> {
  const path = decodeURIComponent(new URL(program, import.meta.url).pathname);
  const started = performance.now();
  const { code, stdout, stderr } = await new Deno.Command("mpirun", {
    args: ["-n", `${count}`, "--oversubscribe", Deno.execPath(), "run", "--allow-all", path, ...args],
    env: {
      OMPI_ALLOW_RUN_AS_ROOT: "1",
      OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1",
      NO_COLOR: "1",
    },
  }).output();
  const text = new TextDecoder();
  const seconds = (performance.now() - started) / 1000;
  return { code, out: text.decode(stdout), err: text.decode(stderr), seconds };
}

Deno.test({
  name:
    `sendMessage() brings pieces in many chunks to their rank, in order, from several ranks at once${why}`,
  ignore,
  async fn() {
    const { code, out, err } = await ranks(3, "./mpi/exchange.ts");
    assertEquals(code, 0, err);
    const found = out.trim().split("\n").map((line) => JSON.parse(line));
    found.sort((a, b) => a.rank - b.rank);
    assertEquals(found, [0, 1, 2].map((rank) => ({ rank, size: 3, wrong: 0 })));
  },
});

/** What a rank may do, and what is said of it: by the rank, by mpirun, or by rank 0, which waits for it. */
const FAULTS: Record<string, string> = {
  exit: "Cannot go on: rank 1 gives up",
  kill: "signal 9",
  hang: "Cannot go on: no message came within the limit",
  abort: "Cannot go on: rank 1 gives up",
};

for (const [fault, told] of Object.entries(FAULTS)) {
  Deno.test({
    name: `a job ends within 30 seconds when a rank does this: ${fault}${why}`,
    ignore,
    async fn() {
      const { code, err, seconds } = await ranks(3, "./mpi/exchange.ts", [fault]);
      assert(code !== 0);
      assert(seconds < 30, `${seconds} s`);
      assertStringIncludes(err, told);
    },
  });
}

Deno.test({
  name: `startMpi() says how to start when no launcher started the process${why}`,
  ignore: ignore || Deno.env.has("OMPI_COMM_WORLD_SIZE"),
  fn() {
    const error = assertThrows(() => startMpi(), LibraryError);
    assertStringIncludes(error.message, "mpirun -n");
  },
});

Deno.test("startMpi() says how to build the library when it is not there", async () => {
  const program = `import { startMpi } from ${
    JSON.stringify(new URL("../src/native/mpi.ts", import.meta.url).href)
  };
try { startMpi(); } catch (error) { console.log(error.name, error.message); }`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", program],
    env: { TRULY_SPARSE_MPI: "/nowhere/libtruly_sparse_mpi.so" },
  }).output();
  assertStringIncludes(new TextDecoder().decode(stdout), "deno task build:mpi");
});

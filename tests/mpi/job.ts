/** Jobs of several ranks for tests, started by mpirun. @module */
import { mpiLibraryPath } from "../../src/native/mpi.ts";
import { exists } from "../real_data.ts";

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
/** Whether tests that start ranks are left out. */
export const ignore: boolean = missing !== undefined;
/** Ends the name of a test that is left out. */
export const why: string = ignore ? ` (ignored: ${missing})` : "";

/** Runs a program of this folder as ranks of a job. */
export async function ranks(
  count: number,
  program: string,
  args: readonly string[] = [],
): Promise<{ code: number; out: string; err: string; seconds: number }> {
  const path = decodeURIComponent(new URL(program, import.meta.url).pathname);
  return await job(count, [Deno.execPath(), "run", "--allow-all", path, ...args]);
}

/** Runs a command as ranks of a job. */
export async function job(
  count: number,
  command: readonly string[],
): Promise<{ code: number; out: string; err: string; seconds: number }> {
  const started = performance.now();
  const { code, stdout, stderr } = await new Deno.Command("mpirun", {
    args: ["-n", `${count}`, "--oversubscribe", ...command],
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

const CLI = decodeURIComponent(new URL("../../cli.ts", import.meta.url).pathname);
/** Begins the command of a rank that trains as the command line does. */
export const PROGRAM: readonly string[] = [Deno.execPath(), "run", "--allow-all", CLI, "train"];

/** The lines a job printed, as JSON. */
// deno-lint-ignore no-explicit-any
export const lines = (out: string): any[] => out.trim().split("\n").map((line) => JSON.parse(line));

/** Jobs of several ranks, for tests: what is missing for them here, and how they are started. @module */
import { assertEquals } from "@std/assert";
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
/** Whether tests that need ranks are left out. */
export const ignore: boolean = missing !== undefined;
/** What the names of those tests end with. */
export const why: string = ignore ? ` (ignored: ${missing})` : "";

const CLI = decodeURIComponent(new URL("../../cli.ts", import.meta.url).pathname);
/** The command `train`, as words. */
export const PROGRAM: readonly string[] = [Deno.execPath(), "run", "--allow-all", CLI, "train"];

/** What a job left. */
export interface JobEnd {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly seconds: number;
}

/** A launcher of a command as ranks of a job; `settings` are for the launcher, as variables. */
export function launcher(
  count: number,
  command: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Deno.Command {
  return new Deno.Command("mpirun", {
    args: ["-n", `${count}`, "--oversubscribe", ...command],
    env: {
      OMPI_ALLOW_RUN_AS_ROOT: "1",
      OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1",
      NO_COLOR: "1",
      ...settings,
    },
    stdout: "piped",
    stderr: "piped",
  });
}

/** Runs a command as ranks of a job. */
export async function job(count: number, command: readonly string[]): Promise<JobEnd> {
  const started = performance.now();
  const { code, stdout, stderr } = await launcher(count, command).output();
  const text = new TextDecoder();
  const seconds = (performance.now() - started) / 1000;
  return { code, out: text.decode(stdout), err: text.decode(stderr), seconds };
}

/** Runs a program of tests/mpi/ as ranks of a job. */
export async function ranks(count: number, program: string, args: readonly string[] = []): Promise<JobEnd> {
  const path = decodeURIComponent(new URL(program, import.meta.url).pathname);
  return await job(count, [Deno.execPath(), "run", "--allow-all", path, ...args]);
}

/** Trains over MPI in a job of so many ranks, which has to end well; options ask for `--json`. Gives the records of epochs. */
// deno-lint-ignore no-explicit-any
export async function trained(count: number, options: readonly string[]): Promise<any[]> {
  return printed(await job(count, [...PROGRAM, ...options])).filter(({ event }) => event === "epoch");
}

/** The lines that a job printed, as JSON; it has to have ended well. */
// deno-lint-ignore no-explicit-any
export function printed({ code, out, err }: JobEnd): any[] {
  assertEquals(code, 0, err);
  return out.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

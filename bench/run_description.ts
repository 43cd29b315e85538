/**
 * Where and with what the run of a bench was made, as its results keep it.
 *
 * @module
 */
import { loadavg, totalmem } from "node:os";
import { processor } from "./processor.ts";

/** What is described. */
export interface BenchRun {
  /** The command without its arguments: "deno task bench:tables". */
  readonly command: string;
  /** Folder in the checkout. */
  readonly folder: string;
  /** Python of the peers. */
  readonly python: string;
}

/** Date, command, commit, machine and versions. */
export async function describeRun({ command, folder, python }: BenchRun): Promise<Record<string, unknown>> {
  const say = async (program: string, ...args: string[]): Promise<string> => {
    const { stdout } = await new Deno.Command(program, { args, cwd: folder }).output();
    return new TextDecoder().decode(stdout).trim();
  };
  return {
    date: new Date().toISOString(),
    command: [command, ...Deno.args].join(" "),
    commit: await say("git", "rev-parse", "HEAD"),
    uncommittedChanges: await say("git", "status", "--porcelain") !== "",
    host: {
      processor: processor(),
      memoryBytes: totalmem(),
      loadAverage: loadavg()[0],
      target: Deno.build.target,
    },
    versions: {
      deno: Deno.version.deno,
      python: await say(python, "--version"),
      packages: (await say(python, "-m", "pip", "freeze")).split("\n"),
    },
  };
}

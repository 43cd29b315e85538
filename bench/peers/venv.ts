/**
 * The Python environment of the peers of a bench, `.venv` in its folder, made by pip from the lists beside it.
 *
 * @module
 */
import { fileURLToPath } from "node:url";

/**
 * Makes the environment unless it is there already, and returns its Python.
 *
 * Progress goes to stderr. A peer that pip cannot install is named there and left out.
 *
 * @param program Address of a file in the folder of the bench, which holds `requirements.txt` and
 * `requirements-peers.txt`.
 * @throws {Error} When Python, its `venv` module or one of `requirements.txt` is missing.
 */
export async function ensureVenv(program: string): Promise<string> {
  const folder = fileURLToPath(new URL("./.venv", program));
  const programs = Deno.build.os === "windows" ? `${folder}\\Scripts` : `${folder}/bin`;
  // Written last: a copy of the lists that were installed, so that a changed list is installed again.
  const stamp = `${folder}/installed.txt`;
  const python = `${programs}/python`;
  const needed = new URL("./requirements.txt", program);
  const peers = await Deno.readTextFile(new URL("./requirements-peers.txt", program));
  const wanted = await Deno.readTextFile(needed) + peers;
  if (await readIfThere(stamp) === wanted) return python;

  console.error(`Installing the peers into ${folder}; PyTorch, where it is one, brings gigabytes`);
  await run(programs, "python3", ["-m", "venv", folder]);
  await run(programs, python, ["-m", "pip", "install", "--quiet", "--requirement", fileURLToPath(needed)]);
  for (const peer of peers.split("\n").filter((line) => line !== "" && !line.startsWith("#"))) {
    try {
      // SparseProp is compiled by a script that looks for pybind11 in the running environment.
      await run(programs, python, ["-m", "pip", "install", "--quiet", "--no-build-isolation", peer]);
    } catch (cause) {
      console.error(`Left out ${peer}: ${cause instanceof Error ? cause.message : cause}`);
    }
  }
  await Deno.writeTextFile(stamp, wanted);
  return python;
}

async function run(programs: string, command: string, args: readonly string[]): Promise<void> {
  const separator = Deno.build.os === "windows" ? ";" : ":";
  const path = programs + separator + (Deno.env.get("PATH") ?? "");
  let status: Deno.CommandStatus;
  try {
    status = await new Deno.Command(command, { args: [...args], env: { PATH: path }, stdout: "null" })
      .spawn().status;
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new Error(`Cannot run "${command}": it was not found, Python 3.11 or later is needed`, { cause });
  }
  if (!status.success) throw new Error(`Cannot go on: "${command} ${args.join(" ")}" failed as shown above`);
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw cause;
  }
}

/**
 * The Python environment of the peers, `bench/peers/.venv`, made by pip from the lists beside this file.
 *
 * @module
 */
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("./.venv", import.meta.url));
const PROGRAMS = Deno.build.os === "windows" ? `${FOLDER}\\Scripts` : `${FOLDER}/bin`;
/** Written last: a copy of the lists that were installed, so that a changed list is installed again. */
const STAMP = `${FOLDER}/installed.txt`;

/**
 * Makes the environment unless it is there already, and returns its Python.
 *
 * Progress goes to stderr. A peer that pip cannot install is named there and left out.
 *
 * @throws {Error} When Python, its `venv` module or one of `requirements.txt` is missing.
 */
export async function ensureVenv(): Promise<string> {
  const python = `${PROGRAMS}/python`;
  const needed = new URL("./requirements.txt", import.meta.url);
  const peers = await Deno.readTextFile(new URL("./requirements-peers.txt", import.meta.url));
  const wanted = await Deno.readTextFile(needed) + peers;
  if (await readIfThere(STAMP) === wanted) return python;

  console.error(
    `Installing the peers into ${FOLDER}: some gigabytes, since PyTorch brings its GPU libraries`,
  );
  await run("python3", ["-m", "venv", FOLDER]);
  await run(python, ["-m", "pip", "install", "--quiet", "--requirement", fileURLToPath(needed)]);
  for (const peer of peers.split("\n").filter((line) => line !== "" && !line.startsWith("#"))) {
    try {
      // SparseProp is compiled by a script that looks for pybind11 in the running environment.
      await run(python, ["-m", "pip", "install", "--quiet", "--no-build-isolation", peer]);
    } catch (cause) {
      console.error(`Left out ${peer}: ${cause instanceof Error ? cause.message : cause}`);
    }
  }
  await Deno.writeTextFile(STAMP, wanted);
  return python;
}

async function run(command: string, args: readonly string[]): Promise<void> {
  const separator = Deno.build.os === "windows" ? ";" : ":";
  const path = PROGRAMS + separator + (Deno.env.get("PATH") ?? "");
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

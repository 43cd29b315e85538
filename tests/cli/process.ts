/** The command line as a process, and files for it. */

const CLI = new URL("../../cli.ts", import.meta.url).pathname;

/** What a finished process left. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The program with arguments, to be spawned. */
export function command(
  args: readonly string[],
  options: { readonly stdin?: "piped" } = {},
): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", CLI, ...args],
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
    ...options,
  });
}

/** Runs the program to its end. */
export async function run(...args: string[]): Promise<Finished> {
  const { code, stdout, stderr } = await command(args).output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

const folders: string[] = [];
globalThis.addEventListener("unload", () => {
  for (const path of folders) Deno.removeSync(path, { recursive: true });
});

/** A folder of its own with the files a test needs, removed when all tests of its page have ended. */
export async function folder(files: Record<string, string | Uint8Array>): Promise<string> {
  const path = await Deno.makeTempDir();
  folders.push(path);
  for (const [name, content] of Object.entries(files)) {
    await Deno.writeFile(
      `${path}/${name}`,
      typeof content === "string" ? new TextEncoder().encode(content) : content,
    );
  }
  return path;
}

/** A table of two classes that a line separates. */
export function table(rows: number): string {
  const lines = Array.from(
    { length: rows },
    (_, row) => `${row % 7},${(row * 5) % 11},${row % 2 === 0 ? "even" : "odd"}`,
  );
  return `a,b,class\n${lines.join("\n")}\n`;
}

/** Options of a run that ends in no time. */
export const SMALL = ["--hidden", "8", "--threads", "1"];

/** A folder with a table of 60 rows, `t.csv`, and the arguments that train a small network on it. */
export async function smallRun(): Promise<{ readonly path: string; readonly args: readonly string[] }> {
  const path = await folder({ "t.csv": table(60) });
  return { path, args: ["train", "--data", `${path}/t.csv`, ...SMALL] };
}

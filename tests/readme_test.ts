import { assert, assertEquals } from "@std/assert";
import { inFolder } from "./temporary.ts";

const ROOT = new URL("../", import.meta.url);

/** The part of README under a heading, up to the next one. */
async function section(heading: string): Promise<string> {
  const readme = await Deno.readTextFile(new URL("README.md", ROOT));
  const [, part] = readme.split(`\n## ${heading}\n`);
  return part.split("\n## ")[0];
}

/** The first block of code in a language. */
function block(text: string, language: string): string {
  return text.split(`\`\`\`${language}\n`)[1].split("```")[0];
}

/** Runs `deno` in a folder to its end. */
async function deno(folder: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: folder,
    env: { NO_COLOR: "1" },
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assertEquals(code, 0, err);
  return err + out;
}

/** A line of README as arguments of `deno`, for a folder that is not the repository. */
function argumentsOf(line: string): string[] {
  const cli = new URL("cli.ts", ROOT).pathname;
  return line.replace(/\s+#.*/, "").replace("deno task cli", `deno run -A ${cli}`)
    .replace("deno task train", `deno run -A ${cli} train`)
    .replace("examples/", new URL("examples/", ROOT).pathname).split(" ").slice(1);
}

Deno.test("README's table of one's own goes from CSV to prediction, and shows what is printed", async () => {
  const text = await section("A table of your own");
  const commands = block(text, "sh").trim().split("\n");
  assertEquals(commands.length, 4);
  await inFolder(async (folder) => {
    let printed = "";
    for (const command of commands) printed += await deno(folder, argumentsOf(command));
    const table = await Deno.readTextFile(`${folder}/flowers.csv`);
    assert(text.includes(`\`${table.split("\n")[0]}\``), table.slice(0, 100));
    // Scores and probabilities may round otherwise on another processor.
    const shown = text.split("\n").filter((line) => line.startsWith("    ") && !/\d\.\d{3,}|±/.test(line));
    assert(shown.length >= 9, `${shown.length} lines`);
    for (const line of shown) {
      let place = 0;
      for (const piece of line.trim().split("…")) {
        place = printed.indexOf(piece.trim(), place);
        assert(place >= 0, `"${piece}" is not printed`);
      }
    }
  });
});

Deno.test("README's lines of the library learn a table, measure and save", async () => {
  const code = block(await section("As a library"), "ts ignore");
  assert(code.trim().split("\n").length <= 12, code);
  await inFolder(async (folder) => {
    const program = code.replace("./mod.ts", new URL("mod.ts", ROOT).href);
    await Deno.writeTextFile(`${folder}/own.ts`, program);
    const printed = await deno(folder, ["run", "--allow-ffi", "--allow-read", "--allow-write", "own.ts"]);
    assert(printed.includes("epoch 1: ") && printed.includes("balanced accuracy"), printed);
    assert((await Deno.stat(`${folder}/circle.safetensors`)).size > 0);
  });
});

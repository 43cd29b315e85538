import { assert, assertEquals, assertMatch } from "@std/assert";
import { loadModel } from "../mod.ts";
import { pythonAt, pythonWith } from "./python.ts";
import { inFolder } from "./temporary.ts";

const NOTEBOOK = new URL("../examples/own_table.ipynb", import.meta.url);

type Bundle = Record<string, string | string[]>;

interface Cell {
  readonly cell_type: string;
  readonly source: string[];
  readonly outputs?: { readonly data?: Bundle }[];
}

/** The notebook, whose first cell imports what this checkout has, wherever the notebook stands. */
function notebook(): { readonly cells: Cell[] } {
  const text = Deno.readTextFileSync(NOTEBOOK);
  return JSON.parse(text.replace("../mod.ts", new URL("../mod.ts", import.meta.url).href));
}

function codeOf({ cells }: { readonly cells: readonly Cell[] }): Cell[] {
  return cells.filter((cell) => cell.cell_type === "code");
}

/** What the cells show: data, their schema, the run, the model, its measures; a prediction; nothing. */
function checkShown(shown: readonly (Bundle | undefined)[]): void {
  assertEquals(shown.length, 7);
  const html = shown.map((bundle) => [bundle?.["text/html"] ?? ""].flat().join(""));
  const plain = shown.map((bundle) => [bundle?.["text/plain"] ?? ""].flat().join(""));
  assertMatch(html[0], /<table>.*<th>height<\/th>/s);
  assertMatch(html[1], /<td>colour<\/td><td>category<\/td>/);
  for (const place of [2, 3]) assertEquals(html[place].match(/<svg/g)?.length, 2);
  assertMatch(html[2], /<td>30<\/td>/);
  assertMatch(html[3], /<td>output<\/td>/);
  assertMatch(html[4], /<td>Accuracy<\/td>/);
  assertMatch(plain[5], /poppy/);
  assertEquals(shown[6], undefined);
}

/** What the last cell leaves: the model, and the report of it. */
async function checkWritten(folder: string): Promise<void> {
  const { model } = await loadModel(`${folder}/flowers.safetensors`);
  assertEquals(model.classNames, ["bluebell", "daisy", "poppy"]);
  assertMatch(await Deno.readTextFile(`${folder}/flowers.html`), /<h1>Flowers<\/h1>.*<dt>Accuracy<\/dt>/s);
}

Deno.test("examples/own_table.ipynb is stored without outputs", () => {
  for (const { outputs } of codeOf(notebook())) assertEquals(outputs, []);
});

Deno.test("examples/own_table.ipynb runs cell by cell as a plain program, and each cell shows something", () =>
  inFolder(async (folder) => {
    const program = codeOf(notebook()).map(({ source }) => {
      const lines = source.join("").split("\n");
      const last = lines.pop()!.replace(/;$/, "");
      return [...lines, `await show(${last});`].join("\n");
    });
    const show = `const show = async (value: any) => console.log(JSON.stringify(value === undefined
      ? null
      : await value[Symbol.for("Jupyter.display")]?.() ?? { "text/plain": Deno.inspect(value) }));\n`;
    await Deno.writeTextFile(`${folder}/notebook.ts`, show + program.join("\n"));
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-all", "notebook.ts"],
      cwd: folder,
      env: { NO_COLOR: "1" },
    }).output();
    const lines = new TextDecoder().decode(stdout).trim().split("\n");
    assert(lines.length === program.length, new TextDecoder().decode(stderr));
    checkShown(lines.map((line) => JSON.parse(line) ?? undefined));
    await checkWritten(folder);
  }));

const nbclient = await pythonWith("nbclient");

Deno.test({
  name: "examples/own_table.ipynb runs in deno jupyter (with Python's nbclient)",
  ignore: nbclient === undefined,
  fn: () =>
    inFolder(async (folder) => {
      await Deno.mkdir(`${folder}/kernels/deno`, { recursive: true });
      const argv = [Deno.execPath(), "jupyter", "--kernel", "--conn", "{connection_file}"];
      const kernel = { argv, display_name: "Deno", language: "typescript" };
      await Deno.writeTextFile(`${folder}/kernels/deno/kernel.json`, JSON.stringify(kernel));
      await Deno.writeTextFile(`${folder}/in.ipynb`, JSON.stringify(notebook()));
      const script = `
import os, sys, nbformat
folder = sys.argv[1]
os.environ["JUPYTER_PATH"] = folder
from nbclient import NotebookClient
notebook = nbformat.read(folder + "/in.ipynb", as_version=4)
NotebookClient(notebook, kernel_name="deno", timeout=120, resources={"metadata": {"path": folder}}).execute()
nbformat.write(notebook, folder + "/out.ipynb")`;
      await pythonAt(nbclient!, script, folder);
      const out = JSON.parse(await Deno.readTextFile(`${folder}/out.ipynb`));
      checkShown(codeOf(out).map(({ outputs }) => outputs?.[0]?.data));
      await checkWritten(folder);
    }),
});

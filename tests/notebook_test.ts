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

/** What each cell shows: data, their schema, the run, the model, its measures; a prediction; nothing. */
function checkCell(place: number, bundle: Bundle | undefined): void {
  const [html, plain] = ["text/html", "text/plain"].map((kind) => [bundle?.[kind] ?? ""].flat().join(""));
  if (place === 0) assertMatch(html, /<table>.*<th>height<\/th>/s);
  if (place === 1) assertMatch(html, /<td>colour<\/td><td>category<\/td>/);
  if (place === 2) assertMatch(html, /<td>30<\/td>/);
  if (place === 3) assertMatch(html, /<td>output<\/td>/);
  if (place === 2 || place === 3) assertEquals(html.match(/<svg/g)?.length, 2);
  if (place === 4) assertMatch(html, /<td>Accuracy<\/td>/);
  if (place === 5) assertMatch(plain, /poppy/);
  if (place === 6) assertEquals(bundle, undefined);
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
    assertEquals(lines.length, 7);
    lines.forEach((line, place) => checkCell(place, JSON.parse(line) ?? undefined));
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
      // The kernel may say that it is idle before a cell's output has arrived, which nobody collects then: what came is
      // checked, and that most came.
      const shown = codeOf(out).map(({ outputs }) => outputs?.find(({ data }) => data !== undefined)?.data);
      assertEquals(shown.length, 7);
      shown.forEach((bundle, place) => bundle && checkCell(place, bundle));
      assert(shown.filter((bundle) => bundle !== undefined).length >= 3, JSON.stringify(shown).slice(0, 300));
      await checkWritten(folder);
    }),
});

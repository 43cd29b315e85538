import { assertEquals, assertMatch } from "@std/assert";

const NOTEBOOK = new URL("../examples/learning_curve.ipynb", import.meta.url);

interface Cell {
  readonly cell_type: string;
  readonly source: string[];
  readonly outputs?: { readonly data?: Record<string, string | string[]> }[];
}

function cells(path: URL | string): Cell[] {
  return JSON.parse(Deno.readTextFileSync(path)).cells;
}

async function python(
  args: string[],
  env: Record<string, string> = {},
): Promise<{ code: number; err: string }> {
  try {
    const { code, stderr } = await new Deno.Command("python3", { args, env }).output();
    return { code, err: new TextDecoder().decode(stderr) };
  } catch (cause) {
    return { code: 127, err: String(cause) };
  }
}

Deno.test("examples/learning_curve.ipynb runs as a plain program, and is stored without outputs", async () => {
  const found = cells(NOTEBOOK);
  for (const { outputs = [] } of found) assertEquals(outputs, []);
  const code = found.filter((cell) => cell.cell_type === "code").map((cell) => cell.source.join("")).join(
    "\n",
  );
  const svg = "const svg = (parts: TemplateStringsArray, ...words: unknown[]) => " +
    "console.log(String.raw(parts, ...words));\n";
  const folder = await Deno.makeTempDir();
  try {
    const program = code.replace("../mod.ts", new URL("../mod.ts", NOTEBOOK).href)
      .replace("Deno.jupyter.svg", "svg");
    await Deno.writeTextFile(`${folder}/notebook.ts`, svg + program);
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", `${folder}/notebook.ts`],
    }).output();
    assertMatch(
      new TextDecoder().decode(stdout),
      /<svg[\s\S]*in 10 epochs/,
      new TextDecoder().decode(stderr),
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test({
  name: "examples/learning_curve.ipynb runs in deno jupyter (with Python's nbclient)",
  ignore: (await python(["-c", "import nbclient"])).code !== 0,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    try {
      await Deno.mkdir(`${folder}/kernels/deno`, { recursive: true });
      const argv = [Deno.execPath(), "jupyter", "--kernel", "--conn", "{connection_file}"];
      await Deno.writeTextFile(
        `${folder}/kernels/deno/kernel.json`,
        JSON.stringify({ argv, display_name: "Deno", language: "typescript" }),
      );
      const place = decodeURIComponent(new URL(".", NOTEBOOK).pathname);
      const script = `
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, kernel_name="deno", timeout=120, resources={"metadata": {"path": sys.argv[2]}}).execute()
nbformat.write(notebook, sys.argv[3])`;
      const paths = [decodeURIComponent(NOTEBOOK.pathname), place, `${folder}/out.ipynb`];
      const { code, err } = await python(["-c", script, ...paths], { JUPYTER_PATH: folder });
      assertEquals(code, 0, err);
      const svg = cells(`${folder}/out.ipynb`).at(-1)?.outputs?.[0]?.data?.["image/svg+xml"];
      assertMatch([svg].flat().join(""), /<polyline points="20,20 /);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

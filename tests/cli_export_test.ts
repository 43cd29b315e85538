import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { loadModel, saveModel, SparseMlp } from "../mod.ts";

/** Runs the program; what it prints, and its exit code. */
async function run(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const cli = new URL("../cli.ts", import.meta.url).pathname;
  const output = await new Deno.Command(Deno.execPath(), { args: ["run", "--no-prompt", "-A", cli, ...args] })
    .output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code: output.code, stdout: text(output.stdout), stderr: text(output.stderr) };
}

Deno.test("export and import turn a model file into SciPy's matrices and back, and into dense and ONNX files", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/m.safetensors`;
    const model = SparseMlp.create({ sizes: [5, 8, 3], epsilon: 2, activation: "srelu", seed: 1 });
    await saveModel(model, path);
    const to = (name: string) => ["--output", `${folder}/${name}`];
    const { code, stdout, stderr } = await run("export", path, ...to("matrices"), "--json");
    assertEquals(code, 0, stderr);
    assertEquals(JSON.parse(stdout).connections, model.stats().connections);
    assertEquals((await run("import", `${folder}/matrices`, ...to("again.safetensors"))).code, 0);
    const { model: again } = await loadModel(`${folder}/again.safetensors`);
    assertEquals(
      again.layers.map(({ values }) => [...values]),
      model.layers.map(({ values }) => [...values]),
    );
    assertEquals((await run("export", path, "--to", "dense", ...to("dense"))).code, 0);
    assert((await Deno.stat(`${folder}/dense/layer2.npy`)).size > 96);
    const onnx = await run("export", path, "--to", "onnx", ...to("m.onnx"));
    assertStringIncludes(onnx.stdout, "make them dense");
    assert((await Deno.stat(`${folder}/m.onnx`)).size > 500);
    const refused = await run("export", path);
    assertEquals(refused.code, 2);
    assertStringIncludes(refused.stderr, "without --output");
    assertEquals((await run("import", folder, ...to("none.safetensors"))).code, 1);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { rebuildIncoming, removeConnections, SparseMlp } from "../mod.ts";
import { reachedOutputs } from "../src/model/reach.ts";
import { run, smallRun } from "./cli/process.ts";

Deno.test("reachedOutputs() counts the outputs that a path leads to, layer by layer", () => {
  // 2 inputs, 3 neurons, 2 outputs: only the first input is connected, to the last neuron, which leads to output 1.
  const first = { inputs: 2, neurons: 3, indptr: Uint32Array.of(0, 1, 1), indices: Uint32Array.of(2) };
  const second = { inputs: 3, neurons: 2, indptr: Uint32Array.of(0, 1, 1, 2), indices: Uint32Array.of(0, 1) };
  assertEquals(reachedOutputs([first]), 1);
  assertEquals(reachedOutputs([first, second]), 1);
  assertEquals(reachedOutputs([first, { ...second, indptr: Uint32Array.of(0, 1, 2, 2) }]), 0);
  // Room behind the last connection is none.
  assertEquals(reachedOutputs([{ ...first, indices: Uint32Array.of(2, 0, 0) }]), 1);
  assertEquals(reachedOutputs(SparseMlp.create({ sizes: [5, 6, 4], density: 1 }).layers), 4);
});

Deno.test("train says that no path leads from the inputs to the outputs, and trains", async () => {
  const thin = ["--hidden", "200,200", "--density", "0.0001,0.00005,0.01", "--seed", "1"];
  const { code, stderr } = await run("train", ...thin, "--threads", "1", "--epochs", "1");
  assertStringIncludes(stderr, "No path of connections leads from the inputs to an output");
  assertEquals(code, 0, stderr);
  const { args } = await smallRun();
  assert(!(await run(...args, "--epochs", "1")).stderr.includes("No path"));
});

Deno.test("SparseMlp.reachedOutputs() follows the connections of now; a console and inspect tell of none", async () => {
  const thin = SparseMlp.create({ sizes: [200, 200, 200, 2], density: [0.0001, 0.00005, 0.01], seed: 1 });
  assertEquals(thin.reachedOutputs(), 0);
  assertStringIncludes(Deno.inspect(thin), "no path leads from an input to an output");
  const model = SparseMlp.create({ sizes: [3, 2], density: 1 });
  assert(!Deno.inspect(model).includes("no path"));
  const [layer] = model.layers;
  layer.nnz = removeConnections(layer, (_, column) => column === 1);
  rebuildIncoming(layer);
  assertEquals(model.reachedOutputs(), 1);
  const sizes = ["--inputs", "200", "--hidden", "200,200", "--outputs", "2", "--seed", "1"];
  const { stdout } = await run("inspect", ...sizes, "--density", "0.0001,0.00005,0.01");
  assertStringIncludes(stdout, "from the inputs to 0 of 2 outputs");
  const { stdout: json } = await run("inspect", ...sizes, "--density", "0.1", "--json");
  assertEquals(JSON.parse(json).reachedOutputs, 2);
});

import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { type ActivationKind, loadModel, saveModel, SparseMlp } from "../mod.ts";
import { describeNetwork } from "../src/cli/report.ts";
import { exportScipy, importScipy } from "../src/files/scipy.ts";
import { activationCode, resolveActivation } from "../src/model/activation.ts";
import { activationOf } from "../src/model/settings.ts";
import { finish, xorData, xorModel } from "./trainer/data.ts";
import { withFile } from "./temporary.ts";

const EACH = ["relu", { kind: "all-relu", alpha: 0.4 }, "prelu", "tanh"] as const;
const make = () => xorModel({ sizes: [4, 8, 7, 6, 5, 2], activation: EACH });

Deno.test("SparseMlp.create() gives each hidden layer its own activation; All-ReLU's sign follows the layer", () => {
  const { layers, settings } = make();
  const codes = layers.map(({ activation: { code, slope } }) => [code, slope]);
  assertEquals(codes, [[1, 0], [1, 0.4], [4, 0], [3, 0], [0, 0]]);
  assertEquals([...layers[2].activationParameters], Array(6).fill(0.25));
  for (const [layer, activation] of EACH.entries()) {
    const resolved = resolveActivation(activation);
    assertEquals(activationOf(settings, layer), resolved);
    assertEquals(layers[layer].activation, activationCode(resolved, layer));
  }
});

Deno.test("SparseMlp.create() with a list of one activation many times is the model of that activation", () => {
  const sizes = [4, 8, 7, 2];
  const listed = xorModel({ sizes, activation: ["all-relu", "all-relu"] });
  const one = xorModel({ sizes, activation: "all-relu" });
  assertEquals(listed.memory, one.memory);
  assertEquals(xorModel({ sizes: [4, 2], activation: [] }).settings.activation, []);
});

Deno.test("SparseMlp.create() refuses a list that is not one activation for each hidden layer", () => {
  const refused = (activation: unknown, message: string) => {
    const given = activation as ActivationKind[];
    assertThrows(() => xorModel({ sizes: [4, 8, 7, 2], activation: given }), TypeError, message);
  };
  refused(["relu"], "1 activations were given, expected one for each of 2 hidden layers");
  refused(["relu", "tanh", "identity"], "3 activations were given");
  refused(["relu", "rleu"], 'activation "rleu"');
  refused(["relu", null], "activation null");
  refused(["relu", ["tanh"]], "activation is an array, expected an object");
});

Deno.test("a trained model with an activation for each layer predicts, is saved and exported as it is", async () => {
  const [model, data] = [make(), xorData(60, 20)];
  await finish(model, data, { epochs: 2, batchSize: 20 });
  const { features } = data.test!;
  const expected = model.predictProbabilities(features);
  await withFile(async (path) => {
    await saveModel(model, path);
    const { model: loaded } = await loadModel(path);
    assert(loaded.is("classification"));
    assertEquals(loaded.settings, model.settings);
    assertEquals(loaded.predictProbabilities(features), expected);
  });
  const folder = await Deno.makeTempDir();
  try {
    await exportScipy(model, folder);
    const imported = await importScipy(folder);
    assert(imported.is("classification"));
    assertEquals(imported.settings.activation, model.settings.activation);
    imported.predictProbabilities(features).forEach((value, place) =>
      assertAlmostEquals(value, expected[place], 1e-6)
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("describeNetwork() names the activation of each hidden layer where there are several", () => {
  const { settings } = SparseMlp.create({ sizes: [4, 8, 7, 2], activation: ["relu", "leaky-relu"] });
  assertEquals(describeNetwork(settings), "4 → 8 → 7 → 2, ε 20, relu, leaky-relu α 0.01, he-uniform");
});

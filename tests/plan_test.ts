import { assert, assertEquals, assertThrows } from "@std/assert";
import { activationCode, OUTPUT_CODE, resolveActivation } from "../src/model/activation.ts";
import { gradientWords, layerWords } from "../src/model/layer.ts";
import { SparseMlp } from "../src/model/model.ts";
import { chooseActivations, planNetwork } from "../src/model/plan.ts";
import { workspaceWords } from "../src/native/step.ts";
import { stateFor } from "../src/optimizer/optimizers.ts";
import { resolveHyperparameters } from "../src/train/hyperparameters.ts";

Deno.test("planNetwork() counts what a network and its work memory then take", () => {
  for (const sizes of [[300, 4000, 2000, 10], [50, 1000, 3000, 2000, 1000, 3], [40, 5000, 2]]) {
    const plan = planNetwork({ sizes, epsilon: 3, batchSize: 128, dropout: true, memoryBytes: 2 ** 40 });
    const model = SparseMlp.create({ sizes, epsilon: 3, seed: 1 });
    model.holdState(stateFor(resolveHyperparameters({}, 1)));
    const { connections } = model.stats();
    assert(Math.abs(connections - plan.connections) < 6 * Math.sqrt(connections), `${connections}`);
    const { arena, state } = model.memory;
    const actual = 4 * (arena.length + state.length) - 20 * connections;
    const planned = plan.parameterBytes - 20 * plan.connections;
    // Sections begin at cache lines: 11 of them a layer, at most 60 bytes lost in each, and one row start more.
    assert(actual >= planned && actual <= planned + sizes.length * 11 * 68, `${actual} ${planned}`);
    for (const { activationStorage, recompute, microBatch, activationBytes } of plan.choices) {
      assertEquals(microBatch, 128);
      const words = workspaceWords(model.memory, 128, {
        training: true,
        dropout: true,
        activationStorage,
        recompute,
      });
      assert(4 * words >= activationBytes && 4 * words < activationBytes + 5 * sizes.length * 64);
    }
  }
});

Deno.test("planNetwork() fits 50, 125 and 200 million neurons into the memory of a laptop", () => {
  const plan = (width: number, gibibytes: number) =>
    planNetwork({
      sizes: [65_536, ...Array(10).fill(width), 2],
      epsilon: 1,
      batchSize: 128,
      dropout: true,
      memoryBytes: gibibytes * 2 ** 30,
    });
  const chosen = (width: number, gibibytes: number) => {
    const { activationStorage, recompute, microBatch } = chooseActivations(plan(width, gibibytes));
    return { activationStorage, recompute, microBatch };
  };
  const bf16 = { activationStorage: "bf16" as const };
  assertEquals(chosen(5_000_000, 16), { ...bf16, recompute: true, microBatch: 128 });
  assertEquals(chosen(12_500_000, 16), { ...bf16, recompute: false, microBatch: 32 });
  assertEquals(chosen(20_000_000, 21), { ...bf16, recompute: true, microBatch: 32 });
  assertEquals(Math.round(plan(20_000_000, 21).connections / 1e6), 400);
});

Deno.test("workspaceWords() and layerWords() count past 2³² as planNetwork() does", () => {
  // Nothing is allocated: the layout table alone is asked. 200 million neurons, 128 samples at once.
  const width = 20_000_000;
  const sizes = [65_536, ...Array<number>(10).fill(width), 2];
  const activation = activationCode(resolveActivation("all-relu"), 0);
  const layout = Uint32Array.from(
    sizes.slice(1).flatMap((neurons, layer) => [sizes[layer], neurons, 4e7, 4e7, activation.code]),
  );
  layout[layout.length - 1] = OUTPUT_CODE.code;
  const network = { layout, slopes: new Float32Array(sizes.length - 1).fill(activation.slope) };
  const words = (use: { activationStorage?: "f32" | "bf16"; recompute?: boolean; training: boolean }) =>
    workspaceWords(network, 128, { dropout: use.training, ...use });
  const outputs = 128 * 2;
  // Two masks of 128 bits a neuron beside the activations.
  assertEquals(words({ training: true }), 10 * width * (128 + 8) + outputs);
  assertEquals(words({ training: true, activationStorage: "bf16" }), 10 * width * (64 + 8) + outputs);
  assertEquals(words({ training: true, recompute: true }), 6 * width * (128 + 8) + outputs);
  assertEquals(words({ training: false }), 2 * width * 128 + outputs);
  const plan = planNetwork({ sizes, epsilon: 1, batchSize: 128, dropout: true, memoryBytes: 2 ** 40 });
  assertEquals(plan.choices[0].activationBytes, 4 * words({ training: true }));

  const layer = { inputs: width, neurons: width, capacity: 2 ** 32 - 1, activation };
  assertEquals(layerWords(layer), 4 * 2 ** 32 + 2 * (width + 16) + width);
  assertEquals(gradientWords(layer), 2 ** 32 + width);
});

Deno.test("chooseActivations() refuses what does not fit, with the numbers", () => {
  const sizes = [65_536, 20_000_000, 20_000_000, 2];
  const plan = planNetwork({ sizes, epsilon: 5, batchSize: 128, dropout: true, memoryBytes: 2 ** 32 });
  assertThrows(() => chooseActivations(plan), RangeError, "4.00 GiB are given");
});

import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { type LayerPlan, layerWords } from "../src/model/layer.ts";
import { SparseMlp } from "../src/model/model.ts";
import { type Batch, trainBatch, workspaceWords } from "../src/native/step.ts";
import { stateFor } from "../src/optimizer/optimizers.ts";
import { sharedWords } from "../src/sparse/shared.ts";
import { evolveConnections } from "../src/topology/evolution.ts";
import { arraysOf } from "./model/content.ts";
import { blockOf, numbers, randomBatch, randomModel, runEvaluation, runStep, STEP } from "./oracle/batch.ts";

// Counts past 32 bits. Arenas are reserved but hardly touched, so that they take address space rather than memory; the
// layer with more than 2³¹ activations takes 6 GiB and runs when asked: TRULY_SPARSE_LARGE=1.
const GIBIBYTE = 2 ** 30;
const { total, available } = Deno.systemMemoryInfo();
const asked = (Deno.env.get("TRULY_SPARSE_LARGE") ?? "") !== "";

/** A copy of a model whose first layer has room for so many connections that later layers begin past `words` words. */
function spreadOut(model: SparseMlp, words: number): SparseMlp {
  const plans = model.layers.map((layer, index): LayerPlan => ({
    inputs: layer.inputs,
    neurons: layer.neurons,
    capacity: index === 0 ? Math.ceil(words / 4) : layer.capacity,
    activation: layer.activation,
  }));
  assert(layerWords(plans[0]) >= words);
  const copy = SparseMlp.allocate(model.settings, plans);
  copy.holdState(model.optimizerState!);
  for (const [index, layer] of copy.layers.entries()) {
    layer.nnz = model.layers[index].nnz;
    const from = arraysOf(model.layers[index]);
    for (const [name, array] of Object.entries(arraysOf(layer))) array.set(from[name]);
  }
  return copy;
}

for (
  const [what, words, needed] of [
    ["2³² bytes", 2 ** 30 + 1000, 8 * GIBIBYTE],
    ["2³² words", 2 ** 32 + 1000, 20 * GIBIBYTE],
  ] as const
) {
  Deno.test({
    name:
      `trainBatch() and evolveConnections() give the same bits where layers begin past ${what} of the arena`,
    ignore: total < needed,
    fn() {
      const sizes = [40, 60, 50, 3];
      const model = randomModel({ sizes, density: 0.3, activation: "prelu", seed: 5 });
      const large = spreadOut(model, words);
      const last = large.layers[large.layers.length - 1];
      assert(last.indptr.byteOffset > 4 * words);
      for (let step = 0; step < 3; step++) {
        const batch = randomBatch(sizes, 40, "classification", 9 + step).tiles(16);
        const settings = { ...STEP, dropout: 0.3, step, threads: 2 };
        assertEquals(runStep(large, batch, settings), runStep(model, batch, settings));
        assertEquals(runEvaluation(large, batch), runEvaluation(model, batch));
        for (const [index, layer] of model.layers.entries()) {
          const options = {
            zeta: 0.3,
            weights: { kind: "uniform", scale: 0.2 },
            seed: 1,
            epoch: step,
            layer: index,
          } as const;
          assertEquals(
            evolveConnections(large.layers[index], options),
            evolveConnections(layer, options),
          );
          assertEquals(arraysOf(large.layers[index]), arraysOf(layer));
        }
      }
      const features = new Float32Array(30 * sizes[0]).map(numbers(3));
      assert(large.is("classification") && model.is("classification"));
      assertEquals(large.predictProbabilities(features), model.predictProbabilities(features));
    },
  });
}

Deno.test({
  name: "trainBatch() of a layer with more than 2³¹ activations agrees with tiles of 16 samples",
  ignore: !asked || available < 8 * GIBIBYTE,
  fn() {
    const sizes = [8, 20_000_000, 2];
    const samples = 128;
    assert(sizes[1] * samples > 2 ** 31);
    const batch = randomBatch(sizes, samples, "classification", 4);
    const settings = { ...STEP, activationStorage: "bf16", dropout: 0.4, threads: 2 } as const;
    const run = (width: number) => {
      const model = SparseMlp.create({ sizes, density: [0.05, 0.2], fanIn: "sparse", seed: 7, threads: 2 });
      model.holdState(stateFor(settings));
      const tiles: Batch = batch.tiles(width);
      const words = workspaceWords(model.memory, width, {
        training: true,
        dropout: true,
        activationStorage: "bf16",
      });
      assert(width < 128 || 4 * words > 2 ** 32);
      const totals = new Float64Array(2);
      const block = blockOf(model, settings);
      trainBatch(model.memory, new Uint32Array(0), tiles, block, sharedWords(words), totals);
      return { model, loss: totals[0] };
    };
    const [wide, narrow] = [run(128), run(16)];
    // An output sums 4 million hidden units in f32 in either way; gradients and losses differ in the order of sums alone.
    assertAlmostEquals(wide.loss / narrow.loss, 1, 1e-5);
    for (const [index, layer] of wide.model.layers.entries()) {
      const other = narrow.model.layers[index];
      assertEquals(layer.nnz, other.nnz);
      for (
        const [found, expected] of [
          [layer.planes[0].subarray(0, layer.nnz), other.planes[0].subarray(0, layer.nnz)],
          [layer.values.subarray(0, layer.nnz), other.values.subarray(0, layer.nnz)],
          [layer.bias, other.bias],
        ]
      ) {
        const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        let worst = 0;
        found.forEach((value, place) => worst = Math.max(worst, Math.abs(value - expected[place])));
        // Sums of 128 products of bf16 numbers in f32: 128 · 2⁻²⁴ of the largest, and one more rounding of bf16 where
        // a delta falls on the other side of a tie.
        assert(largest > 0 && worst <= 1e-3 * largest, `layer ${index}: ${worst} of ${largest}`);
      }
    }
  },
});

import { assert, assertAlmostEquals, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { fillDefaults, trainOptions } from "../src/cli/settings.ts";
import { resumed } from "../src/cli/resume.ts";
import { madelonLike } from "../src/data/generator.ts";
import { SparseMlp } from "../src/model/model.ts";
import { weightLaw, type WeightLawOptions } from "../src/sparse/init.ts";
import { evolveConnections } from "../src/topology/evolution.ts";
import { targetScalingOf, unscaled } from "../src/model/target_scaling.ts";
import { defaultGrowthWeights, growthLaw, type GrowthWeights } from "../src/topology/growth_weights.ts";
import { smallestMagnitude } from "../src/topology/rules/magnitude.ts";
import { chosenRules } from "../src/topology/rules/rules.ts";
import type { TrainOptions } from "../src/train/options.ts";
import { newRunState } from "../src/train/state.ts";
import { newTally } from "../src/train/tally.ts";
import { run } from "./cli/process.ts";
import { copyOf, layerOf, placesOf } from "./topology/layer.ts";
import { finish } from "./trainer/data.ts";

const PLACE = { seed: 3, epoch: 4, layer: 2 };
const ZETA = 0.4;

/** Laws that are uniform and normal. */
const INITIALIZERS = ["he-uniform", "normal"] as const;

/** The weights that evolution gives to new connections, by place. */
function grown(initializer: WeightLawOptions["initializer"], weights: GrowthWeights): Map<number, number> {
  const layer = layerOf({ inputs: 50, neurons: 60, probability: 0.2 });
  const kept = copyOf(layer);
  kept.nnz -= smallestMagnitude(ZETA).drop(kept, PLACE);
  const places = placesOf(kept);
  const law = growthLaw({ inputs: 50, neurons: 60, initializer }, weights);
  evolveConnections(layer, { ...PLACE, zeta: ZETA, weights: law });
  const all = [...placesOf(layer)].map(([place, [value]]) => [place, value] as const);
  return new Map(all.filter(([place]) => !places.has(place)));
}

Deno.test("growthLaw() with a share of 1 gives the initialiser's bits, with another one its values times the share", () => {
  for (const kind of INITIALIZERS) {
    const initial = grown(kind, "initial");
    assert(initial.size > 200);
    assertEquals(grown(kind, 1), initial);
    for (const share of [0.3, 2]) {
      const scaled = grown(kind, share);
      assertEquals([...scaled.keys()], [...initial.keys()]);
      // One rounding to f32 on either side.
      for (const [place, value] of scaled) {
        assertAlmostEquals(value, share * initial.get(place)!, 1e-7 * share);
      }
    }
  }
});

Deno.test("growthLaw() with zero grows the same places with weights of exactly +0", () => {
  for (const kind of INITIALIZERS) {
    for (const zero of ["zero", 0] as const) {
      const weights = grown(kind, zero);
      assertEquals([...weights.keys()], [...grown(kind, "initial").keys()]);
      assert([...weights.values()].every((value) => Object.is(value, 0)));
    }
  }
});

const data = madelonLike({ samples: 200, testSamples: 0, features: 40, seed: 1 });
const OPTIONS: TrainOptions = { epochs: 4, batchSize: 20 };
const modelOf = (fanIn: "dense" | "sparse") =>
  SparseMlp.create({ sizes: [40, 60, 50, 2], epsilon: 5, fanIn, seed: 1 });

/** All bits of a model after a run. */
async function trained(fanIn: "dense" | "sparse", options: TrainOptions = {}): Promise<Uint32Array> {
  const model = modelOf(fanIn);
  await finish(model, data, { ...OPTIONS, ...options });
  return model.memory.arena.slice();
}

Deno.test("train() grows weights as the initialiser draws them with the dense fan-in, at zero with the sparse one", async () => {
  assertEquals(await trained("dense"), await trained("dense", { growthWeights: "initial" }));
  assertEquals(await trained("sparse"), await trained("sparse", { growthWeights: "zero" }));
  for (const fanIn of ["dense", "sparse"] as const) {
    const [initial, zero] = [
      await trained(fanIn, { growthWeights: 1 }),
      await trained(fanIn, { growthWeights: 0 }),
    ];
    assertEquals(await trained(fanIn, { growthWeights: "initial" }), initial);
    assertEquals(await trained(fanIn, { growthWeights: "zero" }), zero);
    assertNotEquals(initial, zero);
    assertNotEquals(await trained(fanIn, { growthWeights: 0.5 }), initial);
  }
});

Deno.test("train() evolves each layer by the law of its first weights where that is asked for", async () => {
  for (const fanIn of ["dense", "sparse"] as const) {
    const [model, twin] = [modelOf(fanIn), modelOf(fanIn)];
    // Two epochs with one change between them; the twin's is made by hand after the first.
    const [state, options] = [newRunState(), { ...OPTIONS, threads: 1 }];
    await finish(twin, data, { ...options, epochs: 1, state });
    for (const [layer, connections] of twin.layers.slice(0, -1).entries()) {
      const { inputs, neurons, nnz } = connections;
      const law = { inputs, neurons, initializer: "he-uniform", fanIn } as const;
      const weights = weightLaw({ ...law, probability: nnz / (inputs * neurons) });
      evolveConnections(connections, { zeta: 0.3, weights, seed: 1, epoch: 1, layer });
    }
    await finish(twin, data, { ...options, epochs: 2, state: { ...state, evolved: true } });
    await finish(model, data, { ...options, epochs: 2, growthWeights: "initial" });
    assertEquals(model.memory.arena, twin.memory.arena, fanIn);
  }
});

Deno.test("train() with the sparse fan-in does not explode where weights grow at its default", async () => {
  const lossOf = async (options: TrainOptions = {}) => {
    const sizes = [40, 100, 100, 100, 2];
    const model = SparseMlp.create({ sizes, epsilon: 10, fanIn: "sparse", seed: 1 });
    const samples = madelonLike({ samples: 400, testSamples: 0, features: 40, seed: 1 });
    const { records } = await finish(model, samples, { epochs: 30, batchSize: 20, ...options });
    return records.map(({ trainLoss }) => trainLoss);
  };
  const [byDefault, initial] = [await lossOf(), await lossOf({ growthWeights: "initial" })];
  assert(byDefault[29] < 0.5 * byDefault[0], `${byDefault}`);
  assert(initial[29] > 10 * initial[0], `${initial}`);
});

Deno.test("defaultGrowthWeights() is zero for gradients, the sparse fan-in, and targets that were standardised", () => {
  const { growth } = chosenRules({ zeta: 0.3, drop: "magnitude", growth: "random" });
  const of = (initializer: WeightLawOptions["initializer"], fanIn: "dense" | "sparse") =>
    defaultGrowthWeights(growth, { settings: { initializer, fanIn } });
  for (const initializer of ["he-uniform", "xavier"] as const) {
    assertEquals([of(initializer, "dense"), of(initializer, "sparse")], ["initial", "zero"]);
  }
  // The scale of this one is the same for both.
  assertEquals([of("normal", "dense"), of("normal", "sparse")], ["initial", "initial"]);
  const settings = { initializer: "normal", fanIn: "dense" } as const;
  assertEquals(defaultGrowthWeights({ needs: "gradients" }, { settings }), "zero");
  const targetScaling = targetScalingOf(Float32Array.of(1, 2, 4), 1);
  assertEquals(defaultGrowthWeights(growth, { settings, targetScaling }), "zero");
  // As networks of before learned them.
  assertEquals(defaultGrowthWeights(growth, { settings, targetScaling: unscaled(1) }), "initial");
});

Deno.test("resumed() knows checkpoints of before there were rules, whose weights grew at the initialiser's scale", () => {
  assertEquals(trainOptions({ "growth-weights": "zero" }).growthWeights, "zero");
  const model = modelOf("sparse");
  const checkpoint = (values: Record<string, unknown>) => ({
    model,
    training: { epoch: 1, options: { values, history: newTally(1) } },
  });
  const wanted = (values: Record<string, unknown>, given = {}) =>
    resumed(checkpoint(values), { resume: "model.safetensors", ...given }).wanted["growth-weights"];
  assertEquals(wanted({ "fan-in": "sparse" }), "initial");
  assertEquals(wanted({ "fan-in": "sparse" }, { "growth-weights": "zero" }), "zero");
  const now = { ...fillDefaults("train", { "fan-in": "sparse" }) };
  assertEquals(wanted(now), undefined, "the default of the rule");
  assertEquals(wanted({ ...now, "growth-weights": 0.5 }), 0.5);
});

Deno.test("train --growth-weights takes two names and shares, and refuses the rest", async () => {
  for (const wrong of ["half", "-0.1", "NaN", "Infinity"]) {
    const { code, stderr } = await run("train", "--growth-weights", wrong);
    assertEquals(code, 2);
    assertMatch(stderr, /expected initial, zero or a number of at least 0/);
  }
  const help = await run("train", "--help");
  assertMatch(help.stdout, /--growth-weights X\s+\[initial \| zero \| ≥ 0\]/);
});

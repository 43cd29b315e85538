import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { dropLowest } from "../src/native/drop.ts";
import { MEASURES, softScores } from "../src/native/soft.ts";
import { rebuildIncoming } from "../src/sparse/csr.ts";
import { changeTopology, type TopologySettings } from "../src/topology/change.ts";
import { SOFT } from "../src/topology/rules/soft.ts";
import { resolveHyperparameters } from "../src/train/hyperparameters.ts";
import { randomModel } from "./oracle/batch.ts";
import { denseOf, importanceOf } from "./oracle/topology_graph.ts";
import { assertInvariants, copyOf, layerOf, numberPlanes, placesOf } from "./topology/layer.ts";

const PLACE = { seed: 3, epoch: 4, layer: 2 };

const settingsOf = (options: object = {}): TopologySettings & { dropScore: never; dropTemperature: number } =>
  resolveHyperparameters(
    { seed: 7, threads: 2, epochs: 10, drop: "soft", ...options } as Parameters<
      typeof resolveHyperparameters
    >[0],
    1,
  ) as never;

Deno.test("softScores() are temperature · log(measure) of a dense reference, plus noise that does not depend on either", () => {
  for (const [inputs, neurons, probability] of [[1, 1, 1], [9, 7, 0.5], [40, 60, 0.2]] as const) {
    const layer = layerOf({ inputs, neurons, probability });
    if (layer.nnz > 3) layer.values[3] = 0;
    for (const measure of MEASURES) {
      const noise = softScores(layer, { measure, temperature: 0 }, PLACE);
      const scores = softScores(layer, { measure, temperature: 2.5 }, PLACE);
      const exact = importanceOf(denseOf(layer, (at) => layer.values[at]), measure === "relative-importance");
      for (let row = 0; row < inputs; row++) {
        for (let at = layer.indptr[row]; at < layer.indptr[row + 1]; at++) {
          const size = Math.max(exact[row][layer.indices[at]], 2 ** -126);
          // Both are rounded to 32 bits, up to 220 in size.
          assertAlmostEquals(scores[at] - noise[at], 2.5 * Math.log(size), 4e-5);
        }
      }
      for (const threads of [2, 8]) {
        assertEquals(softScores(layer, { measure, temperature: 2.5 }, { ...PLACE, threads }), scores);
      }
    }
  }
});

Deno.test("soft removal keeps sets of connections as often as drawing without replacement in proportion does", () => {
  const layer = layerOf({ inputs: 2, neurons: 3, probability: 1 });
  layer.values.set([0.5, -1, 2, 3, -0.25, 1.5]);
  const settings = { zeta: 0.5, dropScore: "magnitude", dropTemperature: 3 } as const;
  // Half-way T is 2.
  const weights = [...layer.values].map((value) => value ** 2);
  const all = weights.reduce((sum, weight) => sum + weight);
  const chances = new Map<string, number>();
  const draw = (chosen: readonly number[], chance: number, left: number) => {
    if (chosen.length === 3) {
      const name = chosen.toSorted().join();
      chances.set(name, (chances.get(name) ?? 0) + chance);
      return;
    }
    for (const [at, weight] of weights.entries()) {
      if (!chosen.includes(at)) draw([...chosen, at], chance * weight / left, left - weight);
    }
  };
  draw([], 1, all);
  const runs = 20_000;
  const hits = new Map<string, number>();
  for (let epoch = 0; epoch < runs; epoch++) {
    const kept = copyOf(layer);
    const place = { ...PLACE, epoch, settings, progress: 0.5, neighbours: {} } as never;
    assertEquals(SOFT.drop(kept, place), 3);
    const name = [...placesOf(kept).keys()].toSorted().join();
    hits.set(name, (hits.get(name) ?? 0) + 1);
  }
  // Sets that are met less than five times are counted as one.
  let [square, kinds, rareChance, rareHits] = [0, 0, 0, 0];
  for (const [name, chance] of chances) {
    const mean = runs * chance;
    if (mean < 5) {
      rareChance += chance;
      rareHits += hits.get(name) ?? 0;
    } else {
      square += ((hits.get(name) ?? 0) - mean) ** 2 / mean;
      kinds++;
    }
  }
  if (rareChance > 0) square += (rareHits - runs * rareChance) ** 2 / (runs * rareChance);
  // Mean and deviation of chi-square with k degrees of freedom are k and √(2k); six of them.
  assert(square < kinds + 6 * Math.sqrt(2 * kinds), `${square} of ${kinds}`);
});

Deno.test("changeTopology() with soft removal drops ⌊ζ·nnz⌋ at a temperature that rises from 1, and keeps weight and planes", () => {
  for (const dropScore of MEASURES) {
    for (const epoch of [1, 5, 9]) {
      const [model, twin] = [1, 2].map(() =>
        randomModel({ sizes: [20, 40, 30, 3], density: 0.2, seed: epoch })
      );
      for (const { layers } of [model, twin]) layers.forEach(numberPlanes);
      const layers = model.layers.slice(0, -1);
      const expected = layers.map((layer, index) => {
        const kept = twin.layers[index];
        const place = { seed: 7, epoch, layer: index };
        const scores = softScores(
          layer,
          { measure: dropScore, temperature: 1 + 4 * epoch / 10 },
          place,
        );
        const count = Math.floor(0.3 * layer.nnz);
        assertEquals(dropLowest(kept, scores, count), layer.nnz - count);
        kept.nnz -= count;
        return placesOf(kept);
      });
      const before = layers.map(({ nnz }) => nnz);
      changeTopology(model, settingsOf({ dropScore, dropTemperature: 5, growthWeights: "zero" }), epoch);
      for (const [index, layer] of layers.entries()) {
        assertInvariants(layer);
        assertEquals(layer.nnz, before[index]);
        const old = [...placesOf(layer)].filter(([, [, plane]]) => plane !== 0);
        assertEquals(new Map(old), expected[index]);
      }
    }
  }
});

Deno.test("soft removal keeps what is no number, drops weights of 0 first, and nothing where ζ is small", () => {
  const layer = layerOf({ inputs: 10, neurons: 10, probability: 1 });
  layer.values.fill(0.1);
  layer.values[17] = NaN;
  for (const at of [3, 40, 71]) layer.values[at] = 0;
  for (let epoch = 0; epoch < 20; epoch++) {
    const kept = copyOf(layer);
    const place = (zeta: number) =>
      ({
        ...{ ...PLACE, epoch, progress: 0, neighbours: {} },
        settings: { zeta, dropScore: "magnitude", dropTemperature: 3 },
      }) as never;
    assertEquals(SOFT.drop(kept, place(0.009)), 0);
    assertEquals(SOFT.drop(kept, place(0.03)), 3);
    rebuildIncoming(kept);
    assertInvariants(kept);
    assert([3, 40, 71].every((at) => !placesOf(kept).has(at)) && placesOf(kept).has(17));
  }
});

Deno.test("softScores() refuses measures there are not and temperatures that are none", () => {
  const layer = layerOf({ inputs: 3, neurons: 4, probability: 1 });
  const score = (options: object) => softScores(layer, options as never, PLACE);
  assertThrows(() => score({ measure: "luck", temperature: 1 }), RangeError, "measure is luck");
  assertThrows(() => score({ measure: "magnitude", temperature: -1 }), RangeError, "temperature is -1");
  assertThrows(() => score({ measure: "magnitude", temperature: NaN }), RangeError, "temperature is NaN");
  assertThrows(
    () => settingsOf({ drop: "magnitude", dropScore: "magnitude" }),
    TypeError,
    "dropScore is for drop soft",
  );
  assertThrows(() => settingsOf({ dropTemperature: 0.5 }), RangeError, "dropTemperature is 0.5");
});

import { assert, assertEquals, assertThrows } from "@std/assert";
import { smallestMagnitude } from "../src/topology/rules/magnitude.ts";
import { changeTopology, type Probe, type TopologySettings } from "../src/topology/change.ts";
import { gradientsAt } from "../src/topology/probe.ts";
import { RANDOM } from "../src/topology/rules/random.ts";
import type { GradientDropRule, GradientRule, GrowRule } from "../src/topology/rules/rule.ts";
import { absentPlaces } from "../src/native/grow.ts";
import { resolveHyperparameters } from "../src/train/hyperparameters.ts";
import { randomBatch, randomModel } from "./oracle/batch.ts";
import { backpropagate, oracleOf } from "./oracle/mlp.ts";
import { assertInvariants, placesOf } from "./topology/layer.ts";

const SIZES = [9, 24, 16, 3];
const make = (seed = 1) => randomModel({ sizes: SIZES, density: 0.3, seed });
const settings: TopologySettings = resolveHyperparameters({ seed: 7, threads: 1, epochs: 10 }, 1);

Deno.test("changeTopology() drops in all layers before it grows in one, and rebuilds incoming views between where a rule reads them", () => {
  for (const readsIncoming of [false, true]) {
    const model = make();
    const [one, two, output] = model.layers;
    const full = model.layers.map(({ nnz }) => nnz);
    const seen: number[][] = [];
    const growth: GrowRule<Parameters<typeof RANDOM.grow>[2]> = {
      name: "watching",
      readsIncoming,
      grow(connections, count, place) {
        const { below, above } = place.neighbours;
        assertEquals([below, above], place.layer === 0 ? [undefined, two] : [one, output]);
        assertEquals(place.progress, 0.4);
        assertEquals(place.settings.zeta, 0.3);
        seen.push([one.nnz, two.nnz, output.nnz]);
        if (readsIncoming) [one, two, output].forEach(assertInvariants);
        return RANDOM.grow(connections, count, place);
      },
    };
    const dropped = full.slice(0, 2).map(() => 0);
    const drop = {
      name: "counting",
      drop(connections: typeof one, place: { layer: number }) {
        return dropped[place.layer] = smallestMagnitude(0.3).drop(connections, {
          ...place,
          seed: 1,
          epoch: 1,
        });
      },
    };
    changeTopology(model, settings, 4, { rules: { drop, growth } });
    const [first, second] = full.map((nnz, layer) => nnz - (dropped[layer] ?? 0));
    assert(dropped[0] > 0 && dropped[1] > 0);
    assertEquals(seen, [[first, second, full[2]], [full[0], second, full[2]]]);
    model.layers.forEach(assertInvariants);
  }
});

Deno.test("changeTopology() gives a drop rule the gradients of the connections, of the same probe as those of candidates", () => {
  for (const grows of [false, true]) {
    const model = make(3);
    const batch = randomBatch(SIZES, 20, "classification", 3);
    const { gradients } = backpropagate(oracleOf(model), batch);
    let probes = 0;
    const probe: Probe = (places) => {
      probes++;
      return gradientsAt(model, batch.tiles(32), places, { threads: 1 });
    };
    const before = model.layers.map((layer) => placesOf(layer));
    const drop: GradientDropRule = {
      name: "looking",
      needs: "gradients",
      drop(_, { layer, gradients: found }) {
        const expected = [...before[layer].keys()].map((place) => gradients[layer].weights[place]);
        assertEquals(found.length, expected.length);
        for (const [at, slope] of expected.entries()) assert(Math.abs(found[at] - slope) < 1e-5);
        return 0;
      },
    };
    const growth: GradientRule = {
      name: "asking",
      needs: "gradients",
      candidates: (connections, place) => absentPlaces(connections, 7, place),
      grow(_, count, place) {
        assertEquals([count, place.gradients.length, place.candidates.rows.length], [0, 7, 7]);
        return 0;
      },
    };
    changeTopology(model, settings, 1, { probe, rules: grows ? { drop, growth } : { drop } });
    assertEquals(probes, 1);
    assertThrows(
      () => changeTopology(model, settings, 1, { rules: { drop } }),
      TypeError,
      'Cannot drop connections by "looking": it needs their gradients, there is no probe',
    );
  }
});

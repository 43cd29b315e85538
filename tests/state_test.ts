import { assert, assertEquals, assertNotEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { STATE_HEAD_WORDS } from "../src/model/layer.ts";
import { SparseMlp } from "../src/model/model.ts";
import { averageModels } from "../src/parallel/average.ts";
import { copyModel, copyState } from "../src/model/copy.ts";
import { attachModel, emptyReplica } from "../src/parallel/replica.ts";
import { changeTopology } from "../src/topology/change.ts";
import { compact } from "../src/topology/compaction.ts";
import { pruneByImportance } from "../src/topology/importance.ts";
import { resolveHyperparameters } from "../src/train/hyperparameters.ts";
import { arraysOf, assertSameModel, contentOf } from "./model/content.ts";
import { holdNumbers, stateOf } from "./model/state.ts";
import { placesOf } from "./topology/layer.ts";

const COUNTS = [0, 1, 2] as const;
const SIZES = [30, 50, 20, 4];
const make = (seed = 1) => SparseMlp.create({ sizes: SIZES, epsilon: 5, activation: "srelu", seed });

/** The planes of all layers, in one list. */
const planesOf = ({ layers }: SparseMlp) =>
  layers.flatMap((
    { planes, biasPlanes, activationPlanes },
  ) => [...planes, ...biasPlanes, ...activationPlanes]);

/** A copy of all arrays that are no planes. */
const parametersOf = ({ layers }: SparseMlp) =>
  layers.map((layer) =>
    Object.entries(arraysOf(layer)).filter(([name]) => !/planes/i.test(name)).map(([, array]) =>
      array.slice()
    )
  );

Deno.test("SparseMlp.holdState() makes planes of all parameters, full of 0, and touches nothing else", () => {
  for (const count of COUNTS) {
    const model = make();
    const before = parametersOf(model);
    assertEquals([model.optimizerState, model.updates, model.memory.state.length], [undefined, 0, 0]);
    model.holdState(stateOf(count));
    assertEquals(model.optimizerState, stateOf(count));
    for (const layer of model.layers) {
      const { capacity, neurons, activationParameters, planes, biasPlanes, activationPlanes } = layer;
      const lengths = [planes, biasPlanes, activationPlanes].map((list) => list.map(({ length }) => length));
      const expected = [capacity, neurons, activationParameters.length];
      assertEquals(lengths, expected.map((length) => Array(count).fill(length)));
    }
    assert(planesOf(model).every((plane) => plane.every((value) => value === 0)));
    // What each plane gets stays there: none overlaps another, or the head that counts updates.
    holdNumbers(model, count, 9);
    const numbers = planesOf(model).flatMap((plane) => [...plane]).filter((value) => value !== 0);
    assertEquals(new Set(numbers).size, numbers.length);
    assertEquals(model.updates, count === 0 ? 0 : 9);
    assert(numbers.length + STATE_HEAD_WORDS <= model.memory.state.length || count === 0);
    assertEquals(parametersOf(model), before);
  }
});

Deno.test("SparseMlp.holdState() keeps a state that is there, and begins anew where more planes are asked for", () => {
  for (const count of COUNTS) {
    const model = make();
    holdNumbers(model, count);
    const [before, { state }] = [contentOf(model), model.memory];
    model.holdState(stateOf(count));
    assertEquals(contentOf(model), before);
    assertStrictEquals(model.memory.state, state);
  }
  const model = make();
  model.holdState(stateOf(0));
  model.holdState(stateOf(1));
  assertEquals(model.layers.map(({ planes }) => planes.length), [1, 1, 1]);
});

Deno.test("SparseMlp.holdState() refuses another optimiser until discardState() has forgotten the first", () => {
  for (const [held, wanted] of [[1, 2], [2, 1], [0, 2], [2, 0]] as const) {
    const model = make();
    holdNumbers(model, held);
    const before = contentOf(model);
    const [one, other] = [stateOf(held).optimizer, stateOf(wanted).optimizer];
    assertThrows(
      () => model.holdState(stateOf(wanted)),
      TypeError,
      `Cannot train with optimizer "${other}": the model holds the state of "${one}"; go on with that one, or call discardState()`,
    );
    assertEquals(contentOf(model), before);
    model.discardState();
    assertEquals([model.optimizerState, model.updates, planesOf(model)], [undefined, 0, []]);
    model.holdState(stateOf(wanted));
    assert(planesOf(model).every((plane) => plane.every((value) => value === 0)));
    assertEquals(model.updates, 0);
  }
});

Deno.test("copyModel() copies every plane and the count of updates, and attachModel() sees those of the other", () => {
  for (const count of COUNTS) {
    const [model, other] = [make(1), make(2)];
    holdNumbers(model, count, 12);
    const replica = emptyReplica(model);
    copyModel(model, replica);
    assertSameModel(replica, model);
    const seen = attachModel(model.share());
    assertSameModel(seen, model);
    for (const plane of planesOf(seen)) plane.fill(3);
    seen.updates = 13;
    assertSameModel(seen, model);
    if (count === 0) continue;
    assertNotEquals(contentOf(replica), contentOf(model));
    copyState(model, replica);
    assertSameModel(replica, model);
    // What has no state has none copied.
    assertEquals(emptyReplica(other).optimizerState, undefined);
  }
});

Deno.test("averageModels() averages every plane of the connections that stay, and takes the largest count of updates", () => {
  for (const count of COUNTS) {
    const models = [1, 2, 3].map((draw) => {
      const model = make();
      holdNumbers(model, count, 10 * draw);
      const settings = resolveHyperparameters({ zeta: 0.5, seed: 1, threads: 1 }, 1);
      changeTopology(model, settings, 1, { draw });
      for (const plane of planesOf(model)) plane.forEach((_, at) => plane[at] *= draw);
      return model;
    });
    const target = emptyReplica(models[0]);
    averageModels(models, target);
    assertEquals(target.updates, count === 0 ? 0 : 30);
    for (const [index, layer] of target.layers.entries()) {
      const all = models.map((model) => placesOf(model.layers[index]));
      for (const [place, numbers] of placesOf(layer)) {
        const kept = all.map((places) => places.get(place) ?? Array<number>(count + 1).fill(0));
        // Each sum of three is exact in f64 and rounded to f32 once.
        const mean = numbers.map((_, at) => Math.fround(kept.reduce((sum, one) => sum + one[at], 0) / 3));
        assertEquals([...numbers], mean, `layer ${index}`);
      }
      for (const part of ["biasPlanes", "activationPlanes"] as const) {
        for (const [plane, found] of layer[part].entries()) {
          const planes = models.map((model) => model.layers[index][part][plane]);
          found.forEach((value, at) =>
            assertEquals(value, Math.fround(planes.reduce((sum, one) => sum + one[at], 0) / 3))
          );
        }
      }
    }
    const alone = emptyReplica(models[1]);
    averageModels([models[1]], alone);
    assertSameModel(alone, models[1]);
  }
});

Deno.test("compact() moves every plane with its neuron and connection, and the count of updates", () => {
  for (const count of COUNTS) {
    const model = make();
    for (const layer of model.layers.slice(0, -1)) pruneByImportance(layer, 50);
    holdNumbers(model, count);
    const { model: small, kept } = compact(model);
    assert(small.layers[0].neurons < 30);
    assertEquals([small.optimizerState, small.updates], [model.optimizerState, model.updates]);
    for (const [index, layer] of small.layers.entries()) {
      const old = model.layers[index];
      const before = placesOf(old);
      for (const [place, numbers] of placesOf(layer)) {
        const [row, column] = [Math.floor(place / layer.neurons), place % layer.neurons];
        assertEquals(numbers, before.get(kept[index][row] * old.neurons + kept[index + 1][column]));
      }
      const own = layer.activationParameters.length / layer.neurons;
      for (const [part, width] of [["biasPlanes", 1], ["activationPlanes", own]] as const) {
        assertEquals(layer[part].length, count);
        for (const [plane, found] of layer[part].entries()) {
          const expected = [...kept[index + 1]].flatMap((
            neuron,
          ) => [...old[part][plane].subarray(neuron * width, (neuron + 1) * width)]);
          assertEquals([...found], expected);
        }
      }
    }
  }
});

Deno.test("changeTopology() begins planes of new connections as the optimiser says, and keeps those of the others", () => {
  for (const count of COUNTS) {
    const model = make();
    holdNumbers(model, count);
    const before = model.layers.map((layer) => placesOf(layer));
    const biases = model.layers.map(({ biasPlanes }) => biasPlanes.map((plane) => plane.slice()));
    const settings = resolveHyperparameters({ zeta: 0.4, seed: 2, threads: 1 }, 1);
    const { replaced } = changeTopology(model, settings, 3);
    let fresh = 0;
    for (const [index, layer] of model.layers.entries()) {
      const after = [...placesOf(layer)];
      const isKept = ([place, [value]]: typeof after[number]) => before[index].get(place)?.[0] === value;
      const survivors = after.filter(isKept);
      for (const [place, numbers] of survivors) assertEquals(numbers, before[index].get(place));
      // The mean over what the drop has left.
      const mean = (plane: number) =>
        Math.fround(survivors.reduce((sum, [, [, ...kept]]) => sum + kept[plane], 0) / survivors.length);
      const starts = stateOf(count).planes.map(({ fresh }, plane) => fresh === "mean" ? mean(plane) : 0);
      for (const [, [, ...kept]] of after.filter((one) => !isKept(one))) {
        assertEquals(kept, starts);
        fresh++;
      }
    }
    assertEquals(fresh, replaced);
    assertEquals(model.layers.map(({ biasPlanes }) => biasPlanes), biases);
  }
});

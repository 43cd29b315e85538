import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { SparseMlp } from "../src/model/model.ts";
import type { SparseLayer } from "../src/model/layer.ts";
import { averageModels } from "../src/parallel/average.ts";
import { inbox, sendParametersTo, sendTopologyTo } from "../src/parallel/inbox.ts";
import { PeerAverage } from "../src/parallel/peer_average.ts";
import { Questions, questionsMemory } from "../src/parallel/questions.ts";
import { emptyReplica } from "../src/parallel/replica.ts";
import { validateConnections } from "../src/sparse/csr.ts";
import { changeTopology } from "../src/topology/change.ts";
import { resolveHyperparameters } from "../src/train/hyperparameters.ts";
import { assertSameModel, contentOf } from "./model/content.ts";
import { holdNumbers } from "./model/state.ts";

type Activation = "all-relu" | "srelu";

/** Models of one start and of topologies of their own, with `planes` of an optimiser. */
function models(count: number, planes: 0 | 1 | 2, activation: Activation = "all-relu"): SparseMlp[] {
  const start = SparseMlp.create({ sizes: [30, 50, 20, 4], epsilon: 5, activation, seed: 1 });
  holdNumbers(start, planes);
  return Array.from({ length: count }, (_, worker) => {
    const model = emptyReplica(start);
    model.memory.arena.set(start.memory.arena);
    model.memory.layout.set(start.memory.layout);
    if (planes > 0) model.memory.state.set(start.memory.state);
    const settings = resolveHyperparameters({ zeta: 0.5, threads: 1 }, 1 + worker);
    changeTopology(model, settings, 1, { draw: worker + 1 });
    for (const { values, nnz, bias, activationParameters } of model.layers) {
      values.subarray(0, nnz).forEach((_, at) =>
        values[at] += Math.fround(0.01 * (worker + 1) * (at % 7 - 3))
      );
      bias.forEach((_, at) => bias[at] = at * worker);
      activationParameters.forEach((_, at) => activationParameters[at] += worker);
    }
    return model;
  });
}

/** A layer as connections by place, and what is kept of each. */
function entries({ inputs, neurons, indptr, indices, values, planes }: SparseLayer): Map<number, number[]> {
  const all = new Map<number, number[]>();
  for (let row = 0; row < inputs; row++) {
    for (let at = indptr[row]; at < indptr[row + 1]; at++) {
      all.set(row * neurons + indices[at], [values[at], ...planes.map((plane) => plane[at])]);
    }
  }
  return all;
}

const CASES = [0, 1, 2].flatMap((planes) =>
  (["all-relu", "srelu"] as const).map((activation) => [planes as 0 | 1 | 2, activation] as const)
);

Deno.test("PeerAverage over holders is the mean of each connection that both have, and leaves the rest", () => {
  for (const [planes, activation] of CASES) {
    const [mine, other] = models(2, planes, activation);
    const before = mine.layers.map(entries);
    const dense = mine.layers.map(({ bias, activationParameters }) => [...bias, ...activationParameters]);
    const theirs = contentOf(other);
    assertEquals(new PeerAverage(mine, "holders").with(other), false);
    assertEquals(contentOf(other), theirs);
    for (const [index, layer] of mine.layers.entries()) {
      const others = entries(other.layers[index]);
      const expected = [...before[index]].map(([place, [weight, ...kept]]) => {
        const held = others.get(place);
        return [place, [held === undefined ? weight : Math.fround((weight + held[0]) / 2), ...kept]];
      });
      assertEquals([...entries(layer)], expected);
      const { bias, activationParameters } = other.layers[index];
      const means = [...bias, ...activationParameters].map((value, at) =>
        Math.fround((value + dense[index][at]) / 2)
      );
      assertEquals([...layer.bias, ...layer.activationParameters], means);
    }
  }
});

Deno.test("PeerAverage over the union is the dense mean, less the weights closest to zero", () => {
  for (const [planes, activation] of CASES) {
    const [mine, other] = models(2, planes, activation);
    const before = mine.layers.map(entries);
    assertEquals(new PeerAverage(mine, "union").with(other), true);
    for (const [index, layer] of mine.layers.entries()) {
      validateConnections(layer);
      assertEquals(layer.nnz, before[index].size);
      const others = entries(other.layers[index]);
      const places = new Set([...before[index].keys(), ...others.keys()]);
      const found = entries(layer);
      const kept: Record<string, number[]> = { "1": [], "-1": [] };
      const gone: Record<string, number[]> = { "1": [], "-1": [] };
      for (const place of places) {
        const had = before[index].get(place) ?? [0, ...layer.planes.map(() => 0)];
        const mean = Math.fround((had[0] + (others.get(place)?.[0] ?? 0)) / 2);
        const entry = found.get(place);
        if (entry !== undefined) assertEquals(entry, [mean, ...had.slice(1)]);
        if (mean !== 0) (entry === undefined ? gone : kept)[Math.sign(mean)].push(Math.abs(mean));
      }
      assert([...found.keys()].every((place) => places.has(place)));
      for (const sign of ["1", "-1"]) {
        assert(Math.max(0, ...gone[sign]) <= Math.min(...kept[sign]), `layer ${index}, sign ${sign}`);
      }
    }
  }
});

Deno.test("PeerAverage over the union keeps the topology where the other model has no connection beside", () => {
  const [mine] = models(1, 1);
  const copy = emptyReplica(mine);
  copy.memory.arena.set(mine.memory.arena);
  copy.memory.layout.set(mine.memory.layout);
  copy.memory.state.set(mine.memory.state);
  copy.updates = mine.updates;
  const before = contentOf(mine);
  for (const kind of ["holders", "union"] as const) {
    assertEquals(new PeerAverage(mine, kind).with(copy), false);
    assertEquals(contentOf(mine), before);
  }
});

Deno.test("PeerAverage refuses a model of another shape", () => {
  const [mine] = models(1, 1);
  const other = SparseMlp.create({ sizes: [31, 50, 20, 4], epsilon: 5, seed: 1 });
  for (const kind of ["holders", "union"] as const) {
    assertThrows(
      () => new PeerAverage(mine, kind).with(other),
      TypeError,
      "its layers are not those of this one",
    );
  }
});

Deno.test("averageModels() says how far the models are apart", () => {
  for (const count of [2, 3, 5]) {
    const all = models(count, 1);
    const { modelDistance, topologyOverlap } = averageModels(all, emptyReplica(all[0]))!;
    let [shared, squares, connections, pairs] = [0, 0, 0, 0];
    for (const model of all) connections += model.layers.reduce((sum, { nnz }) => sum + nnz, 0) / count;
    for (let one = 0; one < count; one++) {
      for (let two = one + 1; two < count; two++) {
        pairs++;
        for (const [index, layer] of all[one].layers.entries()) {
          const [mine, others] = [entries(layer), entries(all[two].layers[index])];
          for (const place of new Set([...mine.keys(), ...others.keys()])) {
            if (mine.has(place) && others.has(place)) shared++;
            squares += ((mine.get(place)?.[0] ?? 0) - (others.get(place)?.[0] ?? 0)) ** 2;
          }
        }
      }
    }
    assertAlmostEquals(topologyOverlap, shared / pairs / connections, 1e-12);
    assertAlmostEquals(modelDistance, squares / pairs / connections, 1e-9 * modelDistance);
  }
  const [one] = models(1, 1);
  assertEquals(averageModels([one], emptyReplica(one)), undefined);
  const same = averageModels([one, one, one], emptyReplica(one));
  assertEquals(same!.topologyOverlap, 1);
  assertAlmostEquals(same!.modelDistance, 0, 1e-15);
});

Deno.test("Questions brings a model as it is between two steps, its topology only when it is another", () => {
  const [one, two, three] = models(3, 1);
  const memory = questionsMemory(3, one);
  const [asker, asked, other] = [one, two, three].map((model, worker) =>
    new Questions(memory, { worker, thread: worker + 1 }, model)
  );
  const taken = () => {
    const { peer, model } = asker.take()!;
    const parts = model.layers.map(({ indptr, indices, values, bias, activationParameters }) => {
      const nnz = indptr[indptr.length - 1];
      return {
        indptr,
        indices: indices.slice(0, nnz),
        values: values.slice(0, nnz),
        bias,
        activationParameters,
      };
    });
    return [peer, parts];
  };
  const sent = (model: SparseMlp) =>
    model.layers.map(({ nnz, indptr, indices, values, bias, activationParameters }) => {
      return {
        indptr,
        indices: indices.slice(0, nnz),
        values: values.slice(0, nnz),
        bias,
        activationParameters,
      };
    });
  asker.ask(1);
  assertEquals([asker.take(), asker.isAnswered, other.answer()], [undefined, false, false]);
  // A second question does not take the place of the first.
  asker.ask(2);
  assertEquals([other.answer(), asked.answer(), asker.isAnswered, asked.answer()], [
    false,
    true,
    true,
    false,
  ]);
  assertEquals(taken(), [1, sent(two)]);
  assertEquals(asker.take(), undefined);
  // Nobody has said that the topology is another, so only the parameters come.
  const first = two.layers[0].indices[0];
  two.layers[0].indices[0] = first + 1;
  two.layers[0].values[0] = 7;
  asker.ask(1);
  asked.answer();
  assertEquals(memory.inboxes[0].layers[0].indices[0], first);
  assertEquals(memory.inboxes[0].layers[0].values[0], 7);
  asker.take();
  asked.topologyChanged();
  asker.ask(1);
  asked.answer();
  assertEquals(taken(), [1, sent(two)]);
  asker.ask(2);
  other.answer();
  assertEquals(taken(), [2, sent(three)]);
});

Deno.test("inbox() has room for any model of the capacities, at half the memory of a replica", () => {
  const [model] = models(1, 1);
  const box = inbox(model);
  sendTopologyTo(box, model);
  sendParametersTo(box, model);
  const again = emptyReplica(model);
  again.memory.arena.set(model.memory.arena);
  again.memory.layout.set(model.memory.layout);
  again.memory.state.set(model.memory.state);
  again.updates = model.updates;
  new PeerAverage(again, "holders").with(box);
  assertSameModel(again, model);
  const { indices, values } = box.layers[0];
  assertEquals([indices.length, values.length], [model.layers[0].capacity, model.layers[0].capacity]);
});

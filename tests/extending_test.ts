import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  absentPlaces,
  type Connections,
  type GrowthRule,
  insertConnections,
  keepStrongest,
  madelonLike,
  smallestMagnitude,
  SparseMlp,
  train,
} from "../mod.ts";

// --- the rule of docs/extending.md ---

/** Of twice as many absent places as needed, those into the neurons that the fewest connections reach. */
const balancing: GrowthRule = {
  name: "balancing",
  grow(connections, count, place) {
    const places = absentPlaces(connections, 2 * count, place);
    const reached = new Uint32Array(connections.neurons);
    for (const neuron of connections.indices.subarray(0, connections.nnz)) reached[neuron]++;
    const scores = Float32Array.from(places.columns, (neuron) => 1 / (1 + reached[neuron]));
    const chosen = keepStrongest(places, scores, Math.min(count, scores.length));
    connections.nnz = insertConnections(connections, chosen, place, place);
    return chosen.rows.length;
  },
};

// --- what it does ---

const data = madelonLike({ samples: 200, testSamples: 0, features: 30, seed: 1 });
const make = () => SparseMlp.create({ sizes: [30, 40, 35, 2], epsilon: 4, seed: 1 });

/** Places of the connections as row · neurons + column. */
function placesOf({ inputs, neurons, indptr, indices }: Connections): Set<number> {
  const places = new Set<number>();
  for (let row = 0; row < inputs; row++) {
    for (const column of indices.subarray(indptr[row], indptr[row + 1])) places.add(row * neurons + column);
  }
  return places;
}

Deno.test("train() grows by a rule that was made of public names, where that rule says", async () => {
  const options = { batchSize: 20, growth: balancing, threads: 1 } as const;
  const [model, before] = [make(), make()];
  for await (const { trainLoss } of train(model, data, { ...options, epochs: 2 })) assert(trainLoss > 0);
  for await (const _ of train(before, data, { ...options, epochs: 1 }));
  for (const [layer, connections] of before.layers.slice(0, -1).entries()) {
    const place = { seed: 1, epoch: 1, layer };
    const dropped = smallestMagnitude(0.3).drop(connections, place);
    assert(dropped > 10);
    const [kept, after] = [placesOf(connections), placesOf(model.layers[layer])];
    assertEquals(after.size, kept.size + dropped);
    const { neurons } = connections;
    const degree = (column: number) => [...kept].filter((at) => at % neurons === column).length;
    const drawn = absentPlaces(connections, 2 * dropped, place);
    const grown: number[] = [];
    const left: number[] = [];
    for (const [at, row] of drawn.rows.entries()) {
      const column = drawn.columns[at];
      (after.has(row * neurons + column) ? grown : left).push(degree(column));
    }
    assertEquals(grown.length, dropped, "what grew was drawn");
    assert(Math.max(...grown) <= Math.min(...left));
  }
});

Deno.test("docs/extending.md has the rule that is tested here", async () => {
  const [page, source] = await Promise.all([
    Deno.readTextFile(new URL("../docs/extending.md", import.meta.url)),
    Deno.readTextFile(new URL(import.meta.url)),
  ]);
  const [, rule] = /--- the rule of .* ---\n\n([\s\S]*?)\n\n\/\/ ---/.exec(source)!;
  assertStringIncludes(page, rule);
});

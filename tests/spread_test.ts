import { assert, assertEquals, assertThrows } from "@std/assert";
import { SparseMlp } from "../mod.ts";
import { spreadConnections } from "../src/sparse/spread.ts";

/** The scale c by bisection: Σ min(n·m, c·(n + m)) is the total. */
function byBisection(sizes: readonly number[], total: number): number[] {
  const layers = sizes.slice(1).map((neurons, layer) => [sizes[layer], neurons]);
  const counts = (c: number) => layers.map(([n, m]) => Math.min(n * m, c * (n + m)));
  let [low, high] = [0, Math.max(...layers.map(([n, m]) => n * m))];
  for (let round = 0; round < 200; round++) {
    const middle = (low + high) / 2;
    if (counts(middle).reduce((sum, count) => sum + count, 0) < total) low = middle;
    else high = middle;
  }
  return counts(high);
}

Deno.test("spreadConnections() adds up exactly and is within one of (n + m) in proportion, full layers aside", () => {
  for (
    const sizes of [[784, 1000, 1000, 1000, 10], [5, 3, 2], [1, 1], [3072, 4000, 1000, 4000, 10], [9, 1, 9]]
  ) {
    const places = sizes.slice(1).map((neurons, layer) => sizes[layer] * neurons);
    const all = places.reduce((sum, count) => sum + count, 0);
    for (const density of [0, 1e-3, 0.01, 0.05, 0.3, 0.77, 0.999, 1]) {
      const counts = spreadConnections(sizes, density);
      assertEquals(counts.reduce((sum, count) => sum + count, 0), Math.round(density * all));
      const expected = byBisection(sizes, Math.round(density * all));
      counts.forEach((count, layer) => {
        assert(Number.isInteger(count) && count <= places[layer]);
        assert(Math.abs(count - expected[layer]) < 1 + 1e-6, `${sizes} ${density}: ${counts}, ${expected}`);
      });
    }
  }
  for (const density of [-0.1, 1.1, NaN]) {
    assertThrows(() => spreadConnections([2, 2], density), RangeError, `density is ${density}`);
  }
});

Deno.test("SparseMlp.create() with overallDensity has exactly as many connections, for any number of threads", () => {
  const options = { sizes: [30, 40, 50, 4], overallDensity: 0.1, seed: 3 } as const;
  const model = SparseMlp.create(options);
  const counts = model.layers.map(({ nnz }) => nnz);
  assertEquals(counts, spreadConnections(options.sizes, 0.1));
  assertEquals(counts.reduce((sum, count) => sum + count, 0), Math.round(0.1 * (1200 + 2000 + 200)));
  assertEquals(model.settings.overallDensity, 0.1);
  assertEquals(model.settings.epsilon, undefined);
  const other = SparseMlp.create({ ...options, threads: 4 });
  assertEquals(other.memory.arena, model.memory.arena);
  assert(
    SparseMlp.create({ ...options, seed: 4 }).layers[0].indices.join() !== model.layers[0].indices.join(),
  );
  for (const excluded of [{ epsilon: 3 }, { density: 0.2 }]) {
    assertThrows(() => SparseMlp.create({ ...options, ...excluded }), TypeError, "were both given");
  }
  assertThrows(
    () => SparseMlp.create({ ...options, overallDensity: 0 }),
    RangeError,
    "overallDensity is 0",
  );
  assertThrows(
    () => SparseMlp.create({ ...options, overallDensity: 1.5 }),
    RangeError,
    "overallDensity is 1.5",
  );
});

Deno.test("places of an exact layer are equally likely", () => {
  const hits = new Array<number>(12).fill(0);
  for (let seed = 0; seed < 2000; seed++) {
    const [layer] = SparseMlp.create({ sizes: [3, 4], overallDensity: 0.5, seed }).layers;
    assertEquals(layer.nnz, 6);
    const { rows, columns } = layer.connections();
    rows.forEach((row, at) => hits[4 * row + columns[at]]++);
  }
  // Mean 1000, standard deviation 22.4; six of them.
  assert(hits.every((count) => Math.abs(count - 1000) < 135), String(hits));
});

import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { madelonLike, SparseMlp } from "../mod.ts";
import { validateConnections } from "../src/sparse/csr.ts";
import { correlatedPlaces } from "../src/sparse/correlation.ts";

/** Samples of features that go together in pairs, more or less; the third is constant. */
function samplesOf(count: number, features: number): Float32Array {
  const values = new Float32Array(count * features);
  let state = 1;
  const random = () => (state = (Math.imul(state, 48271) >>> 0) % 0x7fffffff) / 0x7fffffff - 0.5;
  for (let sample = 0; sample < count; sample++) {
    const shared = random();
    for (let feature = 0; feature < features; feature++) {
      values[sample * features + feature] = feature === 2
        ? 7
        : (feature % 2 === 0 ? -1 : 1) * shared * feature + 3 * random();
    }
  }
  return values;
}

/** Pearson's r of two features, from its definition. */
function pearson(values: Float32Array, features: number, one: number, other: number): number {
  const count = values.length / features;
  const column = (feature: number) => Array.from({ length: count }, (_, s) => values[s * features + feature]);
  const centred = (numbers: number[]) => {
    const mean = numbers.reduce((sum, number) => sum + number, 0) / count;
    return numbers.map((number) => number - mean);
  };
  const [x, y] = [centred(column(one)), centred(column(other))];
  const dot = (a: number[], b: number[]) => a.reduce((sum, number, at) => sum + number * b[at], 0);
  const product = Math.sqrt(dot(x, x) * dot(y, y));
  return product === 0 ? 0 : dot(x, y) / product;
}

Deno.test("csti takes the places of the largest |correlation| of the whole tiled matrix", () => {
  const [count, features] = [700, 9];
  const values = samplesOf(count, features);
  for (const neurons of [4, 9, 23]) {
    const whole = Math.floor(neurons / features) * features;
    const standsFor = (neuron: number) =>
      neuron < whole ? neuron % features : Math.floor((neuron - whole) * features / (neurons - whole));
    const all = Array.from({ length: features * neurons }, (_, place) => {
      const [row, column] = [Math.floor(place / neurons), place % neurons];
      const feature = standsFor(column);
      return { place, score: row === feature ? 0 : Math.abs(pearson(values, features, row, feature)) };
    });
    for (const wanted of [0, 1, 17, 30]) {
      const found = correlatedPlaces(
        { features: values, samples: count, featureCount: features },
        { neurons, count: wanted },
      );
      const best = all.filter(({ score }) => score > 0)
        .toSorted((a, b) => b.score - a.score || a.place - b.place).slice(0, wanted);
      const places = Array.from(found.rows, (row, at) => row * neurons + found.columns[at]);
      assertEquals(places.length, Math.min(wanted, all.filter(({ score }) => score > 0).length));
      // Both (i, j) and (j, i) have one score, so the last place may be one of two by the last bit; scores are alike.
      const scores = (list: readonly number[]) =>
        list.map((place) => all[place].score).toSorted((a, b) => a - b);
      scores(places).forEach((score, at) =>
        assertAlmostEquals(score, scores(best.map(({ place }) => place))[at], 1e-6)
      );
      assertEquals(places, places.toSorted((a, b) => a - b));
    }
  }
});

Deno.test("csti gives the same bits for any number of threads, and needs samples", () => {
  const data = madelonLike({ samples: 3000, features: 40, seed: 2 });
  const options = { hidden: [60, 30], overallDensity: 0.2, start: "csti", seed: 1 } as const;
  const told: number[] = [];
  const model = SparseMlp.for(data, { ...options, onProgress: (done) => void told.push(done) });
  const [first] = model.layers;
  assertEquals(told.at(-1), 3);
  assert(told[0] > 0 && told[0] < 1, String(told));
  assertEquals(SparseMlp.for(data, { ...options, threads: 3 }).memory.arena, model.memory.arena);
  model.layers.forEach((layer) => validateConnections(layer));
  const { rows, columns } = first.connections();
  // Neuron 0 stands for feature 0.
  assert(rows.every((row, at) => columns[at] !== row || columns[at] >= 40));
  assertThrows(
    () => SparseMlp.create({ sizes: [40, 60, 2], start: "csti" }),
    TypeError,
    'start is "csti", which correlates features of samples; make it by SparseMlp.for(data, …)',
  );
  const shape = { featureCount: 40, outputCount: 2, task: "classification" } as const;
  assertThrows(() => SparseMlp.for(shape, options), TypeError, "data.train is undefined");
  const bad = { ...shape, train: { features: new Float32Array(80).fill(NaN) } };
  assertThrows(() => SparseMlp.for(bad, options), RangeError);
});

Deno.test("csti fills up at random where too few features go together", () => {
  const data = { featureCount: 3, outputCount: 2, task: "classification" } as const;
  const train = { features: new Float32Array([1, 1, 5, 2, 2, 5, 3, 3, 5]) };
  // Features 0 and 1 are equal, 2 is constant: two places of nine.
  const model = SparseMlp.for({ ...data, train }, { hidden: [3], density: 0.5, start: "csti" });
  const { rows, columns } = model.layers[0].connections();
  const places = Array.from(rows, (row, at) => 3 * row + columns[at]);
  assertEquals(places.length, 5);
  assert(places.includes(1) && places.includes(3));
});

Deno.test("correlatedPlaces() refuses work beyond its bound, with the numbers", () => {
  const given = { features: new Uint8Array(0), samples: 1e6, featureCount: 65_536 };
  assertThrows(
    () => correlatedPlaces(given, { neurons: 10, count: 10 }),
    RangeError,
    "Cannot correlate 65536 features of 1000000 samples: 2.1e+15 products are more than 2e+13",
  );
});

Deno.test("brf draws as many connections as asked for, equally many a neuron, near its own place", () => {
  const model = SparseMlp.create({
    sizes: [60, 90, 30, 4],
    density: [0.1, 0.1, 1],
    start: "brf",
    rewiring: 0,
  });
  assertEquals(model.layers.map(({ nnz }) => nnz), [540, 270, 120]);
  assertEquals(model.settings.rewiring, 0);
  for (const layer of model.layers.slice(0, 2)) {
    validateConnections(layer);
    const { rows, columns } = layer.connections();
    const degrees = layer.nnz / layer.neurons;
    rows.forEach((row, at) => {
      const centre = Math.floor((2 * columns[at] + 1) * layer.inputs / (2 * layer.neurons));
      const distance = Math.min(Math.abs(row - centre), layer.inputs - Math.abs(row - centre));
      assert(distance <= Math.ceil(degrees / 2));
    });
  }
  assertEquals(
    SparseMlp.create({ sizes: [60, 90, 3], start: "brf", seed: 4, threads: 3 }).memory.arena,
    SparseMlp.create({ sizes: [60, 90, 3], start: "brf", seed: 4 }).memory.arena,
  );
  assertEquals(SparseMlp.create({ sizes: [4, 3], start: "brf" }).settings.rewiring, 0.5);
  assertThrows(
    () => SparseMlp.create({ sizes: [4, 3], rewiring: 0.5 }),
    TypeError,
    'rewiring is for start "brf"',
  );
  assertThrows(
    () => SparseMlp.create({ sizes: [4, 3], start: "brf", rewiring: 2 }),
    RangeError,
    "rewiring is 2",
  );
  assertThrows(
    () => SparseMlp.create({ sizes: [4, 3], start: "ring" as "brf" }),
    RangeError,
    "start is ring",
  );
});

import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { absentPlaces } from "../src/native/grow.ts";
import { type Connections, rebuildIncoming } from "../src/sparse/csr.ts";
import { removeConnections } from "../src/sparse/removal.ts";
import { evolveByRules, evolveConnections } from "../src/topology/evolution.ts";
import { neuronImportance } from "../src/topology/importance.ts";
import { smallestMagnitude } from "../src/topology/rules/magnitude.ts";
import { uniformGrowth } from "../src/topology/rules/random.ts";
import type { DropRule, GrowRule } from "../src/topology/rules/rule.ts";
import { assertInvariants, copyOf, layerOf, numberPlanes, placesOf } from "./topology/layer.ts";

const WEIGHTS = { kind: "uniform", scale: 0.25 } as const;
const PLACE = { seed: 3, epoch: 4, layer: 2 };

/** A layer that keeps other numbers of each connection. */
function movingLayer(inputs: number, neurons: number, probability: number, planes = 1): Connections {
  const layer = layerOf({ inputs, neurons, probability, planes });
  numberPlanes(layer);
  return layer;
}

/** The places that SET drops, by sorting in f64. */
function smallestPlaces(layer: Connections, zeta: number): Set<number> {
  const all = [...placesOf(layer)].map(([place, [value]]) => ({ place, value }));
  const dropped = new Set<number>();
  for (const negative of [false, true]) {
    const side = all.filter(({ value }) => (value < 0 || Object.is(value, -0)) === negative);
    side.sort((a, b) => Math.abs(a.value) - Math.abs(b.value) || a.place - b.place);
    for (const { place } of side.slice(0, Math.floor(zeta * side.length))) dropped.add(place);
  }
  return dropped;
}

Deno.test("evolveConnections() drops what sorting drops, keeps the rest and grows as many", () => {
  const shapes = [[1, 1, 1], [1, 90, 0.3], [90, 1, 0.3], [31, 57, 0.2], [31, 57, 0.9], [784, 1000, 0.04]];
  const states = [[], ["zero"], ["mean"], ["zero", "mean"], ["mean", "zero"]] as const;
  const cases = [0, 0.3, 0.999].flatMap((zeta) => states.map((starts) => [zeta, starts] as const));
  for (const [inputs, neurons, probability] of shapes) {
    for (const [zeta, starts] of cases) {
      const layer = movingLayer(inputs, neurons, probability, starts.length);
      const [before, gone, nnz] = [placesOf(layer), smallestPlaces(layer, zeta), layer.nnz];
      const counts = evolveConnections(layer, { ...PLACE, zeta, weights: WEIGHTS, fresh: starts });
      assertEquals(counts, { dropped: gone.size, grown: gone.size });
      assertEquals(layer.nnz, nnz);
      assertInvariants(layer);
      const after = placesOf(layer);
      for (const [place, kept] of before) if (!gone.has(place)) assertEquals(after.get(place), kept);
      const fresh = [...after].filter(([place]) => !before.has(place) || gone.has(place));
      assertEquals(fresh.length, gone.size);
      const stayed = [...before].filter(([place]) => !gone.has(place));
      const start = starts.map((start, plane) => {
        if (start === "zero") return 0;
        return Math.fround(stayed.reduce((sum, [, [, ...kept]]) => sum + kept[plane], 0) / stayed.length);
      });
      for (const [, [value, ...kept]] of fresh) {
        assert(Math.abs(value) <= WEIGHTS.scale);
        // A layer of which nothing stayed has no mean.
        assertEquals(kept, stayed.length > 0 ? start : start.map(() => 0));
      }
    }
  }
});

Deno.test("evolveConnections() gives the same bits for 1, 2 and 4 threads, others for another epoch", () => {
  for (const [inputs, neurons, probability] of [[784, 1000, 0.05], [3_000, 2_000, 0.05]]) {
    const start = movingLayer(inputs, neurons, probability, 2);
    const evolved = (options: { threads?: number; epoch?: number }) => {
      const layer = copyOf(start);
      evolveConnections(layer, {
        ...PLACE,
        zeta: 0.3,
        weights: WEIGHTS,
        fresh: ["zero", "mean"],
        ...options,
      });
      return layer;
    };
    const one = evolved({});
    for (const threads of [2, 4]) assertEquals(evolved({ threads }), one);
    assertNotEquals(evolved({ epoch: 5 }).indices, one.indices);
  }
});

Deno.test("evolveConnections() keeps nnz over many epochs, also of a full and of an empty layer", () => {
  for (const probability of [0, 0.1, 1]) {
    const layer = layerOf({ inputs: 40, neurons: 30, probability });
    const { nnz } = layer;
    for (let epoch = 0; epoch < 20; epoch++) {
      evolveConnections(layer, { ...PLACE, epoch, zeta: 0.5, weights: WEIGHTS });
      assertEquals(layer.nnz, nnz);
      assertInvariants(layer);
    }
  }
});

Deno.test("evolveConnections() works below capacity", () => {
  const layer = movingLayer(20, 30, 0.5);
  const dropped = smallestMagnitude(0.6).drop(layer, PLACE);
  const nnz = layer.nnz;
  assertEquals(nnz, layer.capacity - dropped);
  evolveConnections(layer, { ...PLACE, zeta: 0.3, weights: WEIGHTS });
  assertEquals(layer.nnz, nnz);
  assertInvariants(layer);
});

Deno.test("evolveConnections() grows at every absent place equally often", () => {
  const start = layerOf({ inputs: 6, neurons: 8, probability: 0.4 });
  const kept = new Set(placesOf(start).keys());
  smallestPlaces(start, 0.5).forEach((place) => kept.delete(place));
  const hits = new Map<number, number>();
  const [epochs, absent, grown] = [4_000, 48 - kept.size, start.nnz - kept.size];
  for (let epoch = 0; epoch < epochs; epoch++) {
    const layer = copyOf(start);
    evolveConnections(layer, { ...PLACE, epoch, zeta: 0.5, weights: WEIGHTS });
    for (const place of placesOf(layer).keys()) {
      if (!kept.has(place)) hits.set(place, (hits.get(place) ?? 0) + 1);
    }
  }
  assertEquals(hits.size, absent);
  const mean = grown * epochs / absent;
  const chiSquare = [...hits.values()].reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
  // Drawn without replacement, so below chi-square with absent − 1 < 47 degrees of freedom; 0.9999 quantile 91.
  assert(chiSquare < 91, `${chiSquare} over ${absent} places`);
});

Deno.test("evolveByRules() takes other rules", () => {
  const layer = movingLayer(10, 10, 0.5);
  const { nnz } = layer;
  const dropLast: DropRule = {
    name: "last row",
    drop(connections) {
      const dropped = connections.nnz - connections.indptr[9];
      connections.nnz = connections.indptr[10] = connections.indptr[9];
      return dropped;
    },
  };
  const growNothing: GrowRule = { name: "nothing", grow: () => 0 };
  const counts = evolveByRules(layer, { ...PLACE, drop: dropLast, grow: growNothing });
  assertEquals(counts.grown, 0);
  assertEquals(layer.nnz, nnz - counts.dropped);
  assertInvariants(layer);
  assertEquals(evolveByRules(layer, { ...PLACE, drop: smallestMagnitude(0), grow: uniformGrowth(WEIGHTS) }), {
    dropped: 0,
    grown: 0,
  });
});

Deno.test("evolveConnections() refuses a wrong zeta and arrays of wrong length, changing nothing", () => {
  const layer = movingLayer(10, 10, 0.5);
  const before = copyOf(layer);
  for (const zeta of [-0.1, 1, NaN]) {
    assertThrows(
      () => evolveConnections(layer, { ...PLACE, zeta, weights: WEIGHTS }),
      RangeError,
      `zeta is ${zeta}`,
    );
  }
  for (const name of ["indptr", "indices", "incomingPtr", "source", "position"] as const) {
    const broken = { ...layer, [name]: layer[name].subarray(1) };
    assertThrows(() => evolveConnections(broken, { ...PLACE, zeta: 0.3, weights: WEIGHTS }), TypeError, name);
  }
  const [values, planes] = [layer.values.subarray(1), layer.planes.map((plane) => plane.subarray(1))];
  for (const [name, change] of [["values", { values }], ["plane 1", { planes }]] as const) {
    const broken = { ...layer, ...change };
    assertThrows(() => evolveConnections(broken, { ...PLACE, zeta: 0.3, weights: WEIGHTS }), TypeError, name);
  }
  assertEquals(copyOf(layer), before);
  assertThrows(() => uniformGrowth(WEIGHTS).grow(layer, 1, PLACE), TypeError, "Cannot grow connections");
  assertThrows(
    () => uniformGrowth({ kind: "normal", scale: NaN }).grow(layer, 1, PLACE),
    RangeError,
    "Cannot grow connections",
  );
});

Deno.test("what changes or reads connections refuses row starts that cannot be, changing nothing", () => {
  const uses: [string, (layer: Connections) => unknown][] = [
    ["evolve", (layer) => evolveConnections(layer, { ...PLACE, zeta: 0.3, weights: WEIGHTS })],
    ["remove", (layer) => removeConnections(layer, () => true)],
    ["draw", (layer) => absentPlaces(layer, 3, PLACE)],
    ["rebuild", (layer) => rebuildIncoming(layer)],
  ];
  const wrong: [(indptr: Uint32Array) => void, string][] = [
    [(indptr) => indptr.fill(1, 0, 1), "indptr begins with 1, expected 0"],
    [(indptr) => indptr.fill(4e9, 3, 4), "element 3 of indptr is 4000000000, expected a number from"],
    [(indptr) => indptr.fill(indptr[4] + 1, 3, 4), "element 4 of indptr is"],
    [(indptr) => indptr.subarray(1, 6).forEach((_, row, rows) => rows[row] = row * 2654435761), "of indptr"],
  ];
  for (const [name, use] of uses) {
    for (const [breakRows, message] of wrong) {
      const layer = movingLayer(6, 5, 0.6);
      breakRows(layer.indptr);
      const before = copyOf(layer);
      assertThrows(() => use(layer), TypeError, message, name);
      assertEquals(layer, before);
    }
  }
});

Deno.test("neuronImportance() refuses an incoming view that is outdated or damaged", () => {
  const layer = movingLayer(6, 5, 0.6);
  layer.nnz = removeConnections(layer, (row) => row === 1);
  assertThrows(() => neuronImportance(layer), TypeError, "rebuildIncoming() is needed");
  rebuildIncoming(layer);
  assertEquals(neuronImportance(layer).length, 5);
  layer.incomingPtr[2] = 4e9;
  assertThrows(() => neuronImportance(layer), TypeError, "element 2 of incomingPtr is 4000000000");
});

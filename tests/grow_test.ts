import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { dropSmallest } from "../src/native/drop.ts";
import { absentPlaces, growRandom, insertConnections, type Places } from "../src/native/grow.ts";
import { type Connections, rebuildIncoming, validateConnections } from "../src/sparse/csr.ts";
import { copyOf, layerOf, numberPlanes, placesOf, planesOf } from "./topology/layer.ts";

const PLACE = { seed: 3, epoch: 4, layer: 2 };
const WEIGHTS = { kind: "uniform", scale: 0.25 } as const;

/** A layer with room for `room` more connections, and another number in each place of each plane. */
function layerWithRoom(
  size: { inputs: number; neurons: number; probability: number },
  room: number,
  planes: number,
) {
  const full = layerOf({ ...size, planes });
  const capacity = full.nnz + room;
  const integers = (from: Uint32Array) => {
    const array = new Uint32Array(capacity);
    array.set(from);
    return array;
  };
  const values = new Float32Array(capacity);
  values.set(full.values);
  const layer: Connections = {
    ...full,
    capacity,
    values,
    ...{ indices: integers(full.indices), source: integers(full.source), position: integers(full.position) },
    planes: planesOf(planes, capacity),
  };
  numberPlanes(layer);
  return layer;
}

/** Places as numbers, `row · neurons + column`. */
const numbersOf = (places: Places, neurons: number) =>
  [...places.rows].map((row, at) => row * neurons + places.columns[at]);

/** Every place without a connection, in matrix order. */
function allAbsent(layer: Connections): number[] {
  const taken = placesOf(layer);
  return Array.from({ length: layer.inputs * layer.neurons }, (_, place) => place).filter((place) =>
    !taken.has(place)
  );
}

/** Numbers as places. */
function at(numbers: readonly number[], neurons: number): Places {
  return {
    rows: Uint32Array.from(numbers, (place) => Math.floor(place / neurons)),
    columns: Uint32Array.from(numbers, (place) => place % neurons),
  };
}

const SHAPES = [[1, 1, 0], [1, 90, 0.3], [90, 1, 0.3], [31, 57, 0.2], [31, 57, 0.95], [
  700,
  400,
  0.04,
]] as const;

Deno.test("absentPlaces() draws distinct places without a connection in matrix order, as many as there are at most", () => {
  for (const [inputs, neurons, probability] of SHAPES) {
    const layer = layerOf({ inputs, neurons, probability });
    const absent = allAbsent(layer);
    for (const count of [0, 1, absent.length >> 1, absent.length, absent.length + 5]) {
      const drawn = absentPlaces(layer, count, PLACE);
      const found = numbersOf(drawn, neurons);
      assertEquals(found.length, Math.min(count, absent.length));
      assert(found.every((place, at) => at === 0 || place > found[at - 1]), "in order");
      const known = new Set(absent);
      assert(found.every((place) => known.has(place)), "without a connection");
      if (count >= absent.length) assertEquals(found, absent);
      for (const threads of [2, 4]) assertEquals(absentPlaces(layer, count, { ...PLACE, threads }), drawn);
    }
  }
});

Deno.test("absentPlaces() draws each place equally often, others for each seed, epoch and layer", () => {
  const layer = layerOf({ inputs: 6, neurons: 8, probability: 0.4 });
  const absent = allAbsent(layer);
  const hits = new Map(absent.map((place) => [place, 0]));
  const [draws, count] = [4000, 5];
  for (let epoch = 0; epoch < draws; epoch++) {
    for (const place of numbersOf(absentPlaces(layer, count, { ...PLACE, epoch }), 8)) {
      hits.set(place, hits.get(place)! + 1);
    }
  }
  const mean = draws * count / absent.length;
  const chiSquare = [...hits.values()].reduce((sum, hit) => sum + (hit - mean) ** 2 / mean, 0);
  // Drawn without replacement, so below chi-square with fewer than 47 degrees of freedom; 0.9999 quantile 91.
  assert(chiSquare < 91, `${chiSquare} over ${absent.length} places`);
  const wide = layerOf({ inputs: 60, neurons: 80, probability: 0.1 });
  const places = absentPlaces(wide, 100, PLACE);
  for (const other of [{ seed: 4 }, { epoch: 5 }, { layer: 3 }]) {
    assertNotEquals(absentPlaces(wide, 100, { ...PLACE, ...other }), places);
  }
});

Deno.test("insertConnections() adds connections at the places, with weights of the law and planes that begin as asked for", () => {
  const starts = [[], ["zero"], ["mean"], ["mean", "zero"], ["zero", "mean"]] as const;
  for (const [inputs, neurons, probability] of SHAPES) {
    for (const fresh of starts) {
      const room = Math.min(50, inputs * neurons - layerOf({ inputs, neurons, probability }).nnz);
      const layer = layerWithRoom({ inputs, neurons, probability }, room, fresh.length);
      const before = placesOf(layer);
      const absent = allAbsent(layer);
      // The first, the last and some between.
      const step = Math.max(1, Math.ceil(absent.length / room));
      const chosen = absent.filter((_, at) => at % step === 0).slice(0, room);
      const nnz = insertConnections(layer, at(chosen, neurons), { weights: WEIGHTS, fresh }, PLACE);
      assertEquals(nnz, before.size + chosen.length);
      layer.nnz = nnz;
      rebuildIncoming(layer);
      validateConnections(layer);
      const after = placesOf(layer);
      for (const [place, numbers] of before) assertEquals(after.get(place), numbers);
      const mean = (plane: number) =>
        Math.fround([...before.values()].reduce((sum, [, ...kept]) => sum + kept[plane], 0) / before.size);
      const start = fresh.map((one, plane) => one === "mean" && before.size > 0 ? mean(plane) : 0);
      for (const place of chosen) {
        const [value, ...kept] = after.get(place)!;
        assert(Math.abs(value) <= WEIGHTS.scale);
        assertEquals(kept, start);
      }
    }
  }
});

Deno.test("insertConnections() gives the same bits for any number of threads, and those of growRandom() where it draws the places", () => {
  const start = layerWithRoom({ inputs: 700, neurons: 900, probability: 0.2 }, 30_000, 2);
  const seedling = { weights: WEIGHTS, fresh: ["zero", "mean"] } as const;
  const grown = copyOf(start);
  grown.nnz = growRandom(grown, 30_000, seedling, PLACE);
  const places = absentPlaces(start, 30_000, PLACE);
  for (const threads of [1, 2, 4]) {
    const layer = copyOf(start);
    layer.nnz = insertConnections(layer, places, seedling, { ...PLACE, threads });
    assertEquals(layer, grown, `${threads} threads`);
  }
});

Deno.test("insertConnections() gives a place the same weight whatever else is inserted, and 0 where the law has no scale", () => {
  const size = { inputs: 20, neurons: 30, probability: 0.3 };
  const absent = allAbsent(layerOf(size));
  const [some, more] = [absent.slice(10, 20), absent.slice(0, 60)];
  const [one, other] = [some, more].map((chosen) => {
    const layer = layerWithRoom(size, 60, 1);
    layer.nnz = insertConnections(layer, at(chosen, 30), { weights: WEIGHTS }, PLACE);
    return placesOf(layer);
  });
  for (const place of some) assertEquals(one.get(place), other.get(place));
  for (const kind of ["uniform", "normal"] as const) {
    const layer = layerWithRoom(size, 60, 1);
    layer.nnz = insertConnections(layer, at(some, 30), { weights: { kind, scale: 0 } }, PLACE);
    for (const place of some) assertEquals(placesOf(layer).get(place), [0, 0]);
  }
});

Deno.test("insertConnections() works where SET has dropped, and gives back a layer as large as it was", () => {
  const layer = layerOf({ inputs: 40, neurons: 50, probability: 0.4, planes: 2 });
  numberPlanes(layer);
  const { nnz } = layer;
  layer.nnz = dropSmallest(layer, 0.3);
  const missing = nnz - layer.nnz;
  assert(missing > 100);
  layer.nnz = insertConnections(layer, absentPlaces(layer, missing, PLACE), { weights: WEIGHTS }, PLACE);
  assertEquals(layer.nnz, nnz);
  rebuildIncoming(layer);
  validateConnections(layer);
});

Deno.test("insertConnections() refuses places that are taken, repeated, out of order or outside, and too many, changing nothing", () => {
  const size = { inputs: 20, neurons: 30, probability: 0.3 };
  const layer = layerWithRoom(size, 10, 2);
  const before = copyOf(layer);
  const absent = allAbsent(layer);
  const [taken] = placesOf(layer).keys();
  const outside = { rows: Uint32Array.of(0, 20), columns: Uint32Array.of(absent[0], 0) };
  const beside = { rows: Uint32Array.of(0, 0), columns: Uint32Array.of(absent[0], 30) };
  const wrong: [Places, string][] = [
    [at([taken], 30), "do not form a valid sparse matrix"],
    [at([absent[1], absent[1]], 30), "do not form a valid sparse matrix"],
    [at([absent[2], absent[1]], 30), "do not form a valid sparse matrix"],
    [outside, "do not form a valid sparse matrix"],
    [beside, "do not form a valid sparse matrix"],
    [at(absent.slice(0, 11), 30), "a buffer has the wrong length"],
    [{ rows: Uint32Array.of(0, 1), columns: Uint32Array.of(0) }, "there are 2 rows and 1 columns"],
  ];
  for (const [places, message] of wrong) {
    const grow = () => insertConnections(layer, places, { weights: WEIGHTS }, PLACE);
    const { message: found } = assertThrows(grow, TypeError, "Cannot grow connections: ");
    assert(found.includes(message), found);
    assertEquals(copyOf(layer), before, message);
  }
});

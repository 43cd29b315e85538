import { assertEquals, assertThrows } from "@std/assert";
import { absentPlaces, insertConnections } from "../src/native/grow.ts";
import { SparseMlp } from "../src/model/model.ts";
import { rebuildIncoming } from "../src/sparse/csr.ts";
import { type ConnectionFilter, type ConnectionPlaces, removeConnections } from "../src/sparse/removal.ts";
import { assertInvariants, copyOf, layerOf, numberPlanes, placesOf } from "./topology/layer.ts";

const PLACE = { seed: 3, epoch: 4, layer: 2 };

/** Every `share`-th connection in an order that is not the matrix's, as row · neurons + column. */
function someOf(layer: ReturnType<typeof layerOf>, share: number): number[] {
  const places = [...placesOf(layer).keys()].filter((_, at) => at % share === 0);
  return places.map((_, at) => places[(at * 7919) % places.length])
    .filter((place, at, all) => all.indexOf(place) === at);
}

Deno.test("removeConnections() takes out those at the places, in any order, and keeps weight and planes of the others", () => {
  for (const planes of [0, 1, 2]) {
    for (
      const [inputs, neurons, probability] of [[1, 1, 1], [1, 90, 0.3], [90, 1, 0.3], [31, 57, 0.2]] as const
    ) {
      for (const share of [1, 2, 5, 1000]) {
        const layer = layerOf({ inputs, neurons, probability, planes });
        numberPlanes(layer);
        const [before, going] = [placesOf(layer), someOf(layer, share)];
        const rows = going.map((place) => Math.floor(place / neurons));
        const columns = Uint16Array.from(going, (place) => place % neurons);
        layer.nnz = removeConnections(layer, { rows, columns });
        rebuildIncoming(layer);
        assertInvariants(layer);
        for (const place of going) before.delete(place);
        assertEquals(placesOf(layer), before);
        assertEquals(layer.nnz, before.size);
      }
    }
  }
});

Deno.test("removeConnections() takes out those for which a function says so, called once for each in matrix order", () => {
  const layer = layerOf({ inputs: 20, neurons: 30, probability: 0.3 });
  numberPlanes(layer);
  const before = placesOf(layer);
  const asked: number[] = [];
  layer.nnz = removeConnections(layer, (row, column, value) => {
    asked.push(row * 30 + column);
    assertEquals(value, before.get(row * 30 + column)?.[0]);
    return Math.abs(value) < 0.4;
  });
  rebuildIncoming(layer);
  assertInvariants(layer);
  assertEquals(asked, [...before.keys()]);
  assertEquals(placesOf(layer), new Map([...before].filter(([, [value]]) => Math.abs(value) >= 0.4)));
});

Deno.test("removeConnections() undoes insertConnections() bit for bit", () => {
  const model = SparseMlp.create({ sizes: [20, 30, 2], density: 0.3, seed: 1 });
  const [layer] = model.layers;
  const all = placesOf(layer);
  const half = (row: number, column: number) => (row + column) % 2 === 0;
  layer.nnz = removeConnections(layer, half);
  rebuildIncoming(layer);
  const before = {
    indptr: layer.indptr.slice(),
    incomingPtr: layer.incomingPtr.slice(),
    indices: layer.indices.slice(),
    values: layer.values.slice(),
    source: layer.source.slice(),
    position: layer.position.slice(),
  };
  const places = absentPlaces(layer, all.size - layer.nnz, PLACE);
  layer.nnz = insertConnections(layer, places, { weights: { kind: "normal", scale: 1 } }, PLACE);
  layer.nnz = removeConnections(layer, places);
  rebuildIncoming(layer);
  for (const name of ["indices", "values", "source", "position"] as const) {
    assertEquals(layer[name].subarray(0, layer.nnz), before[name].subarray(0, layer.nnz));
  }
  assertEquals([layer.indptr, layer.incomingPtr], [before.indptr, before.incomingPtr]);
});

Deno.test("a model refuses to run while the incoming view of a changed layer is not rebuilt, though as many grew as went", () => {
  const model = SparseMlp.create({ sizes: [4, 6, 3], density: 0.5, seed: 1 });
  const [layer] = model.layers;
  const features = [[1, 2, 3, 4]];
  const before = model.forward(features);
  const places = absentPlaces(layer, 2, PLACE);
  const nnz = layer.nnz;
  let left = 2;
  layer.nnz = removeConnections(layer, () => left-- > 0);
  layer.nnz = insertConnections(layer, places, { weights: { kind: "uniform", scale: 0 } }, PLACE);
  assertEquals(layer.nnz, nnz);
  assertThrows(() => model.forward(features), TypeError, "the indices do not form a valid sparse matrix");
  rebuildIncoming(layer);
  assertEquals(model.forward(features).length, before.length);
});

Deno.test("removeConnections() refuses places that are absent, repeated or outside, and answers that are none, changing nothing", () => {
  const layer = layerOf({ inputs: 3, neurons: 4, probability: 1 });
  layer.nnz = removeConnections(layer, { rows: [1], columns: [2] });
  rebuildIncoming(layer);
  numberPlanes(layer);
  const before = copyOf(layer);
  const strange = (value: unknown) => value as never;
  const refusals: readonly (readonly [ConnectionPlaces | ConnectionFilter, typeof Error, string])[] = [
    [
      { rows: [0, 1], columns: [0, 2] },
      TypeError,
      "there is no connection from input 1 to neuron 2 (place 1",
    ],
    [{ rows: [2, 0, 2], columns: [3, 0, 3] }, TypeError, "named twice from input 2 to neuron 3 (place 2"],
    [{ rows: [3], columns: [0] }, RangeError, "number 0 of rows is 3, expected a whole number from 0"],
    [{ rows: [0], columns: [4] }, RangeError, "number 0 of columns is 4"],
    [{ rows: [0.5], columns: [0] }, RangeError, "number 0 of rows is 0.5"],
    [{ rows: [0, 1], columns: [0] }, TypeError, "columns are 1 numbers, expected 2"],
    [{ rows: strange(["0"]), columns: [0] }, TypeError, "element 0 of rows is a string"],
    [strange({ rows: [0] }), TypeError, "columns is undefined"],
    [strange({ rows: [0], column: [0] }), TypeError, 'did you mean "columns"?'],
    [strange([0, 1]), TypeError, "the places are an array, expected rows and columns or a function"],
    [strange(() => 1), TypeError, "the function returned 1, expected true or false"],
    [strange(() => undefined), TypeError, "the function returned undefined"],
    [
      () => {
        throw new RangeError("not today");
      },
      RangeError,
      "not today",
    ],
  ];
  for (const [chosen, kind, message] of refusals) {
    assertThrows(() => removeConnections(layer, chosen), kind, message);
    assertEquals(layer, before);
  }
  for (const odd of [null, {}, { ...layer, indptr: [0, 1] }, { ...layer, planes: undefined }]) {
    assertThrows(() => removeConnections(strange(odd), () => true), TypeError, "Cannot remove connections: ");
  }
  const damaged = copyOf(layer);
  damaged.indptr.fill(4_000_000_000);
  assertThrows(
    () => removeConnections(damaged, () => true),
    TypeError,
    "indptr begins with 4000000000, expected 0",
  );
});

import { assert, assertAlmostEquals, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  type Dataset,
  InferenceModel,
  predictRows,
  readTable,
  type ReadTableOptions,
  type Row,
  SparseMlp,
  train,
} from "../mod.ts";

const NAMES = ["mass", "colour", "age", "flag", "kind"];
const LINES = Array.from({ length: 90 }, (_, row) => [
  row % 11 === 0 ? "" : `${(row * 7) % 13 + 0.1}`,
  row % 13 === 0 ? "" : row === 5 ? "rare" : row % 2 ? "red" : "blue",
  `${1.7e9 + row}`,
  `${row % 3 === 0 ? 1 : 0}`,
  row % 2 ? "ripe" : "raw",
]);

function bytesOf(lines: readonly (readonly string[])[], names = NAMES): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode([names, ...lines].map((line) => line.join(",")).join("\n"));
}

async function trained(options: ReadTableOptions): Promise<{ data: Dataset; model: SparseMlp }> {
  const data = await readTable(bytesOf(LINES), { test: 0, ...options });
  const model = SparseMlp.create({
    sizes: [data.featureCount, 12, data.outputCount],
    task: data.task,
    epsilon: 8,
    seed: 1,
  });
  for await (const _ of train(model, data, { epochs: 5, batchSize: 10, learningRate: 0.005 }));
  return { data, model };
}

/** The table as rows, with columns in another order and numbers as numbers. */
const ROWS: readonly Row[] = LINES.map(([mass, colour, age, flag, kind]) => ({
  kind,
  flag: flag === "1",
  age: Number(age),
  mass: mass === "" ? null : Number(mass),
  colour,
}));

Deno.test("predictRows() says of rows what the model says of the same table in a file", async () => {
  const { data, model } = await trained({ label: "kind" });
  assert(model.is("classification"));
  const expected = model.predictProbabilities(data.train.features);
  const rows = predictRows(model, ROWS);
  assertEquals(rows.length, LINES.length);
  for (const [index, row] of rows.entries()) {
    assertEquals(row.probabilities, { raw: expected[2 * index], ripe: expected[2 * index + 1] });
    assertEquals(row.class, expected[2 * index + 1] > expected[2 * index] ? "ripe" : "raw");
  }
  assertEquals(predictRows(new InferenceModel(model), ROWS, { threads: 2 }), rows);
  const alone = model.predictProbabilities(data.train.features.subarray(0, data.featureCount));
  assertEquals(predictRows(model, ROWS.slice(0, 1))[0].probabilities, { raw: alone[0], ripe: alone[1] });
  assertEquals(predictRows(model, []), []);
});

Deno.test("predictRows() gives the values of several targets by their names, in their own unit", async () => {
  const { data, model } = await trained({ label: ["age", "flag"], ignoreColumns: "kind" });
  const expected = model.predict(data.train.features);
  const [first] = predictRows(model, ROWS);
  assertEquals(first, { values: { age: expected[0], flag: expected[1] } });
  assertAlmostEquals(first.values!.age, 1.7e9, 1e4);
});

Deno.test("predictRows() fills in, passes over and tells what a file's reader would", async () => {
  const { model } = await trained({ label: "kind" });
  const notices: string[] = [];
  const onNotice = (line: string) => void notices.push(line);
  predictRows(model, [{ mass: NaN, colour: "teal", age: 1.7e9, flag: 0, zip: 4 }, {
    colour: "red\nish",
    age: "1700000001",
    flag: true,
  }], { onNotice });
  assertEquals(notices, [
    '"rows": it has 1 column that the model does not know, passed over: "zip"',
    '"rows": 2 missing cells were filled in ("mass" 2)',
    '"rows": "colour": 2 cells hold categories never seen in training, the first in row 0: "teal"',
  ]);
});

Deno.test("predictRows() names what is missing, misspelled or no number, with row and column", async () => {
  const { model } = await trained({ label: "kind" });
  const row = { mass: 1, colour: "red", age: 1.7e9, flag: 0 };
  const bad: readonly (readonly [unknown, string])[] = [
    [[{ ...row, mass: undefined, color: "red" }, { mass: 1, age: 1, flag: 0, color: "red" }], ""],
    [
      [{ mass: 1, age: 1.7e9, flag: 0, color: "red" }],
      'it has no column "colour", which the model was trained on; the nearest is "color"',
    ],
    [[row, { ...row, mass: "heavy" }], 'row 1, column 1 ("mass") holds "heavy", a number is needed'],
    [[row, { ...row, colour: "a\nb" }, { ...row, age: "1,5" }], 'row 2, column 3 ("age") holds "1,5"'],
    [[{ ...row, mass: 1e300 }], 'row 0, column 1 ("mass") holds "1e+300", which does not fit into 32 bits'],
    [[{ ...row, mass: new Date(0) }], '"mass" of row 0 of rows is a Date'],
    [[[1, "red", 3, 0]], "row 0 of rows is a list of 4, expected an object"],
    [row, "rows are an object, expected a list of objects"],
    [undefined, "rows are undefined"],
  ];
  for (const [rows, message] of bad) {
    if (message === "") {
      assertEquals(predictRows(model, rows as Row[]).length, 2);
      continue;
    }
    const { message: found } = assertThrows(() => predictRows(model, rows as Row[]), Error);
    assertStringIncludes(found, message);
  }
});

Deno.test("predictRows() refuses models without names of columns, and says which method takes arrays", async () => {
  const bare = SparseMlp.create({ sizes: [2, 4, 2], seed: 1 });
  assertThrows(
    () => predictRows(bare, [{ x: 1, y: 2 }]),
    TypeError,
    "the model was trained on arrays of numbers, not on a table; predictClasses or predictProbabilities takes arrays",
  );
  const numbers = Array.from({ length: 20 }, (_, row) => [`${row}`, `${row % 4}`, `${row % 2}`]);
  const data = await readTable(bytesOf(numbers.slice(1), numbers[0]), { header: false, test: 0 });
  const model = SparseMlp.create({ sizes: [2, 4, 2], seed: 1 });
  for await (const _ of train(model, data, { epochs: 1, batchSize: 10 }));
  assertThrows(
    () => predictRows(model, [{ x: 1, y: 2 }]),
    TypeError,
    "had no header, so its columns have no names",
  );
  assertThrows(
    () => predictRows({} as SparseMlp, []),
    TypeError,
    "the model is an object, expected a SparseMlp",
  );
});

Deno.test("predictRows() refuses options it does not know", async () => {
  const { model } = await trained({ label: "kind" });
  const call = (options: object) => () => predictRows(model, ROWS, options);
  assertThrows(call({ thread: 2 }), TypeError, 'there is no option "thread", did you mean "threads"?');
  assertThrows(call({ threads: 0 }), RangeError, "threads is 0");
  assertThrows(call({ onNotice: 1 }), TypeError, "onNotice is 1, expected a function");
});

Deno.test("predictRows() finds a column whose accent is stored apart from its letter", async () => {
  const lines = Array.from({ length: 12 }, (_, row) => [`${row}`, row % 2 ? "a" : "b"]);
  const data = await readTable(bytesOf(lines, ["m\u00e8tre", "y"]), { test: 0 });
  const model = SparseMlp.create({ sizes: [1, 4, 2], seed: 1 });
  for await (const _ of train(model, data, { epochs: 1, batchSize: 6 }));
  const [one] = predictRows(model, [{ "me\u0300tre": 3 }]);
  assertEquals(one, predictRows(model, [{ "m\u00e8tre": 3 }])[0]);
  assert(one.class !== undefined);
});

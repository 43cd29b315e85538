import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { openDelimited } from "../src/data/table/delimited.ts";
import { type RowOptions, samplesOfRows } from "../src/data/table/row_samples.ts";
import type { Row } from "../src/data/table/rows.ts";
import { readTrainingTable } from "../src/data/table/table_samples.ts";

/** Rows of all kinds of cells; some columns need 64 bits, some are missing here and there. */
function madeUp(count: number): Row[] {
  return Array.from({ length: count }, (_, row) => {
    const random = Math.abs(Math.sin(1 + row) * 1e4) % 1;
    return {
      mass: random * 10,
      time: 1.7e9 + 0.001 * row,
      tie: row % 3 === 0 ? 1 + 2 ** -24 : 1.5,
      colour: ["red", "blue", 'a, "b"\nc'][row % 3],
      maybe: row % 5 === 0 ? undefined : row % 7 === 0 ? NaN : -row,
      note: row % 4 === 0 ? null : row % 4 === 1 ? "" : "yes",
      flag: row % 2 === 0,
      big: BigInt(row) * 3n,
      species: row % 3 === 0 ? "setosa" : "virginica",
    };
  });
}

function bits(floats: Float32Array): Uint32Array {
  return new Uint32Array(Float32Array.from(floats).buffer);
}

function csvOf(rows: readonly Row[]): Uint8Array {
  const cell = (value: unknown) => {
    const text = value === undefined || value === null || Number.isNaN(value) ? "" : String(value);
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const names = Object.keys(rows[0]);
  const lines = [names, ...rows.map((row) => names.map((name) => row[name]))];
  return new TextEncoder().encode(lines.map((line) => line.map(cell).join(",")).join("\n") + "\n");
}

Deno.test("samplesOfRows() gives the samples and schema of the same table in a CSV file, bit for bit", async () => {
  for (const count of [1, 2, 700, 20_000]) {
    const rows = madeUp(count);
    const options: RowOptions = count === 1 ? { categories: "colour,note,flag" } : {};
    const [notices, others]: [string[], string[]] = [[], []];
    const labelled = { ...options, labelColumn: "species" };
    const found = samplesOfRows(rows, {
      ...labelled,
      threads: 2,
      name: "data",
      onNotice: (line) => void notices.push(line),
    });
    const table = await openDelimited(csvOf(rows));
    const expected = await readTrainingTable(table, {
      ...labelled,
      threads: 1,
      onNotice: (line) => void others.push(line),
    });
    assertEquals(found.schema, expected.schema);
    assertEquals([found.featureNames, found.classNames], [expected.featureNames, expected.classNames]);
    assertEquals([...found.labels], [...expected.labels]);
    assertEquals(bits(found.features), bits(expected.features));
    assertEquals(notices, others);
  }
});

Deno.test("samplesOfRows() reads targets, weights, several labels and no label at all", () => {
  const rows = Array.from({ length: 8 }, (_, row) => ({
    x: row,
    low: row / 2,
    high: 2 * row,
    weight: 1 + row,
    sweet: row % 2 === 0,
    red: row % 3 === 0 ? "yes" : "No",
  }));
  const targets = samplesOfRows(rows, {
    labelColumn: ["high", "low"],
    weightColumn: "weight",
    ignoreColumns: "sweet,red",
  });
  assertEquals([targets.task, targets.featureNames], ["regression", ["x"]]);
  assertEquals([...targets.targets.subarray(2, 6)], [2, 0.5, 4, 1]);
  assertEquals([...targets.weights!], [1, 2, 3, 4, 5, 6, 7, 8]);
  const labels = samplesOfRows(rows, {
    task: "multi-label",
    labelColumn: ["sweet", "red"],
    ignoreColumns: ["low", "high", "weight"],
  });
  assertEquals([labels.task, labels.classNames, labels.labels.length], ["multi-label", ["sweet", "red"], 0]);
  assertEquals([...labels.targets], [1, 1, 0, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0]);
  const none = samplesOfRows(rows, { labelColumn: [], ignoreColumns: "sweet,red" });
  assertEquals([none.labels.length, none.targets.length, none.featureCount], [0, 0, 4]);
});

Deno.test("samplesOfRows() takes the columns of all rows; one that a row lacks is missing there", () => {
  const notices: string[] = [];
  const { featureNames, features } = samplesOfRows([{ a: 1, y: "u" }, { b: 2, y: "v" }, {
    y: "u",
    a: 3,
    b: 4,
  }], {
    labelColumn: "y",
    onNotice: (line) => void notices.push(line),
  });
  assertEquals(featureNames, ["a", "a is missing", "b", "b is missing"]);
  assertEquals([...features], [1, 0, 3, 1, 2, 1, 2, 0, 3, 0, 4, 0]);
  assertStringIncludes(notices.join("\n"), 'Missing: 2 cells filled in ("a" 1, "b" 1)');
});

Deno.test("samplesOfRows() reads each cell once, whatever its getter gives later", () => {
  let reads = 0;
  const changing = {
    get x() {
      return ++reads;
    },
    y: "a",
  };
  const { features } = samplesOfRows([changing, { x: 10, y: "b" }], { labelColumn: "y" });
  assertEquals([reads, ...features], [1, 1, 10]);
});

Deno.test("samplesOfRows() names row and column of what no table can hold", () => {
  const thrower = {
    get x(): number {
      throw new Error("mine");
    },
  };
  const revoked = Proxy.revocable({ x: 1 }, {});
  revoked.revoke();
  const bad: readonly (readonly [unknown, string])[] = [
    [[{ x: new Date(0) }], '"x" of row 0 of rows is a Date, make numbers of it'],
    [[{ x: 1 }, { x: { y: 1 } }], '"x" of row 1 of rows is an object, expected a number, a text'],
    [[{ x: [1] }], '"x" of row 0 of rows is a list of 1'],
    [[{ x: Infinity }], '"x" of row 0 of rows is Infinity, a finite number is needed'],
    [[{ x: Symbol("s") }], "is a symbol"],
    [[{ x: "\ud800" }], "half a character"],
    [[thrower], '"x" of row 0 of rows cannot be read'],
    [[revoked.proxy], "row 0 of rows cannot be read"],
    [[{ x: 1 }, [1]], "row 1 of rows is a list of 1, expected an object"],
    [[null], "row 0 of rows is null"],
    [[new Date(0)], "row 0 of rows is a Date"],
    [[], "rows are an empty list"],
    [[{}], "rows have no columns"],
    [new Float32Array(2), "rows are a Float32Array of 2"],
    [
      new Proxy([], { get: (_, key) => key === "length" ? 2 ** 40 : undefined }),
      "a list of length 1099511627776",
    ],
  ];
  for (const [rows, message] of bad) {
    const error = assertThrows(() => samplesOfRows(rows as Row[], { labelColumn: [] }), TypeError);
    assertStringIncludes(error.message, message);
  }
});

Deno.test("samplesOfRows() speaks of rows and of the options of the call, not of lines and those of the command line", () => {
  const rows = [{ x: 1, "two\nlines": "a\nb", y: "a" }, { x: 2, "two\nlines": "a\nb", y: null }, {
    x: 3,
    y: "b",
  }];
  const missing = assertThrows(() => samplesOfRows(rows, { labelColumn: "y" }), SyntaxError);
  assertStringIncludes(missing.message, 'row 1, "y" of "rows": the label is missing');
  assertStringIncludes(missing.message, 'missingLabels: "drop" or "class"');
  const notices: string[] = [];
  samplesOfRows(rows, { missingLabels: "drop", onNotice: (line) => void notices.push(line) });
  assertStringIncludes(notices.join("\n"), '"y"; 2 classes');
  const guessed = [{ a: 1, b: "p" }, { a: 2, b: "q" }];
  samplesOfRows(guessed, { onNotice: (line) => void notices.push(line) });
  assertStringIncludes(notices.join("\n"), "(labels)");
  assert(!notices.join("\n").includes("--"), notices.join("\n"));
});

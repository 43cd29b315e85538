import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { SchemaOptions } from "../src/data/table/choose_schema.ts";
import type { TableReading, TableSamples } from "../src/data/table/reading.ts";
import { readTrainingTable } from "../src/data/table/table_samples.ts";
import { rowsTable } from "./table/rows.ts";

interface Read {
  readonly data: TableSamples;
  readonly lines: readonly string[];
}

async function read(
  text: string,
  options: SchemaOptions & TableReading & { header?: boolean } = {},
): Promise<Read> {
  const { header = true, ...rest } = options;
  const lines: string[] = [];
  const onNotice = (line: string) => lines.push(line);
  return { data: await readTrainingTable(rowsTable(text, { header }), { ...rest, onNotice }), lines };
}

async function fault(text: string, options: SchemaOptions = {}): Promise<string> {
  const cause = await assertRejects(() => read(text, options), Error);
  assert(!cause.message.includes("\n"));
  return cause.message;
}

const table = (head: string, rows: number, row: (index: number) => unknown[]) =>
  [head, ...Array.from({ length: rows }, (_, index) => row(index).join(","))].join("\n");

Deno.test("readTrainingTable() makes numbers, categories and classes, and says so", async () => {
  const colours = ["red", "green", "green", "red", "blue", ""];
  const { data, lines } = await read(
    table("mass,colour,label", 12, (row) => [row === 3 ? "NA" : row, colours[row % 6], row % 2 ? "b" : "a"]),
  );
  assertEquals(data.featureNames, [
    "mass",
    "mass is missing",
    "colour=blue",
    "colour=green",
    "colour=red",
    "colour=(missing)",
  ]);
  assertEquals([...data.features.subarray(0, 6)], [0, 0, 0, 0, 1, 0]);
  // The mean of the eleven others stands for what is missing.
  assertEquals([...data.features.subarray(18, 24)], [Math.fround((66 - 3) / 11), 1, 0, 0, 1, 0]);
  assertEquals([...data.features.subarray(30, 36)], [5, 0, 0, 0, 0, 1]);
  assertEquals([data.classNames, [...data.labels.subarray(0, 3)]], [["a", "b"], [0, 1, 0]]);
  assertEquals(lines, [
    'Label: "label"; 2 classes',
    "Inputs: 1 number and 1 category (colour), 6 inputs; 1 says where a number is missing",
    'Missing: 3 cells filled in ("mass" 1, "colour" 2)',
  ]);
});

Deno.test("readTrainingTable() guesses the last column for the label, and says that it guessed", async () => {
  const { data, lines } = await read(table("a,kind", 4, (row) => [row * 1.5, row % 2]));
  assertEquals(data.classNames, ["0", "1"]);
  assertStringIncludes(lines[0], 'Label: "kind", a guess: the last column, none is called label, class');
  const named = await read(table("Class,a,b", 4, (row) => [row % 2, row, 1]));
  assertEquals([...named.data.features.subarray(0, 4)], [0, 1, 1, 1]);
});

Deno.test("readTrainingTable() takes many different numbers for regression, and never ids", async () => {
  const prices = await read(table("a,price", 60, (row) => [row % 7, row + 0.25]));
  assertEquals([prices.data.task, prices.data.targets.length], ["regression", 60]);
  assertStringIncludes(prices.lines[0], "60 different numbers with fractions in 60 rows (--task)");
  assertEquals(
    (await read(table("a,grade", 60, (row) => [row % 7, row % 9 / 2]))).data.task,
    "classification",
  );
  const asked = await read(table("a,price", 60, (row) => [row, row + 0.25]), { task: "classification" });
  assertEquals(asked.data.classNames.length, 60);
  const id = (row: number) => [row % 5, `7402453813514977${row % 30 + 10}`];
  const ids = await read(table("a,label", 60, id));
  assertEquals([ids.data.task, ids.data.classNames.length], ["classification", 30]);
  assertEquals(ids.data.classNames[0], "740245381351497710");
});

Deno.test("readTrainingTable() standardises in 64 bits what 32 bits would make alike", async () => {
  const { data, lines } = await read(
    table("time,b,label", 42, (row) => [1700000000 + row * 3, row, row % 2]),
  );
  const times = new Set(Array.from({ length: 42 }, (_, row) => data.features[2 * row]));
  assertEquals(times.size, 42);
  assertEquals([data.features[1], data.features[3]], [0, 1]);
  assertStringIncludes(lines[1], 'standardised in 64 bits: "time"');
  const huge = await read(table("a,label", 10, (row) => [`${row + 1}e60`, row % 2]));
  assert(huge.data.features.every((value) => Math.abs(value) < 2));
});

Deno.test("readTrainingTable() passes over row numbers, empty columns and texts that never change", async () => {
  const { data, lines } = await read(
    table("Unnamed: 0,id,a,unit,empty,label", 30, (row) => [row, 100 + row, row * row, "mg", "", row % 2]),
  );
  assertEquals(data.featureNames, ["a"]);
  assertStringIncludes(
    lines[2],
    'Ignored: "Unnamed: 0" (counts the rows), "id" (counts the rows), "unit" (always "mg"), "empty" (no values)',
  );
  // A time that counts the rows is a measurement, and so is an id that does not.
  const kept = await read(table("time,id,label", 30, (row) => [row, row * row, row % 2]));
  assertEquals(kept.data.featureNames, ["time", "id"]);
  const asked = await read(table("a,b,label", 4, (row) => [row, row, row % 2]), { ignoreColumns: ["b"] });
  assertStringIncludes(asked.lines[2], 'Ignored: "b" (asked for)');
});

Deno.test("readTrainingTable() puts rare categories together, and numbers among categories by wish", async () => {
  const { data } = await read(
    table(
      "town,code,label",
      40,
      (row) => [row < 2 ? `t${row}` : row % 2 ? "Oslo" : "Rome", row % 3, row % 2],
    ),
    { categories: "code" },
  );
  assertEquals(data.featureNames, ["town=Oslo", "town=Rome", "town=(other)", "code=0", "code=1", "code=2"]);
  assertEquals([...data.features.subarray(0, 6)], [0, 0, 1, 1, 0, 0]);
});

Deno.test("readTrainingTable() refuses dates, names and mixed columns with advice", async () => {
  const column = (cells: (row: number) => unknown) =>
    table("a,x,label", 40, (row) => [row, cells(row), row % 2]);
  const dates = await fault(column((row) => `2024-05-${10 + row % 4}`));
  assertStringIncludes(
    dates,
    'Cannot use "x" of "rows.csv": line 2 is "2024-05-10", a date or time; make numbers',
  );
  for (const date of ["3.12.2021", "12/24/98", "2021/03/04 10:20", "14:03", "5 Jan 2020", "Jan 5, 2020"]) {
    assertStringIncludes(
      await fault(table("x,label", 4, (row) => [`${date}`.replace(",", ""), row % 2])),
      "a date",
    );
  }
  const names = await fault(column((row) => `name${row}`));
  assertStringIncludes(names, '"x" of "rows.csv": it holds 40 different texts in 40 rows, the first "name0"');
  const mixed = await fault(column((row) => row === 7 ? "3+" : row));
  assertStringIncludes(
    mixed,
    'line 9 is "3+", 39 others are numbers; correct it, take texts for missing (--numbers)',
  );
  const { data, lines } = await read(column((row) => row === 7 ? "3+" : row), { numbers: "x" });
  assertEquals([...data.features.subarray(21, 24)], [7, Math.fround((780 - 7) / 39), 1]);
  assertStringIncludes(lines[2], 'Missing: 1 cell filled in ("x" 1)');
});

Deno.test("readTrainingTable() refuses missing cells where it is told to", async () => {
  const text = table("a,x,label", 4, (row) => [row, row === 2 ? "NA" : row, row % 2]);
  assertStringIncludes(
    await fault(text, { missing: "refuse" }),
    'Cannot use "x" of "rows.csv": line 4 is missing ("NA")',
  );
});

Deno.test("readTrainingTable() refuses missing labels by line, leaves them out, or makes them a class", async () => {
  for (const spelling of ["", "NA", "?"]) {
    const text = table("a,label", 8, (row) => [row, row === 2 || row === 5 ? spelling : row % 2]);
    const refused = await fault(text);
    assertStringIncludes(refused, 'Cannot use line 4, "label" of "rows.csv": the label is missing');
    assertStringIncludes(
      refused,
      "as 1 more are); correct it, leave such rows out, or make them a class",
    );
    const { data, lines } = await read(text, { missingLabels: "drop" });
    assertEquals([data.samples, [...data.features], data.classNames], [6, [0, 1, 3, 4, 6, 7], ["0", "1"]]);
    assertEquals([...data.labels], [0, 1, 1, 0, 0, 1]);
    assertStringIncludes(lines[2], "2 labels are missing: such rows are left out");
    const own = await read(text, { missingLabels: "class" });
    assertEquals([own.data.samples, own.data.classNames], [8, ["0", "1", "(missing)"]]);
  }
  const targets = table("a,price", 8, (row) => [row, row === 2 ? "NA" : row + 0.5]);
  const { data } = await read(targets, { task: "regression", missingLabels: "drop" });
  assertEquals([...data.targets], [0.5, 1.5, 3.5, 4.5, 5.5, 6.5, 7.5]);
});

Deno.test("readTrainingTable() refuses two columns of one name, naming both", async () => {
  assertEquals(
    await fault("score,label,score2,label\n1,0,2,0\n3,1,4,1"),
    'Cannot tell which column of "rows.csv" is the label: columns 2 and 4 are called "label" and "label"; give its index',
  );
  assertStringIncludes(
    await fault("a,label,a\n1,0,2\n3,1,4"),
    'columns 1 and 3 are both called "a"; rename one, or ignore both by their index (--ignore-columns 0,2)',
  );
  const ignored = await read("a,label,a,b\n1,0,2,5\n3,1,4,6", { ignoreColumns: "0,2" });
  assertEquals(ignored.data.featureNames, ["b"]);
});

Deno.test("readTrainingTable() reads weights and several targets", async () => {
  const { data, lines } = await read("a,y1,w,y2\n1,2,0.5,4\n5,6,2,8", {
    labelColumn: "y2,y1",
    weightColumn: "w",
  });
  assertEquals([data.task, [...data.targets], [...data.features]], ["regression", [4, 2, 8, 6], [1, 5]]);
  assertEquals([...data.weights!], [0.5, 2]);
  assertEquals(lines[0], 'Label: "y2", "y1"; numbers to predict; weights are "w"');
  assertStringIncludes(
    await fault("a,y,w\n1,2,-1\n3,4,1", { weightColumn: "w", labelColumn: "y" }),
    "the least is -1, expected 0 or more",
  );
});

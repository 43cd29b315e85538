import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { matchTable } from "../src/data/table/match.ts";
import type { TableSamples } from "../src/data/table/reading.ts";
import { knownWindows, readKnownTable, readTrainingTable } from "../src/data/table/table_samples.ts";
import { rowsTable } from "./table/rows.ts";

const TRAINING = "age,mass,colour,label\n1,10,red,a\n2,20,red,b\n3,30,blue,a\n4,40,blue,b";

async function trained(text = TRAINING, header = true): Promise<TableSamples> {
  return await readTrainingTable(rowsTable(text, { header }));
}

/** Features of the first row as a model knows them, and what was told. */
async function reread(text: string, known: TableSamples, header = true) {
  const notices: string[] = [];
  const onNotice = (notice: string) => notices.push(notice);
  const { features, labels, samples } = await readKnownTable(rowsTable(text, { header }), known, {
    onNotice,
  });
  return { first: [...features.subarray(0, features.length / samples)], labels: [...labels], notices };
}

async function predicted(text: string, known: TableSamples, header = true) {
  const notices: string[] = [];
  const onNotice = (notice: string) => notices.push(notice);
  const windows = await Array.fromAsync(
    knownWindows(rowsTable(text, { header }), known.schema, { onNotice }),
  );
  return { features: [...windows[0].features], notices };
}

Deno.test("readKnownTable() matches columns by name, whatever their order", async () => {
  const known = await trained();
  const { first, labels, notices } = await reread("label,colour,mass,age\nb,red,20,2\na,blue,30,3", known);
  assertEquals([first, labels], [[2, 20, 0, 1], [1, 0]]);
  assertEquals(notices, [
    '"rows.csv": its columns stand in another order than in training; they are matched by name',
  ]);
  assertEquals((await reread("age,mass,colour,label\n2,20,red,b", known)).notices, []);
});

Deno.test("matchTable() refuses a missing column with the nearest name, and passes over others", async () => {
  const known = await trained();
  const fault = (text: string, answers = false) =>
    assertThrows(() => matchTable(known.schema, rowsTable(text), { answers }), RangeError).message;
  assertEquals(
    fault("age,masse,colour\n1,2,red"),
    'Cannot use "rows.csv": it has no column "mass", which the model was trained on; the nearest is "masse"',
  );
  assertStringIncludes(fault("colour,class\nred,1"), 'it has no column "age", nor "mass", which');
  assertStringIncludes(fault("age,mass,colour\n1,2,red", true), 'no column "label" (the label), which');
  assertStringIncludes(fault("age,mass,age,colour\n1,2,3,red"), 'columns 1 and 3 are both called "age"');
  const { features, notices } = await predicted("x,age,mass,colour,y y\n1,2,20,red,3", known);
  assertEquals(features, [2, 20, 0, 1]);
  assertEquals(notices, [
    '"rows.csv": it has 2 columns that the model does not know, passed over: "x", "y y"',
  ]);
});

Deno.test("knownWindows() knows a label by the model's own name alone", async () => {
  const known = await readTrainingTable(rowsTable("class,target,x\n1,1,5\n2,0,6"), { labelColumn: "target" });
  const { features, notices } = await predicted("x,target,class\n7,0,3", known);
  assertEquals(features, [3, 7]);
  assertEquals(notices.length, 1);
  assertThrows(
    () => matchTable(known.schema, rowsTable("x,target\n7,0"), { answers: false }),
    RangeError,
    'no column "class"',
  );
});

Deno.test("matchTable() matches by number where one of the two has no header", async () => {
  const known = await trained();
  for (const [row, features] of [["2,20,red", [2, 20, 0, 1]], ["2,20,red,b", [2, 20, 0, 1]]] as const) {
    const { features: found, notices } = await predicted(row, known, false);
    assertEquals([found, notices], [[...features], [
      '"rows.csv": it has no header, so its columns are taken in the order of training',
    ]]);
  }
  const wrong = () => matchTable(known.schema, rowsTable("1,2", { header: false }), { answers: false });
  assertEquals(
    assertThrows(wrong, RangeError).message,
    'Cannot use "rows.csv": it has 2 columns without a header, the model takes 3 columns of features and ' +
      '"label" for the answer',
  );
  const bare = await trained("1,10,a\n2,20,b", false);
  assertEquals((await predicted("3,30,b", bare, false)).notices, []);
  assertEquals((await predicted("3,30", bare, false)).features, [3, 30]);
  // The label comes first in training, so it does where it is there.
  const first = await readTrainingTable(rowsTable("0,5,6\n1,7,8", { header: false }), { labelColumn: 0 });
  assertEquals((await predicted("1,7,8", first, false)).features, [7, 8]);
  assertEquals((await reread("1,7,8", first, false)).labels, [1]);
});

Deno.test("readKnownTable() counts and tells unknown categories and missing cells", async () => {
  const known = await trained();
  const { features, notices } = await predicted("age,mass,colour\nNA,20,teal\n1,,pink\n1,1,?", known);
  assertEquals(features, [2.5, 20, 0, 0, 1, 25, 0, 0, 1, 1, 0, 0]);
  assertEquals(notices, [
    '"rows.csv": 3 missing cells were filled in ("age" 1, "mass" 1, "colour" 1)',
    '"rows.csv": "colour": 2 cells hold categories never seen in training, the first in line 2: "teal"',
  ]);
  const strict = await readTrainingTable(rowsTable(TRAINING), { missing: "refuse" });
  await assertRejects(() => predicted("age,mass,colour\nNA,20,red", strict), SyntaxError, "line 2, column 1");
  // Rare categories have been seen, and share an input with those that have not.
  const rare = await trained("x,label\na,0\na,1\nb,0\n");
  const shared = await predicted("x\nb\nc\na", rare);
  assertEquals(shared.features, [0, 1, 0, 1, 1, 0]);
  assertStringIncludes(
    shared.notices[0],
    '1 cell holds a category never seen in training, the first in line 3: "c"',
  );
});

Deno.test("readKnownTable() takes classes by value, one class alone too, and refuses others by line", async () => {
  const known = await trained("x,label\n1,1\n2,2\n3,10\n4,10.0");
  assertEquals(known.classNames, ["1", "2", "10"]);
  assertEquals((await reread("x,label\n1,2.0", known)).labels, [1]);
  await assertRejects(() => reread("x,label\n1,2\n1,3", known), SyntaxError, "line 3, column 2");
});

Deno.test("readKnownTable() takes the classes of the table where the model has no names for them", async () => {
  const known = { ...await trained("x,label\n1,a\n2,b"), classNames: [] };
  const { classNames, labels } = await readKnownTable(rowsTable("x,label\n1,z\n2,q\n3,z"), known);
  assertEquals([classNames, [...labels]], [["q", "z"], [1, 0, 1]]);
});

Deno.test("readKnownTable() takes answers where it is told they stand", async () => {
  const known = await trained("x,y,label\n1,2,a\n3,4,b");
  const read = async (text: string, labelColumn: string | number, header = true) => {
    const { features, labels } = await readKnownTable(rowsTable(text, { header }), known, { labelColumn });
    return [[...features], [...labels]];
  };
  assertEquals(await read("kind,y,x\nb,4,3", "kind"), [[3, 4], [1]]);
  assertEquals(await read("b,3,4", 0, false), [[3, 4], [1]]);
});

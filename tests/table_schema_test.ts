import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import {
  CheckpointError,
  compact,
  exportScipy,
  importScipy,
  loadModel,
  saveModel,
  SparseMlp,
  type TableSchema,
  train,
} from "../mod.ts";
import { describeSchema, readSchema } from "../src/table_schema.ts";
import { inputCount, isPlain } from "../src/schema.ts";
import { assertReadOrRefused, drawsBelow } from "./damage.ts";
import { load } from "./loading.ts";

const SCHEMA: TableSchema = {
  header: true,
  columns: [
    { kind: "ignored", name: "id", because: "counts the rows" },
    {
      kind: "number",
      name: "time",
      offset: 1700000017.9,
      factor: 1 / 3,
      missing: 1700000017.9,
      indicator: false,
    },
    {
      kind: "number",
      name: "mass",
      offset: 0,
      factor: 1,
      missing: 0.1 + 0.2,
      lenient: true,
      indicator: true,
    },
    { kind: "number", name: "strict", offset: 0, factor: 1, indicator: false },
    {
      kind: "category",
      name: "colour",
      categories: ["blue", 'r"e,d'],
      rare: ["teal"],
      other: true,
      missing: "input",
    },
    { kind: "weight", name: "w" },
    { kind: "class", name: "label" },
  ],
};
const OWNER = { task: "classification", featureCount: 8, outputCount: 2 } as const;

Deno.test("readSchema() gives back what describeSchema() says, to the last bit", () => {
  assertEquals(inputCount(SCHEMA), 8);
  assertEquals(readSchema(JSON.parse(JSON.stringify(describeSchema(SCHEMA))), OWNER), SCHEMA);
  assert(!isPlain(SCHEMA));
});

Deno.test("readSchema() refuses what is no schema, and schemas of other models", () => {
  const columns = (...changed: object[]) => ({ header: true, columns: [...SCHEMA.columns, ...changed] });
  const number = { kind: "number", name: "a" };
  const wrong: [unknown, string][] = [
    [null, "no header and columns"],
    [{ header: 1, columns: [] }, "no header and columns"],
    [{ header: true, columns: [1] }, "column 1 of its schema has no name"],
    [columns({ kind: "numbers", name: "a" }), "column 8 of its schema is of an unknown kind"],
    [columns({ ...number, factor: 0 }), "a factor of 0"],
    [columns({ ...number, offset: "1" }), "not finite"],
    [columns({ ...number, missing: null }), "not finite"],
    [columns({ ...number, indicator: 1 }), "flags"],
    [columns({ kind: "category", name: "a", categories: [1], missing: "zero" }), "no categories"],
    [columns({ kind: "category", name: "a", categories: ["x", "x"], missing: "zero" }), "a category twice"],
    [columns({ kind: "category", name: "a", categories: [] }), "what a missing cell is"],
    [columns({ kind: "target", name: "a", output: -1 }), "the target of no output"],
    [columns({ kind: "ignored", name: "a" }), "why it is ignored"],
    [columns(number), "makes 9 inputs, the model takes 8"],
    [columns({ kind: "class", name: "again" }), "2 columns of answers"],
    [columns({ kind: "weight", name: "w" }), 'column "w" twice'],
  ];
  for (const [found, says] of wrong) {
    assertStringIncludes(assertThrows(() => readSchema(found, OWNER)).message, says);
  }
  assertThrows(
    () => readSchema(SCHEMA, { ...OWNER, task: "regression" }),
    RangeError,
    "outputs of a regression",
  );
});

Deno.test("readSchema() reads or refuses damaged schemas and never crashes", async () => {
  const valid = JSON.stringify(describeSchema(SCHEMA));
  const draw = drawsBelow(4);
  const tokens = [
    "null",
    "1e999",
    "-1",
    '""',
    "[]",
    "{}",
    "true",
    '"number"',
    '"target"',
    ",",
    '"kind"',
    "0",
  ];
  const damaged = () => {
    let text = valid;
    for (let change = draw(3); change >= 0; change--) {
      const at = draw(text.length);
      const value = /[:[,]("[^"]*"|[\d.e+-]+|true|false)/g;
      if (draw(3) === 0) text = text.slice(0, at) + tokens[draw(tokens.length)] + text.slice(at + draw(4));
      else {
        const places = [...text.matchAll(value)];
        if (places.length === 0) continue;
        const { index, 0: found } = places[draw(places.length)];
        text = text.slice(0, index + 1) + tokens[draw(tokens.length)] + text.slice(index + found.length);
      }
    }
    return text;
  };
  await assertReadOrRefused(damaged, (text) => {
    const { columns } = readSchema(JSON.parse(text), OWNER);
    assertEquals(inputCount({ header: true, columns }), 8);
  }, { least: 500, refusals: [SyntaxError, RangeError] });
});

Deno.test("a model keeps its schema through files, compaction, export and import", async () => {
  const rows = Array.from({ length: 60 }, (_, row) => `${row % 9},${["red", "blue"][row % 2]},7,${row % 2}`);
  const data = await load({ "t.csv": `a,colour,same,label\n${rows.join("\n")}\n` }, { testFraction: 0 });
  const model = SparseMlp.create({ sizes: [data.featureCount, 8, 2], epsilon: 8, seed: 1 });
  for await (const _ of train(model, data, { epochs: 1, batchSize: 8, threads: 1 }));
  assertEquals(model.schema, data.schema);
  assertEquals(model.featureNames, ["a", "colour=blue", "colour=red", "same"]);
  const small = compact(model).model;
  assertEquals([small.layers[0].inputs, small.featureNames], [3, model.featureNames]);
  const folder = await Deno.makeTempDir();
  try {
    await saveModel(small, `${folder}/m.safetensors`);
    assertEquals((await loadModel(`${folder}/m.safetensors`)).model.schema, data.schema);
    await exportScipy(small, `${folder}/scipy`);
    assertEquals((await importScipy(`${folder}/scipy`)).schema, data.schema);
    const bytes = await Deno.readFile(`${folder}/m.safetensors`);
    const text = new TextDecoder("latin1").decode(bytes).replace('\\"colour\\"', '\\"colour\\u');
    const broken = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    await assertRejects(() => loadModel(broken), CheckpointError);
    delete (model as { schema?: unknown }).schema;
    await saveModel(model, `${folder}/old.safetensors`);
    assertEquals((await loadModel(`${folder}/old.safetensors`)).model.schema, undefined);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

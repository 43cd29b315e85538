import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import {
  crossValidate,
  Dataset,
  encodeModel,
  type EpochRecord,
  evaluate,
  fit,
  loadModel,
  madelonLike,
  readTable,
  SparseMlp,
  train,
} from "../mod.ts";
import { pictured } from "../src/picture.ts";

const DISPLAY = Symbol.for("Jupyter.display");

/** What a notebook shows of an object; pages have no more elements than they open and close, and no script. */
async function displayed(object: object): Promise<{ readonly plain: string; readonly html: string }> {
  const display = Reflect.get(object, DISPLAY) as () => Promise<Record<string, string>>;
  assertEquals(Object.propertyIsEnumerable.call(object, DISPLAY), false);
  const bundle = await display.call(object);
  assertEquals(Object.keys(bundle).sort(), ["text/html", "text/plain"]);
  const { "text/plain": plain, "text/html": html } = bundle;
  assertEquals(plain, Deno.inspect(object));
  assert(!html.includes("<script"), html);
  assertEquals(html.match(/<table>/g)?.length, html.match(/<\/table>/g)?.length);
  return { plain, html };
}

const cells = (html: string, row: number) =>
  [...html.match(/<tr>.*?<\/tr>/g)![row].matchAll(/<t[hd]>(.*?)<\/t[hd]>/g)].map(([, text]) => text);

const data = madelonLike({ samples: 400, testSamples: 100, features: 20, seed: 1 });
const make = () => SparseMlp.create({ sizes: [20, 320, 32, 2], epsilon: 8, seed: 1 });
const options = { epochs: 30, batchSize: 64, validationFraction: 0.2 };

Deno.test("a model displays its line, its layers, and the curves of the run that trained it", async () => {
  const model = make();
  const fresh = (await displayed(model)).html;
  assert(!fresh.includes("<svg"));
  assertEquals(cells(fresh, 0), [
    "layer",
    "inputs",
    "neurons",
    "connections",
    "dense",
    "density",
    "parameters",
  ]);
  assertEquals(fresh.match(/<tr>/g)!.length, 1 + 3);
  assertEquals(cells(fresh, 2).slice(0, 5), ["hidden 2", "320", "32", "2,834", "10,240"]);
  const summary = await fit(model, data, options);
  const { html } = await displayed(model);
  assertEquals(html.match(/<svg/g)?.length, 2);
  assertMatch(html, /aria-label="Loss by epoch: train [\d.]+ to [\d.]+, validation [\d.]+ to [\d.]+, test /);
  const run = (await displayed(summary)).html;
  assertEquals(run.match(/<svg/g)?.length, 2);
  assertEquals(cells(run, 0).slice(0, 5), [
    "epoch",
    "train loss",
    "train accuracy",
    "validation loss",
    "validation accuracy",
  ]);
  assertEquals([run.match(/<tr>/g)!.length, cells(run, -1 + 11)[0]], [11, "30"]);
  const loaded = await loadModel(await encodeModel(model));
  assert((await displayed(loaded)).html.includes("hidden 2"));
});

Deno.test("records, measures and cross-validations display tables", async () => {
  const records: EpochRecord[] = [];
  const model = make();
  for await (const record of train(model, data, { ...options, epochs: 1 })) records.push(record);
  const [record] = records;
  assertEquals(cells((await displayed(record)).html, 1)[0], "1");
  const { html } = await displayed(evaluate(model, data.test));
  assertEquals(cells(html, 0), ["metric", "value"]);
  assertStringIncludes(html, "<th>of class</th><th>as 0</th><th>as 1</th>");
  const folded = await crossValidate(data, {
    folds: 2,
    model: (fold) => SparseMlp.for(fold, { hidden: [8] }),
    training: { epochs: 1 },
  });
  assertEquals(cells((await displayed(folded)).html, 0), ["metric", "mean", "standard deviation"]);
});

Deno.test("a table and its schema display columns and first rows, and what they are called does no harm", async () => {
  const text = "<script>alert(1)</script>,colour,answer\n1,red,<b>\n2,blue,c\n3,red,<b>\n4,blue,c\n5,red,c\n";
  const table = await readTable(new TextEncoder().encode(text), { label: "answer", test: 0 });
  const { html } = await displayed(table);
  assertEquals(cells(html, 0)[0], "&lt;script&gt;alert(1)&lt;/script&gt;");
  assertEquals(cells(html, 0).at(-1), "class");
  assertEquals(html.match(/<tr>/g)!.length, 1 + 5);
  const schema = (await displayed(table.schema!)).html;
  assertEquals(cells(schema, 1).slice(0, 3), ["&lt;script&gt;alert(1)&lt;/script&gt;", "number", "1"]);
  assertEquals(cells(schema, 2)[1], "category");
  const wide = (await displayed(data)).html;
  assertEquals(cells(wide, 0).slice(-2), ["… 8 more", "class"]);
  const several = Dataset.from({
    features: [[1], [2], [3], [4]],
    targets: [[1, 2], [3, 4], [5, 6], [7, 8]],
  });
  assertMatch(cells((await displayed(several)).html, 1)[1], /^\d.*, \d/);
});

Deno.test("pictured() shows text where the display of an object throws", async () => {
  const object = pictured({ x: 1 }, () => "one", () => {
    throw new Error("no");
  });
  const display = Reflect.get(object, DISPLAY) as () => Promise<Record<string, string>>;
  assertEquals(await display.call(object), { "text/plain": "one" });
  const torn = pictured({ x: 1 }, () => {
    throw new Error("no");
  }, () => "<b>one</b>");
  assertEquals(await (Reflect.get(torn, DISPLAY) as typeof display).call(torn), {
    "text/plain": "[not usable]",
    "text/html": "<b>one</b>",
  });
  assertEquals(DISPLAY in pictured({}, () => ""), false);
});

import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import {
  type Dataset,
  evaluate,
  fit,
  report,
  type RunRecord,
  SparseMlp,
  type Split,
  type Task,
  type TrainOptions,
} from "../mod.ts";
import { DOMParser } from "npm:linkedom@0.18.15";
import { reliability } from "../src/report/calibration.ts";
import { quoted } from "../src/report/settings.ts";
import { measured } from "../src/train/measures.ts";
import { linearData, xorData } from "./trainer/data.ts";

const OPTIONS: TrainOptions = { epochs: 3, batchSize: 16, threads: 1, dropout: 0 };
const HOSTILE = `<script>alert("1")</script>`;

// deno-lint-ignore no-explicit-any -- linkedom types its documents loosely
type Page = any;

async function trained(data: Dataset, hidden = 12): Promise<SparseMlp> {
  const model = SparseMlp.for(data, { hidden: [hidden], epsilon: 8, seed: 1 });
  await fit(model, data, OPTIONS);
  return model;
}

/** Samples whose class is the feature that stands out, of those that there are classes for. */
function madeUp(featureCount: number, classes: number, testSamples = 60): Dataset {
  const part = (samples: number): Split => ({
    samples,
    features: Float32Array.from({ length: samples * featureCount }, (_, at) => {
      const [sample, feature] = [Math.floor(at / featureCount), at % featureCount];
      return (at * 7919 % 97) / 97 + Number(feature === sample % Math.min(classes, featureCount));
    }),
    labels: Uint32Array.from({ length: samples }, (_, sample) => sample % classes),
    targets: new Float32Array(0),
  });
  const classNames = Array.from({ length: classes }, (_, place) => `class ${place}`);
  return {
    ...{ name: "made-up", task: "classification", featureCount, outputCount: classes, classNames },
    ...{ featureNames: [], train: part(200), test: part(testSamples) },
  };
}

/** A page as a document, checked for what every page must be. */
function checked(text: string): Page {
  const page: Page = new DOMParser().parseFromString(text, "text/html");
  assertEquals(page.querySelectorAll("script, link, iframe, object, embed, img").length, 0);
  const outside = text.replaceAll('xmlns="http://www.w3.org/2000/svg"', "");
  assert(!/https?:|url\(|@import|\bsrc=|\bon\w+="/i.test(outside), "a reference to something outside");
  for (const link of page.querySelectorAll("a")) {
    assert(page.getElementById(link.getAttribute("href").slice(1)) !== null, link.outerHTML);
  }
  let level = 0;
  for (const heading of page.querySelectorAll("h1, h2, h3, h4")) {
    const next = Number(heading.localName[1]);
    assert(next <= level + 1, `${heading.outerHTML} stands below a heading of level ${level}`);
    level = next;
  }
  for (const figure of page.querySelectorAll("figure")) {
    const svg = figure.querySelector("svg");
    assertEquals(svg.getAttribute("role"), "img");
    assert(
      svg.getAttribute("aria-label").length > 0 && figure.querySelector("figcaption").textContent !== "",
    );
  }
  for (const head of page.querySelectorAll("th")) assert(/^(row|col)$/.test(head.getAttribute("scope")));
  for (const table of page.querySelectorAll("table")) assert(table.querySelector("caption") !== null);
  return page;
}

/** The cells of a table, by its caption. */
function cellsOf(page: Page, caption: string): string[][] {
  const table = [...page.querySelectorAll("table")].find((table) =>
    table.querySelector("caption").textContent === caption
  );
  assert(table !== undefined, caption);
  return [...table.querySelectorAll("tbody tr")].map((row) =>
    [...row.querySelectorAll("th, td")].map((cell) => cell.textContent)
  );
}

function sectionsOf(page: Page): string[] {
  return [...page.querySelectorAll("section")].map((section) => section.getAttribute("aria-labelledby"));
}

const ALL = ["model", "scores", "learning", "classes", "calibration", "inputs", "layers", "degrees", "lives"];

Deno.test("report() of a classifier has every section, with the numbers of evaluate()", async () => {
  const data = madeUp(12, 3);
  const model = await trained(data);
  const text = await report(model, { data, title: "three" });
  const page = checked(text);
  assertEquals(sectionsOf(page), [...ALL, "settings"]);
  const measures = evaluate(model as SparseMlp<"classification">, data.test);
  const [tile] = page.querySelectorAll(".tiles dd");
  assertEquals(tile.textContent, `${(100 * measures.accuracy).toFixed(2)} %`);
  const rows = cellsOf(page, "Precision, recall and F1 of each class");
  for (const [place, [, samples, precision, recall]] of rows.entries()) {
    const row = measures.confusion[place];
    const named = measures.confusion.reduce((sum, other) => sum + other[place], 0);
    assertEquals(samples, `${row.reduce((sum, value) => sum + value)}`);
    assertEquals(precision, named === 0 ? "–" : `${(100 * row[place] / named).toFixed(2)} %`);
    assertEquals(recall, `${(100 * row[place] / row.reduce((sum, value) => sum + value)).toFixed(2)} %`);
  }
  const layers = cellsOf(page, "Each layer against a dense one of its shape");
  const stats = model.stats();
  assertEquals(layers.at(-1)![3], `${stats.connections}`);
  assertEquals(layers.length, stats.layers.length + 1);
  assertEquals(text, await report(model, { data, title: "three" }), "the same page");
  assert(text.length < 200_000, `${text.length}`);
});

Deno.test("report() tells what evaluate() tells of one output, of values, and of several labels", async () => {
  const xor = xorData(80, 40);
  const binary = SparseMlp.create({ sizes: [xor.featureCount, 8, 1], epsilon: 8, seed: 1 });
  await fit(binary, xor, OPTIONS);
  const classes = checked(await report(binary, { data: xor }));
  assertEquals(cellsOf(classes, "Precision, recall and F1 of each class").length, 2);

  const values = linearData(80, 40);
  const regression = await trained(values) as SparseMlp<"regression">;
  const errors = checked(await report(regression, { data: values }));
  const found = evaluate(regression, values.test);
  assertEquals(cellsOf(errors, "Errors of each target").length, 2);
  assertAlmostEquals(Number(errors.querySelector(".tiles dd").textContent), found.rmse, 1e-3 * found.rmse);
  assert(sectionsOf(errors).includes("residuals") && !sectionsOf(errors).includes("classes"));

  const part = (split: Split): Split => ({
    ...{ samples: split.samples, features: split.features, labels: new Uint32Array(0) },
    targets: Float32Array.from({ length: 2 * split.samples }, (_, at) => Number(split.features[2 * at] > 0)),
  });
  const tags: Dataset = {
    ...xor,
    ...{ task: "multi-label", outputCount: 2, classNames: ["front", HOSTILE] },
    ...{ train: part(xor.train), test: part(xor.test!) },
  };
  const tagger = await trained(tags) as SparseMlp<"multi-label">;
  const labels = checked(await report(tagger, { data: tags }));
  const rows = cellsOf(labels, "Precision, recall and F1 of each label");
  assertEquals(rows.map(([name]) => name), ["front", HOSTILE]);
  const { recall } = evaluate(tagger, tags.test).labels[0];
  assertEquals(rows[0][3], recall === undefined ? "–" : `${(100 * recall).toFixed(2)} %`);
});

Deno.test("report() escapes names of classes, features, files and settings", async () => {
  const plain = madeUp(4, 2);
  const classNames = [HOSTILE, `'"><b onload="x">&amp;`];
  const data: Dataset = {
    ...plain,
    name: HOSTILE,
    classNames,
    featureNames: [HOSTILE, "a & b", "<!--", "]]>"],
  };
  const model = await trained(data);
  const run = runOf({
    command: ["train", "--data", HOSTILE],
    settings: { [HOSTILE]: HOSTILE },
    dataset: HOSTILE,
  });
  const page = checked(await report(model, { data, run, title: HOSTILE }));
  assertEquals(page.querySelector("h1").textContent, HOSTILE);
  assertEquals(cellsOf(page, "Precision, recall and F1 of each class").map(([name]) => name), classNames);
  const features = cellsOf(page, "Features by the strength of their connections").map(([name]) => name);
  assertEquals(features.sort(), ["<!--", HOSTILE, "]]>", "a & b"].sort());
  assertEquals(page.querySelector("code").textContent, `deno task cli train --data ${quoted(HOSTILE)}`);
});

Deno.test("report() says in words what every neuron has alike", async () => {
  const model = SparseMlp.for(xorData(20), { hidden: [3], epsilon: 100, seed: 1 });
  const page = checked(await report(model));
  const said = [...page.querySelectorAll(".said p")].map(({ textContent }) => textContent as string);
  assert(said.some((text) => /^All (neurons|inputs) have \d+\.$/.test(text)), said.join(" "));
});

Deno.test("report() shows the beginning of long names, and of many classes the largest that are not found", async () => {
  const data = madeUp(30, 70, 210);
  const long = "x".repeat(300);
  const named = { ...data, classNames: data.classNames.map((name) => `${name} ${long}`) };
  const featureNames = Array.from({ length: 30 }, (_, place) => `${place} ${long}`);
  const text = await report(await trained(named), { data: { ...named, featureNames } });
  const page = checked(text);
  assert(!text.includes("x".repeat(60)));
  const names = cellsOf(page, "Features by the strength of their connections").map(([name]) => name);
  assert(names.every((name: string) => name.length === 60 && name.endsWith("…")));
  const rows = cellsOf(page, "Precision, recall and F1 of each class");
  assertEquals(rows.length, 60);
  const unfound = rows.filter((row: string[]) => row.at(-1) === "0.00 %").map((row: string[]) =>
    Number(row[1])
  );
  assert(
    unfound.length > 1 && unfound.every((samples, place) => place === 0 || samples <= unfound[place - 1]),
  );
});

function runOf(changed: Partial<RunRecord>): RunRecord {
  const record = (epoch: number) => ({
    ...{
      epoch,
      trainLoss: 1 / epoch,
      trainAccuracy: 0.5,
      learningRate: 0.1,
      parameters: 9,
      connections: 9 - epoch,
    },
    ...{ seconds: 1, evolutionSeconds: 0, evaluationSeconds: 0, samplesPerSecond: 9, replaced: 1, pruned: 0 },
  });
  return {
    ...{ command: ["train"], options: {}, settings: {}, dataset: "made-up", version: "0.1.0", seed: 1 },
    ...{ seconds: 3, recorded: 6, records: [1, 2, 3].map(record) },
    ...changed,
  };
}

Deno.test("report() draws the curves of a run, and says how many records were left out", async () => {
  const model = SparseMlp.create({ sizes: [4, 8, 2], seed: 1 });
  const page = checked(await report(model, { run: runOf({}) }));
  const learning = page.querySelector('[aria-labelledby="learning"]').textContent;
  assert(learning.includes("keeps 3 of 6 records"), learning);
  assert(learning.includes("Loss, training from 1.000 to 0.3333, in 3 epochs."), learning);
  assert(learning.includes("Number of connections from 8 to 6."), learning);
});

Deno.test("report() without samples or a run says how to get them", async () => {
  for (const task of ["classification", "regression", "multi-label"] satisfies Task[]) {
    const page = checked(await report(SparseMlp.create({ sizes: [4, 8, 2], task, seed: 1 })));
    const text = page.querySelector("main").textContent;
    assert(text.includes("“report MODEL --data FILE”") && text.includes("“train --output”"), text);
  }
});

Deno.test("report() maps the pixels of images, and lists the pairs of many classes", async () => {
  const plain = madeUp(27, 30, 90);
  const data: Dataset = { ...plain, image: { height: 3, width: 3, channels: 3 } };
  const page = checked(await report(await trained(data), { data }));
  const maps = [...page.querySelectorAll('[aria-labelledby="inputs"] h3')].map((heading) =>
    heading.textContent
  );
  assertEquals(maps, ["Pixels, red", "Pixels, green", "Pixels, blue"]);
  assertEquals(page.querySelectorAll('[aria-labelledby="classes"] svg').length, 0);
  assertEquals(cellsOf(page, "The classes that are most often taken for another").length, 12);
});

Deno.test("reliability() has the expected calibration error of evaluate()", async () => {
  const data = madeUp(12, 3, 80);
  const { measures, samples } = measured(await trained(data), data.test);
  const apart = reliability(samples).reduce(
    (sum, bin) => sum + bin.samples * Math.abs(bin.confidence - bin.right),
    0,
  );
  assert(measures.task === "classification");
  assertAlmostEquals(apart / measures.samples, measures.expectedCalibrationError, 1e-12);
});

Deno.test("report() refuses data that do not fit, and a model that was never trained on data", async () => {
  const data = madeUp(6, 2);
  const other = await trained(madeUp(8, 2));
  await assertRejects(() => report(other, { data }), TypeError, "features");
  await assertRejects(
    () => report(SparseMlp.create({ sizes: [6, 8, 2], seed: 1 }), { data }),
    TypeError,
    "never trained",
  );
  await assertRejects(
    () => report(other, { run: { ...runOf({}), records: [{}] } as unknown as RunRecord }),
    TypeError,
    "epoch of its record 1",
  );
});

Deno.test("quoted() writes words as a shell reads them", () => {
  assertEquals(["--data", "a b.csv", "it's", "$(rm)", ""].map(quoted), [
    ...["--data", "'a b.csv'", `'it'\\''s'`, "'$(rm)'", "''"],
  ]);
});

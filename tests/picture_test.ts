import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { inspect } from "node:util";
import {
  crossValidate,
  type Dataset,
  datasets,
  encodeModel,
  evaluate,
  loadFiles,
  loadModel,
  madelonLike,
  newRunState,
  SparseMlp,
  stratifiedFolds,
  train,
} from "../mod.ts";
import { pictured } from "../src/picture.ts";
import { datasetPicture } from "../src/data/dataset_picture.ts";
import { progressPicture, summaryPicture } from "../src/train/record_pictures.ts";
import { inFolder } from "./temporary.ts";
import { linearData } from "./trainer/data.ts";

const data = madelonLike({ samples: 400, testSamples: 100, features: 20, seed: 1 });
const make = () => SparseMlp.create({ sizes: [20, 320, 32, 2], epsilon: 8, seed: 1 });

/** What two consoles show of an object, alone and inside of others; the pictures are the same. */
function shown(object: unknown): string {
  const text = Deno.inspect(object);
  assertEquals(inspect(object), text);
  const lines = text.split("\n");
  assert(lines.length <= 5 && lines.every((line) => line.length <= 240), text);
  for (const around of [{ object }, [object], new Map([[1, { object }]])]) {
    const nested = Deno.inspect(around);
    assert(nested.includes(lines[0]), nested);
    assert(nested.split("\n").length <= 5 + lines.length, nested);
  }
  return text;
}

Deno.test("a model, its layers and what predicts with it are one line each", async () => {
  const model = make();
  assertEquals(
    shown(model),
    "SparseMlp 20-320-32-2, classification, 5,627 connections (33.7 % of dense), all-relu α 0.6, not trained",
  );
  assertEquals(shown(model.layers[1]), "SparseLayer [320, 32], 2,834 connections (27.7 % of dense)");
  for await (const _ of train(model, data, { epochs: 1, batchSize: 32 }));
  assert(shown(model).endsWith("α 0.6, trained"));
  model.temperature = 1.25;
  assert(shown(model).endsWith("trained, temperature 1.25"));
  assertEquals(
    shown(model.compile()),
    `InferenceModel 20-320-32-2, classification, 5,627 connections, ${
      (model.compile().bytes / 1024).toPrecision(3)
    } KiB`,
  );
  assert(/^SharedModel 20-320-32-2, classification, [\d.]+ KiB of shared memory$/.test(shown(model.share())));
  assert(shown(model.compile().share()).startsWith("SharedInference 20-320-32-2, classification, "));
  const wide = SparseMlp.create({
    sizes: [3, ...Array<number>(40).fill(5), 1],
    task: "regression",
    density: 0.5,
  });
  assert(shown(wide).startsWith("SparseMlp 3-5x40-1, regression, "));
});

Deno.test("a data set is one line, wherever it comes from, and names are shortened and harmless", async () => {
  const line = 'Dataset "madelon-like": 400 train, 100 test; 20 features, 2 classes (0, 1)';
  assertEquals(shown(data), line);
  assertEquals(
    shown([...stratifiedFolds(data, { folds: 4 })][0]),
    'Dataset "madelon-like": 300 train, 100 test; 20 features, 2 classes (0, 1)',
  );
  assert(
    shown(await datasets.load("madelon-like")).startsWith('Dataset "madelon-like": 2,000 train, 600 test; '),
  );
  const classNames = ["a\u001b[2J", "b".repeat(100), ...Array.from({ length: 98 }, (_, index) => `${index}`)];
  const odd: Dataset = { ...data, name: "x\ny", outputCount: 100, classNames };
  assertEquals(
    datasetPicture(odd),
    `Dataset "x\ufffdy": 400 train, 100 test; 20 features, 100 classes (a\ufffd[2J, ${
      "b".repeat(20)
    }, 0, 1, 2, 3, … 94 more)`,
  );
});

Deno.test("a table's schema is a line, and one for each kind of its columns", () =>
  inFolder(async (folder) => {
    const path = `${folder}/flowers.csv`;
    const row = (index: number) =>
      [index, `${index % 7}.5`, index % 3, ["red", "blue"][index % 2], ["daisy", "poppy"][index % 2]].join();
    const rows = Array.from({ length: 40 }, (_, index) => row(index));
    await Deno.writeTextFile(path, ["id,height,petal,colour,species", ...rows, ""].join("\n"));
    const flowers = await loadFiles([path]);
    assertEquals(
      shown(flowers),
      'Dataset "flowers": 32 train, 8 test; 4 features, 2 classes (daisy, poppy)',
    );
    const lines = [
      "TableSchema of 5 columns, 4 inputs, matched by name",
      '  2 numbers "height", "petal"',
      '  category "colour"',
      '  class "species"',
      '  ignored "id"',
    ];
    assertEquals(shown(flowers.schema), lines.join("\n"));
    const model = SparseMlp.create({ sizes: [4, 8, 2], seed: 1 });
    for await (const _ of train(model, flowers, { epochs: 1, batchSize: 8 }));
    assertEquals(shown((await loadModel(await encodeModel(model))).model.schema), lines.join("\n"));
  }));

Deno.test("records, summaries and measures of a run are few lines, and the values of plain objects", async () => {
  const [model, state] = [make(), newRunState()];
  const run = train(model, data, { epochs: 3, batchSize: 16, validationFraction: 0.2, state });
  const records = [];
  let step = await run.next();
  for (; !step.done; step = await run.next()) records.push(step.value);
  const number = String.raw`\d+\.\d+`;
  assert(
    new RegExp(
      `^epoch 1: train loss ${number}, accuracy ${number} %; validation loss ${number}, accuracy ${number} %; ` +
        `test loss ${number}, accuracy ${number} %; [\\d,]+ connections replaced, 0 pruned; .*s$`,
    ).test(shown(records[0])),
    shown(records[0]),
  );
  const text = shown(step.value).split("\n");
  assert(/^run of 3 epochs in .*s: train loss .* %$/.test(text[0]), text[0]);
  assert(/^ {2}kept epoch [123]: validation loss 0\.\d{4}$/.test(text[1]), text[1]);
  assert(/^ {2}test loss .*; best accuracy .* % \(epoch [123]\)$/.test(text[2]), text[2]);
  assertEquals(text[3], "  parameters 5,981");
  const measures = evaluate(model, data.test);
  const [first, ...confusion] = shown(measures).split("\n");
  assert(first.startsWith("measures of 100 samples: accuracy "), first);
  const { confusion: [[a, b], [c, d]] } = measures;
  const cells = confusion.map((line) => line.trim().split(/\s+/).slice(-2));
  assertEquals(cells, [[`${a}`, `${b}`], [`${c}`, `${d}`]]);
  const training = { epoch: 3, options: {}, state };
  const loaded = await loadModel(await encodeModel(model, { training }));
  assertEquals(shown(loaded).split("\n")[1], "  a checkpoint after 3 epochs");
  const progress = {
    epoch: 3,
    epochs: 50,
    step: 12,
    steps: 63,
    loss: 0.51,
    accuracy: 0.8,
    samplesPerSecond: 5e4,
  };
  assertEquals(
    progressPicture(progress),
    "epoch 3 of 50, step 12 of 63: loss 0.5100, accuracy 80.00 %, 50.0 k samples/s",
  );

  // Nothing else of them is different.
  for (const object of [records[0], step.value, measures, data]) {
    const plain = { ...object } as object;
    assertEquals(plain, object as object);
    assertEquals(structuredClone(object) as object, plain);
    assertEquals(JSON.stringify(object), JSON.stringify(plain));
    assertEquals(Object.keys(plain), Object.keys(object));
    assertNotEquals(Deno.inspect(plain), Deno.inspect(object));
    // Who asks for everything, as a failed assertion does, sees it.
    assertEquals(Deno.inspect(object, { depth: Infinity }), Deno.inspect(plain, { depth: Infinity }));
  }
});

Deno.test("cross-validation shows a line a fold, and few for all of them", async () => {
  const model = () => SparseMlp.create({ sizes: [20, 16, 2], epsilon: 8, seed: 1 });
  const lines: string[] = [];
  const options = { folds: 3, model, training: { epochs: 1, batchSize: 16 } };
  const summary = await crossValidate(data, options, (fold) => void lines.push(shown(fold)));
  assert(/^fold 1: accuracy .* %, .*; 134 samples, 1 epoch, .*s$/.test(lines[0]), lines[0]);
  const [head, ...metrics] = shown(summary).split("\n");
  assertEquals(head, "cross-validation of 3 folds:");
  assert(metrics[0].startsWith("  Accuracy "), metrics[0]);
});

Deno.test("regression has no accuracy and no confusion", async () => {
  const numbers = linearData(60, 20);
  const sizes = [numbers.featureCount, 16, numbers.outputCount];
  const model = SparseMlp.create({ sizes, task: "regression", seed: 1 });
  const run = train(model, numbers, { epochs: 1, batchSize: 8 });
  const first = await run.next();
  assert(/^epoch 1: train loss [\d.]+; test loss [\d.]+; /.test(shown(first.value)), shown(first.value));
  const { value } = await run.next();
  assert(/best loss [\d.]+ \(epoch 1\)/.test(summaryPicture(value as never)));
  assert(/^measures of 20 samples: loss [\d.]+, RMSE /.test(shown(evaluate(model, numbers.test))));
});

Deno.test("pictured() colours the first word, and shows the properties where nothing can be drawn", () => {
  const point = pictured({ x: 1 }, ({ x }) => `point ${x.toFixed(1)}\nsecond`);
  assertEquals(Deno.inspect(point, { colors: true }), "\x1b[36mpoint\x1b[39m 1.0\nsecond");
  assertEquals(Deno.inspect({ a: { point } }), "{\n  a: {\n    point: point 1.0\n    second\n  }\n}");
  const node = Symbol.for("nodejs.util.inspect.custom");
  const draw = Reflect.get(point, node) as (depth: number, options: object, show: unknown) => string;
  assertEquals(draw.call(point, 2, {}, inspect), "point 1.0\nsecond");
  Object.assign(point, { x: "text" });
  assertEquals(Deno.inspect(point), '{ x: "text" }');
});

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { calibrate, Dataset, evaluate, fit, newRunState, readTable, SparseMlp, subset } from "../mod.ts";

const features = Array.from({ length: 60 }, (_, i) => [Math.sin(i), Math.cos(2 * i)]);
const labels = features.map(([x, y]) => x > 0.5 ? "c" : y > 0 ? "a" : "b");
const OPTIONS = { epochs: 2, batchSize: 8, threads: 1 };

async function trained(): Promise<SparseMlp> {
  const data = Dataset.from({ features, labels });
  const model = SparseMlp.for(data, { hidden: [8], seed: 1 });
  await fit(model, data, OPTIONS);
  return model;
}

Deno.test("evaluate() and calibrate() refuse samples whose classes have other numbers than in the model", async () => {
  const model = await trained();
  const known = labels.map((label, at) => label === "a" ? -1 : at).filter((at) => at >= 0);
  const part = { features: known.map((at) => features[at]), labels: known.map((at) => labels[at]) };
  const message = '"b", class 0 of the samples, is number 1 of the model\'s';
  assertThrows(() => evaluate(model, Dataset.from(part).train), TypeError, message);
  assertThrows(() => calibrate(model, Dataset.from(part).train), TypeError, message);
  const alike = Dataset.from({ ...part, classNames: model.classNames });
  assertEquals(evaluate(model, alike.train).samples, known.length);
  assertEquals(evaluate(model, subset(alike, [0, 1]).train).samples, 2);
  const other = Dataset.from({ features, labels: labels.map((label) => label === "c" ? "d" : label) });
  assertThrows(
    () => evaluate(model, other.train),
    TypeError,
    '"d", class 2 of the samples, is none of the model\'s',
  );
});

Deno.test("evaluate() takes classes by number, or by names that are all others", async () => {
  const model = await trained();
  const expected = evaluate(model, Dataset.from({ features, labels }).train);
  for (const names of [["0", "1", "2"], ["A", "B", "C"]]) {
    const spelled = labels.map((label) => names["abc".indexOf(label)]);
    assertEquals(evaluate(model, Dataset.from({ features, labels: spelled }).train), expected);
  }
});

Deno.test("train() refuses to go on with classes in another order, and learns new ones in the place of old ones", async () => {
  const model = await trained();
  const data = Dataset.from({ features, labels, classNames: ["b", "a", "c"] });
  await assertRejects(() => fit(model, data, OPTIONS), TypeError, '"b", class 0 of the samples, is number 1');
  const other = Dataset.from({ features, labels: labels.map((label) => label === "c" ? "d" : label) });
  await fit(model, other, OPTIONS);
  assertEquals(model.classNames, ["a", "b", "d"]);
});

Deno.test("evaluate() and train() refuse a table whose columns became other inputs than in training", async () => {
  const cells = labels.map((label, i) => ({ mass: i % 7, colour: i % 2 ? "red" : "blue", label }));
  const bytes = (names: ("mass" | "colour" | "label")[], recoloured = "blue") =>
    new TextEncoder().encode(
      [names, ...cells.map((row) => names.map((name) => row[name] === "blue" ? recoloured : row[name]))].join(
        "\n",
      ),
    );
  const data = await readTable(bytes(["mass", "colour", "label"]), { test: 0 });
  const model = SparseMlp.for(data, { hidden: [8], seed: 1 });
  await fit(model, data, OPTIONS);
  const expected = evaluate(model, data.train);
  for (const other of [bytes(["colour", "mass", "label"]), bytes(["mass", "colour", "label"], "violet")]) {
    const read = await readTable(other);
    assertEquals(read.featureCount, data.featureCount);
    assertThrows(() => evaluate(model, read.train), TypeError, "makes other inputs than the columns");
    await assertRejects(() => fit(model, read, OPTIONS), TypeError, "like: model");
  }
  const known = await readTable(bytes(["colour", "mass", "label"]), { like: model });
  assertEquals(evaluate(model, known.train), expected);
});

Deno.test("a state is of one run at a time, of a model that has begun it, and can be written", async () => {
  const data = Dataset.from({ features, labels });
  const make = () => SparseMlp.for(data, { hidden: [8], seed: 1 });
  const state = newRunState();
  const [first, second] = await Promise.allSettled([
    fit(make(), data, { ...OPTIONS, state }),
    fit(make(), data, { ...OPTIONS, state }),
  ]);
  assertEquals([first.status, second.status], ["fulfilled", "rejected"]);
  await assertRejects(
    () => fit(make(), data, { ...OPTIONS, state }),
    TypeError,
    "the model was never trained",
  );
  const frozen = Object.freeze(newRunState());
  const sealed = make();
  Object.seal(sealed);
  await assertRejects(() => fit(make(), data, { ...OPTIONS, state: frozen }), TypeError, "state is frozen");
  await assertRejects(() => fit(sealed, data, OPTIONS), TypeError, "the model is frozen");
});

Deno.test("train() waits for whatever onStep returns that can be waited for", async () => {
  const data = Dataset.from({ features, labels });
  const model = SparseMlp.for(data, { hidden: [8], seed: 1 });
  let waited = 0;
  const onStep = () => ({ then: (done: () => void) => void (waited++, done()) }) as unknown as Promise<void>;
  await fit(model, data, { epochs: 1, batchSize: 30, onStep });
  assertEquals(waited, 2);
});

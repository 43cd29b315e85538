import { assert, assertEquals, assertThrows } from "@std/assert";
import { madelonLike } from "../src/data/generator.ts";
import type { GivenGradients, ModelUpdateOptions } from "../src/model/layer_gradients.ts";
import { SparseMlp } from "../src/model/model.ts";
import { tileWidth } from "../src/model/tile.ts";
import { stateFor } from "../src/optimizer/optimizers.ts";
import { train } from "../src/train/trainer.ts";
import { assertSameModel, contentOf } from "./model/content.ts";
import { ADAM_STEP, randomBatch, randomModel, runUpdate, STEP, type TestStep } from "./oracle/batch.ts";

const SIZES = [20, 60, 30, 4];

Deno.test("update() with gradients() gives the bits of a training step, whatever the optimiser", () => {
  const forms = ["outside", "coupled", "decoupled"] as const;
  const steps: readonly TestStep[] = forms.flatMap((weightDecayForm) =>
    [STEP, { ...STEP, nesterov: true }, { ...STEP, momentum: 0 }, ADAM_STEP].map((step) => ({
      ...step,
      weightDecayForm,
    }))
  );
  for (const step of steps) {
    const { optimizer, learningRate, weightDecay, weightDecayForm, momentum, nesterov } = step;
    const options: ModelUpdateOptions = {
      ...{ optimizer, learningRate, weightDecay, weightDecayForm },
      ...(optimizer === "sgd" && { momentum, nesterov }),
    };
    const make = () =>
      randomModel({ sizes: SIZES, density: 0.3, activation: "srelu", seed: 2 }, stateFor(step));
    const [model, trained] = [make(), make()];
    for (let number = 0; number < 3; number++) {
      const random = randomBatch(SIZES, 100, "classification", number);
      const features = random.features.map((row) => Float32Array.from(row));
      runUpdate(trained, random.tiles(tileWidth(SIZES, 100)), { ...step, step: number });
      model.update(model.gradients({ features, labels: Array.from(random.labels) }).layers, options);
      assertSameModel(model, trained, `${JSON.stringify(options)}, step ${number}`);
    }
  }
});

Deno.test("update() begins with the defaults of training, and train() goes on from the state it left", async () => {
  const data = madelonLike({ samples: 60, testSamples: 0, features: 20, seed: 1 });
  const model = SparseMlp.create({ sizes: [20, 12, 2], epsilon: 4, seed: 1 });
  const { features, labels } = data.train;
  const { loss, layers } = model.gradients({ features, labels });
  for (let step = 0; step < 20; step++) model.update(model.gradients({ features, labels }).layers);
  assert(model.gradients({ features, labels }).loss < loss);
  assertEquals([model.updates, model.optimizerState?.optimizer], [20, "sgd"]);
  const adam = { optimizer: "adam" } as const;
  assertThrows(() => model.update(layers, adam), TypeError, 'the model holds the state of "sgd"');
  for await (const _ of train(model, data, { epochs: 1, batchSize: 60, threads: 1 }));
  assertEquals(model.updates, 21);
  model.discardState();
  model.update(model.gradients({ features, labels }).layers, adam);
  assertEquals([model.updates, model.optimizerState?.optimizer], [1, "adam"]);
});

Deno.test("update() with gradients of zero moves by weight decay and momentum alone", () => {
  const model = randomModel({ sizes: [3, 4, 2], density: 0.6, activation: "prelu" });
  model.discardState();
  const zero: GivenGradients[] = model.layers.map(({ nnz, neurons, activationParameters }) => ({
    values: Array(nnz).fill(0),
    bias: new Float64Array(neurons),
    activationParameters: new Float32Array(activationParameters.length),
  }));
  const before = contentOf(model) as { layers: Record<string, Float32Array>[] };
  model.update(zero, { weightDecay: 0, momentum: 0 });
  assertEquals((contentOf(model) as typeof before).layers, before.layers);
  model.update(zero, { weightDecay: 0.5, momentum: 0, weightDecayForm: "outside" });
  assertEquals(
    model.layers[0].values.slice(0, model.layers[0].nnz),
    before.layers[0].values.map((x) => x / 2),
  );
});

Deno.test("update() refuses what does not fit, and changes nothing then", async () => {
  const model = randomModel({ sizes: [3, 4, 2], density: 0.6, activation: "prelu" });
  const batch = { features: [[1, 2, 3]], labels: [1] };
  const { layers } = model.gradients(batch);
  const before = contentOf(model);
  const last = (change: object) => [layers[0], { ...layers[1], ...change }] as never;
  const strange = (value: unknown) => value as never;
  const refusals: readonly (readonly [unknown, object, typeof Error, string])[] = [
    [
      undefined,
      {},
      TypeError,
      "the list of gradients is undefined, expected a list",
    ],
    [[layers[0]], {}, TypeError, "there are gradients of 1 layers, the model has 2"],
    [[layers[0], null], {}, TypeError, "layers[1] is null, expected an object"],
    [last({ value: [1] }), {}, TypeError, 'no option "layers[1].value", did you mean "layers[1].values"?'],
    [last({ values: [1] }), {}, TypeError, "layers[1].values are 1 numbers, expected"],
    [last({ bias: undefined }), {}, TypeError, "layers[1].bias is undefined"],
    [last({ bias: Float32Array.of(0, NaN) }), {}, RangeError, "number 1 of layers[1].bias is NaN"],
    [last({ bias: [1, Infinity] }), {}, RangeError, "finite"],
    [last({ activationParameters: [1] }), {}, TypeError, "layers[1].activationParameters are 1 numbers"],
    [layers, { lr: 0.1 }, TypeError, 'no option "lr"'],
    [layers, { learningRate: 0 }, RangeError, "learningRate is 0"],
    [layers, { learningRate: "0.1" }, TypeError, "learningRate is 0.1 (a string)"],
    [layers, { optimizer: "adm" }, RangeError, 'did you mean "adam"?'],
    [layers, { optimizer: "adam", momentum: 0.5 }, TypeError, "momentum is for optimizer sgd"],
    [layers, { threads: 1.5 }, RangeError, "threads is 1.5"],
  ];
  for (const [given, options, kind, message] of refusals) {
    assertThrows(() => model.update(strange(given), strange(options)), kind, message);
    assertEquals(contentOf(model), before, message);
  }
  {
    using _ = model.use.train();
    assertThrows(() => model.update(layers), TypeError, "the model is in another run");
  }
  {
    using _ = model.use.save();
    assertThrows(() => model.update(layers), TypeError, "it is being saved; await that first");
  }
  await model.use.saved();
  assertEquals(contentOf(model), before);
  model.update(layers);
});

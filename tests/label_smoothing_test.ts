import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { SparseMlp, train } from "../mod.ts";
import { finish, xorData, xorModel } from "./trainer/data.ts";

/** One step on all samples, in which nothing but the loss is looked at. */
const ONE_STEP = {
  epochs: 1,
  batchSize: 40,
  dropout: 0,
  learningRate: 1e-30,
  momentum: 0,
  weightDecay: 0,
  threads: 1,
};

Deno.test("labelSmoothing spreads a share of each answer over all classes in training, and in no evaluation", async () => {
  const data = xorData(40, 40);
  for (const labelSmoothing of [0, 0.1, 0.6]) {
    const model = xorModel();
    const { records: [{ trainLoss, testLoss }] } = await finish(model, data, { ...ONE_STEP, labelSmoothing });
    const expected = (split: typeof data.train, share: number) => {
      const probabilities = model.predictProbabilities(split.features);
      let sum = 0;
      for (let sample = 0; sample < 40; sample++) {
        for (let output = 0; output < 2; output++) {
          const answer = (1 - share) * Number(split.labels[sample] === output) + share / 2;
          sum -= answer * Math.log(probabilities[2 * sample + output]);
        }
      }
      return sum / 40;
    };
    assertAlmostEquals(trainLoss, expected(data.train, labelSmoothing), 1e-5);
    assertAlmostEquals(testLoss!, expected(data.test!, 0), 1e-5);
  }
});

Deno.test("labelSmoothing of 0 gives the bits of none, and is refused where no answer is one of several classes", async () => {
  const [without, none] = [xorModel(), xorModel()];
  await finish(without, xorData(40), { epochs: 3, batchSize: 8 });
  await finish(none, xorData(40), { epochs: 3, batchSize: 8, labelSmoothing: 0 });
  assertEquals(none.layers[0].values, without.layers[0].values);
  const one = SparseMlp.create({ sizes: [4, 8, 1], seed: 1 });
  assertThrows(
    () => train(one, xorData(40), { labelSmoothing: 0.1 }),
    TypeError,
    "labelSmoothing is 0.1, which spreads an answer over the classes of a classification with an output each",
  );
  assertThrows(
    () => train(xorModel(), xorData(40), { labelSmoothing: 1 }),
    RangeError,
    "labelSmoothing is 1",
  );
});

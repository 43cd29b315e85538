import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { type EpochRecord, fit, newRunState } from "../mod.ts";
import { finish, withWeights, xorData, xorModel } from "./trainer/data.ts";

const OPTIONS = { epochs: 4, batchSize: 10, threads: 1 };

/** What of a record is no time. */
const told = ({ epoch, trainLoss, validationLoss, replaced }: EpochRecord) => [
  epoch,
  trainLoss,
  validationLoss,
  replaced,
];

Deno.test("fit() gives the records, the summary and the model of train()", async () => {
  const data = withWeights(xorData(60, 20));
  const options = { ...OPTIONS, validationFraction: 0.2, classWeights: "balanced" } as const;
  const [model, other] = [xorModel(), xorModel()];
  const records: EpochRecord[] = [];
  const summary = await fit(model, data, options, (record) => void records.push(record));
  const iterated = await finish(other, data, options);
  assertEquals(records.map(told), iterated.records.map(told));
  assertEquals(
    [summary.kept, summary.bestTestAccuracy],
    [iterated.summary.kept, iterated.summary.bestTestAccuracy],
  );
  assertEquals(model.memory.arena, other.memory.arena);
});

Deno.test("fit() trains with the options of train() where it is given none but data", async () => {
  const model = xorModel();
  const summary = await fit(model, xorData(20), { epochs: 1 });
  assertEquals(summary.epochs, 1);
  assert(model.standardization !== undefined);
});

Deno.test("fit() waits for what onEpoch returns", async () => {
  const order: string[] = [];
  await fit(
    xorModel(),
    xorData(40),
    { ...OPTIONS, epochs: 2, onStep: () => void order.push("step") },
    async () => {
      order.push("told");
      await Promise.resolve();
      order.push("heard");
    },
  );
  const epoch = [...Array(4).fill("step"), "told", "heard"];
  assertEquals(order, [...epoch, ...epoch]);
});

Deno.test("fit() ends with what onEpoch throws, and leaves a model that another run can go on with", async () => {
  const [model, straight, state] = [xorModel(), xorModel(), newRunState()];
  const enough = new Error("enough");
  const error = await assertRejects(() =>
    fit(model, xorData(40), { ...OPTIONS, state }, ({ epoch }) => {
      if (epoch === 2) throw enough;
    })
  );
  assertStrictEquals(error, enough);
  assertEquals(state.epoch, 2);
  await fit(model, xorData(40), { ...OPTIONS, state });
  await fit(straight, xorData(40), OPTIONS);
  assertEquals(model.memory.arena, straight.memory.arena);
});

Deno.test("fit() rejects with what train() refuses, and refuses an onEpoch that cannot be called", async () => {
  await assertRejects(() => fit(xorModel(), xorData(40), { epochs: 0 }), RangeError, "epochs is 0");
  const wrong = "each" as unknown as () => void;
  await assertRejects(
    () => fit(xorModel(), xorData(40), OPTIONS, wrong),
    TypeError,
    "Cannot fit: onEpoch is each (a string), expected a function",
  );
});

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { newRunState, type SchedulePlace, type StepRecord, train, type TrainOptions } from "../mod.ts";
import { finish, xorData, xorModel } from "./trainer/data.ts";

const OPTIONS = { epochs: 2, batchSize: 15, threads: 1 };

Deno.test("train() calls onStep after each step with its loss and learning rate", async () => {
  const steps: StepRecord[] = [];
  const schedule = { kind: "step", every: 1, factor: 0.5 } as const;
  const { records } = await finish(xorModel(), xorData(40), {
    ...{ ...OPTIONS, schedule, learningRate: 0.1 },
    onStep: (step) => void steps.push(step),
  });
  const places = steps.map(({ epoch, step, steps, learningRate }) => [epoch, step, steps, learningRate]);
  const of = (epoch: number, rate: number) => [1, 2, 3].map((step) => [epoch, step, 3, rate]);
  assertEquals(places, [...of(1, 0.1), ...of(2, 0.05)]);
  for (const { epoch, trainLoss } of records) {
    const [first, second, third] = steps.filter((step) => step.epoch === epoch).map(({ loss }) => loss);
    assertEquals(Math.fround((15 * first + 15 * second + 10 * third) / 40), Math.fround(trainLoss));
  }
});

Deno.test("train() waits for a promise of onStep, and ends with what it throws", async () => {
  const order: string[] = [];
  await finish(xorModel(), xorData(30), {
    ...{ ...OPTIONS, epochs: 1 },
    onStep: async ({ step }) => {
      order.push(`told ${step}`);
      await Promise.resolve();
      order.push(`heard ${step}`);
    },
  });
  assertEquals(order, ["told 1", "heard 1", "told 2", "heard 2"]);
  const failing = (onStep: TrainOptions["onStep"]) => () =>
    finish(xorModel(), xorData(30), { ...OPTIONS, onStep: onStep! });
  const fails = () => {
    throw new Error("enough");
  };
  await assertRejects(failing(fails), Error, "enough");
  await assertRejects(failing(() => Promise.reject(new Error("later"))), Error, "later");
});

Deno.test("train() takes no step after the one whose onStep aborts it, be it the last of its epoch", async () => {
  for (const at of [1, 2, 3]) {
    const [model, state, abort] = [xorModel(), newRunState(), new AbortController()];
    let taken = 0;
    const onStep = () => void (++taken === at && abort.abort());
    const signal = abort.signal;
    await assertRejects(
      () => finish(model, xorData(40), { ...OPTIONS, state, signal, onStep }),
      DOMException,
    );
    assertEquals([taken, state.epoch, state.step], [at, 0, at]);
    const straight = xorModel();
    await finish(model, xorData(40), { ...OPTIONS, state });
    await finish(straight, xorData(40), OPTIONS);
    assertEquals(model.memory.arena, straight.memory.arena);
  }
});

Deno.test("train() calls onProgress at least once an epoch, however short, after its last step", async () => {
  const told: string[] = [];
  const onProgress = ({ epoch, step, steps }: { epoch: number; step: number; steps: number }) =>
    void told.push(`${epoch}: ${step}/${steps}`);
  await finish(xorModel(), xorData(40), { ...OPTIONS, epochs: 3, onProgress });
  for (const epoch of [1, 2, 3]) assertEquals(told.filter((line) => line === `${epoch}: 3/3`).length, 1);
});

Deno.test("train() takes the rate of each step from a schedule that is a function", async () => {
  const places: SchedulePlace[] = [];
  const rates: number[] = [];
  const { records } = await finish(xorModel(), xorData(40), {
    ...{ ...OPTIONS, learningRate: 0.2 },
    schedule: (place) => {
      places.push(place);
      return place.learningRate / (place.steps * (place.epoch - 1) + place.step);
    },
    onStep: ({ learningRate }) => void rates.push(learningRate),
  });
  const of = (epoch: number, step: number) => ({ epoch, epochs: 2, step, steps: 3, learningRate: 0.2 });
  assertEquals(places, [of(1, 1), of(1, 2), of(1, 3), of(2, 1), of(2, 2), of(2, 3)]);
  assertEquals(rates, [1, 2, 3, 4, 5, 6].map((number) => 0.2 / number));
  assertEquals(records.map(({ learningRate }) => learningRate), [0.2 / 3, 0.2 / 6]);
});

Deno.test("train() by a function that gives what a named schedule gives has the same bits, resumed too", async () => {
  const schedule = ({ epoch, learningRate }: SchedulePlace) => learningRate * 0.5 ** (epoch - 1);
  const [named, own, resumed] = [xorModel(), xorModel(), xorModel()];
  await finish(named, xorData(40), { ...OPTIONS, schedule: { kind: "step", every: 1, factor: 0.5 } });
  await finish(own, xorData(40), { ...OPTIONS, schedule });
  assertEquals(own.memory.arena, named.memory.arena);
  const state = newRunState();
  await finish(resumed, xorData(40), { ...OPTIONS, schedule, state, maxSteps: 4 });
  // A state tells nothing of a function: it is given again.
  await finish(resumed, xorData(40), { ...OPTIONS, schedule, state: structuredClone(state) });
  assertEquals(resumed.memory.arena, named.memory.arena);
});

Deno.test("train() learns nothing in a step whose rate is 0", async () => {
  const model = xorModel();
  const before = model.memory.arena.slice();
  const still = { weightDecay: 0, zeta: 0, momentum: 0 };
  await finish(model, xorData(40), { ...OPTIONS, ...still, schedule: () => 0 });
  assertEquals(model.memory.arena, before);
});

Deno.test("train() ends with a clear error where a schedule gives no rate", async () => {
  const wrong: [unknown, typeof TypeError | typeof RangeError, string][] = [
    [NaN, RangeError, "schedule gave NaN for step 2 of epoch 1, expected a learning rate"],
    [-0.1, RangeError, "gave -0.1"],
    [Infinity, RangeError, "gave Infinity"],
    [1e300, RangeError, "gave 1e+300"],
    [undefined, TypeError, "gave undefined"],
    ["0.1", TypeError, "gave 0.1"],
    [Promise.resolve(0.1), TypeError, "gave an object"],
    [1n, TypeError, "gave 1"],
  ];
  for (const [rate, type, message] of wrong) {
    const schedule = ({ step }: SchedulePlace) => step === 2 ? rate as number : 0.1;
    await assertRejects(() => finish(xorModel(), xorData(40), { ...OPTIONS, schedule }), type, message);
  }
});

Deno.test("train() refuses an onStep that cannot be called", () => {
  const onStep = 3 as unknown as () => void;
  assertThrows(
    () => train(xorModel(), xorData(40), { onStep }),
    TypeError,
    "onStep is 3, expected a function",
  );
});

import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  type EpochRecord,
  loadModel,
  madelonLike,
  newRunState,
  SparseMlp,
  train,
  type TrainOptions,
} from "../mod.ts";
import { changeNumber, changesInside, evolvesAt, lastChange, probedBatch } from "../src/topology/interval.ts";
import { run } from "./cli/process.ts";
import { assertSameModel } from "./model/content.ts";
import { finish } from "./trainer/data.ts";
import { inParts } from "./trainer/in_parts.ts";

const data = madelonLike({ samples: 300, testSamples: 60, features: 20, seed: 2 });
const make = () => SparseMlp.create({ sizes: [20, 60, 50, 2], epsilon: 6, seed: 5 });
const STEPS = 10; // ⌈300 / 32⌉

Deno.test("an interval of steps goes on across epochs", () => {
  const every = { steps: 4 };
  assertEquals([1, 2, 3].map((epoch) => changesInside(every, { epoch, steps: 10 })), [[4, 8], [2, 6], [
    4,
    8,
  ]]);
  assertEquals(changesInside({ steps: 5 }, { epoch: 1, steps: 10 }), [5]);
  assertEquals(changesInside(1, { epoch: 1, steps: 10 }), []);
  const due = Array.from({ length: 30 }, (_, done) => done + 1)
    .filter((done) =>
      evolvesAt(every, { epoch: Math.ceil(done / 10), step: (done - 1) % 10 + 1, steps: 10 })
    );
  assertEquals(due, [4, 8, 12, 16, 20, 24, 28]);
  assertEquals(changeNumber(every, { epoch: 2, step: 10, steps: 10 }), 5);
  assertEquals([1, 2, 3, 4].filter((epoch) => evolvesAt(2, { epoch, step: 10, steps: 10 })), [2, 4]);
});

Deno.test("the last change of a run comes before its end", () => {
  assertEquals(lastChange(1, 10, 7), 0.9);
  assertEquals(lastChange(5, 10, 7), 0.5);
  assertEquals(lastChange(10, 10, 7), 0);
  assertEquals(lastChange({ steps: 8 }, 2, 10), 0.8);
  assertEquals(lastChange({ steps: 10 }, 2, 10), 0.5);
  assertEquals(lastChange({ steps: 6 }, 4, 10, { until: 3 }), 0.75);
  assertEquals(lastChange({ steps: 15 }, 4, 10, { after: 3 }), 0);
  assertEquals(lastChange({ steps: 12 }, 4, 10, { after: 3 }), 0.9);
  assertEquals(lastChange(2, 6, 10, { until: 3 }), 2 / 6);
});

Deno.test("the batch that is probed is the epoch's first, or the last whole one before a change by steps", () => {
  assertEquals([1, 10].map((step) => probedBatch(1, { step }, 9)), [0, 0]);
  assertEquals([1, 4, 9, 10].map((step) => probedBatch({ steps: 2 }, { step }, 9)), [0, 3, 8, 8]);
  assertEquals(probedBatch({ steps: 1 }, { step: 1 }, 0), 0);
});

Deno.test("train() changes the topology every so many epochs", async () => {
  const { records } = await finish(make(), data, { epochs: 7, batchSize: 32, evolveEvery: 3 });
  assertEquals(records.map(({ replaced }) => replaced > 0), [false, false, true, false, false, true, false]);
});

Deno.test("train() changes the topology every so many steps, and counts what an epoch replaced", async () => {
  const moments: [epoch: number, step: number][] = [];
  const model = make();
  let seen = model.layers[0].indices.slice(0, model.layers[0].nnz).join();
  const { records } = await finish(model, data, {
    epochs: 3,
    batchSize: 32,
    evolveEvery: { steps: 4 },
    onStep({ epoch, step }) {
      const now = model.layers[0].indices.slice(0, model.layers[0].nnz).join();
      if (now !== seen) moments.push([epoch, step]);
      seen = now;
    },
  });
  // The change after step 20 is that after epoch 2, seen at the next step.
  assertEquals(moments, [[1, 4], [1, 8], [2, 2], [2, 6], [3, 1], [3, 4], [3, 8]]);
  const [one] = (await finish(make(), data, { epochs: 2, batchSize: 32 })).records;
  for (const [index, changes] of [2, 3, 2].entries()) {
    // ⌊ζ·n⌋ of each sign varies by the signs alone.
    assert(Math.abs(records[index].replaced - changes * one.replaced) <= 4 * changes, `epoch ${index + 1}`);
  }
  assert(records.every(({ evolutionSeconds, seconds }) => evolutionSeconds > 0 && seconds > 0));
});

Deno.test("train() by steps, stopped anywhere and resumed, gives the bits and records of a run that never stopped", async () => {
  for (const growth of ["random", "gradient-sampled"] as const) {
    const settings: TrainOptions = {
      ...{ epochs: 4, batchSize: 32, evolveEvery: { steps: 3 }, growth, zetaSchedule: "cosine" },
      importancePruning: { start: 1, every: 2, percentile: 10 },
    };
    const measures = ({ epoch, replaced, trainLoss }: EpochRecord) => [epoch, replaced, trainLoss];
    const straight = make();
    const { records } = await finish(straight, data, { ...settings, threads: 2 });
    for (const steps of [1, 3, 7, STEPS]) {
      const { model, records: found } = await inParts(make(), data, settings, steps);
      assertEquals(found.map(measures), records.map(measures));
      assertSameModel(model, straight, `${growth} in parts of ${steps} steps`);
    }
  }
});

Deno.test("train() by steps makes up for the change that the end of maxSteps left out", async () => {
  const settings = {
    epochs: 3,
    batchSize: 32,
    evolveEvery: { steps: 4 },
    growth: "gradient-sampled",
  } as const;
  const straight = make();
  const { records } = await finish(straight, data, settings);
  for (const maxSteps of [4, 8, 10, 12, 20, 24]) {
    const [model, state] = [make(), newRunState()];
    const ended = await finish(model, data, { ...settings, state, maxSteps });
    const inside = maxSteps % STEPS;
    assertEquals(state.evolved, inside > 0 && maxSteps % 4 !== 0, `after ${maxSteps} steps`);
    // The records of whole epochs before are those of the straight run but for the change that is still to come.
    const whole = ended.records.slice(0, -1);
    assertEquals(
      whole.map(({ replaced }) => replaced),
      records.slice(0, whole.length).map((one) => one.replaced),
    );
    const rest = await finish(model, data, { ...settings, state });
    assertSameModel(model, straight, `after ${maxSteps} steps`);
    const first = rest.records[0];
    if (inside > 0) assertEquals(first.replaced, records[first.epoch - 1].replaced);
  }
});

Deno.test("train() refuses an interval that is none", () => {
  const run = (evolveEvery: unknown) => () => train(make(), data, { evolveEvery } as TrainOptions);
  assertThrows(run(0), RangeError, "evolveEvery is 0");
  assertThrows(run(1.5), RangeError, "evolveEvery is 1.5");
  assertThrows(run({ steps: 0 }), RangeError, "evolveEvery.steps is 0");
  assertThrows(run({ step: 3 }), TypeError, 'did you mean "evolveEvery.steps"?');
  assertThrows(run({}), TypeError, "evolveEvery.steps");
  assertThrows(run("2"), TypeError, "epochs or an object with steps");
});

Deno.test("train --evolve-every, --zeta-schedule and --final-density are kept by checkpoints: a resumed run has the bits of a whole one", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const [whole, part] = [`${folder}/whole.safetensors`, `${folder}/part.safetensors`];
    const options = ["--hidden", "30,20", "--density", "0.5", "--epochs", "4", "--quiet", "--seed", "3"];
    const chosen = ["--evolve-every", "7steps", "--zeta-schedule", "cosine", "--final-density", "0.1"];
    const begun = await run("train", ...options, ...chosen, "--output", whole);
    assertEquals(begun.code, 0, begun.stderr);
    assertEquals((await run("train", ...options, ...chosen, "--output", part, "--max-steps", "70")).code, 0);
    const resumed = await run("train", "--resume", part, "--max-steps", "1000000", "--quiet");
    assertEquals(resumed.code, 0, resumed.stderr);
    const model = (await loadModel(whole)).model;
    assertSameModel((await loadModel(part)).model, model);
    const evolving = model.layers.slice(0, -1);
    const places = evolving.reduce((sum, { inputs, neurons }) => sum + inputs * neurons, 0);
    assertEquals(evolving.reduce((sum, { nnz }) => sum + nnz, 0), Math.round(0.1 * places));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("train refuses an interval or a stop that it cannot read", async () => {
  for (
    const [args, says] of [
      [["--evolve-every", "0"], "use --evolve-every 0: expected a whole number of at least 1"],
      [["--evolve-every", "500 epochs"], "use --evolve-every 500 epochs: expected"],
      [["--density-stop", "0.5"], "Cannot use --density-stop without --final-density"],
      [["--zeta-stop", "2"], "--zeta-stop 2"],
    ] as const
  ) {
    const { code, stderr } = await run("train", ...args);
    assertEquals(code, 2);
    assert(stderr.includes(says), stderr);
  }
});

import { assert, assertEquals, assertThrows } from "@std/assert";
import { loadModel, newRunState, type RunState, type RunSummary, saveModel } from "../mod.ts";
import { checkRunState } from "../src/train/state.ts";
import { checkTally, newTally, summarize, type Tally, tallyEpoch } from "../src/train/tally.ts";
import type { EpochRecord } from "../src/train/records.ts";
import { run, smallRun } from "./cli/process.ts";
import { finish, linearData, PLAIN, xorData, xorModel } from "./trainer/data.ts";

/** A record with what a tally reads. */
function record(epoch: number, more: Partial<EpochRecord>): EpochRecord {
  return {
    ...{ epoch, trainLoss: 0.5, trainAccuracy: 0.7, learningRate: 0.1, parameters: 9, connections: 7 },
    ...{ seconds: 1, evolutionSeconds: 2, evaluationSeconds: 3, samplesPerSecond: 4, replaced: 0, pruned: 0 },
    ...more,
  };
}

Deno.test("tallyEpoch() takes nothing evaluated inside an epoch for the best, but tells of it as the last", () => {
  const tally = newTally(12);
  tallyEpoch(tally, record(1, { testLoss: 0.6, testAccuracy: 0.8 }), true);
  tallyEpoch(tally, record(2, { testLoss: 0.4, testAccuracy: 0.9, steps: 3 }), false);
  const { bestTestAccuracy, bestEpoch, lastTestAccuracy, validationSelectedTestAccuracy, epochs, steps } =
    summarize(tally);
  assertEquals([bestTestAccuracy, bestEpoch, lastTestAccuracy], [0.8, 1, 0.9]);
  assertEquals([validationSelectedTestAccuracy, epochs, steps], [0.8, 1, 3]);
  assertEquals(tally.curve, [[1, 0.8], [2, 0.9]]);
  // The end of the epoch takes the place of its middle.
  tallyEpoch(tally, record(2, { testLoss: 0.5, testAccuracy: 0.85 }), false);
  assertEquals(tally.curve, [[1, 0.8], [2, 0.85]]);
  assertEquals(summarize(tally), {
    epochs: 2,
    parametersStart: 12,
    parametersEnd: 9,
    trainSeconds: 3,
    evolutionSeconds: 6,
    evaluationSeconds: 9,
    bestTestAccuracy: 0.85,
    bestEpoch: 2,
    lastTestAccuracy: 0.85,
    lastTestLoss: 0.5,
    validationSelectedTestAccuracy: 0.8,
    lastTrainLoss: 0.5,
    lastTrainAccuracy: 0.7,
  });
});

/** A summary without what a clock says. */
function timeless({ trainSeconds: _, evolutionSeconds: __, evaluationSeconds: ___, ...rest }: RunSummary) {
  return rest;
}

Deno.test("train() in parts sums up as one run does, and never selects what that run did not", async () => {
  for (const [data, learningRate] of [[xorData(110, 40), 0.1], [linearData(110, 40), 0.01]] as const) {
    const sizes = [data.featureCount, 24, 2];
    const make = () => xorModel({ sizes, task: data.task });
    // 9 steps an epoch; with such rates the validation loss rises and falls.
    const options = {
      ...PLAIN,
      epochs: 6,
      batchSize: 10,
      learningRate,
      validationFraction: 0.2,
      seed: 3,
    };
    const straight: (number | undefined)[][] = [];
    for (let epochs = 1; epochs <= 6; epochs++) {
      const { summary } = await finish(make(), data, { ...options, maxSteps: 9 * epochs });
      straight.push([summary.bestEpoch, summary.validationSelectedTestAccuracy]);
    }
    const whole = await finish(make(), data, options);
    const [model, state] = [make(), newRunState()];
    let seen = 0;
    for (let maxSteps = 4; maxSteps < 54; maxSteps += 7) {
      const { summary } = await finish(model, data, { ...options, maxSteps, state });
      const { epochs, bestEpoch, validationSelectedTestAccuracy } = summary;
      const expected = epochs === 0 ? [undefined, undefined] : straight[epochs - 1];
      assertEquals([bestEpoch, validationSelectedTestAccuracy], expected, `after ${maxSteps} steps`);
      seen++;
    }
    assertEquals(seen, 8);
    const { summary } = await finish(model, data, { ...options, state });
    assertEquals(timeless(summary), timeless(whole.summary));
    assertEquals(summary.bestTestLoss === undefined, data.task === "classification");
    assertEquals(checkTally(JSON.parse(JSON.stringify(state.tally))), state.tally);
  }
});

Deno.test("checkTally() refuses what is no tally, and leaves out what is unknown", () => {
  const good = { ...newTally(3), best: { epoch: 1, loss: 0.5 }, curve: [[1, 0.5], [2, 0.4]] };
  assertEquals(
    checkTally({ ...good, more: 1, lastTrainLoss: 0.2 }),
    { ...good, lastTrainLoss: 0.2 } as Tally,
  );
  const wrong: [unknown, new () => Error, string][] = [
    [null, TypeError, "the tally is null, expected an object"],
    [{ ...good, epochs: "2" }, RangeError, 'epochs is "2", expected a finite number'],
    [{ ...good, trainSeconds: undefined }, RangeError, "trainSeconds is undefined"],
    [{ ...good, steps: null }, RangeError, "steps is null"],
    [{ ...good, best: 3 }, TypeError, "best is 3, expected an object"],
    [{ ...good, last: { epoch: 2, loss: "low" } }, RangeError, 'last.loss is "low"'],
    [{ ...good, selected: {} }, RangeError, "selected.epoch is undefined"],
    [{ ...good, curve: {} }, TypeError, "curve is {}, expected a list of points"],
    [{ ...good, curve: [[1, 0.5], [1, 0.6]] }, RangeError, "a point of the curve is [1,0.6]"],
    [{ ...good, curve: [[1]] }, RangeError, "a point of the curve is [1]"],
  ];
  for (const [found, ErrorClass, message] of wrong) {
    assertThrows(() => checkTally(found), ErrorClass, message);
  }
});

Deno.test("checkRunState() reads the name that format 2 gave to the evaluations since the best", () => {
  const { evaluationsSinceBest: _, ...old } = newRunState(4);
  assertEquals(checkRunState({ ...old, waited: 7 }), { ...newRunState(4), evaluationsSinceBest: 7 });
  assertThrows(() => checkRunState(old), RangeError, "evaluationsSinceBest is undefined");
});

for (const format of [1, 2]) {
  Deno.test(`train --resume reads what checkpoints of format ${format} kept of the run among the options`, async () => {
    const { path, args: small } = await smallRun();
    const [straight, old] = [`${path}/straight.safetensors`, `${path}/old.safetensors`];
    // Rates that follow the number of epochs would differ between a run and its first part.
    const args = [...small, "--validation-fraction", "0.3", "--schedule", "constant", "--json"];
    const summaryOf = (stdout: string) => JSON.parse(stdout.trim().split("\n").at(-1)!);
    const whole = await run(...args, "--epochs", "5", "--output", straight);
    assertEquals(whole.code, 0, whole.stderr);
    const part = await run(...args, "--epochs", "3", "--output", old);
    assertEquals(part.code, 0, part.stderr);

    // The checkpoint as it was written before.
    const { model, training } = await loadModel(old);
    const { tally, evaluationsSinceBest, batchSize: _, cacheTile: __, ...state } = training!.state!;
    const lowestValidationLoss = state.best?.value;
    assert(tally !== undefined && lowestValidationLoss !== undefined);
    const options = { ...training!.options, history: { ...tally, lowestValidationLoss } };
    const oldState = { ...state, waited: evaluationsSinceBest } as unknown as RunState;
    await saveModel(model, old, {
      training: { epoch: 3, options, ...(format === 2 && { state: oldState }) },
    });

    const rest = await run("train", "--resume", old, "--epochs", "5", "--json");
    assertEquals(rest.code, 0, rest.stderr);
    const { peakRssBytes: ____, ...found } = summaryOf(rest.stdout);
    const { peakRssBytes: _____, ...expected } = summaryOf(whole.stdout);
    // Format 1 did not know whether the topology had changed after the last epoch.
    if (format === 2) assertEquals(timeless(found), timeless(expected));
    assertEquals([found.epochs, found.parametersStart], [5, expected.parametersStart]);
    assert(found.trainSeconds > tally.trainSeconds);
    const loaded = (await loadModel(old)).training!;
    assertEquals("history" in loaded.options, false);
    assertEquals(loaded.state!.tally!.curve.map(([epoch]) => epoch), [1, 2, 3, 4, 5]);
  });
}

Deno.test("train --max-steps inside the first epoch tells the last test accuracy, and no best one", async () => {
  const { args } = await smallRun();
  const { code, stdout, stderr } = await run(...args, "--batch-size", "8", "--max-steps", "3");
  assertEquals(code, 0, stderr);
  assert(/^Test accuracy +last \d+\.\d+ % \(naming/m.test(stdout), stdout);
});

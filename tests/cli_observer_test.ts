import { assertEquals, assertRejects } from "@std/assert";
import { type ObservedRun, Observers, type RunObserver } from "../src/cli/observer.ts";
import { madelonLike } from "../src/data/generator.ts";
import { SparseMlp } from "../src/model/model.ts";

const OUTCOME = { stoppedEarly: false, interrupted: false };

function observed(): ObservedRun {
  const data = madelonLike({ samples: 40, testSamples: 10, features: 20, seed: 1 });
  const model = SparseMlp.create({ sizes: [20, 8, 2], epsilon: 4, seed: 1 });
  return { data, model, settings: {}, epochs: 2, epochsDone: 0 };
}

/** Writes down what it is told. */
function scribe(name: string, told: string[], failsAt?: string): RunObserver {
  const note = (what: string) => {
    told.push(`${name} ${what}`);
    if (what === failsAt) throw new Error(`no room for the ${what}\nsecond line`);
  };
  return {
    name,
    start: () => Promise.resolve().then(() => note("start")),
    step: () => note("step"),
    progress: () => note("progress"),
    epoch: () => note("epoch"),
    end: ({ how, message }) => note([how, message].filter(Boolean).join(": ")),
  };
}

const progress = { epoch: 1, epochs: 2, step: 1, steps: 4, loss: 1, accuracy: 0.5, samplesPerSecond: 10 };
const step = { epoch: 1, step: 1, steps: 4, loss: 1, learningRate: 0.1 };

Deno.test("Observers leave out one that fails, with a line, whatever it was told", async () => {
  for (const failsAt of ["start", "step", "progress", "epoch", "finished"]) {
    const [told, notices]: [string[], string[]] = [[], []];
    const all = [scribe("one", told, failsAt), scribe("two", told)];
    const observers = new Observers(all, (text) => notices.push(text));
    const run = observed();
    await observers.during(run, async () => {
      observers.onStep?.(step);
      observers.progress(progress);
      await observers.epoch({} as never, run.model);
      return OUTCOME;
    });
    const order = ["start", "step", "progress", "epoch", "finished"];
    const ofOne = order.slice(0, order.indexOf(failsAt) + 1);
    assertEquals(told.filter((line) => line.startsWith("one")), ofOne.map((what) => `one ${what}`));
    assertEquals(told.filter((line) => line.startsWith("two")), order.map((what) => `two ${what}`));
    assertEquals(notices, [`Left out one, the training goes on: no room for the ${failsAt} second line`]);
  }
});

Deno.test("Observers hear of a run that fails, and do not hide why", async () => {
  const told: string[] = [];
  const observers = new Observers([scribe("one", told, "failed: the loss is not finite")], () => {});
  await assertRejects(
    () => observers.during(observed(), () => Promise.reject(new Error("the loss is not finite"))),
    Error,
    "the loss is not finite",
  );
  assertEquals(told, ["one start", "one failed: the loss is not finite"]);
});

Deno.test("Observers ask for no steps where nobody wants them", () => {
  const { step: _, ...deaf } = scribe("one", []);
  assertEquals(new Observers([], () => {}).onStep, undefined);
  assertEquals(new Observers([deaf], () => {}).onStep, undefined);
});

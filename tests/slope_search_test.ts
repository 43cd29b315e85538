import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  madelonLike,
  searchSlope,
  type SlopeSearchProgress,
  TrainingError,
  type TrainOptions,
} from "../mod.ts";
import { xorData } from "./trainer/data.ts";

const data = madelonLike({ samples: 320, testSamples: 60, features: 20, seed: 2 });
const network = { hidden: [30, 20], epsilon: 8, seed: 5 };
const training: TrainOptions = { batchSize: 16, threads: 1 };

Deno.test("searchSlope() halves the slopes round by round, and counts what it took", async () => {
  const told: SlopeSearchProgress[] = [];
  const found = await searchSlope(data, network, training, {
    epochs: 1,
    onProgress: (progress) => void told.push(progress),
  });
  const { alpha, ranking, metric, trainings, samples } = found;
  assertEquals([ranking.length, ranking[0].alpha, metric, trainings], [6, alpha, "loss", 6]);
  // Six for one epoch, three for one more, two for two more.
  assertEquals(ranking.map(({ epochs }) => epochs), [4, 4, 2, 1, 1, 1]);
  assertEquals(told.map(({ round }) => round), [1, 1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3]);
  assertEquals(told.at(-1), { round: 3, alpha: told.at(-1)!.alpha, done: 13, total: 13 });
  assertEquals(samples, 13 * 240);
  const values = ranking.map(({ value }) => value);
  assert(values[0] <= values[1] && values[3] <= values[4] && values[4] <= values[5], `${values}`);
});

Deno.test("searchSlope() tries slopes as long as it says, whatever would end the run", async () => {
  const ended = { ...training, epochs: 100, maxSteps: 1, patience: 1, validationFraction: 0.1 };
  const { ranking } = await searchSlope(data, network, ended, { slopes: [0.2, 0.6] });
  assertEquals(ranking.map(({ epochs }) => epochs), [5, 5]);
});

Deno.test("searchSlope() begins as the run will, also where features of the samples decide", async () => {
  const begun = { hidden: [30, 20], overallDensity: 0.3, start: "csti", seed: 5 } as const;
  const { ranking } = await searchSlope(data, begun, training, { slopes: [0.2, 0.6], epochs: 1 });
  assertEquals(ranking.map(({ epochs }) => epochs), [1, 1]);
});

Deno.test("searchSlope() is a function of data and options, for any number of threads", async () => {
  const search = { epochs: 1, slopes: [0, 0.3, 0.6] };
  const { seconds: _, ...one } = await searchSlope(data, network, training, search);
  const { seconds: __, ...two } = await searchSlope(data, network, { ...training, threads: 2 }, search);
  assertEquals(two, one);
});

Deno.test("searchSlope() never sees the test part, nor the samples that a run sets aside", async () => {
  const search = { epochs: 1, slopes: [0.2, 0.6], samples: 100 };
  const run = { ...training, validationFraction: 0.2, metric: "accuracy" } as const;
  const { test, ...train } = data;
  const { seconds: _, ...with_ } = await searchSlope(data, network, run, search);
  const { seconds: __, ...without } = await searchSlope(train, network, run, search);
  assertEquals(with_, without);
  assertEquals(test!.samples, 60);
  assertEquals([with_.metric, with_.samples], ["accuracy", 2 * 75]);
  // A metric may be given for the search alone.
  assertEquals(
    (await searchSlope(data, network, { ...training, metric: "accuracy" }, search)).metric,
    "accuracy",
  );
});

Deno.test("searchSlope() leaves out slopes whose training diverges, and says so where all do", async () => {
  const wild = { slopes: [0.5, 1e30], epochs: 1 };
  const { alpha, ranking } = await searchSlope(data, network, training, wild);
  assertEquals([alpha, ranking[1].alpha, ranking[1].value], [0.5, 1e30, NaN]);
  const all = { slopes: [1e30, 2e30], epochs: 1 };
  await assertRejects(
    () => searchSlope(data, network, training, all),
    TrainingError,
    "every training diverged",
  );
});

Deno.test("searchSlope() ends with the reason of its signal, before and between epochs", async () => {
  const controller = new AbortController();
  const onProgress = ({ done }: SlopeSearchProgress) => {
    if (done === 2) controller.abort(new DOMException("enough", "AbortError"));
  };
  const { signal } = controller;
  const search = { epochs: 2, signal, onProgress };
  await assertRejects(() => searchSlope(data, network, training, search), DOMException, "enough");
  await assertRejects(() => searchSlope(data, network, training, { signal }), DOMException, "enough");
});

Deno.test("searchSlope() refuses what it cannot search", async () => {
  const refused = (search: object, Kind: typeof TypeError | typeof RangeError, message: string) =>
    assertRejects(() => searchSlope(data, network, training, search), Kind, message);
  await refused({ slopes: [0.5] }, TypeError, "expected two at least");
  await refused({ slope: [0.5, 1] }, TypeError, "slopes");
  await refused({ epochs: 0 }, RangeError, "epochs is 0");
  const given = { ...network, activation: "relu" } as typeof network;
  await assertRejects(() => searchSlope(data, given), TypeError, "activation");
  const on = { ...training, onStep: () => {} } as TrainOptions;
  await assertRejects(() => searchSlope(data, network, on), TypeError, "onStep");
  await assertRejects(
    () => searchSlope(xorData(1), { hidden: [4] }),
    RangeError,
    "set validation samples aside",
  );
});

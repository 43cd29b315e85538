import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { TrainingError } from "../src/errors.ts";
import type { ParallelOptions } from "../src/parallel/options.ts";
import type { Progress } from "../src/train/hooks.ts";
import { finishInProcess, finishParallel, finishWithModule } from "./parallel/runs.ts";
import { xorData, xorModel } from "./trainer/data.ts";

const OPTIONS: ParallelOptions = { algorithm: "gossip", localSteps: 2, epochs: 4, batchSize: 20, workers: 2 };

function module(name: string): URL {
  return new URL(`./parallel/${name}`, import.meta.url);
}

Deno.test("trainParallel() by gossip brings every model whole, to the worker that has asked for it", async () => {
  const options = { ...OPTIONS, workers: 3, epochs: 1, zeta: 0 };
  const run = finishWithModule(xorModel(), xorData(200), options, module("asking_worker.ts"));
  const { records: [{ parallel }] } = await run;
  assertEquals(parallel!.updates, 6000);
  // At the least each has asked once in the end, when all others only answer.
  assert(parallel!.exchanges! >= 3, `${parallel!.exchanges} exchanges`);
});

Deno.test("trainParallel() by gossip ends with the error of a worker that throws or hangs", async () => {
  for (
    const [fault, because] of [["throw:3", "broken on purpose"], ["hang:3", "it has done nothing for 2 s"]]
  ) {
    const options = { ...OPTIONS, workers: 3, epochs: 1_000_000, timeLimitSeconds: 2 };
    const failed = await assertRejects(
      () => finishWithModule(xorModel(), xorData(200), options, module(`faulty_worker.ts#${fault}`)),
      TrainingError,
      "Cannot go on training: worker 2 failed: ",
    );
    assertStringIncludes(String(failed.cause), because);
  }
});

Deno.test("trainParallel() by gossip ends when its signal aborts, in the middle of an epoch", async () => {
  const controller = new AbortController();
  const onProgress = () => controller.abort(new Error("enough"));
  const options = { ...OPTIONS, epochs: 1_000_000, signal: controller.signal, onProgress };
  const run = () => finishParallel(xorModel(), xorData(400_000), options);
  assertEquals((await assertRejects(run, Error)).message, "enough");
});

Deno.test("trainParallel() tells how far an epoch is in which workers have models of their own", async () => {
  const { localSteps: _, ...rest } = OPTIONS;
  const algorithms: ParallelOptions[] = [OPTIONS, { ...rest, algorithm: "wasap", phaseOneFraction: 0 }];
  for (const options of algorithms) {
    const told: Progress[] = [];
    const onProgress = (progress: Progress) => void told.push(progress);
    // Workers who wait a little after each step, so that somebody looks between two.
    const slow = module("faulty_worker.ts#slow:0");
    const { records } = await finishWithModule(xorModel(), xorData(200), {
      ...options,
      epochs: 1,
      onProgress,
    }, slow);
    const inside = told.filter(({ step, steps }) => step < steps);
    assert(inside.length > 0);
    for (const { step, steps, loss, accuracy } of inside) {
      assert(step > 0 && steps === 10 && Number.isFinite(loss) && accuracy >= 0 && accuracy <= 1);
    }
    const { step, loss } = told.at(-1)!;
    assertEquals([step, loss], [10, records[0].trainLoss]);
  }
});

Deno.test("trainParallel() by gossip ends with a loss that is not finite, in one line", async () => {
  const options = { ...OPTIONS, learningRate: 1e30 };
  const error = await assertRejects(
    () => finishInProcess(xorModel(), xorData(200), options, 1),
    TrainingError,
  );
  assertStringIncludes(error.message, "the loss is not finite in epoch");
});

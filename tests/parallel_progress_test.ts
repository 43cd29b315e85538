import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { ProgressCalls } from "../src/parallel/progress.ts";
import type { Progress } from "../src/train/hooks.ts";
import { finishInProcess, finishParallel, finishWithModule } from "./parallel/runs.ts";
import { countWorkers } from "./parallel/watched_workers.ts";
import { xorData, xorModel } from "./trainer/data.ts";

const OPTIONS = { epochs: 2, batchSize: 50, workers: 2, phaseOneFraction: 1 };
/** Its second worker takes 0.6 s a step. */
const SLOW = new URL("./parallel/faulty_worker.ts#slow:0", import.meta.url);

const PROGRESS: Progress = {
  ...{ epoch: 1, epochs: 1, step: 1, steps: 2, loss: 1, accuracy: 0, samplesPerSecond: 1 },
};

Deno.test("ProgressCalls.tell() leaves out what comes while a call runs, and settled() waits for the last call", async () => {
  const told: number[] = [];
  const ends: (() => void)[] = [];
  const calls = new ProgressCalls(({ step }) => {
    told.push(step);
    return new Promise<void>((resolve) => ends.push(resolve));
  }, () => {});
  for (const step of [1, 2]) calls.tell({ ...PROGRESS, step });
  ends[0]();
  await calls.settled();
  for (const step of [3, 4]) calls.tell({ ...PROGRESS, step });
  assertEquals(told, [1, 3]);
  let over = false;
  const settled = calls.settled().then(() => over = true);
  await new Promise((resolve) => setTimeout(resolve, 1));
  assert(!over);
  ends[1]();
  await settled;
});

Deno.test("ProgressCalls tells once that a call has thrown, throws it in settled(), and makes no further call", async () => {
  const wrong = new Error("enough");
  let [count, failures] = [0, 0];
  const calls = new ProgressCalls(() => {
    count++;
    throw wrong;
  }, () => failures++);
  calls.tell(PROGRESS);
  for (const _ of [1, 2]) assertStrictEquals(await assertRejects(() => calls.settled()), wrong);
  calls.tell(PROGRESS);
  assertEquals([count, failures], [1, 1]);
});

Deno.test("ProgressCalls.settled() does not wait for a call that runs when the run is aborted, then or before", async () => {
  const calls = new ProgressCalls(() => new Promise(() => {}), () => {});
  calls.tell(PROGRESS);
  const [abort, reason] = [new AbortController(), new Error("enough")];
  const settled = assertRejects(() => calls.settled(abort.signal));
  abort.abort(reason);
  assertStrictEquals(await settled, reason);
  assertStrictEquals(await assertRejects(() => calls.settled(abort.signal)), reason);
});

Deno.test("trainParallel() calls onProgress one at a time, and ends no epoch while a call runs", async () => {
  let [running, most, count] = [0, 0, 0];
  const onProgress = async () => {
    most = Math.max(most, ++running);
    count++;
    // Longer than a look at the workers.
    await new Promise((resolve) => setTimeout(resolve, 250));
    running--;
  };
  const onPhase = () => assertEquals(running, 0);
  // Between the first round and the second of an epoch, 0.6 s later, there is something to tell.
  const options = { ...OPTIONS, algorithm: "wassp", onProgress, onPhase } as const;
  await finishWithModule(xorModel(), xorData(200, 50), options, SLOW);
  assertEquals([most, running], [1, 0]);
  assert(count >= 2, `${count} calls`);
});

Deno.test("trainParallel() throws what onProgress throws, at once or later, and ends all Workers", async () => {
  const wrong = new Error("enough");
  const throwing = [
    () => {
      throw wrong;
    },
    () => new Promise<void>((_, reject) => setTimeout(reject, 1, wrong)),
  ];
  for (const onProgress of throwing) {
    for (const algorithm of ["wasap", "wassp"] as const) {
      const options = { ...OPTIONS, algorithm, epochs: 1_000_000, onProgress };
      const workers = await countWorkers(async () => {
        const run = () =>
          algorithm === "wasap"
            ? finishWithModule(xorModel(), xorData(200), options, SLOW)
            // Epochs that are long enough for a look.
            : finishParallel(xorModel(), xorData(400_000), options);
        assertStrictEquals(await assertRejects(run), wrong);
      });
      assertEquals(workers, { started: 2, alive: 0 });
      const inTurns = () => finishInProcess(xorModel(), xorData(200), options, 1);
      assertStrictEquals(await assertRejects(inTurns), wrong);
    }
  }
});

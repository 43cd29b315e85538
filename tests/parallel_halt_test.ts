import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { TrainingError } from "../src/errors.ts";
import { madelonLike } from "../src/data/generator.ts";
import { loadModel, saveModel } from "../src/files/checkpoint.ts";
import { SparseMlp } from "../src/model/model.ts";
import { InProcessTransport, type ServerEvent } from "../src/parallel/in_process.ts";
import type { ParallelOptions } from "../src/parallel/options.ts";
import { trainOver, trainParallel } from "../src/parallel/wasap.ts";
import { WorkerModels } from "../src/parallel/worker_models.ts";
import { WorkersTransport } from "../src/parallel/threads/transport.ts";
import type { TransportPlan } from "../src/parallel/transport_plan.ts";
import type { EpochRecord } from "../src/train/records.ts";
import { checkRunState, newRunState, type RunState } from "../src/train/state.ts";
import { train } from "../src/train/trainer.ts";
import { assertSameModel } from "./model/content.ts";
import { withFile } from "./temporary.ts";

const data = madelonLike({ samples: 500, testSamples: 60, features: 30, seed: 3 });
const SAMPLES = 500;
const make = () => SparseMlp.create({ sizes: [30, 60, 40, 2], epsilon: 8, activation: "srelu", seed: 2 });

/** Four epochs of phase 1, two of phase 2; 16 updates an epoch, or 6 rounds, or 6 steps of each worker. */
const OPTIONS: ParallelOptions = { epochs: 6, batchSize: 32, learningRate: 0.02, threads: 1, workers: 3 };

/** When a run is halted: at the event of this number of a kind. */
interface Stop {
  readonly kind: ServerEvent["kind"];
  readonly count: number;
}

/** Trains from a checkpoint, or from the start, until it is halted or over; saves, and gives the records. */
async function part(
  path: string,
  options: ParallelOptions,
  { stop, begins = false, order = 1 }: { stop?: Stop; begins?: boolean; order?: number },
): Promise<{ model: SparseMlp; records: EpochRecord[]; state: RunState }> {
  const before = begins ? undefined : await loadModel(path);
  const model = before?.model ?? make();
  const state = before?.training?.state ?? newRunState();
  const workerModels = new WorkerModels(before?.workers);
  const abort = new AbortController();
  let events = 0;
  const onEvent = ({ kind }: ServerEvent) => {
    if (kind === stop?.kind && ++events === stop.count) abort.abort(new Error("enough"));
  };
  const records: EpochRecord[] = [];
  const given = { ...options, state, workerModels, signal: abort.signal };
  const epochs = trainOver(model, data, given, (plan) => new InProcessTransport(plan, order, onEvent));
  const all = async () => {
    for await (const record of epochs) records.push(record);
  };
  if (stop === undefined) await all();
  else await assertRejects(all, Error, "enough");
  const workers = await workerModels.current();
  await saveModel(model, path, { training: { epoch: state.epoch, options: {}, state }, workers });
  return { model, records, state };
}

/** What must not depend on where a run was cut. */
function learned({ epoch, trainLoss, trainAccuracy, testLoss, replaced, parallel }: EpochRecord) {
  const { updates, phase, droppedGradients } = parallel!;
  return { epoch, trainLoss, trainAccuracy, testLoss, replaced, updates, phase, droppedGradients };
}

Deno.test("trainParallel() with wassp, halted in any round or step and resumed, gives the bits of a run that never was", async () => {
  const steps = { evolveEvery: { steps: 4 } } as const;
  const adam = { optimizer: "adam", weightDecayForm: "coupled", learningRate: 0.002, workers: 4 } as const;
  const variants: ParallelOptions[] = [{}, steps, adam, { validationFraction: 0.2 }];
  await withFile(async (path) => {
    for (const variant of variants) {
      const options: ParallelOptions = { ...OPTIONS, algorithm: "wassp", ...variant };
      const straight = await part(path, options, { begins: true });
      const stops: Stop[] = [1, 2, 9, 18, 20, 35, 57].map((count) => ({ kind: "push", count }));
      for (
        const stop of [
          ...stops,
          ...[1, 2, 10, 17, 18, 19, 30].map((count) => ({ kind: "working", count } as const)),
        ]
      ) {
        const first = await part(path, options, { begins: true, stop });
        const { model, records } = await part(path, options, { order: 5 });
        assertSameModel(model, straight.model);
        const told = [...first.records, ...records].map(learned);
        assertEquals(told.map(({ epoch }) => epoch), [1, 2, 3, 4, 5, 6], JSON.stringify(stop));
        for (const [place, record] of straight.records.map(learned).entries()) {
          // Sums of parts are rounded where the parts meet.
          const { trainLoss, ...others } = told[place];
          const { trainLoss: expected, ...exact } = record;
          assert(Math.abs(trainLoss - expected) < 1e-12);
          assertEquals(others, exact);
        }
      }
    }
  });
});

Deno.test("trainParallel() with wasap, halted anywhere and resumed by any number of workers, counts every update once", async () => {
  const stops: Stop[] = [1, 5, 16, 23, 63].map((count) => ({ kind: "push", count }));
  const steps = Math.ceil(SAMPLES / 32);
  await withFile(async (path) => {
    for (const variant of [{}, { evolveEvery: { steps: 5 } }]) {
      const given: ParallelOptions = variant;
      for (const [turn, stop] of stops.entries()) {
        for (const workers of [3, 1, 5]) {
          const first = await part(path, { ...OPTIONS, ...given }, { begins: true, stop, order: turn });
          const { step, begun } = first.state;
          assertEquals([begun?.updates ?? 0, first.state.epoch * steps + step], [step, stop.count]);
          const { records, model } = await part(path, { ...OPTIONS, ...given, workers }, { order: turn + 7 });
          const told = [...first.records, ...records];
          assertEquals(told.map(({ epoch }) => epoch), [1, 2, 3, 4, 5, 6]);
          for (const { parallel, trainLoss } of told.slice(0, 4)) {
            assertEquals(parallel!.updates, steps);
            assert(trainLoss > 0 && trainLoss < 2);
          }
          assertEquals(model.layers.map(({ nnz }) => nnz), make().layers.map(({ nnz }) => nnz));
          assertEquals(model.updates, 4 * steps + records.at(-1)!.parallel!.updates / workers * 2);
        }
      }
    }
  });
});

Deno.test("trainParallel(), halted in phase 2, goes on with other workers from the average, after the same share of the epoch", async () => {
  await withFile(async (path) => {
    for (const algorithm of ["wasap", "wassp", "gossip"] as const) {
      const options: ParallelOptions = {
        ...OPTIONS,
        algorithm,
        ...(algorithm !== "gossip" && { phaseOneFraction: 0 }),
      };
      for (const count of [1, 7, 18, 22]) {
        for (const workers of [3, 2, 5]) {
          const first = await part(path, options, { begins: true, stop: { kind: "working", count } });
          const { epoch, step, begun } = first.state;
          const { workers: saved } = await loadModel(path);
          assertEquals([saved!.length, begun!.workerSteps!.length], [3, 3]);
          assertEquals([begun!.updates, begun!.steps], [step, 18]);
          // Each worker ends after the step it is at.
          assert(step >= count - 18 * epoch && step <= count - 18 * epoch + 2, `${step} of ${count}`);
          const { records } = await part(path, { ...options, workers }, { order: 9 });
          assertEquals(records.map(({ epoch }) => epoch), [1, 2, 3, 4, 5, 6].slice(epoch));
          const passes = Array.from(
            { length: workers },
            (_, worker) =>
              Math.ceil((Math.floor(SAMPLES / workers) + (worker < SAMPLES % workers ? 1 : 0)) / 32),
          );
          const left = workers === 3
            ? 18 - step
            : passes.reduce((sum, own) => sum + own - Math.ceil(step * own / 18), 0);
          assertEquals(records[0].parallel!.updates, step + left);
        }
      }
    }
  });
});

Deno.test("trainParallel() goes on with wassp inside an epoch of phase 1 with other workers after the same share of rounds", async () => {
  await withFile(async (path) => {
    const options: ParallelOptions = { ...OPTIONS, algorithm: "wassp" };
    for (const workers of [1, 2, 4]) {
      // Three of the six rounds of the second epoch.
      const first = await part(path, options, { begins: true, stop: { kind: "push", count: 3 * 9 } });
      assertEquals([first.state.epoch, first.state.step, first.state.begun!.steps], [1, 3, 6]);
      const { records } = await part(path, { ...options, workers }, {});
      const rounds = Math.ceil(Math.ceil(SAMPLES / workers) / 32);
      assertEquals(records[0].parallel!.updates, 3 + rounds - Math.floor(rounds / 2));
      assertEquals(records[1].parallel!.updates, rounds);
    }
  });
});

/** Trains with real Workers until it is aborted after so many milliseconds, or over. */
async function withWorkers(
  path: string,
  options: ParallelOptions,
  { afterMs, begins = false }: { afterMs?: number; begins?: boolean },
): Promise<{ model: SparseMlp; state: RunState }> {
  const before = begins ? undefined : await loadModel(path);
  const [model, state] = [before?.model ?? make(), before?.training?.state ?? newRunState()];
  const workerModels = new WorkerModels(before?.workers);
  const abort = new AbortController();
  const transport = (plan: TransportPlan) => new WorkersTransport(plan);
  const given = { ...options, state, workerModels, signal: abort.signal };
  const epochs = trainOver(model, data, given, transport);
  let epochsHere = 0;
  const all = async () => {
    for await (const _ of epochs) {
      if (++epochsHere === 1 && afterMs !== undefined) {
        setTimeout(() => abort.abort(new Error("enough")), afterMs);
      }
    }
  };
  if (afterMs === undefined) await all();
  else await assertRejects(all, Error, "enough");
  const workers = await workerModels.current();
  await saveModel(model, path, { training: { epoch: state.epoch, options: {}, state }, workers });
  return { model, state };
}

Deno.test("trainParallel() with real Workers, aborted in either phase and resumed, gives the bits of a run that never was", async () => {
  await withFile(async (path) => {
    for (const [algorithm, phaseOneFraction] of [["wassp", 1], ["wassp", 0], ["wasap", 0]] as const) {
      const options: ParallelOptions = { ...OPTIONS, algorithm, phaseOneFraction, epochs: 100_000 };
      const { state } = await withWorkers(path, options, { afterMs: 15, begins: true });
      const shorter = { ...options, epochs: state.epoch + 2 };
      const { model } = await withWorkers(path, shorter, {});
      const straight = await part(path, shorter, { begins: true });
      assertSameModel(model, straight.model);
    }
  });
});

Deno.test("a checkpoint is of the models as they are when the run is aborted between two epochs of phase 2", async () => {
  await withFile(async (path) => {
    const options: ParallelOptions = { ...OPTIONS, algorithm: "wassp", phaseOneFraction: 0 };
    const straight = await part(path, options, { begins: true });
    const [model, state, workerModels] = [make(), newRunState(), new WorkerModels()];
    const abort = new AbortController();
    const given = { ...options, state, workerModels, signal: abort.signal };
    await assertRejects(
      async () => {
        for await (const { epoch } of trainParallel(model, data, given)) {
          if (epoch === 2) abort.abort(new Error("enough"));
        }
      },
      Error,
      "enough",
    );
    assertEquals([state.epoch, state.step, state.begun], [2, 0, undefined]);
    const workers = await workerModels.current();
    await saveModel(model, path, { training: { epoch: 2, options: {}, state }, workers });
    assertSameModel((await part(path, options, {})).model, straight.model);
  });
});

Deno.test("train() refuses the middle of an epoch that workers have begun, and workers another batch size there", async () => {
  await withFile(async (path) => {
    const { state, model } = await part(path, OPTIONS, { begins: true, stop: { kind: "push", count: 20 } });
    assertEquals(state.step, 4);
    const { workers: _, ...alone } = OPTIONS;
    const error = assertThrows(() => train(model, data, { ...alone, state }), TypeError);
    assertEquals(
      error.message,
      "Cannot go on without workers inside epoch 2, of which 4 of 16 steps are done: which samples workers have had " +
        "is theirs to know; train this one to its end in parallel first",
    );
    assertThrows(
      () => trainParallel(model, data, { ...OPTIONS, batchSize: 16, state: { ...state } }),
      RangeError,
      "its first 4 steps had one of 32",
    );
  });
});

Deno.test("checkRunState() keeps what workers have begun of an epoch, and refuses what cannot be", () => {
  const begun = {
    ...{ steps: 16, updates: 4, samples: 128, stalenessSum: 3, largestStaleness: 2, droppedGradients: 0 },
    ...{ exchanges: 0, exchangeSteps: 0 },
  };
  const state = { ...newRunState(1), step: 4, batchSize: 32 };
  assertEquals(checkRunState({ ...state, begun }).begun, begun);
  const local = { ...begun, workerSteps: [2, 1, 1] };
  assertEquals(checkRunState({ ...state, begun: local }).begun, local);
  assert(!("begun" in checkRunState(state)));
  assertThrows(() => checkRunState({ ...state, begun: 4 }), TypeError, "begun is 4, expected what workers");
  const refused: [object, string][] = [
    [{ ...begun, steps: 3 }, "begun.steps is 3, expected at least 1 and the 4 steps that are done"],
    [{ ...begun, samples: -1 }, "begun.samples is -1, expected a whole number of at least 0"],
    [{ ...begun, updates: undefined }, "begun.updates is undefined, expected a whole number of at least 0"],
    [
      { ...begun, workerSteps: [2, 1] },
      "begun.workerSteps is [2,1], expected the 4 steps that are done, in all",
    ],
    [{ ...begun, workerSteps: "4" }, 'begun.workerSteps is "4", expected whole numbers of at least 0'],
  ];
  for (const [found, message] of refused) {
    assertThrows(() => checkRunState({ ...state, begun: found }), RangeError, message);
  }
});

Deno.test("trainParallel() whose loss is not finite says so when it is aborted, and keeps it out of the state", async () => {
  const phases = [{ algorithm: "gossip" }, { phaseOneFraction: 0 }] as const;
  for (const phase of phases) {
    const state = newRunState();
    const abort = new AbortController();
    let events = 0;
    const onEvent = ({ kind }: ServerEvent) => {
      if (kind === "working" && ++events === 12) abort.abort();
    };
    const given = { ...OPTIONS, ...phase, learningRate: 1e20, state, signal: abort.signal };
    const epochs = trainOver(make(), data, given, (plan) => new InProcessTransport(plan, 1, onEvent));
    const failed = await assertRejects(() => epochs.next(), TrainingError);
    assertStringIncludes(failed.message, "the loss is not finite in epoch 1");
    assert(abort.signal.aborted);
    const { step, loss, begun } = state;
    assertEquals({ step, loss, begun }, { step: 0, loss: 0, begun: undefined });
  }
});

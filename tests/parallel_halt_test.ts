import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { madelonLike } from "../src/data/generator.ts";
import { loadModel, saveModel } from "../src/files/checkpoint.ts";
import { SparseMlp } from "../src/model/model.ts";
import { InProcessTransport, type ServerEvent } from "../src/parallel/in_process.ts";
import type { ParallelOptions } from "../src/parallel/options.ts";
import { trainOver, trainParallel } from "../src/parallel/wasap.ts";
import { WorkerModels } from "../src/parallel/worker_models.ts";
import { WorkersTransport } from "../src/parallel/workers.ts";
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

/** When a run is halted: at the so manieth event of a kind. */
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

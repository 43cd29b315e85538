import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { TrainingError } from "../src/errors.ts";
import { SparseMlp } from "../src/model/model.ts";
import { TurnLock, TurnLost } from "../src/parallel/threads/lock.ts";
import { trainOverMpi } from "../src/parallel/mpi/train.ts";
import { type ParallelOptions, resolveParallelHyperparameters } from "../src/parallel/options.ts";
import { SharedState, sharedStateMemory } from "../src/parallel/threads/shared_state.ts";
import { trainOver } from "../src/parallel/wasap.ts";
import { WorkersTransport } from "../src/parallel/threads/transport.ts";
import { resolveHyperparameters } from "../src/train/hyperparameters.ts";
import { assertSameModel } from "./model/content.ts";
import { finishParallel, finishWithModule, type ParallelRun } from "./parallel/runs.ts";
import { xorData, xorModel } from "./trainer/data.ts";

/** Enough that a machine which is busy with something else does not use them up. */
const LOST = 200;
const OPTIONS: ParallelOptions = { epochs: 4, batchSize: 20, workers: 2, lostWorkers: LOST };
const PHASES: readonly ParallelOptions[] = [
  { algorithm: "wasap", phaseOneFraction: 1 },
  { algorithm: "wasap", phaseOneFraction: 0 },
  { algorithm: "wassp", phaseOneFraction: 1 },
  { algorithm: "wassp", phaseOneFraction: 0 },
  { algorithm: "gossip", localSteps: 2 },
];

function faulty(fault: string): URL {
  return new URL(`./parallel/faulty_worker.ts#${fault}`, import.meta.url);
}

function causes({ records }: ParallelRun): string[] {
  return records.flatMap(({ parallel }) => parallel!.replacedWorkers ?? [])
    .map(({ worker, cause }) => `${worker}: ${cause}`);
}

/** Trains until enough workers have been replaced, and returns why; each epoch has the updates it should have. */
async function trainUntil(
  enough: (causes: readonly string[]) => boolean,
  options: ParallelOptions,
  transport: { readonly module?: URL; readonly startMs?: number },
): Promise<string[]> {
  const found: string[] = [];
  const given = { ...OPTIONS, epochs: 1_000_000, threads: 1, ...options };
  const epochs = trainOver(
    xorModel(),
    xorData(200),
    given,
    (plan) => new WorkersTransport({ ...plan, ...transport }),
  );
  for await (const { parallel } of epochs) {
    assertEquals(parallel!.updates, options.algorithm === "wassp" && parallel!.phase === 1 ? 5 : 10);
    for (const { worker, cause } of parallel!.replacedWorkers ?? []) found.push(`${worker}: ${cause}`);
    if (enough(found)) break;
  }
  return found;
}

Deno.test("trainParallel() replaces a worker that throws, hangs or never begins, in any phase, and loses no update", async () => {
  const cases = [
    { fault: "throw:3:once", because: "2: broken on purpose" },
    { fault: "sleep:3:once", timeLimitSeconds: 1, because: "2: it has done nothing for 1 s" },
    { fault: "vanish:0:once", startMs: 3000, because: "2: it has not begun within" },
  ];
  for (const phase of PHASES) {
    for (const { fault, timeLimitSeconds = 3, startMs, because } of cases) {
      const transport = { module: faulty(fault), ...(startMs && { startMs }) };
      await trainUntil((found) => found.some((cause) => cause.startsWith(because)), {
        ...phase,
        timeLimitSeconds,
      }, transport);
    }
  }
});

Deno.test("trainParallel() replaces a worker that was terminated: it goes on, but nothing it says is heard", async () => {
  const Original = Worker;
  const started: Worker[] = [];
  globalThis.Worker = class extends Original {
    constructor(...given: ConstructorParameters<typeof Original>) {
      super(...given);
      started.push(this);
    }
  };
  try {
    for (const phase of PHASES.filter(({ phaseOneFraction }) => phaseOneFraction !== 1)) {
      started.length = 0;
      const wanted = "2: its report has not come within 1 s";
      const enough = (found: readonly string[]) => {
        started[1].terminate();
        return found.includes(wanted);
      };
      await trainUntil(enough, { ...phase, timeLimitSeconds: 1 }, {});
    }
  } finally {
    globalThis.Worker = Original;
  }
});

Deno.test("trainParallel() goes on when threads end anywhere between two changes, in all phases of all algorithms", async () => {
  for (const phase of PHASES) {
    const most = phase.phaseOneFraction === 1 ? 500 : 80;
    const module = new URL(`./parallel/mortal_worker.ts#4:${most}`, import.meta.url);
    await trainUntil((found) => found.length >= 4, { ...phase, timeLimitSeconds: 0.5 }, { module });
  }
});

Deno.test("trainParallel() with wassp has the bits of an undisturbed run when workers are lost in phase 1 or its first epoch of phase 2", async () => {
  for (const [epochs, phaseOneFraction] of [[4, 1], [1, 0]]) {
    const options = { ...OPTIONS, algorithm: "wassp", epochs, phaseOneFraction, workers: 3 } as const;
    const model = xorModel();
    await finishParallel(model, xorData(200), options);
    for (const fault of ["throw:2:once", "throw:3:once", "throw:0:once"]) {
      const other = xorModel();
      const run = await finishWithModule(other, xorData(200), options, faulty(fault));
      assertEquals(causes(run), ["2: broken on purpose"]);
      assertSameModel(other, model);
    }
  }
});

Deno.test("trainParallel() ends when more workers are lost than may be replaced, and says how many were", async () => {
  const options = { ...OPTIONS, lostWorkers: 2 };
  const failed = await assertRejects(
    () => finishWithModule(xorModel(), xorData(200), options, faulty("throw:3")),
    TrainingError,
  );
  assertEquals(
    failed.message,
    "Cannot go on training: worker 2 failed: broken on purpose; 2 had been replaced before",
  );
});

Deno.test("trainParallel() replaces no worker whose loss is not finite: the training itself has failed", async () => {
  for (const algorithm of ["wasap", "wassp"] as const) {
    const options = { ...OPTIONS, algorithm, phaseOneFraction: 1, learningRate: 1e30, epochs: 50 };
    const failed = await assertRejects(
      () => finishParallel(xorModel(), xorData(200), options),
      TrainingError,
    );
    assertStringIncludes(failed.message, "the loss of a mini-batch is");
    assert(!failed.message.includes("replaced"), failed.message);
  }
});

Deno.test("trainParallel() ends when a worker is lost in the middle of an update, and says that the model is in doubt", async () => {
  for (const algorithm of ["wasap", "wassp"] as const) {
    const options = { ...OPTIONS, algorithm, phaseOneFraction: 1, timeLimitSeconds: 1, epochs: 100_000 };
    const failed = await assertRejects(
      () => finishWithModule(xorModel(), xorData(200), options, faulty("doubt:7:once")),
      TrainingError,
    );
    assertStringIncludes(
      failed.message,
      "worker 2 failed: it has done nothing for 1 s, in the middle of an update, so that the model is in doubt",
    );
  }
});

Deno.test("trainOverMpi() refuses to replace lost workers, at the call", () => {
  assertThrows(
    // deno-lint-ignore no-explicit-any
    () => trainOverMpi(xorModel(), xorData(200), { lostWorkers: 1 } as any),
    TypeError,
    "lostWorkers",
  );
});

Deno.test("WorkersTransport counts 100,000 pushes exactly while 20 threads end at random and are replaced", async () => {
  const model = SparseMlp.create({ sizes: [12, 20, 6], density: 0.5, activation: "relu", seed: 1 });
  for (const layer of model.layers) layer.values.fill(0);
  // Rate 1, no momentum, no decay: an update adds exactly 1 to every parameter.
  const rule = { learningRate: 1, momentum: 0, weightDecay: 0, threads: 1, epochs: 10 };
  const settings = resolveHyperparameters(rule, 1);
  const parallel = resolveParallelHyperparameters({
    ...{ workers: 3, initialRateFactor: 1, phaseOneFraction: 1 },
    ...{ lostWorkers: LOST, timeLimitSeconds: 0.5 },
  });
  const [steps, total] = [10_000, 100_000];
  const split = xorData(10).train;
  split.labels.fill(0); // Where the workers meet.
  const transport = new WorkersTransport({
    model,
    setup: {
      ...{ settings, parallel, split, image: undefined, epochsDone: 0, phaseOneEpochs: 10 },
      begunSteps: [0, 0, 0],
      standardization: { mean: new Float32Array(4), scale: new Float32Array(4) },
    },
    server: { settings, parallel, steps },
    ...{ updatesDone: 0, updatesTotal: total },
    module: new URL("./parallel/counting_worker.ts#20", import.meta.url),
  });
  let replaced = 0;
  try {
    for (let limit = steps; limit <= total; limit += steps) {
      const sums = await transport.runUpdates(limit, () => {});
      replaced += sums.replacedWorkers!.length;
      assertEquals([sums.updates, sums.samples], [steps, steps]);
      for (const layer of model.layers) {
        assert(layer.values.subarray(0, layer.nnz).every((value) => value === limit));
        assert(layer.bias.every((value) => value === limit));
      }
    }
    assert(replaced >= 20, `${replaced} were replaced`);
  } finally {
    await transport.close();
  }
});

Deno.test("TurnLock: of a turn that was taken away nothing counts, and a change that was begun is nobody else's", () => {
  const words = new Int32Array(new SharedArrayBuffer(8));
  const [one, other] = [1, 2].map((holder) => new TurnLock(words, holder));
  const wait = () => true;
  one.locked((turn) => {
    assertEquals([one.holder, turn.copy], [1, 0]);
    assert(other.takeFrom(1));
    other.locked((theirs) => {
      theirs.begin();
      theirs.end();
    }, wait);
    assertThrows(() => turn.begin(), TurnLost);
  }, wait);
  assertEquals([one.holder, one.copy], [0, 1]);
  assertThrows(
    () =>
      one.locked((turn) => {
        turn.begin();
        throw new Error("lost here");
      }, wait),
    Error,
    "lost here",
  );
  assertEquals([one.holder, other.takeFrom(1), other.locked(() => 1, () => false)], [1, false, undefined]);
});

Deno.test("SharedState.locked() gives no turn to a thread in whose place another works", () => {
  const memory = sharedStateMemory(1, 1);
  const [old, main, young] = [
    new SharedState(memory, { worker: 0, thread: 1 }),
    new SharedState(memory),
    new SharedState(memory, { worker: 0, thread: 2 }),
  ];
  assertEquals(old.locked(() => 1), 1);
  main.locked(() => main.replace({ worker: 0, thread: 2 }));
  assertThrows(() => old.locked(() => 1), TurnLost, "worker 1 was replaced");
  assertEquals(young.locked(() => 2), 2);
  old.beat();
  assertEquals([main.beats(1), main.beats(2)], [1, 0]);
});

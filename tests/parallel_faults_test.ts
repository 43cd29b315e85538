import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { TrainingError } from "../src/errors.ts";
import { loadModel } from "../src/files/checkpoint.ts";
import { SparseMlp } from "../src/model/model.ts";
import { stateFor } from "../src/optimizer/optimizers.ts";
import { resolveParallelHyperparameters } from "../src/parallel/options.ts";
import { emptyReplica } from "../src/parallel/replica.ts";
import { ParameterServer, serverState } from "../src/parallel/server.ts";
import { SharedLink } from "../src/parallel/threads/link.ts";
import { SharedState, sharedStateMemory } from "../src/parallel/threads/shared_state.ts";
import { trainParallel } from "../src/parallel/wasap.ts";
import { WorkersTransport } from "../src/parallel/threads/transport.ts";
import { resolveHyperparameters } from "../src/train/hyperparameters.ts";
import { finishWithModule } from "./parallel/runs.ts";
import { countWorkers } from "./parallel/watched_workers.ts";
import { xorData, xorModel } from "./trainer/data.ts";

const OPTIONS = { epochs: 4, batchSize: 20, workers: 2 };

/** Within this a worker has ordered a thousand commands, also where it waits long for a core. */
const ORDERING_MS = 120_000;

function faulty(fault: string): URL {
  return new URL(`./parallel/faulty_worker.ts#${fault}`, import.meta.url);
}

Deno.test("trainParallel() ends with the error of a worker that throws, hangs, has no memory or ends, in any phase", async () => {
  const both = ["wasap", "wassp"] as const;
  const cases = [
    { fault: "throw:3", algorithms: both, phases: [0, 1], limit: 60, because: "broken on purpose" },
    { fault: "throw:0", algorithms: both, phases: [0, 1], limit: 60, because: "broken on purpose" },
    { fault: "memory:3", algorithms: both, phases: [0, 1], limit: 60, because: "allocation failed" },
    {
      fault: "hang:3",
      algorithms: both,
      phases: [0, 1],
      limit: 2,
      because: "it has done nothing for 2 s",
    },
    {
      fault: "close:0",
      algorithms: ["wasap"],
      phases: [1],
      limit: 2,
      because: "it has done nothing for 2 s",
    },
  ] as const;
  for (const { fault, algorithms, phases, limit, because } of cases) {
    for (const algorithm of algorithms) {
      for (const phaseOneFraction of phases) {
        const options = {
          ...OPTIONS,
          epochs: 1_000_000,
          timeLimitSeconds: limit,
          algorithm,
          phaseOneFraction,
        };
        const failed = await assertRejects(
          () => finishWithModule(xorModel(), xorData(200), options, faulty(fault)),
          TrainingError,
          "Cannot go on training: worker 2 failed: ",
        );
        assert(failed.cause instanceof Error && failed.cause.message.includes(because), String(failed.cause));
      }
    }
  }
});

/** Settings of a transport of two Workers, with something beside them. */
function plan(
  beside: Record<string, unknown>,
  module: URL,
): ConstructorParameters<typeof WorkersTransport>[0] {
  const settings = resolveHyperparameters({ threads: 1, epochs: 2 }, 1);
  const parallel = resolveParallelHyperparameters({ workers: 2, phaseOneFraction: 1 });
  const standardization = { mean: new Float32Array(4), scale: new Float32Array(4) };
  const model = xorModel();
  model.holdState(stateFor(settings));
  return {
    model,
    setup: {
      ...{ settings: { ...settings, ...beside }, parallel, split: xorData(200).train, standardization },
      ...{ image: undefined, epochsDone: 0, begunSteps: [0, 0], phaseOneEpochs: 2 },
    },
    server: { settings, parallel, steps: 10 },
    ...{ updatesDone: 0, updatesTotal: 20, module },
  };
}

const WORKER_MODULE = new URL("../src/parallel/threads/worker_main.ts", import.meta.url);

Deno.test("WorkersTransport leaves no Worker behind when its settings cannot be sent", async () => {
  const workers = await countWorkers(() => {
    const { name } = assertThrows(() => new WorkersTransport(plan({ later: () => 1 }, WORKER_MODULE)), Error);
    assertEquals(name, "DataCloneError");
  });
  assertEquals(workers, { started: 1, alive: 0 });
});

Deno.test("WorkersTransport leaves no Worker behind when one cannot be started", async () => {
  const workers = await countWorkers(() => {
    const Counted = Worker;
    let left = 1;
    globalThis.Worker = class extends Counted {
      constructor(...given: ConstructorParameters<typeof Counted>) {
        if (left-- === 0) throw new Error("no more threads");
        super(...given);
      }
    };
    try {
      assertThrows(() => new WorkersTransport(plan({}, WORKER_MODULE)), Error, "no more threads");
    } finally {
      globalThis.Worker = Counted;
    }
  });
  assertEquals(workers, { started: 1, alive: 0 });
});

Deno.test("WorkersTransport leaves no Worker behind when memory cannot be had, whichever allocation fails", async () => {
  const Original = SharedArrayBuffer;
  let whole = false;
  for (let enough = 0; !whole; enough++) {
    const given = plan({}, WORKER_MODULE);
    const workers = await countWorkers(async () => {
      let left = enough;
      globalThis.SharedArrayBuffer = class extends Original {
        constructor(...bytes: ConstructorParameters<typeof Original>) {
          if (left-- === 0) throw new RangeError("Array buffer allocation failed");
          super(...bytes);
        }
      } as typeof SharedArrayBuffer;
      try {
        await new WorkersTransport(given).close();
        whole = true;
      } catch (cause) {
        assert(cause instanceof RangeError, String(cause));
      } finally {
        globalThis.SharedArrayBuffer = Original;
      }
    });
    assertEquals(workers.alive, 0, `after ${enough} allocations`);
  }
});

Deno.test("trainParallel() ends with an error, and no Worker, when their module cannot be loaded", async () => {
  for (const module of ["./parallel/nowhere.ts", "./parallel/broken_worker.ts"]) {
    const workers = await countWorkers(async () => {
      await assertRejects(
        () => finishWithModule(xorModel(), xorData(200), OPTIONS, new URL(module, import.meta.url)),
        TrainingError,
        "Cannot go on training: worker ",
      );
    });
    assertEquals(workers, { started: 2, alive: 0 });
  }
});

Deno.test("trainParallel() does not take a long epoch of phase 2 for silence", async () => {
  // Steps of 0.6 s make epochs of 3 s.
  const options = { ...OPTIONS, epochs: 1, timeLimitSeconds: 2, phaseOneFraction: 0 };
  const { records } = await finishWithModule(xorModel(), xorData(200), options, faulty("slow:0"));
  assert(records[0].seconds > 2.5, `${records[0].seconds} s`);
});

Deno.test("trainParallel() leaves the last checkpoint whole when a worker exhausts V8's heap, which ends the process", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/model.safetensors`;
    const program = new URL("./parallel/heap.ts", import.meta.url).pathname;
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "--allow-all", "--v8-flags=--max-old-space-size=64", program, path],
    }).output();
    assert(!success);
    assertStringIncludes(new TextDecoder().decode(stderr), "JavaScript out of memory");
    assert((await loadModel(path)).training!.epoch > 10);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("trainParallel() stops at once when it is aborted, in each phase", async () => {
  for (const phaseOneFraction of [0, 1]) {
    for (const algorithm of ["wasap", "wassp"] as const) {
      const abort = new AbortController();
      const options = { ...OPTIONS, epochs: 10_000, algorithm, phaseOneFraction, signal: abort.signal };
      const epochs = trainParallel(xorModel(), xorData(200), options);
      await epochs.next();
      setTimeout(() => abort.abort(new Error("enough")), 20);
      await assertRejects(
        async () => {
          for await (const _ of epochs);
        },
        Error,
        "enough",
      );
    }
  }
});

Deno.test("trainParallel() leaves a whole model behind when its caller stops between two epochs", async () => {
  for (const phaseOneFraction of [0.5, 1]) {
    const model = xorModel();
    const options = { ...OPTIONS, epochs: 100, phaseOneFraction };
    let content: Float32Array[] = [];
    for await (const { epoch } of trainParallel(model, xorData(200), options)) {
      content = model.layers.map(({ values }) => values.slice());
      await new Promise((resolve) => setTimeout(resolve, 5));
      // Workers wait while the caller has the model.
      assertEquals(model.layers.map(({ values }) => values.slice()), content);
      if (epoch === 60) break;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
    assertEquals(model.layers.map(({ values }) => values.slice()), content);
  }
});

Deno.test("WorkersTransport loses, doubles and tears no update in 100,000 pushes of real Workers", async () => {
  const model = SparseMlp.create({ sizes: [12, 20, 6], density: 0.5, activation: "relu", seed: 1 });
  const workers = 3;
  for (const layer of model.layers) layer.values.fill(0);
  // Rate 1, no momentum, no decay: an update adds exactly 1 to every parameter.
  const settings = resolveHyperparameters({
    learningRate: 1,
    momentum: 0,
    weightDecay: 0,
    threads: 1,
    epochs: 10,
  }, 1);
  const parallel = resolveParallelHyperparameters({ workers, initialRateFactor: 1, phaseOneFraction: 1 });
  const [steps, total] = [10_000, 100_000];
  const split = xorData(10).train;
  split.labels.fill(0); // Where the workers meet.
  const transport = new WorkersTransport({
    model,
    setup: {
      settings,
      parallel,
      split,
      standardization: { mean: new Float32Array(4), scale: new Float32Array(4) },
      image: undefined,
      epochsDone: 0,
      begunSteps: new Array(workers).fill(0),
      phaseOneEpochs: 10,
    },
    server: { settings, parallel, steps },
    updatesDone: 0,
    updatesTotal: total,
    module: new URL("./parallel/counting_worker.ts", import.meta.url),
  });
  try {
    let staleness = 0;
    for (let limit = steps; limit <= total; limit += steps) {
      const sums = await transport.runUpdates(limit, () => {});
      assertEquals([sums.updates, sums.samples], [steps, steps]);
      staleness += sums.stalenessSum;
      for (const layer of model.layers) {
        assert(layer.values.subarray(0, layer.nnz).every((value) => value === limit));
        assert(layer.bias.every((value) => value === limit));
      }
    }
    assert(staleness > 0, "pushes that were computed at the same version");
  } finally {
    await transport.close();
  }
});

Deno.test("SharedLink calls the server under its lock alone, also to say how long a worker has waited", () => {
  /** Lets an update in when a worker waits for it. */
  class OpenedLater extends SharedState {
    override waitForChange(): void {
      this.limit = 1;
    }
  }
  const memory = sharedStateMemory(1);
  const { model, server: options } = plan({}, WORKER_MODULE);
  const replica = emptyReplica(model);
  const server = new ParameterServer(model, serverState(1, 0), options);
  const called: string[] = [];
  let state: SharedState | undefined = undefined;
  const watched = new Proxy(server, {
    get(target, name) {
      const found = Reflect.get(target, name, target);
      if (typeof found !== "function") return found;
      assertEquals(state!.holder, 1, `${String(name)} without the lock`);
      called.push(String(name));
      return found.bind(target);
    },
  });
  state = new OpenedLater(memory, { worker: 0, thread: 1 });
  state.total = 1;
  const gradients = replica.allocateGradients();
  const link = new SharedLink({
    ...{ worker: 0, algorithm: "wasap", state, server: watched, replica, gradients, round: [gradients] },
    ...{ copied: false, commandsDone: 0, hasModel: false, post: () => {} },
  });
  const { kind } = link.serve({ kind: "pull" });
  link.serve({
    kind: "push",
    header: { ...{ worker: 0, version: 0, clock: 0 }, ...{ loss: 0, correct: 0, samples: 1 } },
  });
  assertEquals([kind, server.updates, state.holder], ["parameters", 1, 0]);
  for (const name of ["read", "pull", "save", "push", "waited"]) assert(called.includes(name), name);
});

Deno.test("SharedState.lockedWithin() gives up on a lock whose holder is lost, until it is taken from it", () => {
  const memory = sharedStateMemory(1);
  const main = new SharedState(memory);
  const worker = new SharedState(memory, { worker: 0, thread: 1 });
  worker.locked(() => {
    assertEquals(main.lockedWithin(10, () => 0), undefined);
    assertEquals([main.holder, main.takeFrom(1), main.holder], [1, true, 0]);
    assertEquals(main.lockedWithin(10, () => 5)!.value, 5);
  });
});

Deno.test("SharedState.command never has a new number with the contents of an older command", async () => {
  const memory = sharedStateMemory(1);
  const state = new SharedState(memory);
  const worker = new Worker(new URL("./parallel/ordering_worker.ts", import.meta.url), { type: "module" });
  try {
    const failed = new Promise<never>((_, reject) => {
      worker.onerror = (event) => (event.preventDefault(), reject(new Error(event.message)));
    });
    worker.postMessage(memory);
    const until = performance.now() + ORDERING_MS;
    const inTime = () =>
      assert(performance.now() < until, `the worker ordered too little in ${ORDERING_MS} ms`);
    while (state.command.number === 0) {
      await Promise.race([failed, new Promise((resolve) => setTimeout(resolve, 1))]);
      inTime();
    }
    for (let read = 0, seen = 0; read < 1_000_000 || seen < 1000; read++) {
      const { number, epoch } = state.command;
      assert(epoch >= number, `command ${number} has the contents of command ${epoch}`);
      if (number > seen) seen++;
      if (read % 1000 === 0) inTime();
    }
  } finally {
    worker.terminate();
  }
});

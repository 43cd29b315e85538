import { assert, assertEquals } from "@std/assert";
import { encodeModel, loadModel, madelonLike, newRunState, SparseMlp, train, WorkerModels } from "../mod.ts";
import type { ModelForOptions, ParallelOptions } from "../mod.ts";
import { InProcessTransport } from "../src/parallel/in_process.ts";
import { trainOver } from "../src/parallel/wasap.ts";
import { assertSameModel } from "./model/content.ts";
import { numbers } from "./oracle/batch.ts";
import { assertInvariants } from "./topology/layer.ts";
import { finish } from "./trainer/data.ts";

const data = madelonLike({ samples: 61, testSamples: 20, features: 20, seed: 4 });

/** A network and a run, each option drawn from what there is of it. */
function drawn(seed: number): { network: ModelForOptions; run: ParallelOptions; stop: number } {
  const next = numbers(seed + 1);
  const of = <const T>(...choices: readonly T[]): T =>
    choices[Math.min(choices.length - 1, Math.floor((next() + 1) / 2 * choices.length))];
  const start = of("random", "csti", "brf");
  const growth = of("random", "gradient-sampled", "gradient", "cannistraci-hebb");
  const drop = of("magnitude", "magnitude-any-sign", "magnitude-gradient", "soft");
  const learned = { kind: "all-relu", alpha: "learned" } as const;
  const epochs = of(2, 3, 5);
  return {
    network: {
      hidden: of([16], [24, 1], [1, 33], [16, 9, 40]),
      ...of<Partial<ModelForOptions>>({ density: 0.6 }, { density: 1 }, { overallDensity: 0.5 }, {
        epsilon: 99,
      }),
      ...{ start, ...(start === "brf" && { rewiring: of(0, 0.4, 1) }) },
      activation: of<NonNullable<ModelForOptions["activation"]>>("relu", learned, "srelu"),
      seed,
    },
    run: {
      ...{ epochs, batchSize: of(7, 16, 61), threads: 1, drop, growth },
      ...(growth === "gradient-sampled" && {
        growthSampling: of("uniform", "grabo", "graest"),
        growthCandidates: of(0.2, 1, 50),
      }),
      ...(drop === "soft" &&
        { dropScore: of("magnitude", "relative-importance"), dropTemperature: of(1, 9) }),
      ...{ zeta: of(0, 0.3, 0.9), zetaSchedule: of("constant", "linear", "cosine"), zetaStop: of(0.5, 1) },
      ...{
        evolveEvery: of<number | { steps: number }>(1, { steps: 1 }, { steps: 3 }),
        connectionHistory: of(false, true),
      },
      ...(of(false, true) && { finalDensity: of(0.3, 0.45), densityStop: 0.3 }),
      ...of<ParallelOptions>({}, { momentum: 0 }, { optimizer: "adam", learningRate: 0.002 }),
      ...of<ParallelOptions>({}, { recompute: true }, { activationStorage: "bf16", microBatch: 16 }),
      ...of<ParallelOptions>({}, { validationFraction: 0.3 }, { labelSmoothing: 0.2 }),
    },
    stop: of(...Array.from({ length: epochs - 1 }, (_, epoch) => epoch + 1)),
  };
}

/** The run, or nothing where it is refused at the call. */
function begun<T>(begin: () => T): T | undefined {
  try {
    return begin();
  } catch (error) {
    assert(
      error instanceof RangeError && error.message.startsWith("Cannot let the density fall"),
      `${error}`,
    );
    return undefined;
  }
}

Deno.test("train() keeps its promises with any combination of rules, schedules, densities and starts", async () => {
  let ran = 0;
  for (let seed = 0; seed < 60; seed++) {
    const { network, run, stop } = drawn(seed);
    const told = `${seed}: ${JSON.stringify({ network, run })}`;
    const model = SparseMlp.for(data, network);
    const counts = model.layers.map(({ nnz }) => nnz);
    const epochs = begun(() => train(model, data, run));
    if (epochs === undefined) continue;
    ran++;
    for await (const { connections } of epochs) {
      model.layers.forEach(assertInvariants);
      const found = model.layers.map(({ nnz }) => nnz);
      assertEquals(connections, found.reduce((sum, nnz) => sum + nnz), told);
      if (run.finalDensity === undefined) assertEquals(found, counts, told);
    }
    const evolving = model.layers.slice(0, -1);
    const places = evolving.reduce((sum, { inputs, neurons }) => sum + inputs * neurons, 0);
    if (run.finalDensity !== undefined) {
      assertEquals(
        evolving.reduce((sum, { nnz }) => sum + nnz, 0),
        Math.round(run.finalDensity * places),
        told,
      );
    }
    const [other, state] = [SparseMlp.for(data, network), newRunState()];
    for await (const { epoch } of train(other, data, { ...run, threads: 2, state })) {
      if (epoch === stop) break;
    }
    const bytes = await encodeModel(other, { training: { epoch: stop, options: {}, state } });
    const { model: loaded, training } = await loadModel(bytes);
    await finish(loaded, data, { ...run, state: training!.state! });
    assertSameModel(loaded, model, told);
  }
  assert(ran > 40, `${ran} runs`);
});

Deno.test("trainParallel() with wassp goes on bit for bit with any of these combinations", async () => {
  for (let seed = 100; seed < 130; seed++) {
    const { network, run, stop } = drawn(seed);
    const told = `${seed}: ${JSON.stringify({ network, run })}`;
    const options: ParallelOptions = { ...run, batchSize: 7, algorithm: "wassp", workers: 2 };
    const begin = (model: SparseMlp, order: number, more: ParallelOptions) =>
      begun(() =>
        trainOver(model, data, { ...options, ...more }, (plan) => new InProcessTransport(plan, order))
      );
    const [model, other] = [SparseMlp.for(data, network), SparseMlp.for(data, network)];
    const [state, workerModels] = [newRunState(), new WorkerModels()];
    const [straight, first] = [begin(model, 1, {}), begin(other, 2, { state, workerModels })];
    if (straight === undefined) continue;
    for await (const _ of straight) model.layers.forEach(assertInvariants);
    let bytes = new Uint8Array();
    for await (const { epoch } of first!) {
      if (epoch < stop) continue;
      const workers = await workerModels.current();
      bytes = await encodeModel(other, {
        training: { epoch, options: {}, state },
        ...(workers && { workers }),
      });
      break;
    }
    const { model: loaded, training, workers } = await loadModel(bytes);
    const rest = begin(loaded, 3, { state: training!.state!, workerModels: new WorkerModels(workers) });
    for await (const _ of rest!);
    assertSameModel(loaded, model, told);
  }
});

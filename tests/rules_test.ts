import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { madelonLike } from "../src/data/generator.ts";
import { standardizationOf } from "../src/data/standardization.ts";
import { loadModel, saveModel } from "../src/files/checkpoint.ts";
import { SparseMlp } from "../src/model/model.ts";
import { absentPlaces, type Places } from "../src/native/grow.ts";
import { shuffle } from "../src/native/random.ts";
import { workspaceWords } from "../src/native/step.ts";
import { stateFor } from "../src/optimizer/optimizers.ts";
import type { ParallelOptions } from "../src/parallel/options.ts";
import { trainParallel } from "../src/parallel/wasap.ts";
import { WorkerModels } from "../src/parallel/worker_models.ts";
import type { Connections } from "../src/sparse/csr.ts";
import { sharedWords } from "../src/sparse/shared.ts";
import { changeTopology, type TopologySettings } from "../src/topology/change.ts";
import { probeOf } from "../src/topology/probe.ts";
import { RANDOM } from "../src/topology/rules/random.ts";
import type { GradientRule, GrowRule, RulePlace } from "../src/topology/rules/rule.ts";
import { resolveHyperparameters } from "../src/train/hyperparameters.ts";
import type { TrainOptions } from "../src/train/options.ts";
import { newRunState } from "../src/train/state.ts";
import { BatchRunner } from "../src/train/step_runner.ts";
import { train } from "../src/train/trainer.ts";
import { run } from "./cli/process.ts";
import { assertSameModel } from "./model/content.ts";
import { randomBatch, randomModel } from "./oracle/batch.ts";
import { backpropagate, oracleOf } from "./oracle/mlp.ts";
import { finishInProcess, finishParallel } from "./parallel/runs.ts";
import { placesOf } from "./topology/layer.ts";
import { finish } from "./trainer/data.ts";
import { inParts } from "./trainer/in_parts.ts";

const data = madelonLike({ samples: 300, testSamples: 60, features: 20, seed: 2 });
const make = () => SparseMlp.create({ sizes: [20, 40, 30, 2], epsilon: 5, activation: "prelu", seed: 5 });
const SAMPLED = { growth: "gradient-sampled", growthCandidates: 2 } as const;
const OPTIONS = { epochs: 6, batchSize: 32, learningRate: 0.02 } as const;

/** Places as row · neurons + column. */
const flat = ({ rows, columns }: Places, neurons: number) =>
  Array.from(rows, (row, at) => row * neurons + columns[at]);

/** Settings of a change, by the rows' defaults. */
const settingsOf = (options: TrainOptions = {}): TopologySettings =>
  resolveHyperparameters(
    { seed: 7, threads: 2, ...options } as Parameters<typeof resolveHyperparameters>[0],
    1,
  );

Deno.test("growth by gradient takes those of its candidates whose gradients a dense reference finds largest", () => {
  const sizes = [9, 24, 16, 3];
  for (const growthCandidates of [0.8, 2, 100]) {
    for (const seed of [1, 2, 3]) {
      const model = randomModel({ sizes, density: 0.3, activation: { kind: "all-relu", alpha: 0.6 }, seed });
      const batch = randomBatch(sizes, 40, "classification", seed);
      const net = oracleOf(model);
      for (const layer of net.layers) layer.mask.fill(1);
      const { gradients } = backpropagate(net, batch);
      const layers = model.layers.slice(0, -1);
      const before = layers.map((layer) => placesOf(layer));
      // γ·nnz places, or all that are absent.
      const candidates = layers.map((layer, index) =>
        flat(
          absentPlaces(layer, Math.ceil(growthCandidates * layer.nnz), { seed: 7, epoch: 4, layer: index }),
          layer.neurons,
        )
      );
      let probes = 0;
      const made = () => probeOf(model, batch.tiles(48), { threads: 1 });
      const gradientsAt = (places: readonly Places[]) => {
        probes++;
        assertEquals(places.map(({ rows }) => rows.length), [...candidates.map(({ length }) => length), 0]);
        return made().gradients(places);
      };
      const probe = () => ({ ...made(), gradients: gradientsAt });
      const settings = settingsOf({ zeta: 0.3, growth: "gradient-sampled", growthCandidates });
      const { replaced } = changeTopology(model, settings, 4, { probe });
      assertEquals(probes, 1);
      let grownInAll = 0;
      for (const [index, layer] of layers.entries()) {
        assertEquals(layer.nnz, before[index].size);
        const grown = [...placesOf(layer)].filter(([place]) => !before[index].has(place));
        const size = (place: number) => Math.abs(gradients[index].weights[place]);
        const expected = candidates[index].toSorted((a, b) => size(b) - size(a)).slice(0, grown.length);
        assertEquals(grown.map(([place]) => place), expected.toSorted((a, b) => a - b));
        for (const [, [weight]] of grown) assert(Object.is(weight, 0), "it begins at +0");
        grownInAll += grown.length;
      }
      assertEquals(replaced, grownInAll);
    }
  }
});

Deno.test("growth by gradient keeps nnz where there are fewer candidates than connections to grow", () => {
  for (const density of [1, 0.95, 0.5]) {
    for (const growthCandidates of [0.01, 1]) {
      const model = randomModel({ sizes: [12, 20, 15, 3], density, seed: 4 });
      const batch = randomBatch([12, 20, 15, 3], 16, "classification", 1);
      const before = model.layers.map(({ nnz }) => nnz);
      const probe = () => probeOf(model, batch.tiles(16), { threads: 1 });
      const settings = settingsOf({ zeta: 0.5, growth: "gradient-sampled", growthCandidates });
      for (let epoch = 1; epoch <= 5; epoch++) changeTopology(model, settings, epoch, { probe });
      assertEquals(model.layers.map(({ nnz }) => nnz), before);
    }
  }
});

Deno.test("train() probes the batch that an epoch began with, whole and without dropout", async () => {
  const [model, twin] = [make(), make()];
  const options = { ...OPTIONS, ...SAMPLED, batchSize: 40, threads: 1, dropout: 0.4, seed: 5 };
  await finish(model, data, { ...options, epochs: 2 });
  const state = newRunState();
  await finish(twin, data, { ...options, epochs: 1, state });
  const standardization = standardizationOf(data.train, 20, 1);
  const runner = new BatchRunner({ model: twin, split: data.train, standardization }, {
    batchSize: 40,
    threads: 1,
  }, { training: false, dropout: false, probes: true });
  const order = sharedWords(data.train.samples);
  shuffle(order, 5, 1);
  const probe = () => probeOf(twin, runner.build(order, 0, 40, 1), { threads: 1 }, runner.work);
  changeTopology(twin, resolveHyperparameters(options, 5), 1, { probe });
  await finish(twin, data, { ...options, epochs: 2, state: { ...state, evolved: true } });
  assertSameModel(model, twin);
});

Deno.test("train() with growth by gradient, stopped after any step and resumed with other threads, gives the same bits", async () => {
  const variants: TrainOptions[] = [
    {},
    { importancePruning: { start: 2, every: 2, percentile: 20 }, compactWhilePruning: true },
    { microBatch: 16, activationStorage: "bf16", recompute: true },
    { optimizer: "adam", learningRate: 0.001 },
  ];
  for (const variant of variants) {
    const options: TrainOptions = { ...OPTIONS, ...SAMPLED, growthWeights: 0.5, ...variant };
    const straight = make();
    await finish(straight, data, { ...options, threads: 1 });
    for (const steps of [5, 10, 23]) {
      const { model } = await inParts(make(), data, options, steps);
      assertSameModel(model, straight);
    }
  }
});

Deno.test("trainParallel() with wassp and growth by gradient gives the bits of workers that take turns, and with one of train()", async () => {
  const options: ParallelOptions = { ...OPTIONS, ...SAMPLED, algorithm: "wassp", workers: 2, threads: 2 };
  const [workers, turns, set] = [make(), make(), make()];
  const { records } = await finishParallel(workers, data, options);
  assertEquals(records.map(({ parallel }) => parallel!.phase), [1, 1, 1, 1, 2, 2]);
  await finishInProcess(turns, data, { ...options, threads: 1 }, 3);
  assertSameModel(workers, turns);
  await finishInProcess(set, data, { ...options, growth: "random", growthCandidates: undefined } as never, 3);
  assertNotEquals(set.layers[0].indices, turns.layers[0].indices);

  const [alone, sequential] = [make(), make()];
  await finishInProcess(alone, data, { ...options, workers: 1 }, 1);
  await finish(sequential, data, { ...OPTIONS, ...SAMPLED });
  assertSameModel(alone, sequential);
});

Deno.test("trainParallel() with wassp and growth by gradient, stopped after any epoch and resumed, gives the same bits", async () => {
  const path = await Deno.makeTempFile({ suffix: ".safetensors" });
  const options: ParallelOptions = { ...OPTIONS, ...SAMPLED, algorithm: "wassp", workers: 2, threads: 2 };
  try {
    const straight = make();
    await finishParallel(straight, data, options);
    for (const stop of [2, 4, 5]) {
      const [model, state, workerModels] = [make(), newRunState(), new WorkerModels()];
      const epochs = trainParallel(model, data, { ...options, state, workerModels });
      while (state.epoch < stop) await epochs.next();
      const workers = await workerModels.current();
      await saveModel(model, path, { training: { epoch: state.epoch, options: {}, state }, workers });
      await epochs.return(undefined!);
      const loaded = await loadModel(path);
      const rest = { state: loaded.training!.state!, workerModels: new WorkerModels(loaded.workers) };
      await finishParallel(loaded.model, data, { ...options, ...rest });
      assertSameModel(loaded.model, straight);
    }
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("train() refuses rules there are not, and options of rules that were not chosen", () => {
  const cases: [TrainOptions, new () => Error, string][] = [
    [
      { growth: "randm" as never },
      RangeError,
      'growth is randm, expected random, gradient-sampled, gradient or cannistraci-hebb; did you mean "random"?',
    ],
    [
      { drop: "magnitud" as never },
      RangeError,
      'drop is magnitud, expected magnitude, magnitude-any-sign, magnitude-gradient or soft; did you mean "magnitude"?',
    ],
    [
      { growth: 3 as never },
      TypeError,
      "growth is 3, expected random, gradient-sampled, gradient or cannistraci-hebb",
    ],
    [
      { growth: [] as never },
      TypeError,
      "growth is an array, expected random, gradient-sampled, gradient or cannistraci-hebb",
    ],
    [{ growthCandidates: 2 }, TypeError, "growthCandidates is for growth gradient-sampled"],
    [
      { growth: "gradient", growthSampling: "grabo" },
      TypeError,
      "growthSampling is for growth gradient-sampled",
    ],
    [
      { ...SAMPLED, growthCandidates: 0 },
      RangeError,
      "growthCandidates is 0, expected a finite number above 0",
    ],
    [{ growth: { name: "mine" } as never }, TypeError, "growth.grow is undefined, expected a function"],
    [{ growth: { name: "", grow() {} } as never }, TypeError, "growth.name is "],
    [{ growth: { name: "mine", needs: "luck", grow() {} } as never }, TypeError, "growth.needs is luck"],
    [
      { growth: { name: "mine", needs: "gradients", grow() {} } as never },
      TypeError,
      "growth.candidates is undefined",
    ],
    [
      { drop: { name: "mine", grow() {} } as never },
      TypeError,
      "drop.drop is undefined, expected a function",
    ],
  ];
  for (const [options, type, message] of cases) {
    assertThrows(() => train(make(), data, options), type, message);
  }
});

/** Grows as random growth does, and counts. */
function counting(): GrowRule<RulePlace> & { calls: number } {
  const rule = {
    name: "counting",
    calls: 0,
    grow(connections: Connections, count: number, place: RulePlace) {
      rule.calls++;
      assertEquals(place.settings.zeta, 0.3);
      return RANDOM.grow(connections, count, place);
    },
  };
  return rule;
}

Deno.test("train() takes rules as objects, trainParallel() says why it does not", async () => {
  const [model, named, rule] = [make(), make(), counting()];
  const { summary } = await finish(model, data, { ...OPTIONS, growth: rule });
  assertEquals(rule.calls, 2 * (summary.epochs - 1));
  await finish(named, data, OPTIONS);
  assertSameModel(model, named);

  let dropped = 0;
  const none = { name: "none", drop: () => (dropped++, 0) };
  const [kept, fixed] = [make(), make()];
  await finish(kept, data, { ...OPTIONS, drop: none });
  await finish(fixed, data, { ...OPTIONS, zeta: 0 });
  assertSameModel(kept, fixed);
  assertEquals(dropped, 2 * 5);

  for (const own of [{ growth: counting() }, { drop: none }]) {
    assertThrows(
      () => trainParallel(make(), data, { ...OPTIONS, ...own } as never),
      TypeError,
      "cannot be sent to workers",
    );
  }
});

Deno.test("train() hands a rule of one's own the gradients of its candidates, of all layers in one probe", async () => {
  const asked: number[] = [];
  const rule: GradientRule = {
    name: "first of the candidates",
    needs: "gradients",
    candidates(connections, place) {
      asked.push(place.layer);
      return absentPlaces(connections, 10, place);
    },
    grow(connections, count, place) {
      asked.push(place.gradients.length);
      assert(place.gradients.every(Number.isFinite) && place.gradients.some((gradient) => gradient !== 0));
      assertEquals(place.weights.scale, 0);
      return RANDOM.grow(connections, count, place);
    },
  };
  await finish(make(), data, { ...OPTIONS, epochs: 2, growth: rule });
  assertEquals(asked, [0, 1, 10, 10]);
});

Deno.test("train() needs no probe and no memory for one where no rule asks for gradients", () => {
  const model = make();
  model.holdState(stateFor(resolveHyperparameters({}, 1)));
  const probe = () => {
    throw new Error("probed");
  };
  changeTopology(model, settingsOf(), 1, { probe });
  changeTopology(model, settingsOf({ ...SAMPLED, zeta: 0 }), 1, { probe });
  assertThrows(() => changeTopology(model, settingsOf(SAMPLED), 1, { probe }), Error, "probed");
  assertThrows(
    () => changeTopology(model, settingsOf(SAMPLED), 1),
    TypeError,
    'Cannot grow connections by "gradient-sampled": it needs gradients of absent connections, there is no probe',
  );
  const plan = { model, split: data.train, standardization: standardizationOf(data.train, 20, 1) };
  const words = (probes: boolean) =>
    new BatchRunner(plan, { batchSize: 32, threads: 1 }, { training: true, dropout: true, probes }).work
      .length;
  assertEquals(
    words(false),
    workspaceWords(model.memory, 32, {
      training: true,
      dropout: true,
      activationStorage: "f32",
      recompute: false,
    }),
  );
  assert(words(true) >= words(false));
});

Deno.test("train --growth is kept by checkpoints: a resumed run has the bits of a whole one", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const [whole, part] = [`${folder}/whole.safetensors`, `${folder}/part.safetensors`];
    const options = ["--hidden", "30,20", "--epochs", "4", "--quiet", "--seed", "3"];
    const rule = ["--growth", "gradient-sampled", "--growth-candidates", "0.5", "--drop", "magnitude"];
    assertEquals((await run("train", ...options, ...rule, "--output", whole)).code, 0);
    assertEquals((await run("train", ...options, ...rule, "--output", part, "--max-steps", "70")).code, 0);
    const resumed = await run("train", "--resume", part, "--max-steps", "1000000", "--quiet");
    assertEquals(resumed.code, 0, resumed.stderr);
    assertSameModel((await loadModel(part)).model, (await loadModel(whole)).model);
    const refused = await run("train", "--growth-candidates", "2");
    assertEquals(refused.code, 2);
    assert(refused.stderr.includes("Cannot use --growth-candidates with --growth random"), refused.stderr);
    const unknown = await run("train", "--growth", "gradient-sample");
    assert(unknown.stderr.includes('did you mean "gradient-sampled"?'), unknown.stderr);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/**
 * The loss around a change of the topology with Adam: grown connections begin with the layer's mean of the squared
 * gradient, or, as plain Adam would have it, with 0.
 *
 * Prints the mean loss of training batches before and after the change, how far new weights move in their first step as
 * a multiple of the others, and writes both to a file where one is named.
 *
 *     deno run -A bench/evolution_leap.ts --output bench/results/evolution-leap.json
 *
 * @module
 */
import { datasets, SparseMlp } from "../mod.ts";
import { standardizationOf } from "../src/data/standardization.ts";
import { shuffle } from "../src/native/random.ts";
import { stateFor } from "../src/optimizer/optimizers.ts";
import { sharedWords } from "../src/sparse/shared.ts";
import { changeTopology } from "../src/topology/change.ts";
import { resolveHyperparameters } from "../src/train/hyperparameters.ts";
import { StepRunner } from "../src/train/step_runner.ts";
import { describeProcessor, processor } from "./processor.ts";

const SEEDS = [1, 2, 3];
/** Epochs before the change that is looked at, with a change after each. */
const EPOCHS = 5;
/** Steps whose losses are averaged. */
const WINDOWS = [[0, 1], [1, 5], [5, 20], [20, 60]] as const;

interface Leap {
  readonly lossBefore: number;
  /** Mean losses of steps after the change, by window. */
  readonly lossAfter: readonly number[];
  /** Mean |Δw| of new connections in their first step, over that of the others. */
  readonly firstMove: number;
}

/** Trains, changes the topology, and watches the steps that follow. */
async function leap(seed: number, fresh: "mean" | "zero"): Promise<Leap> {
  const data = await datasets.load("fashion-mnist");
  const settings = resolveHyperparameters({
    ...{ optimizer: "adam", weightDecay: 0, dropout: 0, threads: 1, seed },
  }, seed);
  const model = SparseMlp.create({ sizes: [784, 1000, 1000, 1000, 10], epsilon: 20, seed });
  const state = stateFor(settings);
  const planes = state.planes.map((plane) => ({
    ...plane,
    fresh: plane.fresh === "mean" ? fresh : plane.fresh,
  }));
  model.holdState({ ...state, planes });
  const { train } = data;
  model.standardization = standardizationOf(train, data.featureCount, 1);
  const runner = new StepRunner({ model, split: train, standardization: model.standardization, settings });
  const order = sharedWords(train.samples);
  const { batchSize, learningRate } = settings;
  const steps = Math.floor(train.samples / batchSize);
  const step = (epoch: number, number: number): number => {
    runner.step(
      runner.build(order, number * batchSize, batchSize, epoch),
      epoch * steps + number,
      learningRate,
    );
    return runner.totals[0] / batchSize;
  };
  let lossBefore = 0;
  for (let epoch = 1; epoch <= EPOCHS; epoch++) {
    shuffle(order, seed, epoch);
    for (let number = 0; number < steps; number++) {
      const loss = step(epoch, number);
      if (epoch === EPOCHS && number >= steps - 60) lossBefore += loss / 60;
    }
    if (epoch < EPOCHS) changeTopology(model, settings, epoch);
  }
  const before = model.layers.map(placesOf);
  changeTopology(model, settings, EPOCHS);
  const weights = model.layers.map(({ values, nnz }) => values.slice(0, nnz));
  shuffle(order, seed, EPOCHS + 1);
  let firstMove = NaN;
  const losses = Array.from({ length: 60 }, (_, number) => {
    const loss = step(EPOCHS + 1, number);
    if (number === 0) firstMove = movesOf(model, weights, before);
    return loss;
  });
  const mean = ([from, to]: readonly [number, number]) =>
    losses.slice(from, to).reduce((sum, loss) => sum + loss, 0) / (to - from);
  return { lossBefore, lossAfter: WINDOWS.map(mean), firstMove };
}

type Layer = SparseMlp["layers"][number];

/** Every place that holds a connection. */
function placesOf({ inputs, neurons, indptr, indices }: Layer): Set<number> {
  const places = new Set<number>();
  for (let row = 0; row < inputs; row++) {
    for (let at = indptr[row]; at < indptr[row + 1]; at++) places.add(row * neurons + indices[at]);
  }
  return places;
}

/** How far new weights have moved, over how far the others have. */
function movesOf(model: SparseMlp, weights: readonly Float32Array[], before: readonly Set<number>[]): number {
  const [sums, counts] = [[0, 0], [0, 0]];
  for (const [index, layer] of model.layers.slice(0, -1).entries()) {
    for (let row = 0; row < layer.inputs; row++) {
      for (let at = layer.indptr[row]; at < layer.indptr[row + 1]; at++) {
        const kept = before[index].has(row * layer.neurons + layer.indices[at]) ? 1 : 0;
        const move = Math.abs(layer.values[at] - weights[index][at]);
        if (move === 0) continue;
        sums[kept] += move;
        counts[kept]++;
      }
    }
  }
  return (sums[0] / counts[0]) / (sums[1] / counts[1]);
}

const rows: Record<string, Leap[]> = {};
for (const fresh of ["mean", "zero"] as const) {
  rows[fresh] = [];
  for (const seed of SEEDS) rows[fresh].push(await leap(seed, fresh));
  const average = (of: (one: Leap) => number) =>
    (rows[fresh].reduce((sum, one) => sum + of(one), 0) / SEEDS.length).toFixed(4);
  console.log(`mean square of new connections begins at ${fresh}`);
  console.log(`  loss of the 60 steps before the change  ${average((one) => one.lossBefore)}`);
  for (const [place, [from, to]] of WINDOWS.entries()) {
    console.log(
      `  loss of steps ${from + 1} to ${to} after it`.padEnd(42),
      average((one) => one.lossAfter[place]),
    );
  }
  console.log(`  first step of new weights, over the others  ${average((one) => one.firstMove)}`);
}
const at = Deno.args.indexOf("--output");
if (at >= 0) {
  const file = {
    date: new Date().toISOString(),
    host: describeProcessor(processor()),
    command: "deno run -A bench/evolution_leap.ts",
    seeds: SEEDS,
    rows,
  };
  await Deno.writeTextFile(Deno.args[at + 1], JSON.stringify(file, null, 2) + "\n");
}

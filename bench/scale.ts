/**
 * Extreme networks (Paper: §2.4, Table 4, and beyond): seconds to initialise, of a step, an epoch, evolution, inference;
 * peak memory; losses. Data are made a batch at a time and never held.
 *
 * `deno run -A bench/scale.ts ROW… [steps=20] [batch=128] [memory=GIB] [inference=3000] [threads=2] [rate=0.01] [width=W]
 * [storage=f32|bf16] [recompute=true|false] [out=FILE]`; rows: 1m 5m 10m 20m 50m 125m 200m, and 10k 100k for cost growth.
 *
 * @module
 */
import { SparseMlp } from "../mod.ts";
import { standardization } from "../src/data/dataset.ts";
import { chooseActivations, planNetwork } from "../src/model/plan.ts";
import { gatherBatch } from "../src/native/batch.ts";
import { generateBlock } from "../src/native/generator.ts";
import { type Batch, evaluateBatch, trainBatch, workspaceWords } from "../src/native/step.ts";
import { weightLaw } from "../src/sparse/init.ts";
import { sharedFloats, sharedWords } from "../src/sparse/shared.ts";
import { evolveConnections } from "../src/topology/evolution.ts";

const ROWS: Readonly<
  Record<string, readonly [hidden: readonly number[], epsilon: number, gibibytes: number]>
> = {
  "10k": [Array(2).fill(5e3), 10, 16],
  "100k": [Array(2).fill(5e4), 10, 16],
  "1m": [Array(2).fill(5e5), 10, 16],
  "5m": [Array(2).fill(25e5), 5, 16],
  "10m": [Array(2).fill(5e6), 5, 16],
  "20m": [Array(4).fill(5e6), 1, 16],
  "50m": [Array(10).fill(5e6), 1, 16],
  "125m": [Array(10).fill(125e5), 1, 16],
  "200m": [Array(10).fill(2e7), 1, 21],
};
const FEATURES = 65_536;
const [TRAIN_SAMPLES, SEED] = [7000, 1];
// The paper does not say how many features inform; here 16 do, and so many are sums of them that three quarters matter.
const DESIGN = {
  features: FEATURES,
  informative: 16,
  redundant: 49_136,
  repeated: 0,
  classes: 2,
  clustersPerClass: 1,
  classSeparation: 1,
  labelNoise: 0.01,
  shuffle: true,
  seed: SEED,
};

const given = new Map(
  Deno.args.filter((arg) => arg.includes("=")).map((arg) => arg.split("=") as [string, string]),
);
const number = (name: string, fallback: number) => Number(given.get(name) ?? fallback);
const seconds = (since: number) => (performance.now() - since) / 1000;
const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** The most memory this process ever had, as Linux counts it. */
function peakRssBytes(): number {
  const line = /^VmHWM:\s+(\d+) kB/m.exec(Deno.readTextFileSync("/proc/self/status"));
  return line === null ? Deno.memoryUsage().rss : 1024 * Number(line[1]);
}

function measure(row: string): Record<string, unknown> {
  const [hidden, epsilon, gibibytes] = ROWS[row];
  const [steps, batchSize, threads] = [number("steps", 20), number("batch", 128), number("threads", 2)];
  const sizes = [FEATURES, ...hidden, 2];
  const memoryBytes = number("memory", gibibytes) * 2 ** 30;
  const plan = planNetwork({ sizes, epsilon, batchSize, dropout: true, memoryBytes });
  const choice = chooseActivations(plan);
  const activationStorage = (given.get("storage") ?? choice.activationStorage) as "f32" | "bf16";
  const recompute = given.has("recompute") ? given.get("recompute") === "true" : choice.recompute;
  const width = Math.min(number("width", choice.microBatch), Math.ceil(batchSize / 16) * 16);
  const memory = { activationStorage, recompute };
  const say = (text: string) => console.error(`${row}: ${text}`);

  // What such networks need to learn: docs/algorithms.md, "Very wide networks".
  const law = { initializer: "xavier", fanIn: "sparse" } as const;
  const activation = { kind: hidden.length < 10 ? "all-relu" : "leaky-relu", alpha: 0.6 } as const;
  let started = performance.now();
  const model = SparseMlp.create({
    ...{ sizes, epsilon, seed: SEED, threads, activation, zeroOutput: true },
    ...law,
  });
  const initSeconds = seconds(started);
  const { connections } = model.stats();
  say(
    `${connections} connections in ${
      initSeconds.toFixed(1)
    } s, ${width} samples a tile, ${activationStorage}` +
      `${recompute ? ", every second layer recomputed" : ""}`,
  );

  const features = sharedFloats(Math.max(batchSize, 128) * FEATURES);
  const labels = sharedWords(Math.max(batchSize, 128));
  const make = (first: number, count: number) =>
    generateBlock(
      DESIGN,
      { first },
      features.subarray(0, count * FEATURES),
      labels.subarray(0, count),
      threads,
    );
  make(0, batchSize);
  const { mean, scale } = standardization(
    features.subarray(0, batchSize * FEATURES),
    batchSize,
    FEATURES,
    threads,
  );
  const order = sharedWords(batchSize);
  order.forEach((_, index) => order[index] = index);
  const input = sharedFloats(Math.ceil(batchSize / width) * width * FEATURES);
  const batch = (first: number, count: number): Batch => {
    make(first, count);
    const part = input.subarray(0, Math.ceil(count / width) * width * FEATURES);
    const source = { features: features.subarray(0, count * FEATURES), mean, scale };
    gatherBatch(source, order.subarray(0, count), width, threads, part);
    return {
      input: part,
      labels: labels.subarray(0, count),
      targets: new Float32Array(0),
      samples: count,
      width,
    };
  };

  const work = sharedWords(
    workspaceWords(model.memory, width, { training: true, dropout: true, ...memory }),
  );
  const totals = new Float64Array(2);
  const [losses, accuracies, stepSeconds]: number[][] = [[], [], []];
  const settings = {
    learningRate: number("rate", 0.01),
    fanInLimit: number("limit", 1000),
    momentum: 0.9,
    weightDecay: 0.0002,
    coupledDecay: true,
    nesterov: false,
    dropout: 0.4,
    seed: SEED,
    threads,
    ...memory,
  };
  for (let step = 0; step < steps; step++) {
    started = performance.now();
    const first = step * batchSize % (TRAIN_SAMPLES - TRAIN_SAMPLES % batchSize);
    const samples = batch(first, batchSize);
    trainBatch(model.memory, new Uint32Array(0), samples, { ...settings, step }, work, totals);
    stepSeconds.push(seconds(started));
    losses.push(totals[0] / batchSize);
    accuracies.push(totals[1] / batchSize);
    say(`step ${step + 1}/${steps}: ${stepSeconds[step].toFixed(2)} s, loss ${losses[step].toFixed(4)}`);
    if (!Number.isFinite(losses[step])) throw new Error("Cannot go on: the loss is not finite");
  }
  started = performance.now();
  for (const [index, layer] of model.layers.slice(0, -1).entries()) {
    const probability = layer.nnz / (layer.inputs * layer.neurons);
    const weights = weightLaw({
      ...layer,
      inputs: layer.inputs,
      neurons: layer.neurons,
      ...law,
      probability,
    });
    evolveConnections(layer, { zeta: 0.3, weights, seed: SEED, epoch: 1, layer: index, threads });
  }
  const evolutionSeconds = seconds(started);
  say(`evolution ${evolutionSeconds.toFixed(1)} s`);
  const inferenceSamples = number("inference", 3000);
  let [loss, correct] = [0, 0];
  started = performance.now();
  for (let done = 0; done < inferenceSamples; done += batchSize) {
    const count = Math.min(batchSize, inferenceSamples - done);
    const samples = batch(TRAIN_SAMPLES + done, count);
    evaluateBatch(model.memory, samples, threads, work, new Float32Array(0), totals, memory);
    loss += totals[0];
    correct += totals[1];
  }
  const inferenceSeconds = seconds(started);
  const warm = stepSeconds.length > 2 ? stepSeconds.slice(1) : stepSeconds;
  const stepSecond = median(warm);
  return {
    row,
    sizes,
    epsilon,
    connections,
    threads,
    batchSize,
    width,
    activation: activation.kind,
    fanInLimit: settings.fanInLimit,
    learningRate: settings.learningRate,
    ...memory,
    plannedBytes: plan.choices,
    initSeconds,
    stepSeconds: stepSecond,
    stepSecondsSpread: [Math.min(...warm), Math.max(...warm)],
    nanosecondsAConnectionAndTile: stepSecond * 1e9 / (connections * Math.ceil(batchSize / width)),
    nanosecondsAConnectionAndSample: stepSecond * 1e9 / (connections * batchSize),
    epochSeconds: stepSecond * TRAIN_SAMPLES / batchSize,
    epochIs: "extrapolated from the median step",
    evolutionSeconds,
    inferenceSamples,
    inferenceSeconds,
    testLoss: loss / inferenceSamples,
    testAccuracy: correct / inferenceSamples,
    peakRssBytes: peakRssBytes(),
    losses,
    accuracies,
  };
}

if (import.meta.main) {
  const rows = Deno.args.filter((arg) => !arg.includes("="));
  const unknown = rows.find((row) => !(row in ROWS));
  if (rows.length === 0 || unknown !== undefined) {
    console.error(`Cannot measure row "${unknown ?? ""}": expected some of ${Object.keys(ROWS).join(", ")}`);
    Deno.exit(2);
  }
  const command = `bench/scale.ts ${Deno.args.filter((arg) => !arg.startsWith("out=")).join(" ")}`;
  const record = { date: new Date().toISOString(), command, rows: rows.map(measure) };
  const text = JSON.stringify(record, null, 1);
  const out = given.get("out");
  if (out === undefined) console.log(text);
  else Deno.writeTextFileSync(out, text + "\n");
}

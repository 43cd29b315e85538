/**
 * How the cost of a connection grows with the network: nanoseconds a connection and tile of samples, from 10⁴ neurons on.
 *
 * `deno run -A bench/growth.ts [neurons=1e4,3e4,…,1e7] [shape=10x1,2x10] [width=16,128] [batch=128] [seconds=3]
 * [threads=2] [storage=f32|bf16] [memory=GIB] [out=FILE]`; a shape is hidden layers and ε. Prints JSON and, to stderr, a
 * chart. All sizes have 1,024 features, ε and depth alike, so that only the size changes; what does not fit into the
 * memory is left out. Step and tile: a step passes the batch through the network in tiles of `width`.
 *
 * @module
 */
import { SparseMlp } from "../mod.ts";
import { type Batch, trainBatch, workspaceWords } from "../src/native/step.ts";
import { sharedFloats, sharedWords } from "../src/sparse/shared.ts";
import { planNetwork } from "../src/model/plan.ts";
import { stateFor } from "../src/optimizer/optimizers.ts";
import { resolveHyperparameters } from "../src/train/hyperparameters.ts";
import { StepSettings } from "../src/optimizer/step_settings.ts";
import { describeProcessor, processor } from "./processor.ts";

const given = new Map(Deno.args.map((arg) => arg.split("=") as [string, string]));
const list = (name: string, fallback: string) => (given.get(name) ?? fallback).split(",");
const number = (name: string, fallback: number) => Number(given.get(name) ?? fallback);
const FEATURES = 1024;
const [threads, seconds, batchSize] = [number("threads", 2), number("seconds", 3), number("batch", 128)];
const memoryBytes = number("memory", 8) * 2 ** 30;
const storage = (given.get("storage") ?? "f32") as "f32" | "bf16";

/** One size, shape and width of tiles. */
interface Row {
  readonly shape: string;
  readonly neurons: number;
  readonly connections: number;
  readonly width: number;
  readonly steps: number;
  readonly medianStepSeconds: number;
  readonly leastStepSeconds: number;
  /** Of the median step. */
  readonly nanosecondsAConnectionAndTile: number;
  readonly nanosecondsAConnectionAndSample: number;
  /** Bytes of one hidden layer's activations in a tile: what the gathers of a layer reach over. */
  readonly layerBytes: number;
  /** Bytes of all parameters and of the activations of a tile. */
  readonly networkBytes: number;
}

function measure(shape: string, neurons: number, widths: readonly number[]): Row[] {
  const [depth, epsilon] = shape.split("x").map(Number);
  const layer = Math.round(neurons / depth);
  const sizes = [FEATURES, ...Array<number>(depth).fill(layer), 2];
  const plan = planNetwork({ sizes, epsilon, batchSize, dropout: false, memoryBytes });
  const cellBytes = storage === "bf16" ? 2 : 4;
  const fits = widths.filter((width) =>
    plan.parameterBytes + neurons * width * (cellBytes + 1 / 8) + plan.runtimeBytes < memoryBytes
  );
  if (fits.length === 0) return [];
  const model = SparseMlp.create({ sizes, epsilon, fanIn: "sparse", seed: 1, threads });
  const { connections } = model.stats();
  const labels = sharedWords(batchSize).map((_, sample) => sample % 2);
  const totals = new Float64Array(2);
  const learningRate = 1e-4;
  const options = { learningRate, weightDecay: 0, dropout: 0, threads, activationStorage: storage };
  const training = resolveHyperparameters(options, 1);
  model.holdState(stateFor(training));
  const settings = new StepSettings(training, model.optimizerState?.planes.length ?? 0);
  return fits.map((width) => {
    const tiles = Math.ceil(batchSize / width);
    const input = sharedFloats(tiles * width * FEATURES).map((_, place) => Math.sin(place));
    const loss = "softmax-cross-entropy";
    const batch: Batch = { loss, input, labels, targets: new Float32Array(0), samples: batchSize, width };
    const use = { training: true, dropout: false, activationStorage: storage };
    const work = sharedWords(workspaceWords(model.memory, width, use));
    const times: number[] = [];
    for (let spent = 0, step = 0; spent < seconds || step < 3; step++) {
      const started = performance.now();
      settings.next(step, step + 1, learningRate, 1);
      trainBatch(model.memory, new Uint32Array(0), batch, settings.block, work, totals);
      const took = (performance.now() - started) / 1000;
      // The first step touches the memory.
      if (step > 0) times.push(took);
      spent += took;
    }
    times.sort((a, b) => a - b);
    const median = times[times.length >> 1];
    const row = {
      shape,
      neurons,
      connections,
      width,
      steps: times.length,
      medianStepSeconds: median,
      leastStepSeconds: times[0],
      nanosecondsAConnectionAndTile: 1e9 * median / connections / tiles,
      nanosecondsAConnectionAndSample: 1e9 * median / connections / batchSize,
      layerBytes: layer * width * cellBytes,
      networkBytes: 4 * (model.memory.arena.length + model.memory.state.length + work.length),
    };
    console.error(line(row));
    return row;
  });
}

function line(row: Row): string {
  const cost = row.nanosecondsAConnectionAndTile;
  const bytes = (count: number) =>
    count < 2 ** 20
      ? `${(count / 2 ** 10).toFixed(0)} KiB`
      : count < 2 ** 30
      ? `${(count / 2 ** 20).toFixed(1)} MiB`
      : `${(count / 2 ** 30).toFixed(1)} GiB`;
  const cells = [
    row.shape.padEnd(5),
    String(row.width).padStart(3),
    row.neurons.toExponential(0).replace("+", ""),
    bytes(row.layerBytes).padStart(9),
    bytes(row.networkBytes).padStart(9),
    cost.toFixed(1).padStart(6),
  ];
  return `${cells.join("  ")}  ${"█".repeat(Math.min(60, Math.round(4 * cost / row.width)))}`;
}

if (import.meta.main) {
  console.error("shape  width  neurons  a layer's  network  ns a connection and tile (bars: a sample)");
  const sizes = list("neurons", "1e4,3e4,1e5,3e5,1e6,3e6,1e7").map(Number);
  const widths = list("width", "16,128").map(Number);
  const rows = list("shape", "10x1,2x10").flatMap((shape) =>
    sizes.flatMap((neurons) => measure(shape, neurons, widths))
  );
  const record = {
    date: new Date().toISOString(),
    bench: "growth",
    command: `deno run -A bench/growth.ts ${Deno.args.filter((arg) => !arg.startsWith("out=")).join(" ")}`
      .trim(),
    host: describeProcessor(processor()),
    threads,
    batchSize,
    storage,
    rows,
  };
  const text = JSON.stringify(record, null, 1);
  const out = given.get("out");
  if (out === undefined) console.log(text);
  else Deno.writeTextFileSync(out, text + "\n");
}

/**
 * How long training, reading a table and choosing features keep a program from other things: the longest stall of the
 * event loop, and how long after `abort()` a training or a selection is over.
 *
 *     deno run -A bench/stalls.ts [--run plain] [--rounds 5] [--aborts 8] [--threads 1] [--json]
 *
 * A recorder that has every pass of the event loop notes the longest time from one to the next, and how much processor
 * time of this process that took: where others use the machine, only the latter tells. What the call itself takes, which
 * reads all data once, stands beside. Each run is repeated; the lowest of the rounds is what the work needs, the median
 * what the machine made of it. Aborts come from a timer, at moments spread over the run.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import process from "node:process";
import { parseArgs } from "node:util";
import {
  type Dataset,
  fit,
  madelonLike,
  readTable,
  selectFeatures,
  SparseMlp,
  type TrainOptions,
} from "../mod.ts";
import { madeUpData } from "./made_up.ts";
import { describeProcessor, processor } from "./processor.ts";

/** Work to watch: a call, whose data are made once. */
type Watched = (signal?: AbortSignal) => Promise<unknown>;

/** A training; the model is made anew for each round. */
function training({ data, sizes, options }: {
  readonly data: Dataset;
  readonly sizes: readonly number[];
  readonly options: TrainOptions;
}): Watched {
  return (signal) => {
    const model = SparseMlp.create({ sizes: [...sizes], epsilon: 20, seed: 1 });
    return fit(model, data, { threads, ...options, ...(signal && { signal }) });
  };
}

/** 25 MB of delimited text: 200,000 rows of 20 numbers, a colour and a label. */
function tableBytes(): Uint8Array<ArrayBuffer> {
  const names = Array.from({ length: 20 }, (_, column) => `c${column}`);
  const lines = [[...names, "colour", "label"].join(",")];
  for (let row = 0; row < 200_000; row++) {
    const cells = names.map((_, column) => (((row + 1) * (column + 7) * 7919) % 10_007 / 1000).toFixed(3));
    lines.push([...cells, ["red", "green", "blue"][row % 3], cells[0] > "5" ? "a" : "b"].join(","));
  }
  return new TextEncoder().encode(lines.join("\n"));
}

const RUNS: Readonly<Record<string, () => Watched>> = {
  /** 2,000 samples of 500 features, the library's defaults. */
  plain: () =>
    training({
      data: madelonLike({ samples: 2000, testSamples: 600, features: 500, seed: 1 }),
      sizes: [500, 400, 100, 400, 2],
      options: { epochs: 40, batchSize: 32 },
    }),
  /** Bytes and a network of the size of Fashion-MNIST's. */
  fashion: () => {
    const sizes = [784, 1000, 1000, 1000, 10];
    const data = madeUpData(sizes, 60_000, 10_000);
    return training({ data, sizes, options: { epochs: 2, validationFraction: 0.1 } });
  },
  /** 200,000 rows of 100 columns, with a metric of the outputs, calibration and pruning. */
  wide: () =>
    training({
      data: madelonLike({ samples: 200_000, testSamples: 1000, features: 100, seed: 1 }),
      sizes: [100, 200, 200, 2],
      options: {
        ...{ epochs: 3, validationFraction: 0.5, metric: "roc-auc", calibrate: true },
        importancePruning: { start: 1, every: 1, percentile: 10 },
      },
    }),
  /** A table in memory, which has no pauses of its own, divided into three parts. */
  table: () => {
    const bytes = tableBytes();
    return () => readTable(bytes, { label: "label", test: 0.2, validation: 0.1, threads });
  },
  /** All ways to choose features, of 5,000 samples of 1,000 features. */
  features: () => {
    const data = madelonLike({ samples: 5000, testSamples: 100, features: 1000, seed: 1 });
    return (signal) =>
      selectFeatures(data, {
        ...{ count: 20, network: { hidden: [100, 100] }, training: { epochs: 2 }, threads },
        ...(signal && { signal }),
      });
  },
};

/** What a recorder saw; milliseconds. */
interface Stalls {
  /** The longest time without a pass of the event loop. */
  readonly wall: number;
  /** The most processor time of this process between two passes. */
  readonly processor: number;
}

/** Watches the event loop until it is told to stop. */
function record(): { stop(): Stalls } {
  let [watching, wall, processor] = [true, 0, 0];
  let [last, used] = [performance.now(), processorMs()];
  const look = () => {
    const [now, usedNow] = [performance.now(), processorMs()];
    wall = Math.max(wall, now - last);
    processor = Math.max(processor, usedNow - used);
    [last, used] = [now, usedNow];
  };
  const pass = () => {
    if (!watching) return;
    look();
    setImmediate(pass);
  };
  setImmediate(pass);
  return {
    stop() {
      watching = false;
      look();
      return { wall, processor };
    },
  };
}

function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** What was measured of a run, a number a round or an abort; milliseconds. */
interface Found {
  /** How long a whole run took. */
  readonly run: number[];
  /** The call, until its promise is there. */
  readonly call: number[];
  /** The longest stall behind the call. */
  readonly stall: number[];
  /** The most processor time of one. */
  readonly processor: number[];
  /** From `abort()` to the rejection. */
  readonly abort: number[];
}

async function watch(begin: Watched): Promise<Found> {
  const found: Found = { run: [], call: [], stall: [], processor: [], abort: [] };
  for (let round = 0; round < rounds; round++) {
    await new Promise((resolve) => void setImmediate(resolve));
    const started = performance.now();
    const run = begin();
    const called = performance.now();
    const recorder = record();
    await run;
    const { wall, processor } = recorder.stop();
    found.run.push(performance.now() - started);
    found.call.push(called - started);
    found.stall.push(wall);
    found.processor.push(processor);
  }
  const whole = Math.min(...found.run);
  for (let place = 0; place < aborts; place++) {
    const controller = new AbortController();
    const run = begin(controller.signal);
    let aborted = NaN;
    setTimeout(() => {
      aborted = performance.now();
      controller.abort();
    }, whole * (place + 0.5) / aborts);
    // A run that was over before has no delay.
    await run.catch(() => found.abort.push(performance.now() - aborted));
  }
  return found;
}

const { values } = parseArgs({
  options: {
    run: { type: "string" },
    rounds: { type: "string", default: "5" },
    aborts: { type: "string", default: "8" },
    threads: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
  },
});
const [rounds, aborts, threads] = [values.rounds, values.aborts, values.threads].map(Number);
const names = Object.keys(RUNS).filter((name) => values.run === undefined || name === values.run);
if (names.length === 0) {
  throw new TypeError(
    `Cannot watch run "${values.run}": expected one of ${Object.keys(RUNS).join(", ")}`,
  );
}
const columns = ["run", "call", "stall", "processor", "abort"] as const;
if (!values.json) {
  console.log(describeProcessor(processor()));
  console.log(`lowest, median and highest of ${rounds} rounds and ${aborts} aborts, in ms`);
  console.log(["", ...columns].map((name) => name.padEnd(name === "" ? 10 : 24)).join(""));
}
for (const name of names) {
  const found = await watch(RUNS[name]());
  if (values.json) {
    console.log(JSON.stringify({ name, rounds, threads, machine: processor(), ...found }));
    continue;
  }
  const cells = columns.map((column) => {
    const sorted = found[column].toSorted((a, b) => a - b);
    const shown = [sorted[0], sorted[sorted.length >> 1], sorted[sorted.length - 1]];
    return shown.map((value) => value?.toFixed(1).padStart(6) ?? "     –").join(" ").padEnd(24);
  });
  console.log(name.padEnd(10) + cells.join(""));
}

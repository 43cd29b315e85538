/**
 * A training step of a network far larger than caches, against what its bytes cost at the rate this machine copies.
 *
 *     deno run -A bench/huge_step.ts --preset extreme-10m [--activation-storage bf16] [--threads 1] [--steps 5]
 *       [--simd avx2] [--output FILE]
 *
 * Bytes are those that must pass between memory and caches in a step of 128 samples at once, with the layout as it is:
 *
 * - forward, a connection: its source and its place, 4 bytes each, the cache line its weight lies in, and the row of
 *   activations of its source; a neuron: its row start, its bias, its row, and its bits for sign and dropout;
 * - back, a connection: its target, weight and velocity read and written, and the row of deltas of its target; an input:
 *   row start, and of a neuron below bias and velocity, row of activations and row of deltas, and the bits;
 * - the batch: features read and written.
 *
 * Weights, or rows, of which all of a layer fit the third-level cache are counted once and not by connection. Lines that
 * stores fetch before they fill them are not counted, so no step can be at 1.0 with ordinary stores.
 *
 * The rate is that of as many threads as the step has, each copying between buffers of its own, bytes read and bytes
 * written counted; it is measured before and after every step.
 *
 * @module
 */
import { parseArgs } from "node:util";
import type { SparseMlp } from "../mod.ts";
import { type PresetName, presetOptions, PRESETS } from "../src/cli/presets.ts";
import { Copiers } from "./copy_rate.ts";
import { describeProcessor, lowerTo, processor } from "./processor.ts";
import { prepareStep } from "./training_step.ts";

const SAMPLES = 128;
const FEATURES = 65_536;
const LINE_BYTES = 64;
/** Signs and dropout, one bit a sample each. */
const BITS_BYTES = 2 * SAMPLES / 8;
const DEFAULT_L3_BYTES = 32 * 2 ** 20;

/** Bytes by what they are for. */
interface Moved {
  readonly parameters: number;
  readonly weightsGathered: number;
  readonly rowsGathered: number;
  readonly rowsInOrder: number;
  readonly batch: number;
}

/** Bytes a step moves; see the top of this page. */
export function movedBytes(layers: SparseMlp["layers"], storage: "f32" | "bf16", cacheBytes: number): Moved {
  const hiddenRow = SAMPLES * (storage === "bf16" ? 2 : 4);
  const moved = { parameters: 0, weightsGathered: 0, rowsGathered: 0, rowsInOrder: 0, batch: 0 };
  const gathered = (connections: number, rows: number, rowBytes: number) =>
    rows * rowBytes <= cacheBytes ? rows * rowBytes : connections * rowBytes;
  layers.forEach(({ inputs, neurons, nnz }, index) => {
    const [first, last] = [index === 0, index === layers.length - 1];
    const inputRow = first ? 4 * SAMPLES : hiddenRow;
    const outputRow = last ? 4 * SAMPLES : hiddenRow;
    moved.parameters += nnz * (8 + 4 + 16) + 8 * neurons + 4 * inputs + (first ? 0 : 16 * inputs);
    moved.weightsGathered += 4 * nnz <= cacheBytes ? 4 * nnz : LINE_BYTES * nnz;
    moved.rowsGathered += gathered(nnz, inputs, inputRow) + gathered(nnz, neurons, outputRow);
    moved.rowsInOrder += neurons * outputRow + inputs * inputRow * (first ? 1 : 2) +
      (last ? 0 : 2 * BITS_BYTES * neurons);
  });
  moved.batch = layers[0].inputs * SAMPLES * (1 + 4);
  return moved;
}

async function measure(preset: PresetName, storage: "f32" | "bf16", threads: number, steps: number) {
  const { hidden, epsilon, dropout } = presetOptions(preset);
  const sizes = [FEATURES, ...hidden, 2];
  const { l3 } = processor();
  const step = prepareStep({
    ...{ sizes, epsilon, dropout, threads, activationStorage: storage },
    ...{ batch: SAMPLES, width: SAMPLES, samples: 2 * SAMPLES },
  });
  using copiers = new Copiers(threads);
  await copiers.rate();
  step.run();
  const rates = [await copiers.rate()];
  const seconds: number[] = [];
  for (let index = 0; index < steps; index++) {
    const started = performance.now();
    step.run();
    seconds.push((performance.now() - started) / 1000);
    rates.push(await copiers.rate());
  }
  const moved = movedBytes(step.model.layers, storage, l3 === "unknown" ? DEFAULT_L3_BYTES : l3);
  const bytes = Object.values(moved).reduce((sum, part) => sum + part, 0);
  const ratios = seconds.map((time, index) => time * (rates[index] + rates[index + 1]) / 2 / bytes);
  return {
    ...{ preset, activationStorage: storage, threads, sizes, connections: step.model.stats().connections },
    secondsAStep: { least: Math.min(...seconds), median: median(seconds) },
    bytesAStep: bytes,
    moved,
    copiedBytesASecond: { most: Math.max(...rates), median: median(rates) },
    /** Seconds a step over its bytes at the copy rate. */
    ratio: {
      leastOverMost: Math.min(...seconds) * Math.max(...rates) / bytes,
      medianBesideItsOwnCopies: median(ratios),
    },
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      preset: { type: "string" },
      "activation-storage": { type: "string", default: "f32" },
      threads: { type: "string", default: "1" },
      steps: { type: "string", default: "5" },
      simd: { type: "string" },
      output: { type: "string" },
    },
  });
  const { preset, "activation-storage": storage, threads, steps, simd, output } = values;
  if (!PRESETS.includes(preset as PresetName) || (storage !== "f32" && storage !== "bf16")) {
    console.error(
      `Cannot measure: expected --preset (${PRESETS.join(", ")}) and --activation-storage f32 or bf16`,
    );
    Deno.exit(2);
  }
  lowerTo(simd);
  const head = {
    date: new Date().toISOString(),
    command: `deno run -A bench/huge_step.ts --preset ${preset} --activation-storage ${storage} ` +
      `--threads ${threads} --steps ${steps}${simd === undefined ? "" : ` --simd ${simd}`}`,
    processor: describeProcessor(processor()),
  };
  const result = await measure(preset as PresetName, storage, Number(threads), Number(steps));
  const text = JSON.stringify({ ...head, ...result }, null, 1);
  if (output === undefined) console.log(text);
  else Deno.writeTextFileSync(output, text + "\n");
}

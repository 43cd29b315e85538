/**
 * Weight decay outside the learning rate in parallel training: λ as it is against λ that shrinks weights in an epoch as
 * a sequential epoch does.
 *
 * `deno run -A bench/parallel_decay.ts [--epochs 60] [--workers 2] [--seeds 1,2] [--data-dir DIR] [--out FILE]` trains
 * Fashion-MNIST's network with the paper's settings, λ = 0.0002 outside, and writes a JSON with every epoch. A step of
 * `wassp`'s phase 1 has K times as many samples, and in phase 2 each worker takes 1/K of the steps; so an epoch has 1/K
 * of the sequential steps, and 1 − (1 − λ)^K a step makes up for it. Variants name what each phase has. They are runs of
 * two parts, which end and go on between the phases, each with a λ of its own. A validation part of 10,000 samples is
 * what to choose by.
 *
 * @module
 */
// @ts-types="../src/cli/parse_args.d.ts"
import { parseArgs } from "npm:deno-std@1.4.0/cli/parse_args.js";
import { datasets, newRunState, SparseMlp, train, trainParallel } from "../mod.ts";
import { describeProcessor, processor } from "./processor.ts";

const given = parseArgs(Deno.args, { string: ["epochs", "workers", "seeds", "data-dir", "out"] });
const text = (name: string, fallback: string) => typeof given[name] === "string" ? given[name] : fallback;
const [epochs, workers] = [Number(text("epochs", "60")), Number(text("workers", "2"))];
const seeds = text("seeds", "1").split(",").map(Number);
const PHASE_ONE_FRACTION = 0.7;
const DECAY = 0.0002;

/** Who trains, and whether λ makes up for the fewer steps of an epoch, in each phase. */
interface Variant {
  readonly algorithm: "sequential" | "wasap" | "wassp";
  readonly scaled: readonly [phaseOne: boolean, phaseTwo: boolean];
}

const VARIANTS: readonly Variant[] = [
  { algorithm: "wassp", scaled: [false, false] },
  { algorithm: "wassp", scaled: [true, false] },
  { algorithm: "wassp", scaled: [true, true] },
  { algorithm: "wasap", scaled: [false, false] },
  { algorithm: "wasap", scaled: [false, true] },
  { algorithm: "sequential", scaled: [false, false] },
];

/** What one epoch gave. */
interface Point {
  readonly epoch: number;
  readonly trainLoss: number;
  readonly validationLoss: number;
  readonly validationAccuracy: number;
  readonly testAccuracy: number;
  /** Root of the mean square of the weights that exist. */
  readonly weightScale: number;
}

function weightScale({ layers }: SparseMlp): number {
  let [sum, count] = [0, 0];
  for (const { values, nnz } of layers) {
    for (let at = 0; at < nnz; at++) sum += values[at] ** 2;
    count += nnz;
  }
  return Math.sqrt(sum / count);
}

/** λ of each step of a phase. */
function decay(scaled: boolean): number {
  return scaled ? 1 - (1 - DECAY) ** workers : DECAY;
}

async function run({ algorithm, scaled }: Variant, seed: number): Promise<Point[]> {
  const data = await datasets.load("fashion-mnist", { dataDir: text("data-dir", "") || undefined });
  const { settings } = datasets.describe("fashion-mnist");
  const { hidden, epsilon, alpha, initializer, batchSize, learningRate, momentum, dropout, zeta } = settings;
  const sizes = [data.featureCount, ...hidden, data.outputCount];
  const activation = { kind: "all-relu", alpha } as const;
  const model = SparseMlp.create({ sizes, epsilon, activation, initializer, seed });
  const state = newRunState();
  const common = { epochs, batchSize, learningRate, momentum, dropout, zeta, state, threads: 2 };
  const points: Point[] = [];
  const parts = algorithm === "sequential" ? [0] : [0, 1];
  for (const part of parts) {
    const options = {
      ...common,
      validationFraction: 1 / 6,
      weightDecay: decay(scaled[part]),
      weightDecayForm: "outside",
    } as const;
    const records = algorithm === "sequential"
      ? train(model, data, options)
      : trainParallel(model, data, { ...options, algorithm, workers, phaseOneFraction: PHASE_ONE_FRACTION });
    for await (const { epoch, trainLoss, validationLoss, validationAccuracy, testAccuracy } of records) {
      points.push({
        epoch,
        trainLoss,
        validationLoss: validationLoss!,
        validationAccuracy: validationAccuracy!,
        testAccuracy: testAccuracy!,
        weightScale: weightScale(model),
      });
      if (part === 0 && parts.length > 1 && epoch === Math.round(epochs * PHASE_ONE_FRACTION)) break;
    }
  }
  return points;
}

async function output(command: string, args: string[]): Promise<string> {
  return new TextDecoder().decode((await new Deno.Command(command, { args }).output()).stdout).trim();
}

const runs = [];
for (const seed of seeds) {
  for (const variant of VARIANTS) {
    const points = await run(variant, seed);
    const best = points.reduce((one, other) => other.validationLoss < one.validationLoss ? other : one);
    runs.push({ seed, ...variant, best, last: points[points.length - 1], points });
    const percent = (fraction: number) => `${(100 * fraction).toFixed(2)} %`;
    console.error(
      `seed ${seed}, ${variant.algorithm}, scaled ${variant.scaled}: validation ${
        best.validationLoss.toFixed(4)
      } ` +
        `(${percent(best.validationAccuracy)}), test ${percent(best.testAccuracy)}, epoch ${best.epoch}`,
    );
    const found = {
      date: new Date().toISOString().slice(0, 10),
      commit: await output("git", ["rev-parse", "--short", "HEAD"]),
      command: `deno run -A bench/parallel_decay.ts --epochs ${epochs} --workers ${workers} --seeds ${seeds}`,
      processor: describeProcessor(processor()),
      settings: {
        weightDecay: DECAY,
        weightDecayForm: "outside",
        epochs,
        workers,
        validationFraction: 1 / 6,
      },
      runs,
    };
    const json = JSON.stringify(found) + "\n";
    if (typeof given.out === "string") await Deno.writeTextFile(given.out, json);
    else if (runs.length === seeds.length * VARIANTS.length) console.log(json);
  }
}

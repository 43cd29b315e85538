/**
 * One whole training step as the trainer does it, for benches: batch building, forward, loss, backward, update.
 *
 * @module
 */
import { type ModelOptions, SparseMlp } from "../mod.ts";
import { cacheTile } from "../src/model/tile.ts";
import { standardization } from "../src/data/standardization.ts";
import { shuffle } from "../src/native/random.ts";
import { type OptimizerName, stateFor } from "../src/optimizer/optimizers.ts";
import { sharedWords } from "../src/sparse/shared.ts";
import { resolveHyperparameters } from "../src/train/hyperparameters.ts";
import { StepRunner } from "../src/train/step_runner.ts";
import { madeUpSplit } from "./made_up.ts";

/** What a step is timed with. */
export interface StepOptions {
  readonly sizes: readonly number[];
  readonly epsilon?: number;
  /** Instead of ε. */
  readonly density?: number;
  readonly batch?: number;
  readonly dropout?: number;
  readonly threads?: number;
  readonly seed?: number;
  /** Samples of the made-up data set of bytes. */
  readonly samples?: number;
  /** Overrides the tile width. */
  readonly width?: number;
  /** @default {"f32"} */
  readonly activationStorage?: "f32" | "bf16";
  /** @default {"all-relu"} */
  readonly activation?: ModelOptions["activation"];
  /** @default {"sgd"} */
  readonly optimizer?: OptimizerName;
}

/** A step ready to run, and its parts. */
export interface Step {
  readonly model: SparseMlp;
  /** Does the next step; returns its mean loss. */
  run(): number;
  /** Builds the next batch only. */
  build(): void;
  /** Runs the kernel on the batch that was built last. */
  kernel(): void;
  /** Measures loss and hits of the batch that was built last, without a step. */
  evaluate(): void;
  /** Finds mean and scale of the features of as many samples as a batch has. */
  standardize(): void;
}

/** Prepares a network, made-up data of its width, and the buffers of a step. */
export function prepareStep(options: StepOptions): Step {
  const { sizes, density, batch: batchSize = 128, dropout = 0.3, threads = 1, seed = 1 } = options;
  const { optimizer = "sgd", activation = "all-relu", activationStorage = "f32" } = options;
  const sparsity = density === undefined ? { epsilon: options.epsilon ?? 20 } : { density };
  const samples = options.samples ?? 10_000;
  const model = SparseMlp.create({ sizes, ...sparsity, seed, fanIn: "sparse", activation });
  const split = madeUpSplit(sizes, samples);
  const settings = resolveHyperparameters(
    {
      ...{ batchSize, dropout, threads, seed, optimizer, activationStorage },
      ...(options.width !== undefined && { microBatch: options.width }),
    },
    seed,
  );
  model.holdState(stateFor(settings));
  const runner = new StepRunner({
    model,
    split,
    standardization: standardization(split.features, samples, sizes[0], threads),
    settings,
    // Layers of networks that no cache holds stay known as such.
    cacheTile: cacheTile(sizes) && options.width,
  });
  const order = sharedWords(samples);
  shuffle(order, seed, 1);
  const steps = Math.floor(samples / batchSize);
  let step = 0;
  const build = () => runner.build(order, (step % steps) * batchSize, batchSize, 1);
  let batch = build();
  const kernel = () => void runner.step(batch, step, 0.01);
  return {
    model,
    build() {
      batch = build();
    },
    kernel,
    evaluate: () => runner.evaluate(batch, new Float32Array(0)),
    standardize: () =>
      void standardization(
        split.features.subarray(0, batchSize * sizes[0]) as Uint8Array,
        batchSize,
        sizes[0],
        threads,
      ),
    run() {
      batch = build();
      kernel();
      step++;
      return runner.totals[0] / batchSize;
    },
  };
}

/**
 * Batches of a split on their way through a network: evaluated, or trained on, in buffers made once.
 *
 * @module
 */
import type { ImageShape, Split } from "../data/dataset.ts";
import type { SparseMlp } from "../model/model.ts";
import { lossOf } from "../model/outputs.ts";
import { passWidth, tileWidth } from "../model/tile.ts";
import type { NetworkMemory } from "../native/layout.ts";
import { applyGradients, squaredNorm } from "../native/update.ts";
import { optimizerNamed } from "../optimizer/optimizers.ts";
import type { Standardization } from "../native/standardize.ts";
import {
  type ActivationMemory,
  type Batch,
  evaluateBatch,
  trainBatch,
  workspaceWords,
} from "../native/step.ts";
import { sharedWords } from "../sparse/shared.ts";
import { type EvolveEvery, type Moment, probedBatch } from "../topology/interval.ts";
import { type Probe, probeMemory, probeOf } from "../topology/probe.ts";
import { BatchBuilder, type BatchBuilderOptions } from "./batches.ts";
import type { Hyperparameters } from "./hyperparameters.ts";
import { StepSettings } from "../optimizer/step_settings.ts";

/** What a {@linkcode BatchRunner} is made for. */
export interface BatchRunnerPlan {
  readonly model: SparseMlp;
  readonly split: Split;
  readonly standardization: Standardization;
  /** The widest tile that suits the caches, where it is not that of the model's sizes; see `TileOptions`. */
  readonly cacheTile?: number | undefined;
}

/** How batches are cut and kept. */
export interface BatchRunnerSettings
  extends
    Pick<BatchBuilderOptions, "batchSize" | "threads" | "augmentation" | "image" | "seed">,
    ActivationMemory {
  /** The most samples that pass through the network at once. */
  readonly microBatch?: number | undefined;
}

/** Who needs the work memory, and who lends it. */
export interface WorkPlan {
  readonly training: boolean;
  readonly dropout: boolean;
  /** Whether gradients of absent connections are asked for too. */
  readonly probes: boolean;
  /** Memory of others to use while they rest; memory of its own where it does not suffice. */
  readonly work?: Uint32Array | undefined;
}

/** Tile width, batch builder, work memory and totals: what batches of a split need to pass through a network. */
export class BatchRunner {
  readonly model: SparseMlp;
  /** Samples that pass through the network at once. */
  readonly width: number;
  /** Samples whose gradients an optimiser takes together: as many, or twice as many. */
  protected readonly tile: number;
  /** Loss times weight, summed, and hits of the last batch, `[2]`. */
  readonly totals: Float64Array = new Float64Array(2);
  /** Work memory; free between two batches. */
  readonly work: Uint32Array;
  readonly #builder: BatchBuilder;
  readonly #batchSize: number;
  readonly #threads: number;
  readonly #storage: ActivationMemory;

  /** Allocates the buffers; batches then allocate nothing. */
  constructor(
    { model, split, standardization, cacheTile }: BatchRunnerPlan,
    settings: BatchRunnerSettings,
    { work, probes, ...use }: WorkPlan = { training: false, dropout: false, probes: false },
  ) {
    const { batchSize, threads, microBatch, activationStorage = "f32", recompute = false } = settings;
    this.model = model;
    const tiles = { microBatch, activationStorage, cacheTile };
    this.tile = tileWidth(model.settings.sizes, batchSize, tiles);
    this.width = passWidth(model.settings.sizes, batchSize, tiles);
    this.#batchSize = batchSize;
    this.#threads = threads;
    this.#storage = { activationStorage, recompute };
    const { augmentation, image, seed = 0 } = settings;
    this.#builder = new BatchBuilder({
      ...{ split, standardization, batchSize, width: this.width, activationStorage, threads, seed },
      loss: lossOf(model.settings),
      ...(model.targetScaling && { targetScaling: model.targetScaling }),
      ...(augmentation && { augmentation }),
      ...(image && { image }),
    });
    const words = Math.max(
      workspaceWords(model.memory, this.width, { ...use, ...this.#storage }),
      probes ? probeMemory(model, this.width, this.#storage) : 0,
    );
    this.work = work !== undefined && work.length >= words ? work : sharedWords(words);
  }

  /** The batch of `order[first … first + count)`, valid until the next is built. */
  build(order: Uint32Array, first: number, count: number, epoch: number): Batch {
    return this.#builder.build(order, first, count, epoch);
  }

  /**
   * Runs a batch forward, without dropout, and writes {@linkcode totals}.
   *
   * @param outputs `[samples][outputs]` for probabilities (or values, or the one output of two classes), or empty.
   */
  evaluate(batch: Batch, outputs: Float32Array): void {
    const { memory } = this.model;
    evaluateBatch(memory, batch, this.#threads, this.work, outputs, this.totals, this.#storage);
  }

  /**
   * A probe for a change of the topology, without dropout, valid until the next batch is built; see {@linkcode probeOf}.
   *
   * @param order Samples in the order of the epoch; {@linkcode probedBatch} says which batch of them it is.
   */
  probe(order: Uint32Array, every: EvolveEvery, moment: Moment): Probe {
    const size = this.#batchSize;
    const first = size * probedBatch(every, moment, Math.floor(order.length / size));
    const batch = this.build(order, first, Math.min(size, order.length - first), moment.epoch);
    return probeOf(this.model, batch, { threads: this.#threads, ...this.#storage }, this.work);
  }
}

/** What a {@linkcode StepRunner} is made for. */
export interface StepRunnerPlan extends BatchRunnerPlan {
  readonly settings: Hyperparameters;
  /** Given when each sample is an image. */
  readonly image?: ImageShape | undefined;
  /** Whether gradients of absent connections are asked for too. @default {false} */
  readonly probes?: boolean;
  /** Arena that gradients are written to; where it is not given, one is made when steps need it. */
  readonly gradients?: Uint32Array;
}

const NO_GRADIENTS = new Uint32Array(0);

/** A {@linkcode BatchRunner} that trains: steps, and gradients alone. The model may be compacted between two steps. */
export class StepRunner extends BatchRunner {
  readonly #settings: StepSettings;
  /** Whether the squared norm of each gradient is asked for. */
  readonly #measures: boolean;
  /** Whether a step writes the gradient before it applies it. */
  readonly #writes: boolean;
  /** Whether the gradient of the first half of a tile is written, and waits for that of the second. */
  readonly #halves: boolean;
  #gradients: Uint32Array;
  /** What the gradients belong to. */
  #memory: NetworkMemory;

  constructor(plan: StepRunnerPlan) {
    const { model, settings, image, probes = false } = plan;
    const { dropout, gradientFlow, batchSize } = settings;
    super(plan, { ...settings, ...(image && { image }) }, { training: true, dropout: dropout > 0, probes });
    this.#settings = new StepSettings(settings, model.optimizerState?.planes.length ?? 0);
    this.#measures = gradientFlow;
    const { needsWholeGradient } = optimizerNamed(settings.optimizer);
    this.#writes = gradientFlow || (needsWholeGradient(settings) && batchSize > this.tile);
    this.#halves = !this.#writes && this.width < this.tile;
    this.#memory = model.memory;
    const written = this.#writes || this.#halves;
    this.#gradients = plan.gradients ?? (written ? model.allocateGradients() : NO_GRADIENTS);
  }

  /**
   * Trains on a batch, and writes {@linkcode totals}.
   *
   * @param number Number of the step, for dropout.
   * @param learningRate Made by `learningRateOf`.
   * @param rateRatio See `StepRate`.
   * @returns The squared norm of the gradient where the settings ask for it, else 0.
   */
  step(batch: Batch, number: number, learningRate: number, rateRatio = 1): number {
    const { memory } = this.model;
    const update = this.model.updates + 1;
    this.#settings.next(number, update, learningRate, rateRatio);
    const gradients = this.#writes || this.#halves ? this.#currentGradients() : NO_GRADIENTS;
    this.#train(gradients, batch, this.#halves);
    const norm = this.#measures ? squaredNorm(memory, gradients) : 0;
    if (this.#writes) applyGradients(memory, gradients, this.#settings.block);
    this.model.updates = update;
    return norm;
  }

  /** Writes the gradient of a batch into the arena of the plan, and {@linkcode totals}; no parameter changes. */
  gradient(batch: Batch, number: number): void {
    this.#settings.next(number, 1, 0, 1);
    this.#train(this.#currentGradients(), batch, false);
  }

  #train(gradients: Uint32Array, batch: Batch, halves: boolean): void {
    this.#settings.block.set("halves", halves ? 1 : 0);
    trainBatch(this.model.memory, gradients, batch, this.#settings.block, this.work, this.totals);
  }

  #currentGradients(): Uint32Array {
    const { memory } = this.model;
    if (memory !== this.#memory || this.#gradients.length === 0) {
      this.#memory = memory;
      this.#gradients = this.model.allocateGradients();
    }
    return this.#gradients;
  }
}

/**
 * Batches out of a split: chosen samples, perhaps augmented, standardised and turned feature-major.
 *
 * @module
 */
import { gatherBatch } from "../native/batch.ts";
import type { Batch, Loss } from "../native/step.ts";
import type { ImageShape, Split } from "../data/dataset.ts";
import type { BatchSource, Standardization } from "../native/standardize.ts";
import { type Augmentation, augmentBatch } from "../data/augment.ts";
import { type TargetScaling, unscaled } from "../model/target_scaling.ts";
import { narrowestTile } from "../model/tile.ts";
import { sharedBytes, sharedFloats, sharedWords } from "../sparse/shared.ts";

/** What a {@linkcode BatchBuilder} draws from and how. */
export interface BatchBuilderOptions {
  readonly split: Split;
  readonly standardization: Standardization;
  /** What the network is trained for. */
  readonly loss: Loss;
  /** How targets are standardised. @default as they are */
  readonly targetScaling?: TargetScaling;
  /** The most samples a batch has. */
  readonly batchSize: number;
  /** Samples a tile. */
  readonly width: number;
  /** How activations will be kept, which decides the widths of tiles. @default {"f32"} */
  readonly activationStorage?: "f32" | "bf16";
  readonly threads: number;
  /** Changes images at random; needs `image` and features in bytes. */
  readonly augmentation?: Augmentation;
  readonly image?: ImageShape;
  readonly seed?: number;
}

/** Builds batches in buffers of its own; a batch is valid until the next is built. */
export class BatchBuilder {
  readonly #options: BatchBuilderOptions;
  readonly #features: number;
  /** Raw features of a sample. */
  readonly #pixels: number;
  readonly #outputs: number;
  readonly #input: Float32Array;
  readonly #order: Uint32Array;
  readonly #labels: Uint32Array;
  readonly #targets: Float32Array;
  readonly #targetScaling: TargetScaling;
  readonly #weights: Float32Array;
  readonly #images: Uint8Array;
  /** Raw features made by a source. */
  readonly #made: Float32Array;
  /** What batches are gathered from: the split's features, or what was made of them or for them. */
  readonly #source: BatchSource;
  readonly #augments: boolean;
  /** How the images of a batch are drawn. */
  readonly #draw: { readonly seed: number; epoch: number; readonly threads: number };
  readonly #identity: Uint32Array;
  readonly #views = new Map<number, BatchViews>();

  constructor(options: BatchBuilderOptions) {
    const { split, batchSize, width, augmentation } = options;
    const { features, source } = split;
    this.#options = options;
    this.#features = options.standardization.mean.length;
    this.#outputs = split.targets.length / split.samples;
    this.#input = sharedFloats(Math.ceil(batchSize / width) * width * this.#features);
    this.#order = sharedWords(batchSize);
    this.#labels = sharedWords(split.labels.length > 0 ? batchSize : 0);
    this.#targets = sharedFloats(batchSize * this.#outputs);
    this.#targetScaling = options.targetScaling ?? unscaled(this.#outputs);
    this.#weights = sharedFloats(split.weights === undefined ? 0 : batchSize);
    this.#pixels = options.standardization.selection?.featureCount ?? this.#features;
    this.#augments = augmentation !== undefined;
    this.#images = sharedBytes(this.#augments ? batchSize * this.#pixels : 0);
    this.#made = sharedFloats(source === undefined ? 0 : batchSize * this.#pixels);
    this.#identity = Uint32Array.from({ length: batchSize }, (_, index) => index);
    const raw = this.#augments ? this.#images : source === undefined ? features : this.#made;
    this.#source = { ...options.standardization, features: raw };
    this.#draw = { seed: options.seed ?? 0, epoch: 0, threads: options.threads };
  }

  /** The batch of `order[first … first + count)`. Allocates nothing once a count has been seen. */
  build(order: Uint32Array, first: number, count: number, epoch: number): Batch {
    const { split, threads } = this.#options;
    const views = this.#viewsOf(count);
    const classes = this.#labels.length > 0;
    const { mean, deviation } = this.#targetScaling;
    for (let index = 0; index < count; index++) {
      const sample = order[first + index];
      this.#order[index] = sample;
      if (classes) this.#labels[index] = split.labels[sample];
      for (let output = 0; output < this.#outputs; output++) {
        const target = split.targets[sample * this.#outputs + output];
        this.#targets[index * this.#outputs + output] = (target - mean[output]) / deviation[output];
      }
      if (split.weights !== undefined) this.#weights[index] = split.weights[sample];
    }
    let rows = views.identity;
    if (this.#augments) this.#augment(views, epoch);
    else if (split.source !== undefined) split.source.gather(views.order, views.made, threads);
    else rows = views.order;
    gatherBatch(this.#source, rows, views.batch.width, threads, views.batch.input);
    return views.batch;
  }

  #augment({ order, images }: BatchViews, epoch: number): void {
    const { split, augmentation, image } = this.#options;
    this.#draw.epoch = epoch;
    augmentBatch(split.features as Uint8Array, image!, order, augmentation!, this.#draw, images);
  }

  #viewsOf(count: number): BatchViews {
    const known = this.#views.get(count);
    if (known !== undefined) return known;
    const { loss, activationStorage } = this.#options;
    const width = Math.min(this.#options.width, narrowestTile(count, activationStorage));
    const views: BatchViews = {
      order: this.#order.subarray(0, count),
      identity: this.#identity.subarray(0, count),
      images: this.#images.subarray(0, count * this.#pixels),
      made: this.#made.subarray(0, count * this.#pixels),
      batch: {
        loss,
        input: this.#input.subarray(0, Math.ceil(count / width) * width * this.#features),
        labels: this.#labels.subarray(0, this.#labels.length > 0 ? count : 0),
        targets: this.#targets.subarray(0, count * this.#outputs),
        weights: this.#weights.subarray(0, this.#weights.length > 0 ? count : 0),
        samples: count,
        width,
      },
    };
    this.#views.set(count, views);
    return views;
  }
}

interface BatchViews {
  readonly order: Uint32Array;
  readonly identity: Uint32Array;
  readonly images: Uint8Array;
  readonly made: Float32Array;
  readonly batch: Batch;
}

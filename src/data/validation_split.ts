/**
 * Samples set aside from training to choose a model with.
 *
 * @module
 */
import { readWhole, shown } from "../hyperparameter.ts";
import { atOnce, type Pieces } from "../pieces.ts";
import { type Dataset, usableDataset } from "./dataset.ts";
import { countsOf, type Drawn, drawSamples, quotasOf, VALIDATION_DRAW } from "./held_out.ts";
import { placesOf, samplePieces } from "./samples_at.ts";
import type { Split } from "./split.ts";

/** The two parts {@linkcode splitValidation} makes of the training samples. */
export interface ValidationSplit {
  /** The samples to learn from. */
  readonly train: Split;
  /** The samples to choose a model with. */
  readonly validation: Split;
}

/**
 * Sets a random part of the training samples aside to choose a model with.
 *
 * Each class gives its share (within one sample), and keeps at least one sample in training. Samples stay in
 * their order. Both parts are copies; a function of the data set, the fraction and the seed alone.
 *
 * @param fraction Share of the samples to set aside, above 0 and below 1.
 * @param seed A whole number from 0.
 * @throws {RangeError} When the fraction or the seed is out of range, or one of the parts would be empty.
 * @throws {TypeError} When it is no data set that a model could be trained on.
 */
export function splitValidation(dataset: Dataset, fraction: number, seed: number): ValidationSplit {
  readWhole(seed, { task: "set validation samples aside", name: "seed" });
  return atOnce(validationPieces(usableDataset(dataset), fraction, seed));
}

/** As {@linkcode splitValidation}, of a data set and with a seed that are checked, a megabyte at a time. */
export function* validationPieces(dataset: Dataset, fraction: number, seed: number): Pieces<ValidationSplit> {
  const { train } = dataset;
  requireParts(dataset, fraction);
  const from = drawnFrom(dataset);
  drawSamples(from, { fraction, seed, draw: VALIDATION_DRAW, mark: 1 });
  return {
    train: yield* samplePieces(train, placesOf(from.flags, 0), dataset),
    validation: yield* samplePieces(train, placesOf(from.flags, 1), dataset),
  };
}

/**
 * How many samples {@linkcode splitValidation} would leave to learn from; all with a fraction of 0.
 *
 * @throws {RangeError} As `splitValidation`.
 */
export function trainingSamples(dataset: Dataset, fraction: number): number {
  return dataset.train.samples - (fraction === 0 ? 0 : requireParts(dataset, fraction));
}

function drawnFrom({ task, train, outputCount }: Dataset): Drawn {
  const classes = task === "classification" ? outputCount : 1;
  return { flags: new Uint8Array(train.samples), labels: train.labels, classes };
}

/** How many samples to set aside: neither none nor all. */
function requireParts(dataset: Dataset, fraction: number): number {
  const { samples } = dataset.train;
  if (typeof fraction !== "number" || !(fraction > 0 && fraction < 1)) {
    throw new RangeError(
      `Cannot set validation samples aside: the fraction is ${
        shown(fraction)
      }, expected a value between 0 and 1`,
    );
  }
  const size = quotasOf(countsOf(drawnFrom(dataset)), fraction).reduce((sum, count) => sum + count, 0);
  if (size === 0 || size === samples) {
    throw new RangeError(
      `Cannot set validation samples aside: a fraction of ${fraction} of ${samples} samples leaves ` +
        `${samples - size} to train and ${size} to validate, both need at least 1`,
    );
  }
  return size;
}

/**
 * ReliefF: inputs that differ between a sample and its nearest neighbours of other classes, and not between it and those
 * of its own. It sees inputs that matter only together, since neighbours are near in all of them.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { atOnce, inRanges, type Pieces } from "../pieces.ts";
import { evenly, samplePart } from "./sample_part.ts";

/** Neighbours of each class that a sample is compared with. */
const NEIGHBOURS = 10;
/** Samples that neighbours are sought among, and those whose neighbours are sought, at most. */
const MOST_SAMPLES = 5000, MOST_ASKED = 500;
/** Differences that are formed in all, unless that leaves fewer than {@linkcode LEAST_ASKED} samples to ask. */
const BUDGET = 2 ** 32, LEAST_ASKED = 64;
/** Differences between two turns of others. */
const PIECE = 2 ** 22;

type Compared = Pick<Dataset, "train" | "task" | "featureCount" | "outputCount">;

/**
 * What each input is worth to ReliefF, or, where numbers or labels are predicted, to RReliefF; less than nothing is 0.
 *
 * Inputs are scaled by their range, distances are sums of absolute differences. Of more than 5,000 samples as many, evenly
 * spread, are looked at; up to 500 of them, evenly spread too, are asked for their neighbours. A sample that is asked
 * counts with its weight.
 *
 * Source: Kononenko 1994 (ReliefF, k = 10); Robnik-Šikonja and Kononenko 2003 (RReliefF), neighbours alike.
 * Cost: samples asked × samples × features, at most about 4·10⁹; samples × features floats.
 *
 * @returns `[features]`
 */
export function* reliefFPieces(data: Compared): Pieces<Float64Array> {
  const { featureCount, train } = data;
  const samples = Math.min(train.samples, MOST_SAMPLES);
  const places = evenly(train.samples, samples);
  const features = yield* scaled(samplePart(train, places, featureCount), samples, featureCount);
  const asked = evenly(
    samples,
    Math.min(samples, MOST_ASKED, Math.max(LEAST_ASKED, Math.floor(BUDGET / (samples * featureCount)))),
  );
  const comparison = data.task === "classification" ? new Classes(data, places) : new Outputs(data, places);
  const distances = new Float64Array(samples);
  for (const own of asked) {
    const at = own * featureCount;
    let formed = 0;
    for (let other = 0; other < samples; other++) {
      distances[other] = distance(features, at, other * featureCount, featureCount);
      formed += featureCount;
      if (formed >= PIECE) {
        yield;
        formed = 0;
      }
    }
    const nearest = [...distances.keys()].filter((other) => other !== own)
      .sort((one, two) => distances[one] - distances[two] || one - two);
    comparison.add(own, nearest, (other, add) => {
      for (let input = 0; input < featureCount; input++) {
        add(input, Math.abs(features[at + input] - features[other * featureCount + input]));
      }
    });
    yield;
  }
  return comparison.worth().map((worth) => Math.max(0, worth));
}

/** Calls `add` with the difference of each input between the sample asked and another one. */
type EachDifference = (other: number, add: (input: number, difference: number) => void) => void;

/** Near samples of the same class, and of each other class by its share of the samples. */
class Classes {
  readonly #labels: Uint32Array;
  readonly #weights: Float64Array;
  readonly #shares: Float64Array;
  readonly #worth: Float64Array;

  constructor({ train, featureCount, outputCount }: Compared, places: Uint32Array) {
    this.#labels = places.map((place) => train.labels[place]);
    this.#weights = Float64Array.from(places, (place) => train.weights?.[place] ?? 1);
    this.#shares = new Float64Array(outputCount);
    this.#labels.forEach((label) => this.#shares[label] += 1 / places.length);
    this.#worth = new Float64Array(featureCount);
  }

  add(own: number, nearest: readonly number[], eachDifference: EachDifference): void {
    const label = this.#labels[own];
    for (let other = 0; other < this.#shares.length; other++) {
      const share = other === label ? -1 : this.#shares[other] / (1 - this.#shares[label]);
      if (share === 0) continue;
      const near = nearest.filter((sample) => this.#labels[sample] === other).slice(0, NEIGHBOURS);
      const weight = share * this.#weights[own] / near.length;
      for (const sample of near) {
        eachDifference(sample, (input, difference) => this.#worth[input] += weight * difference);
      }
    }
  }

  worth(): Float64Array {
    return this.#worth;
  }
}

/** Near samples whose outputs are far, against near samples whose outputs are near. */
class Outputs {
  readonly #targets: Float64Array;
  readonly #outputs: number;
  readonly #weights: Float64Array;
  /** Differences of each input, and those times the difference of the outputs. */
  readonly #all: Float64Array;
  readonly #together: Float64Array;
  /** Pairs, and the difference of their outputs. */
  #pairs = 0;
  #away = 0;

  constructor({ train, featureCount, outputCount }: Compared, places: Uint32Array) {
    this.#outputs = outputCount;
    const targets = new Float32Array(places.length * outputCount);
    places.forEach((place, at) => {
      targets.set(train.targets.subarray(place * outputCount, (place + 1) * outputCount), at * outputCount);
    });
    this.#targets = Float64Array.from(atOnce(scaled(targets, places.length, outputCount)));
    this.#weights = Float64Array.from(places, (place) => train.weights?.[place] ?? 1);
    this.#all = new Float64Array(featureCount);
    this.#together = new Float64Array(featureCount);
  }

  add(own: number, nearest: readonly number[], eachDifference: EachDifference): void {
    const outputs = this.#outputs;
    for (const sample of nearest.slice(0, NEIGHBOURS)) {
      const weight = this.#weights[own];
      const away = weight * distance(this.#targets, own * outputs, sample * outputs, outputs) / outputs;
      this.#pairs += weight;
      this.#away += away;
      eachDifference(sample, (input, difference) => {
        this.#all[input] += weight * difference;
        this.#together[input] += away * difference;
      });
    }
  }

  worth(): Float64Array {
    const [far, near] = [this.#away, this.#pairs - this.#away];
    if (far === 0 || near === 0) return this.#all.map(() => 0);
    return this.#together.map((together, input) => together / far - (this.#all[input] - together) / near);
  }
}

function distance(
  rows: Float32Array | Float64Array,
  one: number,
  two: number,
  length: number,
): number {
  let sum = 0;
  for (let at = 0; at < length; at++) sum += Math.abs(rows[one + at] - rows[two + at]);
  return sum;
}

/** Each column divided by its range, a piece of the rows at a time; a constant one is 0. */
function* scaled(values: Float32Array | Uint8Array, rows: number, columns: number): Pieces<Float32Array> {
  const [least, most] = [new Float32Array(columns).fill(Infinity), new Float32Array(columns).fill(-Infinity)];
  yield* inRanges(rows, (first, end) => {
    for (let row = first; row < end; row++) {
      for (let column = 0, at = row * columns; column < columns; column++, at++) {
        if (values[at] < least[column]) least[column] = values[at];
        if (values[at] > most[column]) most[column] = values[at];
      }
    }
  }, columns);
  const made = new Float32Array(rows * columns);
  yield* inRanges(rows, (first, end) => {
    for (let row = first; row < end; row++) {
      for (let column = 0, at = row * columns; column < columns; column++, at++) {
        const range = most[column] - least[column];
        made[at] = range > 0 ? (values[at] - least[column]) / range : 0;
      }
    }
  }, columns);
  return made;
}

/**
 * Temperature: how sure probabilities are, without a change of what is most probable.
 *
 * Source: Guo et al. 2017 ("On Calibration of Modern Neural Networks"), §4.2.
 *
 * @module
 */

import { shown } from "../value.ts";

/** The least positive f32: below it a probability is rounded to 0, and counts as this. */
const LEAST_PROBABILITY = 2 ** -149;

/**
 * Makes probabilities those of softmax(z / T), where they were those of softmax(z).
 *
 * In f64 from ln p, which is z but for a constant. O(samples · classes), nothing allocated.
 *
 * @param probabilities Shape `[samples, classes]`; overwritten.
 * @param temperature Above 0; above 1 makes them less sure. With 1 nothing is touched.
 * @throws {RangeError} When the temperature is none.
 */
export function applyTemperature(probabilities: Float32Array, classes: number, temperature: number): void {
  if (temperature === 1) return;
  if (!Number.isFinite(temperature) || temperature <= 0) {
    throw new RangeError(
      `Cannot predict: the temperature of the model is ${shown(temperature)}, expected a number above 0`,
    );
  }
  for (let row = 0; row < probabilities.length; row += classes) {
    let [largest, sum] = [-Infinity, 0];
    for (let place = row; place < row + classes; place++) largest = Math.max(largest, probabilities[place]);
    const highest = logit(largest);
    const scaled = (place: number) => Math.exp((logit(probabilities[place]) - highest) / temperature);
    for (let place = row; place < row + classes; place++) sum += scaled(place);
    for (let place = row; place < row + classes; place++) probabilities[place] = scaled(place) / sum;
  }
}

/** An output of the network, but for a constant that all outputs of a sample share. */
export function logit(probability: number): number {
  return Math.log(Math.max(probability, LEAST_PROBABILITY));
}

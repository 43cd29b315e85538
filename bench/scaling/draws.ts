/**
 * Random numbers of simulations, the same in every run.
 *
 * @module
 */

/** Uniform in (0, 1). */
export type Draw = () => number;

/** Uniform in (0, 1): a linear congruential generator, whose high bits count. */
export function uniform(seed: number): Draw {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
}

/** What is drawn for the time of a gradient or step: a factor with mean 1. */
export type Jitter = () => number;

/** Times that are all alike. */
export const EVEN: Jitter = (): number => 1;

/** Uniform around 1 with a coefficient of variation: at most 0.57, for no time is negative. */
export function spread(variation: number, draw: Draw): Jitter {
  return () => 1 + variation * Math.sqrt(12) * (draw() - 0.5);
}

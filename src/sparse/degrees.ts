/**
 * How connections are spread over neurons.
 *
 * @module
 */

/** How many connections the neurons of one side of a layer have. */
export interface Degrees {
  /** The smallest. */
  readonly least: number;
  /** Of an even number of neurons, the lower of the two in the middle. */
  readonly median: number;
  /** The largest. */
  readonly most: number;
  /** Neurons without any. */
  readonly none: number;
}

/**
 * The spread of degrees. O(neurons + largest degree).
 *
 * @param starts Where the connections of each neuron begin: `indptr` for inputs, `incomingPtr` for neurons.
 */
export function degreesOf(starts: Uint32Array): Degrees {
  const neurons = starts.length - 1;
  let [least, most, none] = [Infinity, 0, 0];
  for (let neuron = 0; neuron < neurons; neuron++) {
    const degree = starts[neuron + 1] - starts[neuron];
    least = Math.min(least, degree);
    most = Math.max(most, degree);
    none += Number(degree === 0);
  }
  const histogram = new Uint32Array(most + 1);
  for (let neuron = 0; neuron < neurons; neuron++) histogram[starts[neuron + 1] - starts[neuron]]++;
  let [median, below] = [0, histogram[0]];
  while (2 * below < neurons) below += histogram[++median];
  return { least, median, most, none };
}

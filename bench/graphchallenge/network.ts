/**
 * The challenge's networks: RadiX-Nets with 32 connections into and out of each neuron, all of weight 1/16.
 *
 * @module
 */
import type { PropagationLayer } from "../../mod.ts";

/** Connections into each neuron. */
export const CONNECTIONS = 32;
/** Weight of each connection. */
export const WEIGHT = 1 / 16;
/** What activations do not pass. */
export const MOST = 32;

/** How often each neuron of the small net is there: 2 connections times 16 are 32. */
const COPIES = 16;

/** Bias of all neurons, by how many a layer has. */
export const BIASES: Readonly<Record<number, number>> = {
  1024: -0.3,
  4096: -0.35,
  16384: -0.4,
  65536: -0.45,
};

/**
 * Inputs of each neuron, `[neurons][32]`, of one layer after the other.
 *
 * A small net of 2ᵏ neurons a layer, k layers deep, has radix 2 in each: neuron v of layer l hears of v and of v + 2ˡ
 * (modulo 2ᵏ), so that after k layers each has heard of all, once. Each of its neurons stands for 16, and each connection
 * for 16 × 16: 1,024 neurons are 16 × 2⁶. Deeper networks repeat those k layers, with the inputs of each further layer
 * permuted at random.
 *
 * @param seed Of the permutations.
 */
export function* radixNet(neurons: number, layers: number, seed: number): Generator<Uint32Array> {
  const small = neurons / COPIES;
  const depth = Math.log2(small);
  if (!Number.isInteger(depth)) throw new RangeError(`No RadiX-Net of ${neurons} neurons: not 16 · 2ᵏ`);
  const random = generator(seed);
  for (let layer = 0; layer < layers; layer++) {
    const stride = 2 ** (layer % depth);
    const names = layer < depth ? undefined : permutation(neurons, random);
    const sources = new Uint32Array(neurons * CONNECTIONS);
    for (let neuron = 0; neuron < neurons; neuron++) {
      const row = sources.subarray(neuron * CONNECTIONS, (neuron + 1) * CONNECTIONS);
      const one = neuron % small;
      for (let copy = 0; copy < COPIES; copy++) {
        row[2 * copy] = copy * small + one;
        row[2 * copy + 1] = copy * small + (one + stride) % small;
      }
      if (names !== undefined) row.forEach((source, place) => row[place] = names[source]);
      row.sort();
    }
    yield sources;
  }
}

/** A layer as `propagate` takes it: min(max(x, 0), 32) is an SReLU. */
export function layerOf(sources: Uint32Array): PropagationLayer {
  const inputs = sources.length / CONNECTIONS;
  return {
    inputs,
    indptr: Uint32Array.from({ length: inputs + 1 }, (_, neuron) => neuron * CONNECTIONS),
    indices: sources,
    weights: new Float32Array(sources.length).fill(WEIGHT),
    bias: BIASES[inputs],
    activation: "srelu",
    activationParameters: [0, 0, MOST, 0],
  };
}

function permutation(length: number, random: () => number): Uint32Array {
  const order = Uint32Array.from({ length }, (_, index) => index);
  for (let last = length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}

/** Numbers from 0 up to 1: SplitMix32. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9E3779B9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x21F0AAAD);
    z = Math.imul(z ^ (z >>> 15), 0x735A2D97);
    return ((z ^ (z >>> 15)) >>> 0) / 2 ** 32;
  };
}

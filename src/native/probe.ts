/**
 * Gradients at chosen places of a network, whether there are connections or not, and the sums that places are drawn by.
 *
 * @module
 */
import { layoutArguments, networkArguments, type NetworkMemory } from "./layout.ts";
import { kernels } from "./library.ts";
import { buffer, check, expectLength } from "./status.ts";
import { type ActivationMemory, type Batch, batchArguments, memoryArguments } from "./step.ts";

/** Places of all layers, layer after layer. */
export interface ProbePlaces {
  /** Where the places of each layer end, `[layers]`; those of the first begin at 0. */
  readonly ends: Uint32Array;
  /** Input of each place; ascending inside a layer is quickest. */
  readonly rows: Uint32Array;
  /** Neuron of each place. */
  readonly columns: Uint32Array;
}

/** Settings of a probe. */
export interface ProbeSettings extends ActivationMemory {
  readonly threads: number;
  /**
   * Fraction of the hidden units dropped.
   *
   * @default {0}
   */
  readonly dropout?: number;
  /**
   * Seed of dropout.
   *
   * @default {0}
   */
  readonly seed?: number;
  /**
   * Number of the step whose units are dropped.
   *
   * @default {0}
   */
  readonly step?: number;
}

/** Words of work memory of {@linkcode probeGradients} for tiles of `width` samples. */
export function probeWords(
  network: Pick<NetworkMemory, "layout" | "slopes">,
  width: number,
  use: { readonly dropout: boolean } & ActivationMemory,
): number {
  const task = "plan the work memory";
  const words = new Float64Array(1);
  const status = kernels().ts_probe_words(
    ...layoutArguments(network, task),
    width,
    use.dropout ? 1 : 0,
    ...memoryArguments(use),
    words,
  );
  check(status, task);
  return words[0];
}

/**
 * Writes the gradient of the mean loss of a batch with respect to a weight at each place: Σ h·δ over the samples, the
 * bits that `trainBatch` would write for a connection there. The network is not changed.
 *
 * Cost: forward and back as in a training step, and as much for a place as for a connection on the way back.
 *
 * @param work At least {@linkcode probeWords} words, overwritten.
 * @param gradients Receives the gradient at each place, in the order of `places.rows`.
 * @throws {TypeError} When lengths do not agree.
 * @throws {RangeError} When a place lies outside its layer, or a label or a setting is out of range.
 */
export function probeGradients(
  network: Pick<NetworkMemory, "layout" | "slopes" | "arena">,
  batch: Batch,
  places: ProbePlaces,
  settings: ProbeSettings,
  work: Uint32Array,
  gradients: Float32Array,
): void {
  const task = "probe the gradients of absent connections";
  const { ends, rows, columns } = places;
  expectLength(task, "the list of ends", ends, network.slopes.length);
  expectLength(task, "the list of neurons", columns, rows.length);
  expectLength(task, "the list of gradients", gradients, rows.length);
  const { threads, dropout = 0, seed = 0, step = 0 } = settings;
  const status = kernels().ts_probe(
    ...networkArguments(network, task),
    ...batchArguments(batch),
    dropout,
    ...memoryArguments(settings),
    seed,
    step,
    threads,
    buffer(ends),
    ends.length,
    buffer(rows),
    rows.length,
    buffer(columns),
    columns.length,
    buffer(work),
    work.length,
    buffer(gradients),
    gradients.length,
  );
  check(status, task);
}

/**
 * Which sums over the samples of a batch: Σ|h| and Σ|δ|, or |Σ s·h| and |Σ s·δ| with random signs s, one a sample, that
 * seed and draw name.
 */
export type SumKind = "absolute" | { readonly seed: number; readonly draw: number };

/** The sums of one layer. */
export interface LayerSums {
  /** Of what comes into the layer (h), `[inputs]`; of signed sums the distance from zero counts. */
  readonly inputs: Float32Array;
  /** Of the gradients of its sums (δ), `[neurons]`; likewise. */
  readonly neurons: Float32Array;
}

/**
 * The sums of all layers, without dropout. The network is not changed; cost and work memory of {@linkcode probeGradients}.
 *
 * @throws {TypeError} When lengths do not agree.
 * @throws {RangeError} When a label or a setting is out of range.
 */
export function probeSums(
  network: Pick<NetworkMemory, "layout" | "slopes" | "arena">,
  layers: readonly { readonly inputs: number; readonly neurons: number }[],
  batch: Batch,
  kind: SumKind,
  settings: Omit<ProbeSettings, "dropout" | "seed" | "step">,
  work: Uint32Array,
): LayerSums[] {
  const task = "sum a batch over its samples";
  const sums = layers.map(({ inputs, neurons }) => [inputs, neurons]);
  const [inputs, neurons] = [0, 1].map((side) =>
    new Float32Array(sums.reduce((total, lengths) => total + lengths[side], 0))
  );
  const { seed, draw } = kind === "absolute" ? { seed: 0, draw: 0 } : kind;
  const status = kernels().ts_probe_sums(
    ...networkArguments(network, task),
    ...batchArguments(batch),
    ...memoryArguments(settings),
    settings.threads,
    kind === "absolute" ? 0 : 1,
    seed,
    draw,
    buffer(work),
    work.length,
    buffer(inputs),
    inputs.length,
    buffer(neurons),
    neurons.length,
  );
  check(status, task);
  let [input, neuron] = [0, 0];
  return layers.map((layer) => ({
    inputs: inputs.subarray(input, input += layer.inputs),
    neurons: neurons.subarray(neuron, neuron += layer.neurons),
  }));
}

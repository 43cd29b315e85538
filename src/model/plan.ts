/**
 * What a network needs in memory, counted before anything is allocated.
 *
 * @module
 */
import { connectionProbability, type Sparsity } from "../sparse/init.ts";
import { spreadConnections } from "../sparse/spread.ts";

/** Widths of tiles, widest first; bfloat16 takes no others. */
const WIDTHS = [128, 64, 32, 16] as const;
const LANES = 16;
/** Target, weight; source, position. The optimiser's planes come beside. */
const CONNECTION_BYTES = 16;
/** Row start of either view, bias. */
const NEURON_BYTES = 12;
/** What the runtime takes before it has any array. */
const RUNTIME_BYTES = 100 * 2 ** 20;

/** What is planned; the network is as {@linkcode SparseMlp.create} would make it. */
export interface PlanOptions {
  /** ε, or else a density. @default {20} */
  readonly epsilon?: number | undefined;
  /** Density: one for all layers, or one for each. */
  readonly density?: number | readonly number[] | undefined;
  /** Density of the whole network. */
  readonly overallDensity?: number | undefined;
  /** Neurons of each layer, input first, output last. */
  readonly sizes: readonly number[];
  /** Samples of a step. */
  readonly batchSize: number;
  /** Whether units are dropped. */
  readonly dropout: boolean;
  /** Floats each parameter takes beside itself, for the optimiser and for growth by gradient. @default {1} */
  readonly planes?: number;
  /** Bytes that may be used. */
  readonly memoryBytes: number;
  /** Samples a tile that are thought of, widest first. @default {[128, 64, 32, 16]} */
  readonly widths?: readonly number[];
}

/** One way to keep activations, and the widest tile that fits with it. */
export interface ActivationPlan {
  readonly activationStorage: "f32" | "bf16";
  readonly recompute: boolean;
  /** Bytes of activations a neuron takes for one vector of 16 samples, where its layer is kept. */
  readonly neuronBytes: number;
  /** Most samples that pass at once; 0 where not even the narrowest tile fits. */
  readonly microBatch: number;
  /** Bytes of activations at that width, or at the narrowest where that does not fit. */
  readonly activationBytes: number;
  /** Bytes of everything at that width. */
  readonly totalBytes: number;
}

/** Counts of a planned network. */
export interface NetworkPlan {
  readonly neurons: number;
  /** Expected connections; the actual number differs by about its square root. */
  readonly connections: number;
  /** Bytes of a connection while training. */
  readonly connectionBytes: number;
  /** Bytes of a neuron while training, beside its activations. */
  readonly neuronBytes: number;
  readonly parameterBytes: number;
  /** Bytes of one batch of features. */
  readonly batchBytes: number;
  readonly runtimeBytes: number;
  readonly memoryBytes: number;
  /** The narrowest tile thought of. */
  readonly leastWidth: number;
  /** Every way to keep activations: first those without loss of precision or work done twice. */
  readonly choices: readonly ActivationPlan[];
}

/**
 * Counts what training a network with slopes for activations (All-ReLU, ReLU, Leaky ReLU) takes; allocates nothing.
 *
 * @throws {RangeError} When a size or the sparsity is out of range.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { planNetwork } from "./plan.ts";
 *
 * const sizes = [65_536, 5_000_000, 5_000_000, 2];
 * const plan = planNetwork({ sizes, epsilon: 5, batchSize: 128, dropout: true, memoryBytes: 16 * 2 ** 30 });
 * assertEquals(plan.connectionBytes, 20);
 * ```
 */
export function planNetwork(options: PlanOptions): NetworkPlan {
  const { sizes, batchSize, dropout, memoryBytes, epsilon = 20, density, overallDensity, widths = WIDTHS } =
    options;
  const { planes = 1 } = options;
  const [connectionBytes, neuronBytes] = [CONNECTION_BYTES + 4 * planes, NEURON_BYTES + 4 * planes];
  const spread = overallDensity === undefined ? undefined : spreadConnections(sizes, overallDensity);
  const connections = sizes.slice(1).reduce((sum, neurons, layer) => {
    if (spread !== undefined) return sum + spread[layer];
    const inputs = sizes[layer];
    const share = typeof density === "object" ? density[layer] : density;
    const sparsity: Sparsity = share === undefined ? { epsilon } : { density: share };
    return sum + Math.round(inputs * neurons * connectionProbability({ inputs, neurons, ...sparsity }));
  }, 0);
  const neurons = sizes.reduce((sum, size) => sum + size, 0);
  // The input layer has row starts alone, the output layer no rows of its own.
  const parameterBytes = connectionBytes * connections + neuronBytes * neurons -
    (8 + 4 * planes) * sizes[0] - 4 * sizes[sizes.length - 1];
  const batchBytes = 4 * sizes[0] * Math.ceil(batchSize / LANES) * LANES;
  const fixedBytes = parameterBytes + batchBytes + RUNTIME_BYTES;
  const hidden = sizes.slice(1, -1);
  const choices = ([["f32", false], ["bf16", false], ["f32", true], ["bf16", true]] as const).map(
    ([activationStorage, recompute]): ActivationPlan => {
      const neuronBytes = LANES * (activationStorage === "bf16" ? 2 : 4) + (dropout ? 4 : 2);
      const kept = keptNeurons(hidden, recompute);
      const bytes = (width: number) =>
        kept * neuronBytes * (width / LANES) + 4 * width * sizes[sizes.length - 1];
      const microBatch = widths.find((width) => fixedBytes + bytes(width) <= memoryBytes) ?? 0;
      const activationBytes = bytes(microBatch || widths[widths.length - 1]);
      return {
        activationStorage,
        recompute,
        neuronBytes,
        microBatch,
        activationBytes,
        totalBytes: fixedBytes + activationBytes,
      };
    },
  );
  return {
    neurons,
    connections,
    connectionBytes,
    neuronBytes,
    parameterBytes,
    batchBytes,
    runtimeBytes: RUNTIME_BYTES,
    memoryBytes,
    leastWidth: widths[widths.length - 1],
    choices,
  };
}

/** Hidden neurons whose activations have memory: with recomputation the even layers share that of the largest. */
function keptNeurons(hidden: readonly number[], recompute: boolean): number {
  if (!recompute) return hidden.reduce((sum, size) => sum + size, 0);
  const odd = hidden.filter((_, index) => index % 2 === 1).reduce((sum, size) => sum + size, 0);
  return odd + Math.max(0, ...hidden.filter((_, index) => index % 2 === 0));
}

/**
 * The choice with the widest tile that fits; of equals the one that loses least, in precision, then in work done twice.
 *
 * @param wanted Ways to keep activations that are the only ones to choose from.
 * @throws {RangeError} When none fits; the message has the numbers.
 */
export function chooseActivations(
  plan: NetworkPlan,
  wanted: Partial<Pick<ActivationPlan, "activationStorage" | "recompute">> = {},
): ActivationPlan {
  const { activationStorage: storage, recompute } = wanted;
  const choices = plan.choices.filter((choice) =>
    (storage ?? choice.activationStorage) === choice.activationStorage &&
    (recompute ?? choice.recompute) === choice.recompute
  );
  const best = choices.reduce((best, choice) => choice.microBatch > best.microBatch ? choice : best);
  if (best.microBatch > 0) return best;
  const gibibytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(2)} GiB`;
  const least = choices.reduce((least, one) => one.totalBytes < least.totalBytes ? one : least);
  throw new RangeError(
    `Cannot train a network of ${plan.neurons} neurons and about ${plan.connections} connections: it needs ` +
      `${gibibytes(plan.parameterBytes)} for parameters and ${gibibytes(least.activationBytes)} for the ` +
      `activations of ${plan.leastWidth} samples, ${gibibytes(least.totalBytes)} in all; ${
        gibibytes(plan.memoryBytes)
      } are given`,
  );
}

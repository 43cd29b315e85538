/**
 * Presets of `train`: options under one name, which options given win over.
 *
 * @module
 */
/** A network of the paper's section on extreme scale, or a smaller or larger one of its kind. */
export interface ExtremeNetwork {
  readonly name: string;
  /** Neurons of each hidden layer. */
  readonly width: number;
  /** Hidden layers. */
  readonly depth: number;
  readonly epsilon: number;
}

/** By neurons. Paper: Table 4 has those from 1 to 50 million. */
const EXTREME_NETWORKS = [
  { name: "extreme-10k", width: 5000, depth: 2, epsilon: 10 },
  { name: "extreme-100k", width: 50_000, depth: 2, epsilon: 10 },
  { name: "extreme-1m", width: 500_000, depth: 2, epsilon: 10 },
  { name: "extreme-5m", width: 2_500_000, depth: 2, epsilon: 5 },
  { name: "extreme-10m", width: 5_000_000, depth: 2, epsilon: 5 },
  { name: "extreme-20m", width: 5_000_000, depth: 4, epsilon: 1 },
  { name: "extreme-50m", width: 5_000_000, depth: 10, epsilon: 1 },
  { name: "extreme-125m", width: 12_500_000, depth: 10, epsilon: 1 },
  { name: "extreme-200m", width: 20_000_000, depth: 10, epsilon: 1 },
] as const satisfies readonly ExtremeNetwork[];

/** Names of the presets, in the order help shows them. */
export const PRESETS = EXTREME_NETWORKS.map(({ name }) => name);

/** Name of a preset. */
export type PresetName = typeof EXTREME_NETWORKS[number]["name"];

/** A preset as options. */
export interface PresetOptions {
  readonly dataset: string;
  readonly hidden: readonly number[];
  readonly epsilon: number;
  readonly activation: "all-relu" | "leaky-relu";
  readonly alpha: number;
  readonly init: "xavier";
  readonly "fan-in": "sparse";
  readonly "zero-output": true;
  readonly "fan-in-limit": number;
  readonly epochs: number;
  readonly "batch-size": number;
  readonly "learning-rate": number;
  readonly momentum: number;
  readonly dropout: number;
}

/**
 * What a preset stands for.
 *
 * Paper: §2.4 for networks, ε, dropout, momentum, batch and rate; it trained for "few epochs". Deviation: with weights
 * scaled to dense widths no signal gets through layers of millions, so they follow the connections there are, and what
 * else docs/algorithms.md says of very wide networks; those of ten layers have Leaky ReLU.
 */
export function presetOptions(preset: PresetName): PresetOptions {
  const { width, depth, epsilon } = EXTREME_NETWORKS.find(({ name }) => name === preset)!;
  return {
    dataset: "extreme",
    hidden: Array<number>(depth).fill(width),
    epsilon,
    activation: depth < 10 ? "all-relu" : "leaky-relu",
    alpha: 0.6,
    init: "xavier",
    "fan-in": "sparse",
    "zero-output": true,
    "fan-in-limit": 1000,
    epochs: 5,
    "batch-size": 128,
    "learning-rate": 0.01,
    momentum: 0.9,
    dropout: 0.4,
  };
}

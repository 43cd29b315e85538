/**
 * Made-up data.
 *
 * @module
 */
import { kernels } from "./library.ts";
import { buffer, check } from "./status.ts";

/** What made-up data looks like; see `madelonLike`. */
export interface GeneratorDesign {
  /** Features of each sample. */
  readonly features: number;
  /** Features that carry the clusters. */
  readonly informative: number;
  /** Features that are random sums of informative ones. */
  readonly redundant: number;
  /** Features that are copies of informative or redundant ones. */
  readonly repeated: number;
  /** Number of classes. */
  readonly classes: number;
  /** Clusters of each class. */
  readonly clustersPerClass: number;
  /** Half the side of the hypercube at whose corners the clusters lie. */
  readonly classSeparation: number;
  /** Share of the samples that get a random class. */
  readonly labelNoise: number;
  /** Whether columns stand in random order, and clusters come in random turns. */
  readonly shuffle: boolean;
  /** Seed of all draws. */
  readonly seed: number;
}

/** Which made-up samples to make. */
export interface ChosenSamples {
  /** Number of the first sample there is. */
  readonly first: number;
  /** Which samples, counted from the first one; without it as many as there are labels, in order. */
  readonly order?: Uint32Array;
}

const NONE = new Uint32Array(0);

/**
 * Writes samples: `features` `[samples, design.features]`, `labels` `[samples]`.
 *
 * @param features Empty for labels alone.
 * @param labels May be empty where there is an order.
 */
export function generateBlock(
  design: GeneratorDesign,
  { first, order = NONE }: ChosenSamples,
  features: Float32Array,
  labels: Uint32Array,
  threads: number,
): void {
  const status = kernels().ts_generate_block(
    design.features,
    design.informative,
    design.redundant,
    design.repeated,
    design.classes,
    design.clustersPerClass,
    design.classSeparation,
    design.labelNoise,
    design.shuffle,
    design.seed,
    first,
    buffer(order),
    order.length,
    buffer(features),
    features.length,
    buffer(labels),
    labels.length,
    threads,
  );
  check(status, "generate samples");
}

/** Writes the columns of the informative, then redundant, then repeated features. */
export function generatedPlaces(design: GeneratorDesign, places: Uint32Array): void {
  const { features, informative, redundant, repeated, shuffle, seed } = design;
  const status = kernels().ts_generated_places(
    features,
    informative,
    redundant,
    repeated,
    shuffle,
    seed,
    buffer(places),
    places.length,
  );
  check(status, "place the generated features");
}

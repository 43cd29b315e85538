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

/** Writes the samples from `first` on: `features` `[samples, design.features]`, `labels` `[samples]`. */
export function generateBlock(
  design: GeneratorDesign,
  first: number,
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

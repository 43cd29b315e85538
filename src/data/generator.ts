/**
 * Made-up data in the manner of Madelon: a few features tell the classes apart, the rest misleads.
 *
 * @module
 */
import { generateBlock, generatedPlaces, type GeneratorDesign } from "../native/generator.ts";
import { COUNT, refuseUnknown, resolveOptions, SEED, type TableOf, THREADS } from "../hyperparameter.ts";
import type { Dataset, FeatureSource, Split } from "./dataset.ts";
import { sharedFloats, sharedWords } from "../sparse/shared.ts";
import { finished } from "./finished.ts";

/** Options of {@linkcode madelonLike}. */
export interface MadelonLikeOptions extends Partial<GeneratorDesign> {
  /** Samples to learn from. @default {2000} */
  readonly samples?: number;
  /** Samples to test with; 0 for none. @default {600} */
  readonly testSamples?: number;
  /** Features of each sample. @default {500} */
  readonly features?: number;
  /** Features that carry the clusters. @default {5} */
  readonly informative?: number;
  /** Features that are random sums of informative ones. @default {15} */
  readonly redundant?: number;
  /** Features that are copies of informative or redundant ones. @default {0} */
  readonly repeated?: number;
  /** Number of classes. @default {2} */
  readonly classes?: number;
  /** Clusters of each class; a corner of the hypercube is needed for each. @default {2} */
  readonly clustersPerClass?: number;
  /** Half the side of the hypercube; clusters spread by about 1 in each direction. @default {1} */
  readonly classSeparation?: number;
  /** Share of the samples that get a random class. @default {0.01} */
  readonly labelNoise?: number;
  /** Whether columns stand in random order, and clusters come in random turns. @default {true} */
  readonly shuffle?: boolean;
  /** Seed of all draws, a whole number. @default {0} */
  readonly seed?: number;
  /** Most threads to use. @default {1} */
  readonly threads?: number;
  /**
   * Make features when a batch needs them instead of keeping them all: the same numbers, in the memory of two batches.
   *
   * @default {false}
   */
  readonly onDemand?: boolean;
}

/** Which columns of made-up data mean something; all others are noise. */
export interface GeneratedTruth {
  /** Columns that carry the clusters. */
  readonly informative: Uint32Array;
  /** Columns that are sums of informative ones. */
  readonly redundant: Uint32Array;
  /** Columns that are copies of informative or redundant ones. */
  readonly repeated: Uint32Array;
}

/** A made-up data set, and the truth about its columns. */
export interface GeneratedDataset extends Dataset<"classification"> {
  /** Which columns mean something. */
  readonly truth: GeneratedTruth;
}

const NO_LABELS = new Uint32Array(0);

const TASK = "generate data";

/** Something of which there may be none. */
const NUMBER = { kind: "whole", least: 0 } as const;

/** Rows of {@linkcode MadelonLikeOptions}. */
const ROWS = {
  samples: { ...COUNT, default: 2000, doc: "Samples to learn from." },
  testSamples: { ...NUMBER, default: 600, doc: "Samples to test with." },
  features: { ...COUNT, default: 500, doc: "Features of each sample." },
  informative: { ...COUNT, default: 5, doc: "Features that carry the clusters." },
  redundant: { ...NUMBER, default: 15, doc: "Features that are sums of informative ones." },
  repeated: { ...NUMBER, default: 0, doc: "Features that are copies." },
  classes: { ...COUNT, default: 2, doc: "Number of classes." },
  clustersPerClass: { ...COUNT, default: 2, doc: "Clusters of each class." },
  classSeparation: { kind: "number", default: 1, doc: "Half the side of the hypercube." },
  labelNoise: {
    kind: "number",
    least: 0,
    most: 1,
    default: 0.01,
    doc: "Share of samples with a random class.",
  },
  shuffle: { kind: "flag", default: true, doc: "Whether columns stand in random order." },
  seed: SEED,
  threads: THREADS,
  onDemand: { kind: "flag", default: false, doc: "Whether features are made when a batch needs them." },
} as const satisfies TableOf<MadelonLikeOptions>;

/**
 * Makes a data set in the manner of Madelon.
 *
 * Clusters lie at random corners of a hypercube, `classSeparation` from its middle along each informative feature,
 * each spread by its own random linear map of normal numbers; clusters are dealt to the classes in turn. Redundant
 * features are random sums of informative ones, repeated ones are copies, all others standard normal noise.
 * Test samples continue the training samples. Every number is a function of the seed and its place, so results are
 * the same bits for any `threads` and on any machine.
 *
 * The design is Guyon's ("Design of experiments of the NIPS 2003 variable selection benchmark", 2003), its parameters
 * those of scikit-learn's `make_classification`; the numbers drawn are our own. The defaults are easier than Madelon
 * itself (a sparse network gets about 92 % right); with `clustersPerClass` 16 and `classSeparation` 2 it is as
 * hard as Madelon itself. Cost: about 10 ns a number on one thread.
 *
 * @throws {RangeError} When counts do not fit: no corner for each cluster, or more structured features than features.
 * @example
 * ```ts
 * import { madelonLike } from "@truly-sparse/truly-sparse";
 * const data = madelonLike({ samples: 100, testSamples: 20, seed: 1 });
 * if (data.train.features.length !== 100 * 500 || data.truth.informative.length !== 5) throw new Error("wrong shape");
 * ```
 */
export function madelonLike(options: MadelonLikeOptions = {}): GeneratedDataset {
  refuseUnknown(options, Object.keys(ROWS), TASK);
  const { samples, testSamples, threads, onDemand, ...design } = resolveOptions(ROWS, options, {
    task: TASK,
  }) as unknown as Required<MadelonLikeOptions>;
  validateDesign(design, samples, testSamples, onDemand);
  const { informative, redundant, repeated } = design;
  const places = new Uint32Array(informative + redundant + repeated);
  generatedPlaces(design, places);
  const part = (first: number, count: number): Split => {
    const features = sharedFloats(onDemand ? 0 : count * design.features);
    const labels = sharedWords(count);
    generateBlock(design, { first }, features, labels, threads);
    const split = { samples: count, features, labels, targets: sharedFloats(0) };
    if (!onDemand) return split;
    const source: FeatureSource = {
      gather: (order, made, threads) => generateBlock(design, { first, order }, made, NO_LABELS, threads),
    };
    return { ...split, source };
  };
  const data: GeneratedDataset = {
    name: "madelon-like",
    task: "classification",
    featureCount: design.features,
    outputCount: design.classes,
    classNames: Array.from({ length: design.classes }, (_, index) => String(index)),
    featureNames: [],
    train: part(0, samples),
    ...(testSamples > 0 ? { test: part(samples, testSamples) } : {}),
    truth: {
      informative: places.slice(0, informative),
      redundant: places.slice(informative, informative + redundant),
      repeated: places.slice(informative + redundant),
    },
  };
  return finished(data);
}

/** Refuses a design the kernel would refuse, with a reason. */
function validateDesign(
  design: GeneratorDesign,
  samples: number,
  testSamples: number,
  onDemand: boolean,
): void {
  const fail = (found: string) => {
    throw new RangeError(`Cannot generate data: ${found}`);
  };
  const { features, informative, redundant, repeated, classes, clustersPerClass } = design;
  const structured = informative + redundant + repeated;
  if (structured > features) {
    fail(
      `informative, redundant and repeated features are ${structured}, more than the ${features} features`,
    );
  }
  const corners = 2 ** Math.min(informative, 20);
  if (classes * clustersPerClass > corners) {
    fail(
      `${classes} classes of ${clustersPerClass} clusters need ${classes * clustersPerClass} corners, ` +
        `${informative} informative features have ${corners} to use`,
    );
  }
  if (!onDemand && Math.max(samples, testSamples) * features > 2 ** 33) {
    fail(`${samples} samples of ${features} features do not fit into one array`);
  }
}

/**
 * A new model before it has memory: what its layers will be, and how they are filled.
 *
 * @module
 */
import { NO_PLACES, type Places } from "../native/grow.ts";
import { correlatedPlaces, type CorrelatedSamples } from "../sparse/correlation.ts";
import { connectionProbability, countConnections, fillConnections, weightLaw } from "../sparse/init.ts";
import { sharedWords } from "../sparse/shared.ts";
import { spreadConnections } from "../sparse/spread.ts";
import { fillExactly, receptiveFields } from "../sparse/start.ts";
import { activationCode, beginParameters, OUTPUT_CODE } from "./activation.ts";
import type { LayerPlan, SparseLayer } from "./layer.ts";
import {
  activationOf,
  type ModelOptions,
  type ModelSettings,
  readModelOptions,
  sparsityOf,
} from "./settings.ts";

/** A model that can be made. */
export interface Draft {
  readonly settings: ModelSettings;
  readonly plans: readonly LayerPlan[];
  /** Draws connections and weights into layers that were made by the plans. */
  fill(layers: readonly SparseLayer[]): void;
}

/** A layer that is drawn: as many connections as come by their probability, or exactly so many. */
interface LayerDraft {
  readonly plan: LayerPlan;
  readonly structure: Parameters<typeof countConnections>[1];
  readonly exact: boolean;
}

/**
 * Reads the options of a new model and counts its connections.
 *
 * @param samples Samples whose features are correlated, where the start needs some; asked for then alone.
 * @throws {TypeError} When a setting has the wrong type or an unknown name, or the start needs samples.
 * @throws {RangeError} When a setting is out of range, or a layer would have more connections than can be counted.
 */
export function draftOf(options: ModelOptions, samples?: () => CorrelatedSamples): Draft {
  const { settings, threads, onProgress } = readModelOptions(options);
  if (settings.start === "csti" && samples === undefined) {
    throw new TypeError(
      `Cannot make a model: start is "csti", which correlates features of samples; make it by SparseMlp.for(data, …)`,
    );
  }
  const layers = layersOf(settings, threads);
  const fill = (made: readonly SparseLayer[]): void => {
    for (const [index, { structure, plan, exact }] of layers.entries()) {
      const layer = made[index];
      const { initializer, fanIn } = settings;
      const weights = weightLaw({ ...structure, initializer, fanIn });
      if (exact) {
        const tell = (share: number) => onProgress?.(index + share, layers.length);
        fillExactly(layer, placesOf(settings, structure, plan.capacity, samples, tell), {
          ...structure,
          weights,
        });
      } else {
        layer.nnz = countConnections(layer.indptr, structure);
        fillConnections(layer, { ...structure, weights });
      }
      beginParameters(plan.activation, layer.activationParameters);
      if (settings.zeroOutput && index + 1 === layers.length) layer.values.fill(0);
      onProgress?.(index + 1, layers.length);
    }
  };
  return { settings, plans: layers.map(({ plan }) => plan), fill };
}

function layersOf(settings: ModelSettings, threads: number): LayerDraft[] {
  const { sizes, seed, start, overallDensity } = settings;
  const spread = overallDensity === undefined ? undefined : spreadConnections(sizes, overallDensity);
  // Counted twice rather than kept: row starts of 200 million neurons are 800 MB.
  const counted = sharedWords(spread === undefined ? Math.max(...sizes.slice(0, -1)) + 1 : 0);
  return sizes.slice(1).map((neurons, layer) => {
    const size = { inputs: sizes[layer], neurons };
    const places = size.inputs * neurons;
    const probability = spread === undefined
      ? connectionProbability({ ...size, ...sparsityOf(settings, layer) })
      : spread[layer] / places;
    const structure = { ...size, probability, seed, layer, threads };
    const exact = spread !== undefined || start === "brf" || (start === "csti" && layer === 0);
    const capacity = spread !== undefined
      ? spread[layer]
      : exact
      ? Math.round(probability * places)
      : countConnections(counted.subarray(0, size.inputs + 1), structure);
    const activation = layer + 2 < sizes.length
      ? activationCode(activationOf(settings, layer), layer)
      : OUTPUT_CODE;
    return { plan: { ...size, capacity, activation }, structure, exact };
  });
}

/** Where connections stand that do not stand at random. */
function placesOf(
  { start, rewiring = 0 }: ModelSettings,
  structure: LayerDraft["structure"],
  count: number,
  samples: (() => CorrelatedSamples) | undefined,
  onProgress: (share: number) => void,
): Places {
  const { neurons, layer, threads = 1 } = structure;
  if (start === "brf") return receptiveFields(count, { ...structure, rewiring });
  if (start !== "csti" || layer > 0) return NO_PLACES;
  return correlatedPlaces(samples!(), { neurons, count, threads, onProgress });
}

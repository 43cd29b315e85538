/**
 * What the gradient of a weight would be at places of a network where there is none: for rules that grow by gradient.
 *
 * @module
 */
import type { SparseMlp } from "../model/model.ts";
import type { Places } from "../native/grow.ts";
import {
  type LayerSums,
  probeGradients,
  type ProbeSettings,
  probeSums,
  probeWords,
  type SumKind,
} from "../native/probe.ts";
import type { Batch } from "../native/step.ts";
import { sharedWords } from "../sparse/shared.ts";

/** What rules ask of one batch of the training samples; the network is as it was when the topology began to change. */
export interface Probe {
  /** The gradients at places of each layer, the output's too; see {@linkcode gradientsAt}. */
  gradients(places: readonly Places[]): readonly Float32Array[];
  /** What comes into each layer and back to it, summed over the samples. */
  sums(kind: SumKind): readonly LayerSums[];
}

/** A probe of a network by a batch, without dropout; work as for {@linkcode gradientsAt}. */
export function probeOf(
  model: SparseMlp,
  batch: Batch,
  settings: Omit<ProbeSettings, "dropout" | "seed" | "step">,
  work: Uint32Array = sharedWords(probeMemory(model, batch.width, settings)),
): Probe {
  return {
    gradients: (places) => gradientsAt(model, batch, places, settings, work),
    sums: (kind) => probeSums(model.memory, model.layers, batch, kind, settings, work),
  };
}

/** Words of memory that {@linkcode gradientsAt} works in. */
export function probeMemory(
  model: SparseMlp,
  width: number,
  { dropout = 0, ...memory }: Omit<ProbeSettings, "threads">,
): number {
  return probeWords(model.memory, width, { ...memory, dropout: dropout > 0 });
}

/**
 * The gradient of the mean loss of a batch with respect to a weight at each place, connection or not.
 *
 * The network is not changed. Source: Evci et al. 2020 (RigL). Cost: one forward and one backward pass, and as much for
 * a place as for a connection on the way back.
 *
 * @param places One list a layer, the output's too; may be empty.
 * @param work Memory to use, of at least {@linkcode probeMemory} words; allocated where absent.
 * @returns One list a layer, in the order of its places.
 * @throws {TypeError} When there is not one list a layer, or work is too short.
 * @throws {RangeError} When a place lies outside its layer.
 */
export function gradientsAt(
  model: SparseMlp,
  batch: Batch,
  places: readonly Places[],
  settings: ProbeSettings,
  work: Uint32Array = sharedWords(probeMemory(model, batch.width, settings)),
): Float32Array[] {
  let total = 0;
  const ends = Uint32Array.from(places, ({ rows }) => total += rows.length);
  const [rows, columns] = [new Uint32Array(total), new Uint32Array(total)];
  const startOf = (layer: number) => ends[layer] - places[layer].rows.length;
  for (const [layer, list] of places.entries()) {
    rows.set(list.rows, startOf(layer));
    columns.set(list.columns, startOf(layer));
  }
  const gradients = new Float32Array(total);
  probeGradients(model.memory, batch, { ends, rows, columns }, settings, work, gradients);
  return places.map((_, layer) => gradients.subarray(startOf(layer), ends[layer]));
}

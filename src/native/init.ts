/**
 * Erdős–Rényi structures and initial weights.
 *
 * @module
 */
import type { TableOf } from "../hyperparameter.ts";
import { kernels } from "./library.ts";
import { buffer, check } from "./status.ts";

/** Which Erdős–Rényi structure to draw. */
export interface StructureLaw {
  /** Neurons of the layer, the places of a row. */
  readonly neurons: number;
  /** Probability of each connection, in [0, 1]. */
  readonly probability: number;
  readonly seed: number;
  readonly layer: number;
  readonly threads?: number;
}

/** A law for a kernel: neurons, probability, seed, layer, threads. */
function lawArguments(law: StructureLaw): readonly [number, number, number, number, number] {
  return [law.neurons, law.probability, law.seed, law.layer, law.threads ?? 1];
}

/** Draws the number of connections of each row into `indptr` `[inputs + 1]`; returns nnz. O(inputs + nnz). */
export function erdosRenyiCount(indptr: Uint32Array, law: StructureLaw): number {
  const status = kernels().ts_erdos_renyi_count(
    buffer(indptr),
    indptr.length,
    ...lawArguments(law),
  );
  check(status, "draw the connections of a layer");
  return indptr[indptr.length - 1];
}

/** Writes the targets that {@linkcode erdosRenyiCount} has counted with the same law. O(inputs + nnz). */
export function erdosRenyiFill(indptr: Uint32Array, indices: Uint32Array, law: StructureLaw): void {
  const status = kernels().ts_erdos_renyi_fill(
    buffer(indptr),
    indptr.length,
    buffer(indices),
    indices.length,
    ...lawArguments(law),
  );
  check(status, "draw the connections of a layer");
}

/** The distribution of new weights: uniform in ±scale, or normal with standard deviation `scale`. */
export interface ValueLaw {
  /** Which distribution. */
  readonly kind: "uniform" | "normal";
  /** Half the width of the uniform one, or the standard deviation of the normal one. */
  readonly scale: number;
}

/** Rows of {@linkcode ValueLaw}. */
export const VALUE_LAW = {
  kind: { kind: "choice", choices: ["uniform", "normal"], required: true, doc: "Which distribution." },
  scale: { kind: "number", least: 0, required: true, doc: "How wide it is." },
} as const satisfies TableOf<ValueLaw>;

export function kindCode(law: ValueLaw): number {
  return law.kind === "uniform" ? 0 : 1;
}

/** Writes initial weights, a function of seed, layer and place alone. */
export function initValues(
  values: Float32Array,
  law: ValueLaw,
  place: { readonly seed: number; readonly layer: number; readonly threads?: number },
): void {
  const status = kernels().ts_init_values(
    buffer(values),
    values.length,
    kindCode(law),
    law.scale,
    place.seed,
    place.layer,
    place.threads ?? 1,
  );
  check(status, "initialise weights");
}

/**
 * The fraction of the connections that a change of the topology replaces, and how it falls during a run.
 *
 * @module
 */
import { FRACTION, type TableOf } from "../hyperparameter.ts";

/** How much a change of the topology replaces. */
export interface ZetaOptions {
  /**
   * Fraction of the weights that SET replaces at a change (ζ); 0 keeps the topology fixed.
   *
   * @default {0.3}
   */
  readonly zeta?: number;
  /**
   * How ζ changes with the share of the run that is done: not at all, or to 0 at `zetaStop`, along a line or half a
   * cosine.
   *
   * @default {"constant"}
   */
  readonly zetaSchedule?: "constant" | "linear" | "cosine";
  /**
   * Share of the run after which nothing is replaced any more, so that the last topology learns in peace.
   *
   * @default {1}
   */
  readonly zetaStop?: number;
}

/** Rows of {@linkcode ZetaOptions}. */
export const ZETA_HYPERPARAMETERS = {
  zeta: {
    kind: "number",
    ...FRACTION,
    default: 0.3,
    symbol: "ζ",
    doc: "Fraction of the connections that SET replaces at each change; 0 keeps the topology.",
  },
  zetaSchedule: {
    kind: "choice",
    choices: ["constant", "linear", "cosine"],
    default: "constant",
    doc: "How that fraction changes during the run: not, or down to 0 along a line or half a cosine.",
  },
  zetaStop: {
    kind: "number",
    above: 0,
    most: 1,
    default: 1,
    doc: "Share of the run after which no connections are replaced any more.",
  },
} as const satisfies TableOf<ZetaOptions>;

/**
 * ζ of a change.
 *
 * Source of the cosine: Dettmers & Zettlemoyer 2019; of the stop: Evci et al. 2020 (RigL).
 *
 * @param progress Share of the run that is done when the topology changes, in [0, 1].
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { zetaOf } from "./zeta.ts";
 *
 * assertEquals(zetaOf({ zeta: 0.4, zetaSchedule: "cosine", zetaStop: 0.8 }, 0.4), 0.2);
 * ```
 */
export function zetaOf({ zeta, zetaSchedule, zetaStop }: Required<ZetaOptions>, progress: number): number {
  if (progress >= zetaStop) return 0;
  const done = progress / zetaStop;
  switch (zetaSchedule) {
    case "constant":
      return zeta;
    case "linear":
      return zeta * (1 - done);
    case "cosine":
      // Rounding would leave the half at half way a little off.
      return zeta * Number(((1 + Math.cos(Math.PI * done)) / 2).toFixed(12));
    default: {
      const unknown: never = zetaSchedule;
      throw new TypeError(`Cannot schedule zeta: ${JSON.stringify(unknown)} is no schedule`);
    }
  }
}

/**
 * The judgement of an epoch by the validation samples: whether it is the best so far, and whether to wait for a better one.
 *
 * @module
 */
import { hasFinalDensity } from "../topology/density_decay.ts";
import type { Engine } from "./engine.ts";
import type { PreparedRun } from "./preparation.ts";
import { type BestEpoch, isBetter } from "./selection.ts";

/** What the validation samples say of an epoch. */
export interface Judgement {
  /** The best epoch now. */
  readonly best: BestEpoch;
  /** Evaluations that were waited for a better one. */
  readonly evaluationsSinceBest: number;
  /** Whether the best epoch is this one. */
  readonly improved: boolean;
  /** Whether the run has waited long enough. */
  readonly stops: boolean;
}

/**
 * Judges a whole epoch by the metric of the run; a best by another metric counts no more.
 *
 * @param score Its value of the metric.
 * @returns Nothing where it was not evaluated, or the density is on its way down and not yet what was asked for.
 */
export function judgeEpoch(
  { model, state, plan: { settings } }: PreparedRun,
  engine: Engine,
  epoch: number,
  score: number | undefined,
): Judgement | undefined {
  if (score === undefined || !hasFinalDensity(model.layers.slice(0, -1), settings)) return undefined;
  const { metric, patience = Infinity } = settings;
  const { best } = state;
  const improved = best?.metric !== metric || isBetter(metric, score, best.value);
  // An evaluation that is no reason to stop is none that was waited for.
  const waits = !improved && (engine.mayStopAfter?.(epoch) ?? true);
  const evaluationsSinceBest = waits ? state.evaluationsSinceBest + 1 : 0;
  return {
    best: improved ? { epoch, metric, value: score } : best,
    evaluationsSinceBest,
    improved,
    stops: evaluationsSinceBest >= patience,
  };
}

/**
 * What is measured after an epoch: validation and test samples, and the metric that chooses the best epoch.
 *
 * @module
 */
import type { Dataset, Split } from "../data/dataset.ts";
import { FeatureError } from "../errors.ts";
import { checkLoss } from "./divergence.ts";
import type { EnginePlan } from "./engine.ts";
import { type Evaluation, SplitEvaluator } from "./evaluation.ts";
import type { PreparedRun } from "./preparation.ts";
import type { EpochRecord } from "./records.ts";
import { metricPieces, needsOutputs } from "./selection.ts";

/** What was measured after an epoch. */
export interface Measured {
  /** What the record tells of it. */
  readonly told: Partial<EpochRecord>;
  /** Value of the run's metric, of the validation samples; absent where there are none. */
  readonly score?: number | undefined;
  /** Seconds that the evaluations took. */
  readonly seconds: number;
}

/** Of an epoch after which nothing is evaluated. */
export const NOT_MEASURED: Measured = { told: {}, seconds: 0 };

/** Part of the data that is evaluated after epochs. */
type Part = "validation" | "test";

/**
 * Makes room for the evaluations of a run.
 *
 * @param work Work memory that they may use.
 * @returns Evaluates the model after an epoch, at whose end the learning rate was the one given; it throws
 * {@linkcode TrainingError} when a loss is not finite, and the reason of the signal.
 */
export function epochMeasures(
  run: PreparedRun,
  work: Uint32Array | undefined,
): (epoch: number, learningRate: number) => Promise<Measured> {
  const { data, validation: judges, plan } = run;
  const { settings: { metric }, hooks, turn } = plan;
  const onValidation = judges && evaluatorOf(run, judges, work);
  const onTest = data.test && evaluatorOf(run, data.test, work);
  const outputs = new Float32Array(
    judges && needsOutputs(metric, judges) ? judges.samples * data.outputCount : 0,
  );
  return async (epoch, learningRate) => {
    const started = performance.now();
    const validation = onValidation && await evaluate("validation", onValidation, plan, epoch, outputs);
    const test = onTest && await evaluate("test", onTest, plan, epoch);
    const seconds = (performance.now() - started) / 1000;
    // A training loss is of the weights before its step: only this tells of the last step.
    if (validation) checkLoss("validation", validation.loss, epoch, learningRate);
    if (test) checkLoss("test", test.loss, epoch, learningRate);
    const score = judges && validation &&
      await turn.between(metricPieces(metric, data.task, validation, judges, outputs), hooks.signal);
    const told = {
      ...named("validation", validation),
      ...(outputs.length > 0 && score !== undefined && { validationScore: score }),
      ...named("test", test),
    };
    return { told, score, seconds };
  };
}

/** Most training samples that stand for all where nothing else is evaluated at the end of a run. */
const FEW = 128;

/** Mean loss of the first training samples, each counted once. */
export function lossOfFew(run: PreparedRun, work: Uint32Array | undefined): number {
  return evaluatorOf(run, firstOf(run.plan.split, run.data), work).run().loss;
}

function firstOf({ weights: _, ...split }: Split, { featureCount, outputCount }: Dataset): Split {
  const samples = Math.min(split.samples, FEW);
  const { features, labels, targets } = split;
  return {
    ...split,
    samples,
    features: features.subarray(0, samples * featureCount),
    labels: labels.subarray(0, samples),
    targets: targets.subarray(0, samples * outputCount),
  };
}

function evaluatorOf(
  { model, plan: { settings, cacheTile } }: PreparedRun,
  split: Split,
  work: Uint32Array | undefined,
): SplitEvaluator {
  const { threads, microBatch, activationStorage } = settings;
  return new SplitEvaluator(model, split, { threads, microBatch, activationStorage, cacheTile, work });
}

/** Evaluates a part of the data, and lets other tasks of the program run meanwhile. */
async function evaluate(
  part: Part,
  evaluator: SplitEvaluator,
  { hooks, turn }: EnginePlan,
  epoch: number,
  outputs?: Float32Array,
): Promise<Evaluation> {
  const { samples: total } = evaluator;
  const batches = evaluator.batches(outputs);
  try {
    for (;;) {
      const { done, value } = batches.next();
      if (done) return value;
      hooks.onPhase?.({ phase: "evaluation", epoch, done: value, total });
      if (turn.due) await turn.take();
      if (hooks.signal?.aborted) hooks.signal.throwIfAborted();
    }
  } catch (cause) {
    throw cause instanceof FeatureError ? cause.at({ source: `the ${part} part` }) : cause;
  }
}

function named(part: Part, evaluation: Evaluation | undefined): Partial<EpochRecord> {
  if (evaluation === undefined) return {};
  return { [`${part}Loss`]: evaluation.loss, [`${part}Accuracy`]: evaluation.accuracy };
}

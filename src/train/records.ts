/**
 * What a run tells: a record for each epoch, and a summary.
 *
 * @module
 */

import type { TopologyRecord } from "../sparse/history.ts";
import type { Calibration } from "./calibration.ts";
import type { BestEpoch } from "./selection.ts";

/**
 * What happened in one epoch. Times are seconds; fractions lie in [0, 1].
 *
 * Losses are weighted where samples have weights, that of training by classes too; those of a regression are of
 * standardised targets: times `TargetScaling.deviation²` they are mean squared errors in the targets' unit.
 */
export interface EpochRecord {
  /** Number of the epoch, from 1. */
  readonly epoch: number;
  /** Steps of the epoch that were done, where `maxSteps` ended the run inside it. */
  readonly steps?: number;
  /** Mean loss of the training samples as they were learned, with dropout in force. */
  readonly trainLoss: number;
  /** Their accuracy, likewise; NaN for regression. */
  readonly trainAccuracy: number;
  /** Mean loss of the validation samples, where some were set aside. */
  readonly validationLoss?: number;
  /** Their accuracy; NaN for regression. */
  readonly validationAccuracy?: number;
  /** What `metric` gives of them, where it is neither of the two: each sample counts as its weight. */
  readonly validationScore?: number;
  /** Mean loss of the test samples, where there are some and the epoch is evaluated. */
  readonly testLoss?: number;
  /** Their accuracy; NaN for regression. */
  readonly testAccuracy?: number;
  /** Learning rate of the last step. */
  readonly learningRate: number;
  /** Weights and biases that exist after the epoch. */
  readonly parameters: number;
  /** Weights that exist after the epoch. */
  readonly connections: number;
  /** Seconds of training. */
  readonly seconds: number;
  /** Seconds of pruning and evolution; what workers take for it inside an epoch is part of training. */
  readonly evolutionSeconds: number;
  /** Seconds of evaluation. */
  readonly evaluationSeconds: number;
  /** Training samples a second, evolution and evaluation left out. */
  readonly samplesPerSecond: number;
  /** Connections SET replaced in the epoch and after it. */
  readonly replaced: number;
  /** Connections Importance Pruning removed after the epoch. */
  readonly pruned: number;
  /** What has become of the connections, where `connectionHistory` is kept. */
  readonly topology?: TopologyRecord;
  /** Slopes below zero of the layers that learn them, with their signs, first layer first; where there are such. */
  readonly slopes?: readonly number[];
  /** Mean squared norm of the gradient over the steps, on request. */
  readonly gradientFlow?: number;
  /** What only parallel training has to tell. */
  readonly parallel?: ParallelRecord;
}

/** What happened in one step of sequential training. */
export interface StepRecord {
  /** Number of the epoch, from 1. */
  readonly epoch: number;
  /** Number of the step in its epoch, from 1. */
  readonly step: number;
  /** Steps of an epoch. */
  readonly steps: number;
  /** Mean loss of the step's batch, of the weights before the step. */
  readonly loss: number;
  /** Learning rate of the step. */
  readonly learningRate: number;
}

/** What a run has reached; one that goes on from a state, in all its parts. Accuracies are fractions. */
export interface RunSummary {
  /** Whole epochs done. */
  readonly epochs: number;
  /** Steps done of the epoch after those, where `maxSteps` ended the run inside it. */
  readonly steps?: number;
  /** The highest test accuracy after a whole epoch; not for regression. */
  readonly bestTestAccuracy?: number;
  /** The lowest test loss after a whole epoch; for regression alone. */
  readonly bestTestLoss?: number;
  /** Epoch of the best test accuracy; for regression, of the lowest test loss. */
  readonly bestEpoch?: number;
  /** Test accuracy of the last evaluation; not for regression. */
  readonly lastTestAccuracy?: number;
  /** Test loss of the last evaluation. */
  readonly lastTestLoss?: number;
  /** Test accuracy after the whole epoch that is the best by the validation samples, where some were set aside. */
  readonly validationSelectedTestAccuracy?: number;
  /** The epoch whose weights are kept, and its value of `metric`: the best so far, where that is kept. */
  readonly kept?: BestEpoch;
  /** Mean training loss of the last epoch; absent before the first. */
  readonly lastTrainLoss?: number;
  /** Training accuracy of the last epoch; not for regression. */
  readonly lastTrainAccuracy?: number;
  /** Seconds of training in all. */
  readonly trainSeconds: number;
  /** Seconds of pruning and evolution in all. */
  readonly evolutionSeconds: number;
  /** Seconds of evaluation in all. */
  readonly evaluationSeconds: number;
  /** Parameters before the first epoch. */
  readonly parametersStart: number;
  /** Parameters at the end. */
  readonly parametersEnd: number;
}

/** What a run gave that came to its end. */
export interface TrainSummary extends RunSummary {
  /** Mean training loss of the last epoch; NaN where none was trained. */
  readonly lastTrainLoss: number;
  /** Training samples of each class; empty for regression. */
  readonly classCounts: readonly number[];
  /** Whether the run ended early for lack of improvement. */
  readonly stoppedEarly: boolean;
  /** The temperature that was fitted, where `calibrate` asks for it. */
  readonly calibration?: Calibration;
}

/** Figures of one epoch of WASAP-SGD, WASSP-SGD or gossip. */
export interface ParallelRecord {
  /** 1: one model, updated by all workers; 2: a model each, averaged; gossip has this one alone. */
  readonly phase: 1 | 2;
  /** Number of workers. */
  readonly workers: number;
  /** Updates applied to the model (phase 1), or steps of all workers (phase 2). */
  readonly updates: number;
  /** How many of these a second. */
  readonly updatesPerSecond: number;
  /** Updates applied between a worker's pull and its push, mean over the epoch's updates. */
  readonly meanStaleness: number;
  /** The most updates that came between a pull and its push. */
  readonly largestStaleness: number;
  /** Mean staleness of the updates of each worker: which of them are slow. Zero for those that wait for each other. */
  readonly workerStaleness: readonly number[];
  /** Gradients of connections that no longer existed when they arrived. */
  readonly droppedGradients: number;
  /** Seconds each worker waited. */
  readonly idleSeconds: readonly number[];
  /** Gossip: averages of two workers' models, each of which changes one of them. */
  readonly exchanges?: number;
  /** Gossip: steps of its own that a worker made between its question for a model and the answer, mean over exchanges. */
  readonly meanExchangeAge?: number;
  /**
   * Where workers have models of their own: mean over all pairs of the squared difference of a weight, Σ (wᵢ − wⱼ)² over
   * the connections of either, an absent one as 0, divided by the connections a model has on average.
   */
  readonly modelDistance?: number;
  /** Likewise: mean over all pairs of the connections that both have, divided by those a model has on average; 0 to 1. */
  readonly topologyOverlap?: number;
  /** Workers that were lost and replaced since the epoch before ended, in the order it happened; where there were such. */
  readonly replacedWorkers?: readonly ReplacedWorker[];
}

/** A worker that was lost, and in whose place a new one works. */
export interface ReplacedWorker {
  /** Number of the worker, from 1. */
  readonly worker: number;
  /** What had happened to it, in one line. */
  readonly cause: string;
}

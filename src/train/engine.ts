/**
 * What trains the epochs of a run; the trainer's loop asks it, and evaluates, records and stops around it.
 *
 * @module
 */
import type { Split } from "../data/dataset.ts";
import type { TopologyCounts } from "../topology/change.ts";
import type { EventLoopTurn } from "../event_loop_turn.ts";
import type { ResolvedHooks } from "./hooks.ts";
import type { Hyperparameters } from "./hyperparameters.ts";
import type { EpochRecord } from "./records.ts";
import type { RunState } from "./state.ts";

/** What an {@linkcode Engine} is made for. */
export interface EnginePlan {
  /** The samples to learn from, validation samples taken out. */
  readonly split: Split;
  readonly settings: Hyperparameters;
  readonly hooks: ResolvedHooks;
  /** Whole epochs done before the run. */
  readonly epochsDone: number;
  /** Density of each layer but the output's when the run began, where the density falls. */
  readonly startDensities: readonly number[] | undefined;
  /** The widest tile that suits the caches, of the network as the run began; see `RunState.cacheTile`. */
  readonly cacheTile: number;
  /** When others had their turn last. */
  readonly turn: EventLoopTurn;
}

/** Trains a model, epoch by epoch. */
export interface Engine {
  /**
   * Trains one epoch; the model then has what was learned.
   *
   * @param state Where the run stands; an engine that can be stopped inside an epoch keeps it up to date.
   */
  epoch(epoch: number, state: RunState): Promise<Trained>;
  /** Changes the topology after an epoch that is not the last, as far as that is due. */
  changeTopology(epoch: number): TopologyCounts | Promise<TopologyCounts>;
  /** Whether the run may stop early after this epoch; where it is not given, it may after all. */
  mayStopAfter?(epoch: number): boolean;
  /** Work memory that evaluations may use between two epochs. */
  readonly work?: Uint32Array | undefined;
  /** Called once, when the run is over for whatever reason. */
  close?(): void | Promise<void>;
}

/** What an epoch of training gave. */
export type Trained =
  & Pick<EpochRecord, "trainLoss" | "trainAccuracy" | "learningRate" | "gradientFlow" | "parallel">
  & {
    readonly evolution: EvolutionInside;
    /** Samples that were trained on in this run, where the steps of the state do not tell. */
    readonly samples?: number;
  };

/** What the changes of the topology inside an epoch did. */
export interface EvolutionInside {
  /** Connections that grew in place of others. */
  readonly replaced: number;
  /** Seconds that the changes took in this run. */
  readonly seconds: number;
}

/**
 * Sequential training: one process, any number of threads.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import type { SparseMlp } from "../model/model.ts";
import { shuffle } from "../native/random.ts";
import { sharedWords } from "../sparse/shared.ts";
import { changeTopology, type TopologyCounts } from "../topology/change.ts";
import { evolvesAt, type Moment } from "../topology/interval.ts";
import type { Probe } from "../topology/probe.ts";
import { needsGradients } from "../topology/rules/rules.ts";
import { diverged } from "./divergence.ts";
import type { Engine, EnginePlan, Trained } from "./engine.ts";
import type { EventLoopTurn } from "../event_loop_turn.ts";
import type { Progress, ResolvedHooks } from "./hooks.ts";
import type { Hyperparameters } from "./hyperparameters.ts";
import { learningRateOf, ownRateOf } from "./rate.ts";
import type { RunState } from "./state.ts";
import { StepRunner } from "./step_runner.ts";
import { pictured } from "../picture.ts";
import { progressPicture } from "./record_pictures.ts";

/** The least time from one call of `onProgress` to the next inside an epoch. */
const TELL_MS = 100;

/** Training in one process: the order of the samples, and what runs their batches. */
export class SequentialEngine implements Engine {
  readonly #model: SparseMlp;
  readonly #settings: Hyperparameters;
  readonly #hooks: ResolvedHooks;
  readonly #runner: StepRunner;
  readonly #order: Uint32Array;
  readonly #startDensities: readonly number[] | undefined;
  readonly #turn: EventLoopTurn;

  constructor(model: SparseMlp, data: Dataset, plan: EnginePlan) {
    const { split, settings, hooks, cacheTile, turn, startDensities } = plan;
    this.#model = model;
    this.#settings = settings;
    this.#hooks = hooks;
    this.#turn = turn;
    this.#startDensities = startDensities;
    const standardization = model.standardization!;
    const { image } = data;
    const probes = needsGradients(settings, hooks.rules);
    this.#runner = new StepRunner({ model, split, standardization, settings, cacheTile, image, probes });
    this.#order = sharedWords(split.samples);
  }

  get work(): Uint32Array {
    return this.#runner.work;
  }

  /** One pass over the training samples, in random order, from where the state stands. */
  async epoch(epoch: number, state: RunState): Promise<Trained> {
    const { seed, maxSteps, evolveEvery } = this.#settings;
    const { signal, onStep } = this.#hooks;
    const steps = this.#steps;
    const end = Math.min(steps, maxSteps - (epoch - 1) * steps);
    shuffle(this.#order, seed, epoch);
    // Of the last step, should there be none left to do.
    let learningRate = state.step < end ? NaN : this.#rateOf(epoch, end - 1);
    let evolutionSeconds = 0;
    const evolve = (step: number) => {
      const began = performance.now();
      state.replaced += this.#change({ epoch, step, steps }).replaced;
      evolutionSeconds += (performance.now() - began) / 1000;
    };
    // A shorter run ended where a change was due.
    if (!state.evolved && state.step < end) evolve(state.step);
    state.evolved ||= state.step < end;
    const tell = this.#teller(epoch, end, state);
    for (let step = state.step; step < end; step++) {
      // Whoever saves the model began while others had their turn.
      if (this.#model.use.isBeingSaved) await this.#model.use.saved();
      signal?.throwIfAborted();
      learningRate = this.#rateOf(epoch, step);
      const loss = this.#step(epoch, step, learningRate, state);
      if (step + 1 < steps && evolvesAt(evolveEvery, { epoch, step: step + 1, steps })) {
        // The end of a run changes nothing.
        state.evolved = step + 1 < end;
        if (state.evolved) evolve(step + 1);
      }
      if (onStep !== undefined) {
        const answer = onStep({ epoch, step: step + 1, steps, loss, learningRate });
        if (answer !== undefined) await answer;
      }
      const due = this.#turn.due;
      const telling = tell?.(step + 1, loss, due);
      if (telling !== undefined) await telling;
      if (due) await this.#turn.take();
    }
    if (signal?.aborted) signal.throwIfAborted();
    return this.#trained(end, state, { learningRate, evolutionSeconds });
  }

  changeTopology(epoch: number): TopologyCounts {
    const steps = this.#steps;
    return this.#change({ epoch, step: steps, steps });
  }

  get #steps(): number {
    return Math.ceil(this.#order.length / this.#settings.batchSize);
  }

  /** Learning rate of a step of an epoch. */
  #rateOf(epoch: number, step: number): number {
    const { schedule } = this.#hooks;
    const steps = this.#steps;
    const number = (epoch - 1) * steps + step;
    return schedule === undefined
      ? learningRateOf(this.#settings, number, steps)
      : ownRateOf(schedule, this.#settings, number, steps);
  }

  /**
   * Trains on the batch of a step, and adds what it gave to the sums of the state.
   *
   * @returns Mean loss of the batch.
   */
  #step(epoch: number, step: number, learningRate: number, state: RunState): number {
    const { batchSize } = this.#settings;
    const [runner, order] = [this.#runner, this.#order];
    const first = step * batchSize;
    const size = Math.min(batchSize, order.length - first);
    const number = (epoch - 1) * this.#steps + step;
    state.flow += runner.step(runner.build(order, first, size, epoch), number, learningRate);
    const [loss, correct] = [runner.totals[0], runner.totals[1]];
    state.loss += loss;
    state.correct += correct;
    state.step = step + 1;
    if (Number.isFinite(state.loss)) return loss / size;
    throw diverged(`the loss is not finite in epoch ${epoch}, step ${step + 1}`, learningRate);
  }

  /**
   * What tells `onProgress` of an epoch that begins now.
   *
   * @returns Called with the steps that are done, the mean loss of the last batch, and whether it is time for others; it
   * calls after the last step, and before it not too often.
   */
  #teller(
    epoch: number,
    end: number,
    state: RunState,
  ): ((step: number, stepLoss: number, due: boolean) => void | Promise<void>) | undefined {
    const { onProgress } = this.#hooks;
    if (onProgress === undefined) return undefined;
    const { epochs, batchSize } = this.#settings;
    const [samples, steps] = [this.#order.length, this.#steps];
    const [started, before] = [performance.now(), state.step * batchSize];
    let told = started;
    const call = async (step: number, stepLoss: number) => {
      const done = samplesBetween(0, step, samples, batchSize);
      const { loss, correct } = state;
      const samplesPerSecond = (done - before) / ((performance.now() - started) / 1000);
      const means = { loss: loss / done, stepLoss, accuracy: correct / done, samplesPerSecond };
      await onProgress(pictured<Progress>({ epoch, epochs, step, steps, ...means }, progressPicture));
      told = performance.now();
    };
    return (step, stepLoss, due) => {
      if (step === end || (due && performance.now() - told >= TELL_MS)) return call(step, stepLoss);
    };
  }

  /** What the epoch gave up to step `end`. */
  #trained(
    end: number,
    { loss, correct, flow, replaced }: RunState,
    { learningRate, evolutionSeconds }: { readonly learningRate: number; readonly evolutionSeconds: number },
  ): Trained {
    const { batchSize, gradientFlow } = this.#settings;
    const samples = samplesBetween(0, end, this.#order.length, batchSize);
    return {
      trainLoss: loss / samples,
      trainAccuracy: this.#model.settings.task === "regression" ? NaN : correct / samples,
      learningRate,
      evolution: { replaced, seconds: evolutionSeconds },
      ...(gradientFlow && { gradientFlow: flow / end }),
    };
  }

  #change(moment: Moment): TopologyCounts {
    const { epoch, ...within } = moment;
    return changeTopology(this.#model, this.#settings, epoch, {
      ...this.#hooks,
      within,
      startDensities: this.#startDensities,
      probe: () => this.#probe(moment),
    });
  }

  /** A probe by a batch of the epoch. */
  #probe(moment: Moment): Probe {
    const { seed, evolveEvery } = this.#settings;
    shuffle(this.#order, seed, moment.epoch);
    return this.#runner.probe(this.#order, evolveEvery, moment);
  }
}

/** Samples of the steps from `first` up to (not including) `end`. */
export function samplesBetween(first: number, end: number, samples: number, batchSize: number): number {
  return Math.max(0, Math.min(end * batchSize, samples) - first * batchSize);
}

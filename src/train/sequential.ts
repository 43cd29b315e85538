/**
 * Sequential training: momentum SGD in one process, any number of threads.
 *
 * @module
 */
import type { Dataset, Split } from "../data/dataset.ts";
import type { SparseMlp } from "../model/model.ts";
import { scheduleFactor } from "../model/schedule.ts";
import { tileWidth } from "../model/tile.ts";
import { applyGradients, squaredNorm } from "../native/optimizer.ts";
import { shuffle } from "../native/random.ts";
import { trainBatch, workspaceWords } from "../native/step.ts";
import { sharedWords } from "../sparse/shared.ts";
import { changeTopology, type TopologyCounts } from "../topology/change.ts";
import { BatchBuilder } from "./batches.ts";
import { diverged, type Engine, type Trained } from "./engine.ts";
import { EventLoopTurn } from "./event_loop_turn.ts";
import { stepConstants, type TrainSettings } from "./options.ts";
import type { RunState } from "./state.ts";

/** Training in one process: the buffers of a run, and what is done with them. */
export class SequentialEngine implements Engine {
  readonly #model: SparseMlp;
  readonly #settings: TrainSettings;
  readonly #constants: ReturnType<typeof stepConstants>;
  readonly #samples: number;
  readonly #builder: BatchBuilder;
  readonly #order: Uint32Array;
  readonly work: Uint32Array;
  #gradients: Uint32Array;
  readonly #totals = new Float64Array(2);
  readonly #turn = new EventLoopTurn();

  constructor(model: SparseMlp, data: Dataset, split: Split, settings: TrainSettings) {
    const { batchSize, threads, seed, dropout, augmentation, activationStorage, recompute } = settings;
    const width = tileWidth(model.settings.sizes, batchSize, settings);
    this.#model = model;
    this.#settings = settings;
    this.#constants = stepConstants(settings);
    this.#samples = split.samples;
    this.#builder = new BatchBuilder({
      split,
      standardization: model.standardization!,
      batchSize,
      width,
      activationStorage,
      threads,
      seed,
      ...(augmentation && { augmentation }),
      ...(data.image && { image: data.image }),
    });
    this.#order = sharedWords(split.samples);
    const use = { training: true, dropout: dropout > 0, activationStorage, recompute };
    this.work = sharedWords(workspaceWords(model.memory, width, use));
    // Nesterov's form needs the whole gradient of a batch that passes in several tiles.
    const written = settings.gradientFlow || (settings.nesterov && batchSize > width);
    this.#gradients = written ? model.allocateGradients() : new Uint32Array(0);
  }

  /** One pass over the training samples, in random order, from where the state stands. */
  async epoch(epoch: number, state: RunState): Promise<Trained> {
    const { batchSize, seed, epochs, maxSteps, signal, onProgress } = this.#settings;
    shuffle(this.#order, seed, epoch);
    const steps = Math.ceil(this.#samples / batchSize);
    const end = Math.min(steps, maxSteps - (epoch - 1) * steps);
    const base = this.#settings;
    const rate = (number: number) =>
      base.learningRate * scheduleFactor(base.schedule, number / steps, epochs);
    if (state.step > steps) {
      throw new RangeError(
        `Cannot go on from step ${state.step}: with this batch size an epoch has ${steps}`,
      );
    }
    let learningRate = rate(epoch * steps - 1);
    const [started, before] = [performance.now(), state.step * batchSize];
    for (let step = state.step; step < end; step++) {
      signal?.throwIfAborted();
      const first = step * batchSize;
      const size = Math.min(batchSize, this.#samples - first);
      const number = (epoch - 1) * steps + step;
      learningRate = rate(number);
      state.flow += this.#step(this.#builder.build(this.#order, first, size, epoch), learningRate, number);
      state.loss += this.#totals[0];
      state.correct += this.#totals[1];
      state.step = step + 1;
      if (!Number.isFinite(state.loss)) {
        throw diverged(`the loss is not finite in epoch ${epoch}, step ${step + 1}`, learningRate);
      }
      if (this.#turn.due) {
        const done = first + size;
        await onProgress?.({
          epoch,
          epochs,
          step: step + 1,
          steps,
          loss: state.loss / done,
          stepLoss: this.#totals[0] / size,
          accuracy: state.correct / done,
          samplesPerSecond: (done - before) / ((performance.now() - started) / 1000),
        });
        await this.#turn.take();
      }
    }
    const samples = samplesBetween(0, end, this.#samples, batchSize);
    return {
      trainLoss: state.loss / samples,
      trainAccuracy: this.#model.settings.task === "classification" ? state.correct / samples : NaN,
      learningRate,
      ...(this.#settings.gradientFlow && { gradientFlow: state.flow / end }),
    };
  }

  /** One step; returns the squared norm of the gradient where it is asked for. */
  #step(batch: Parameters<typeof trainBatch>[2], learningRate: number, step: number): number {
    const { memory } = this.#model;
    const settings = { ...this.#constants, learningRate, step };
    trainBatch(memory, this.#gradients, batch, settings, this.work, this.#totals);
    if (this.#gradients.length === 0) return 0;
    const flow = this.#settings.gradientFlow ? squaredNorm(memory, this.#gradients) : 0;
    applyGradients(memory, this.#gradients, settings, settings.threads);
    return flow;
  }

  changeTopology(epoch: number): TopologyCounts {
    const { memory } = this.#model;
    const counts = changeTopology(this.#model, this.#settings, epoch, { onPhase: this.#settings.onPhase });
    const compacted = memory !== this.#model.memory;
    if (compacted && this.#gradients.length > 0) this.#gradients = this.#model.allocateGradients();
    return counts;
  }
}

/** Samples of the steps from `first` up to (not including) `end`. */
export function samplesBetween(first: number, end: number, samples: number, batchSize: number): number {
  return Math.max(0, Math.min(end * batchSize, samples) - first * batchSize);
}

/**
 * A run as TensorBoard shows it.
 *
 * Below the folder stand up to four runs: `train`, `validation` and `test` by epochs, with the same tags for the same
 * metrics, so that TensorBoard lays them over each other; `steps` by steps. A folder has one axis, so that a run which
 * goes on from a checkpoint can say from where on it takes the place of what was written before.
 *
 * @module
 */
import type { SparseMlp } from "../model/model.ts";
import type { EpochRecord, StepRecord } from "../train/records.ts";
import { EventFile } from "./event_file.ts";
import { histogramOf } from "./histogram.ts";
import { markdownTable } from "./markdown_table.ts";
import { type EncodeEvent, eventEncoder, textValue, type Value } from "./messages.ts";

/** What is told of a run beside its records. */
export interface BoardOptions {
  /** Epochs done before. */
  readonly epochsDone: number;
  /** Steps that a point of the loss is the mean of. */
  readonly every: number;
  /** What the run was asked for, by name. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Parts of the data that are measured after an epoch. */
const PARTS = ["train", "validation", "test"] as const;

/** A run below the folder. */
type RunName = typeof PARTS[number] | "steps";

/** Writes the event files of one run; close it with `using`. */
export class Board implements Disposable {
  readonly #folder: string;
  readonly #encode: EncodeEvent;
  readonly #options: BoardOptions;
  readonly #files = new Map<RunName, EventFile>();
  /** Steps since the last point, the sum of their losses, and the last one's number and learning rate. */
  readonly #since = { steps: 0, loss: 0, number: 0, learningRate: 0 };

  private constructor(folder: string, encode: EncodeEvent, options: BoardOptions) {
    this.#folder = folder;
    this.#encode = encode;
    this.#options = options;
  }

  /**
   * Begins with the settings, and so with the folder.
   *
   * @param folder Made where it is missing; what it has of earlier runs stays there.
   * @throws {Error} The system's error, where nothing can be written there.
   */
  static async open(folder: string, options: BoardOptions): Promise<Board> {
    const board = new Board(folder, await eventEncoder(), options);
    const first = options.epochsDone + 1;
    try {
      const file = board.#file("train", first);
      file.write(first, [textValue("settings", markdownTable(options.settings))]);
      file.flush();
    } catch (cause) {
      board[Symbol.dispose]();
      throw cause;
    }
    return board;
  }

  /**
   * Adds a step to the mean that is written every few steps.
   *
   * @throws {Error} The system's error, as when the disk is full.
   */
  step({ epoch, step, steps, loss, learningRate }: StepRecord): void {
    const since = this.#since;
    since.steps++;
    since.loss += loss;
    since.number = (epoch - 1) * steps + step;
    since.learningRate = learningRate;
    if (since.number % this.#options.every === 0) this.#writeSteps();
  }

  /**
   * Writes what an epoch gave, and how the weights are spread after it. Cost: two passes over the weights.
   *
   * @throws {Error} The system's error, as when the disk is full.
   */
  epoch(record: EpochRecord, model: SparseMlp): void {
    for (const part of PARTS) {
      const values = [
        ...scalar("epoch/loss", record[`${part}Loss`]),
        ...scalar("epoch/accuracy", record[`${part}Accuracy`]),
        ...(part === "validation" ? scalar("epoch/score", record.validationScore) : []),
        ...(part === "train" ? [...ofRun(record), ...ofModel(model)] : []),
      ];
      if (values.length > 0) this.#file(part, this.#options.epochsDone + 1).write(record.epoch, values);
    }
    for (const file of this.#files.values()) file.flush();
  }

  /**
   * Writes the mean of the last steps, where they were too few for a point.
   *
   * @throws {Error} The system's error, as when the disk is full.
   */
  end(): void {
    if (this.#since.steps > 0) this.#writeSteps();
    for (const file of this.#files.values()) file.flush();
  }

  /** Closes the files. */
  [Symbol.dispose](): void {
    for (const file of this.#files.values()) file[Symbol.dispose]();
    this.#files.clear();
  }

  #writeSteps(): void {
    const { steps, loss, number, learningRate } = this.#since;
    this.#file("steps", number - steps + 1).write(number, [
      ...scalar("step/loss", loss / steps),
      ...scalar("step/learning_rate", learningRate),
    ]);
    this.#since.steps = this.#since.loss = 0;
  }

  #file(run: RunName, firstStep: number): EventFile {
    let file = this.#files.get(run);
    if (file === undefined) {
      file = EventFile.open(`${this.#folder}/${run}`, firstStep, this.#encode);
      this.#files.set(run, file);
    }
    return file;
  }
}

/** What is no metric of a part of the data. */
function ofRun(record: EpochRecord): Value[] {
  const { replaced, pruned, seconds, evolutionSeconds, evaluationSeconds, slopes = [], parallel } = record;
  return [
    ...scalar("epoch/learning_rate", record.learningRate),
    ...scalar("epoch/gradient_flow", record.gradientFlow),
    ...scalar("topology/replaced", replaced),
    ...scalar("topology/pruned", pruned),
    ...scalar("topology/ever_connected", record.topology?.everConnected),
    ...scalar("time/samples_per_second", record.samplesPerSecond),
    ...scalar("time/training_seconds", seconds),
    ...scalar("time/evolution_seconds", evolutionSeconds),
    ...scalar("time/evaluation_seconds", evaluationSeconds),
    ...slopes.flatMap((slope, index) => scalar(`slope/layer_${index + 1}`, slope)),
    ...scalar("parallel/mean_staleness", parallel?.meanStaleness),
    ...scalar("parallel/dropped_gradients", parallel?.droppedGradients),
    ...scalar("parallel/replaced_workers", parallel?.replacedWorkers?.length),
    ...scalar("parallel/exchanges", parallel?.exchanges),
    ...scalar("parallel/mean_exchange_age", parallel?.meanExchangeAge),
    ...scalar("parallel/model_distance", parallel?.modelDistance),
    ...scalar("parallel/topology_overlap", parallel?.topologyOverlap),
    ...(parallel?.idleSeconds ?? []).flatMap((idle, index) =>
      scalar(`parallel/idle_seconds_${index + 1}`, idle)
    ),
  ];
}

/** How large a network is, and how its weights are spread. */
function ofModel(model: SparseMlp): Value[] {
  const { density, connections, parameters, layers } = model.stats();
  return [
    ...scalar("network/density", density),
    ...scalar("network/connections", connections),
    ...scalar("network/parameters", parameters),
    ...layers.flatMap((layer, index) => scalar(`connections/layer_${index + 1}`, layer.connections)),
    ...model.layers.flatMap(({ values, nnz }, index) => {
      const histo = histogramOf(values.subarray(0, nnz));
      return histo === undefined ? [] : [{ tag: `weights/layer_${index + 1}`, histo }];
    }),
  ];
}

/** A number, where there is one. */
function scalar(tag: string, value: number | undefined): Value[] {
  return value === undefined || !Number.isFinite(value) ? [] : [{ tag, simple_value: value }];
}

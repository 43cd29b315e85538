/**
 * What is shown while something runs: a bar on a terminal, else a line now and then.
 *
 * @module
 */
import type { EpochRecord } from "../train/records.ts";
import type { PhaseProgress, Progress } from "../train/hooks.ts";
import { count, percent, rate, signed, span } from "../format.ts";
// @ts-types="./cli_progress.d.ts"
import progress from "npm:cli-progress@3.12.0";

/** Milliseconds between two drawings of a bar. */
const REDRAW_MS = 100;
/** Bytes of a file from which training says that it is being saved. */
const LARGE_BYTES = 64 * 2 ** 20;

function newBar(format: string): InstanceType<typeof progress.SingleBar> {
  return new progress.SingleBar({
    format,
    barsize: 24,
    barCompleteChar: "━",
    barIncompleteChar: "─",
    hideCursor: true,
    clearOnComplete: true,
    fps: 1000 / REDRAW_MS,
    stopOnComplete: false,
  });
}

/** Whether a bar may be drawn: on a terminal, and nowhere else. */
export function drawsBars(): boolean {
  return Deno.stderr.isTerminal();
}

/** Shows how far reading is; dispose of it when done. */
export interface LoadingBar extends Disposable {
  update(what: string, doneBytes: number, totalBytes: number): void;
}

/** A bar for reading files, which appears only where reading takes a while. */
export function loadingBar(shown: boolean): LoadingBar {
  if (!shown || !drawsBars()) return { update: () => {}, [Symbol.dispose]: () => {} };
  const patience = performance.now() + 300;
  let bar: InstanceType<typeof progress.SingleBar> | undefined;
  return {
    update(what, doneBytes, totalBytes) {
      if (performance.now() < patience) return;
      const share = totalBytes > 0 ? doneBytes / totalBytes : 0;
      if (bar === undefined) {
        bar = newBar("{bar} {percentage} %  {what}");
        bar.start(1, 0, { what });
      }
      bar.update(share, { what });
    },
    [Symbol.dispose]: () => bar?.stop(),
  };
}

/** Shows how far training is. */
export interface TrainingView {
  /** Between steps. */
  step(progress: Progress): void;
  /** Between kernel calls of what is no step. */
  phase(progress: PhaseProgress): void;
  /** After an epoch. */
  epoch(record: EpochRecord): void;
  /** While a checkpoint is written. */
  saving(doneBytes: number, totalBytes: number): void;
  /** A sentence that must be seen. */
  notice(text: string): void;
  /** Takes the bar away. */
  stop(): void;
}

/** Which epochs are shown and how they are called. */
export interface TrainingViewOptions {
  readonly epochs: number;
  /** Epochs done before this run. */
  readonly epochsDone: number;
  /** Steps after which the run ends. */
  readonly maxSteps?: number | undefined;
}

/** Shows nothing but notices. */
export function silentView(): TrainingView {
  const nothing = () => {};
  return {
    step: nothing,
    phase: nothing,
    epoch: nothing,
    saving: nothing,
    notice: (text) => console.error(text),
    stop: nothing,
  };
}

/** Milliseconds between two objects about progress. */
const TELL_MS = 5000;

/**
 * Prints an object now and then where an epoch, or what lies between epochs, takes long.
 *
 * @param everyMs Milliseconds from one object to the next, and before the first.
 */
export function jsonView(print: (event: Record<string, unknown>) => void, everyMs = TELL_MS): TrainingView {
  let told = performance.now();
  const tell = (event: Record<string, unknown>) => {
    if (performance.now() - told < everyMs) return;
    told = performance.now();
    print({ event: "progress", ...event });
  };
  return {
    ...silentView(),
    step: ({ epoch, step, steps, loss, stepLoss, samplesPerSecond }) =>
      tell({ phase: "training", epoch, done: step, total: steps, loss, stepLoss, samplesPerSecond }),
    phase: (progress) => tell({ ...progress }),
  };
}

/** A line for an epoch, thinned to about 25 in all. */
export function lineView({ epochs, epochsDone }: TrainingViewOptions): TrainingView {
  const every = thinning(epochs - epochsDone);
  return {
    ...silentView(),
    epoch(record) {
      const { epoch, trainLoss, parameters, samplesPerSecond, slopes } = record;
      if (epoch !== epochsDone + 1 && epoch !== epochs && epoch % every !== 0) return;
      const number = String(epoch).padStart(String(epochs).length);
      console.error(
        `epoch ${number}/${epochs}  loss ${trainLoss.toFixed(4)}  ${scores(record)}` +
          `  ${count(parameters)} parameters  ${rate(samplesPerSecond)}` +
          (slopes === undefined ? "" : `  slopes ${slopes.map(signed).join(" ")}`),
      );
    },
  };
}

/** The smallest of 1, 2, 5, 10, 20, 50 … that leaves at most 25 lines. */
function thinning(epochs: number): number {
  for (let power = 1;; power *= 10) {
    for (const step of [1, 2, 5]) if (epochs / (step * power) <= 25) return step * power;
  }
}

/** Accuracies of a record, or losses where there are none. */
function scores(record: EpochRecord): string {
  const { trainAccuracy, validationAccuracy, testAccuracy, validationLoss, testLoss } = record;
  const part = (name: string, accuracy: number | undefined, loss: number | undefined) => {
    if (accuracy !== undefined && !Number.isNaN(accuracy)) return [`${name} ${percent(accuracy)}`];
    return loss === undefined ? [] : [`${name} loss ${loss.toFixed(4)}`];
  };
  return [
    ...part("train", trainAccuracy, undefined),
    ...part("validation", validationAccuracy, validationLoss),
    ...part("test", testAccuracy, testLoss),
  ].join("  ");
}

/** A bar with epoch, loss, accuracy, samples a second, and the time left of the whole run. */
export function barView({ epochs, epochsDone, maxSteps = Infinity }: TrainingViewOptions): TrainingView {
  const bar = newBar("{bar} epoch {epoch}/{epochs}  loss {loss}  {scores}  {rate}  {left} left");
  const started = performance.now();
  let last = "";
  let [drawn, total, reached] = [-Infinity, epochs, epochsDone];
  const [epoch, of] = [String(epochsDone + 1), String(epochs)];
  let payload = { epoch, epochs: of, loss: "–", scores: "", rate: "", left: "–" };
  bar.start(epochs, epochsDone, payload);
  const draw = (done: number, change: Partial<typeof payload>) => {
    const now = performance.now();
    if (now - drawn < REDRAW_MS) return;
    [drawn, reached] = [now, done];
    const secondsAnEpoch = (now - started) / 1000 / (done - epochsDone);
    const left = done > epochsDone ? span((total - done) * secondsAnEpoch) : "–";
    payload = { ...payload, ...change, left };
    bar.update(done, payload);
  };
  return {
    step({ epoch, step, steps, loss, accuracy, samplesPerSecond }) {
      total = Math.min(epochs, maxSteps / steps);
      bar.setTotal(total);
      const train = Number.isNaN(accuracy) ? "" : `train ${percent(accuracy)}`;
      draw(epoch - 1 + step / steps, {
        epoch: String(epoch),
        loss: loss.toFixed(4),
        scores: [train, last].filter(Boolean).join("  "),
        rate: rate(samplesPerSecond),
      });
    },
    phase({ phase, epoch, done, total }) {
      draw(reached, { epoch: String(epoch), rate: "", scores: `${phase} ${percent(done / total)}` });
    },
    epoch(record) {
      const { epoch, trainLoss, samplesPerSecond } = record;
      const { testAccuracy, testLoss } = record;
      if (testAccuracy !== undefined && !Number.isNaN(testAccuracy)) last = `test ${percent(testAccuracy)}`;
      else if (testLoss !== undefined) last = `test loss ${testLoss.toFixed(4)}`;
      draw(epoch, {
        epoch: String(epoch),
        loss: trainLoss.toFixed(4),
        scores: scores(record),
        rate: rate(samplesPerSecond),
      });
    },
    saving(doneBytes, totalBytes) {
      if (totalBytes >= LARGE_BYTES) draw(reached, { rate: `saving ${percent(doneBytes / totalBytes)}` });
    },
    notice(text) {
      // The bar's line is drawn anew below.
      console.error(`\r\x1b[K${text}`);
    },
    stop: () => bar.stop(),
  };
}

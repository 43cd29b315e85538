/**
 * Which rate is chosen, and how long a system takes to an accuracy.
 *
 * @module
 */
import { OURS } from "../peers/table.ts";

/** What a training program prints: one number an epoch. */
export interface Training {
  readonly system: string;
  readonly version: string;
  readonly connections: number;
  /** Fractions of the samples it is judged by. */
  readonly accuracies: readonly number[];
  /** Seconds of training, evolution included, evaluation left out. */
  readonly epochSeconds: readonly number[];
  /** Seconds of an epoch in the quietest part of the run; null where no epoch ended. */
  readonly leastEpochSeconds: number | null;
  /** Whether the loss was no number any more. */
  readonly diverged: boolean;
}

/** One line of the table: a system with one schedule, at the rate chosen for it. */
export interface Line {
  readonly system: string;
  readonly version: string;
  readonly schedule: string;
  readonly rate: number;
  /** Epochs it could train. */
  readonly limit: number;
  readonly accuracies: readonly number[];
  /** Seconds an epoch, measured alone, by number of threads. */
  readonly secondsAnEpoch: Readonly<Record<number, number>>;
}

/**
 * The candidates whose loss stayed finite, best first by their last accuracy on the validation part; equal ones keep
 * their order.
 *
 * @throws {RangeError} When there is none.
 */
export function ranked<T extends { readonly training: Training }>(candidates: readonly T[]): T[] {
  const finite = candidates.filter(({ training }) => !training.diverged);
  if (finite.length === 0) {
    throw new RangeError("Cannot choose a rate: no training kept a finite loss, smaller rates are needed");
  }
  const last = ({ training }: T) => training.accuracies.at(-1)!;
  return finite.toSorted((a, b) => last(b) - last(a));
}

/** The epoch after which an accuracy is reached for the first time; undefined where it never is. */
export function epochsTo(accuracies: readonly number[], accuracy: number): number | undefined {
  const index = accuracies.findIndex((reached) => reached >= accuracy);
  return index < 0 ? undefined : index + 1;
}

/** Epochs to an accuracy × seconds of an epoch measured alone; undefined where either is missing. */
export function secondsTo(line: Line, accuracy: number, threads: number): number | undefined {
  const epochs = epochsTo(line.accuracies, accuracy);
  const each = line.secondsAnEpoch[threads];
  return epochs === undefined || each === undefined ? undefined : epochs * each;
}

/**
 * The table in Markdown, and one line that compares ours with the fastest peer, each at its better schedule.
 *
 * @param targets Accuracies, rising; the last is the one that is compared.
 */
export function markdown(
  lines: readonly Line[],
  targets: readonly number[],
  threads: readonly number[],
): string {
  const percent = (fraction: number) => `${+(100 * fraction).toFixed(2)} %`;
  const cell = (line: Line, target: number) => {
    const epochs = epochsTo(line.accuracies, target);
    if (epochs === undefined) {
      const best = Math.max(0, ...line.accuracies);
      return `not within ${line.limit} epochs (best ${percent(best)})`;
    }
    const seconds = threads.map((count) => secondsTo(line, target, count)?.toPrecision(3))
      .filter((shown) => shown !== undefined);
    return `${seconds.join(" / ")} (${epochs})`;
  };
  const heading = ["system", "rate", `s an epoch, threads: ${threads.join(" / ")}`]
    .concat(targets.map((target) => `s to ${percent(target)} (epochs)`));
  const rows = lines.map((line) => [
    `${line.system} ${line.version}`,
    `${line.schedule} ${line.rate}`,
    threads.map((count) => line.secondsAnEpoch[count]?.toPrecision(3) ?? "–").join(" / "),
    ...targets.map((target) => cell(line, target)),
  ]);
  const table = [heading, heading.map((_, column) => column < 2 ? "---" : "---:"), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`);
  return [...table, "", ...threads.map((count) => compared(lines, targets.at(-1)!, count))].join("\n");
}

function compared(lines: readonly Line[], target: number, threads: number): string {
  const least = (mine: boolean) =>
    lines.filter(({ system }) => (system === OURS) === mine)
      .map((line) => ({ line, seconds: secondsTo(line, target, threads) ?? Infinity }))
      .toSorted((a, b) => a.seconds - b.seconds)[0];
  const [ours, peer] = [least(true), least(false)];
  const what = `${100 * target} %, ${threads} thread(s)`;
  if (ours === undefined || ours.seconds === Infinity) return `${what}: ours does not get there`;
  if (peer === undefined || peer.seconds === Infinity) return `${what}: no peer that was timed gets there`;
  return `${what}: ours takes ${
    (ours.seconds / peer.seconds).toPrecision(2)
  } of the time of the fastest peer, ` +
    `${peer.line.system} (${peer.line.schedule})`;
}

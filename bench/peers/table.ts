/**
 * The table that `deno task bench:peers` prints.
 *
 * @module
 */
import type { Row } from "./measurement.ts";

/** The system that the others are compared with. */
export const OURS = "truly-sparse";

/**
 * Lays the rows out in aligned columns: system, median and range of milliseconds a step, ratio to ours.
 * Their notes follow, one a line.
 *
 * @param threads Numbers of threads, one pair of columns each.
 */
export function formatTable(rows: readonly Row[], threads: readonly number[]): string {
  const ours = rows.find((row) => row.system === OURS);
  const heading = [
    "system",
    ...threads.map((count) => `ms a step, ${plural(count)}`),
    ...threads.map((count) => `× ours, ${plural(count)}`),
  ];
  const lines = rows.map((row) => [
    row.version === undefined ? row.system : `${row.system} ${row.version}`,
    ...threads.map((count) => milliseconds(row, count)),
    ...threads.map((count) => ratio(row, ours, count)),
  ]);
  const widths = heading.map((_, column) =>
    Math.max(...[heading, ...lines].map((line) => line[column].length))
  );
  const table = [heading, widths.map((width) => "─".repeat(width)), ...lines]
    .map((line) => line.map((cell, column) => cell.padEnd(widths[column])).join("  ").trimEnd());
  const notes = rows.filter(({ note }) => note !== undefined).map(({ system, note }) => `${system}: ${note}`);
  return [...table, ...notes].join("\n");
}

/** The same systems on one instruction set. */
export interface LevelRows {
  /** "AVX2". */
  readonly name: string;
  readonly rows: readonly Row[];
}

/**
 * One Markdown table with instruction sets beside each other: milliseconds a step and how many times ours they are,
 * each the least and the median of all samples.
 */
export function markdown(levels: readonly LevelRows[], threads: number): string {
  const heading = levels.flatMap((
    { name },
  ) => [`${name}: ms a step, least / median`, `${name}: × ours, least / median`]);
  const lines = levels[0].rows.map(({ system, version }) => {
    const cells = levels.flatMap(({ rows }) => {
      const row = rows.find((candidate) => candidate.system === system)!;
      const timing = row.timings[threads];
      const ours = rows.find((candidate) => candidate.system === OURS);
      const both = timing && `${digits(timing.minMs)} / ${digits(timing.medianMs)}`;
      const least = timing && ours?.timings[threads] && digits(timing.minMs / ours.timings[threads].minMs);
      return [both ?? "–", least === undefined ? "–" : `${least} / ${ratio(row, ours, threads)}`];
    });
    return [version === undefined ? system : `${system} ${version}`, ...cells];
  });
  const dashes = ["---", ...heading.map(() => "---:")];
  return [[`system, ${plural(threads)}`, ...heading], dashes, ...lines]
    .map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function milliseconds(row: Row, threads: number): string {
  const timing = row.timings[threads];
  if (timing === undefined) return "–";
  if (timing.samplesMs.length === 0) return digits(timing.medianMs);
  return `${digits(timing.medianMs)} (${digits(timing.minMs)}–${digits(timing.maxMs)})`;
}

function ratio(row: Row, ours: Row | undefined, threads: number): string {
  const [theirMs, ourMs] = [row.timings[threads]?.medianMs, ours?.timings[threads]?.medianMs];
  return theirMs === undefined || ourMs === undefined ? "–" : digits(theirMs / ourMs);
}

/** Three digits are more than these measurements are good for. */
function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function plural(threads: number): string {
  return threads === 1 ? "1 thread" : `${threads} threads`;
}

/**
 * What systems scored on tables, and how that becomes a table and two bars.
 *
 * @module
 */

/** The one line of JSON that a system prints for a table. */
export interface Score {
  readonly table: string;
  /** Accuracy or R² of each fold. */
  readonly scores: readonly number[];
  /** Seconds of training, over all folds. */
  readonly seconds: number;
}

/** The line of JSON of a table that was made, or why it was not. */
export type MadeTable =
  | {
    readonly table: string;
    readonly task: "classification" | "regression";
    readonly rows: number;
    readonly columns: number;
    /** 0 for regression. */
    readonly classes: number;
  }
  | { readonly table: string; readonly missing: string };

/** A table and the scores of all systems on it. */
export interface Row {
  readonly table: Exclude<MadeTable, { readonly missing: string }>;
  /** Keyed by system; a system that failed is absent. */
  readonly scores: Readonly<Record<string, Score>>;
}

/** Systems whose best score a table is compared with. */
export const BEST_OF: readonly string[] = ["linear", "mlp", "forest"];
/** What this package is called here. */
export const OURS = "truly sparse";
/** The neural network of others. */
export const RIVAL = "mlp";

/**
 * Reads a line that a system printed.
 *
 * @throws {SyntaxError} When it is not JSON, or lacks the scores.
 */
export function parseScore(line: string): Score {
  const found: Score = JSON.parse(line);
  const finite = Array.isArray(found.scores) && found.scores.length > 0 &&
    found.scores.every(Number.isFinite);
  if (finite && typeof found.table === "string" && found.seconds >= 0) return found;
  throw new SyntaxError(`Cannot read a score: "scores" needs finite numbers, found ${line}`);
}

/** Mean over the folds, in points of 100. */
export function points({ scores }: Score): number {
  return 100 * scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

/** How ours stands over all tables that it and its three rivals have scored, in points. */
export interface Summary {
  readonly tables: number;
  /** Mean score of each system that has all those tables. */
  readonly means: Readonly<Record<string, number>>;
  /** Mean of the best of {@linkcode BEST_OF} on each table. */
  readonly best: number;
  /** Ours less MLP's. */
  readonly aheadOfMlp: number;
  /** Ours less the best's. */
  readonly aheadOfBest: number;
}

/**
 * Means over the tables.
 *
 * R² has no lower end, so one below 0, which is worse than always answering the mean, counts as 0 for everyone: a
 * single failure would else decide the means.
 */
export function summarise(rows: readonly Row[]): Summary {
  const full = rows.filter(({ scores }) => [OURS, ...BEST_OF].every((system) => system in scores));
  const mean = (of: (row: Row) => number) => full.reduce((sum, row) => sum + of(row), 0) / full.length;
  const counted = (row: Row, system: string) => Math.max(0, points(row.scores[system]));
  const systems = Object.keys(full[0]?.scores ?? {}).filter((system) =>
    full.every(({ scores }) => system in scores)
  );
  const means = Object.fromEntries(systems.map((system) => [system, mean((row) => counted(row, system))]));
  const best = mean((row) => Math.max(...BEST_OF.map((system) => counted(row, system))));
  return {
    tables: full.length,
    means,
    best,
    aheadOfMlp: means[OURS] - means[RIVAL],
    aheadOfBest: means[OURS] - best,
  };
}

/** The table in Markdown: a row each, in points, the seconds of a training of ours last. */
export function markdown(rows: readonly Row[], systems: readonly string[]): string {
  const head = ["table", "rows × columns", "classes", ...systems, "s a training"];
  const cells = rows.map(({ table, scores }) => [
    table.table,
    `${table.rows} × ${table.columns}`,
    table.classes === 0 ? "R²" : `${table.classes}`,
    ...systems.map((system) => scores[system] === undefined ? "–" : points(scores[system]).toFixed(1)),
    scores[OURS] === undefined ? "–" : (scores[OURS].seconds / scores[OURS].scores.length).toFixed(2),
  ]);
  const line = (row: readonly string[]) => `| ${row.join(" | ")} |`;
  return [line(head), line(head.map((_, at) => at === 0 ? "---" : "---:")), ...cells.map(line)].join("\n");
}

/** The summary in words. */
export function told({ tables, means, best, aheadOfMlp, aheadOfBest }: Summary): string {
  if (tables === 0) return `No table was scored by all of ${[OURS, ...BEST_OF].join(", ")}`;
  const signed = (value: number) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
  const shown = Object.entries(means).map(([system, mean]) => `${system} ${mean.toFixed(2)}`).join(", ");
  return [
    `Means over ${tables} tables: ${shown}; best of ${BEST_OF.join(", ")} on each table ${best.toFixed(2)}`,
    `${OURS} against ${RIVAL}: ${signed(aheadOfMlp)} points (bar +2)`,
    `${OURS} against the best on each table: ${signed(aheadOfBest)} points (bar −1)`,
  ].join("\n");
}

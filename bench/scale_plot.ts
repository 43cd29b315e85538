/**
 * The loss of extreme networks by step, drawn from the results of `bench/scale.ts`.
 *
 * `deno run --allow-read bench/scale_plot.ts bench/results/<date>-scale-*.json > docs/scale-loss.svg`
 *
 * @module
 */
import { type Curve, svg } from "./plot.ts";

/** What a result of `bench/scale.ts` says of one network. */
interface Row {
  readonly row: string;
  readonly sizes: readonly number[];
  readonly connections: number;
  readonly batchSize: number;
  /** Of each step, with dropout in force. */
  readonly losses: readonly number[];
}

const COLOURS = ["#1f6feb", "#d9730d", "#1a7f37", "#8250df", "#cf222e", "#7d8590", "#9a6700"];

/** The line of one network. */
export function lossCurve({ sizes, connections, batchSize, losses }: Row, colour: string): Curve {
  const neurons = sizes.slice(1, -1).reduce((sum, size) => sum + size, 0);
  const label = `${neurons / 1e6} M neurons, ${
    (connections / 1e6).toFixed(0)
  } M connections, batches of ${batchSize}`;
  return { label, colour, values: losses };
}

if (import.meta.main) {
  const rows = Deno.args.flatMap((path): Row[] => JSON.parse(Deno.readTextFileSync(path)).rows);
  const panel = (title: string, chosen: readonly Row[], lowest: number, grid: number) => ({
    title,
    curves: chosen.map((row, place) => lossCurve(row, COLOURS[place])),
    dashed: [],
    lowest,
    highest: 0.7,
    grid,
    written: (value: number) => value.toFixed(2),
    mean: 1,
  });
  const deep = (row: Row) => row.sizes.length > 7;
  console.log(
    svg([
      panel("Loss by step, 2 and 4 hidden layers", rows.filter((row) => !deep(row)), 0, 0.1),
      panel("Loss by step, 10 hidden layers", rows.filter(deep), 0.5, 0.05),
    ]).trimEnd(),
  );
}

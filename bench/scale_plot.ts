/**
 * The loss of extreme networks by step, drawn from the results of `bench/scale.ts`.
 *
 * `deno run --allow-read bench/scale_plot.ts bench/results/<date>-scale-*.json > docs/scale-loss.svg`
 *
 * @module
 */
import { type Curve, svg } from "./plot.ts";

/** What a result of `bench/scale.ts` says of one network. */
export interface ScaleResult {
  readonly sizes: readonly number[];
  readonly connections: number;
  readonly settings: { readonly "batch-size": number };
  /** The loss of steps, with dropout in force. */
  readonly curve: readonly { readonly step: number; readonly loss: number }[];
}

const COLOURS = ["#1f6feb", "#d9730d", "#1a7f37", "#8250df", "#cf222e", "#7d8590", "#9a6700"];

/** The line of one network. */
export function lossCurve({ sizes, connections, settings, curve }: ScaleResult, colour: string): Curve {
  const neurons = sizes.slice(1, -1).reduce((sum, size) => sum + size, 0);
  const label = `${neurons / 1e6} M neurons, ${(connections / 1e6).toFixed(0)} M connections, batches of ${
    settings["batch-size"]
  }`;
  return { label, colour, values: curve.map(({ loss }) => loss) };
}

if (import.meta.main) {
  const results = Deno.args.map((path): ScaleResult => JSON.parse(Deno.readTextFileSync(path)));
  const panel = (title: string, chosen: readonly ScaleResult[], lowest: number, grid: number) => ({
    title,
    curves: chosen.map((result, place) => lossCurve(result, COLOURS[place])),
    dashed: [],
    lowest,
    highest: 0.7,
    grid,
    written: (value: number) => value.toFixed(2),
    mean: 1,
  });
  const deep = ({ sizes }: ScaleResult) => sizes.length > 7;
  console.log(
    svg([
      panel("Loss by step, 2 and 4 hidden layers", results.filter((result) => !deep(result)), 0, 0.1),
      panel("Loss by step, 10 hidden layers", results.filter(deep), 0.67, 0.01),
    ]).trimEnd(),
  );
}

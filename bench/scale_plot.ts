/**
 * The loss of extreme networks by step, drawn from the results of `bench/scale.ts`.
 *
 * `deno run --allow-read --allow-write bench/scale_plot.ts bench/results/<date>-scale-*.json`
 *
 * writes `docs/scale-loss.svg`, of networks with 2 and 4 hidden layers, and `docs/scale-loss-deep.svg`, of those with more.
 *
 * @module
 */
import { curves, type Line } from "../src/figures/curves.ts";

/** What a result of `bench/scale.ts` says of one network. */
export interface ScaleResult {
  readonly sizes: readonly number[];
  readonly connections: number;
  readonly settings: { readonly "batch-size": number };
  /** The loss of steps, with dropout in force. */
  readonly curve: readonly { readonly step: number; readonly loss: number }[];
}

/** The line of one network. */
export function lossLine({ sizes, connections, settings, curve }: ScaleResult): Line {
  const neurons = sizes.slice(1, -1).reduce((sum, size) => sum + size, 0);
  const name = `${neurons / 1e6} M neurons, ${(connections / 1e6).toFixed(0)} M connections, batches of ${
    settings["batch-size"]
  }`;
  return { name, x: curve.map(({ step }) => step), y: curve.map(({ loss }) => loss) };
}

if (import.meta.main) {
  const results = Deno.args.map((path): ScaleResult => JSON.parse(Deno.readTextFileSync(path)));
  const deep = ({ sizes }: ScaleResult) => sizes.length > 7;
  const pictures = [
    ["scale-loss", "2 and 4 hidden layers", results.filter((result) => !deep(result))],
    ["scale-loss-deep", "10 hidden layers", results.filter(deep)],
  ] as const;
  for (const [file, of, chosen] of pictures) {
    const label = `The loss of extreme networks of ${of} by step`;
    const axes = { x: "step", y: `loss, ${of}`, width: 520, height: 360 };
    const picture = await curves(label, chosen.map(lossLine), axes);
    await Deno.writeTextFile(new URL(`../docs/${file}.svg`, import.meta.url), `${picture}\n`);
  }
}

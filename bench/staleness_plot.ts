/**
 * What many workers do to learning, drawn and told from the result of `bench/parallel_staleness.ts`:
 *
 *     deno run --allow-read --allow-write --allow-env bench/staleness_plot.ts bench/results/2026-11-27-staleness.json
 *
 * writes `docs/figures/staleness.svg` and prints the table of docs/parallel.md.
 *
 * @module
 */
import { COLOURS, DASHES } from "../src/figures/colours.ts";
import { draw } from "../src/figures/draw.ts";
import { legend } from "../src/figures/legend.ts";
import type { Run, StalenessResult } from "./parallel_staleness.ts";

/** Names of the variants, in the order of the table. */
const NAMES: Readonly<Record<string, string>> = {
  "none": "WASAP",
  "none, η at once": "WASAP, η at once",
  "delay-compensated": "WASAP, delay-compensated",
  "delay-compensated, η at once": "WASAP, delay-compensated, η at once",
  "delay-compensated, λ = 2, η at once": "WASAP, delay-compensated, λ = 2, η at once",
  "inverse": "WASAP, inverse",
  "wassp": "WASSP",
  "gossip": "gossip",
  "gossip, changes by steps": "gossip, topologies changed every 391 steps",
};

/** The accuracy a run ends with; undefined for one that ended before its time. */
export function lastAccuracy({ failed, points }: Run): number | undefined {
  return failed === undefined ? points.at(-1)?.validationAccuracy : undefined;
}

/** Rules of staleness, which do the same with one worker. */
const RULES: readonly string[] = ["none", "inverse", "delay-compensated"];

/** The run of a variant. */
function runOf({ runs }: StalenessResult, variant: string, workers: number): Run | undefined {
  const same = workers === 1 && RULES.includes(variant) ? "none" : variant;
  return runs.find((run) => run.workers === workers && run.variant === same);
}

/** The variants that there are runs of, in the order of the table. */
function variantsOf({ runs }: StalenessResult): string[] {
  return Object.keys(NAMES).filter((name) => runs.some(({ variant }) => variant === name));
}

/** A row a variant, a column a number of workers: percent, "fails" for a run that ended before its time. */
export function table(result: StalenessResult): string {
  const counts = [...new Set(result.runs.map(({ workers }) => workers))].toSorted((a, b) => a - b);
  const cells = (variant: string) =>
    counts.map((workers) => {
      const run = runOf(result, variant, workers);
      if (run === undefined) return "–";
      const accuracy = lastAccuracy(run);
      return accuracy === undefined ? "fails" : `${(100 * accuracy).toFixed(1)} %`;
    });
  const rows = variantsOf(result).map((variant) => [NAMES[variant], ...cells(variant)]);
  const head = ["workers", ...counts.map(String)];
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

/** The accuracy by the number of workers, a line for each variant that was run with several; runs that failed lie on the floor of the picture. */
export async function picture(result: StalenessResult): Promise<string> {
  const counts = [...new Set(result.runs.map(({ workers }) => workers))].toSorted((a, b) => a - b);
  const measured = variantsOf(result).map((variant) => ({
    name: NAMES[variant],
    points: counts.flatMap((workers) => {
      const run = runOf(result, variant, workers);
      return run === undefined ? [] : [[workers, 100 * (lastAccuracy(run) ?? 0)] as const];
    }),
  }));
  const drawn = measured.filter(({ points }) => points.length > 1).map((line, place) => ({
    ...line,
    colour: COLOURS[place % COLOURS.length],
    dash: DASHES[place % DASHES.length],
  }));
  const [width, height] = [560, 380];
  const key = legend(drawn, width);
  const label = `The validation accuracy after ${result.epochs} epochs by the number of workers`;
  return await draw(label, (plot) => ({
    ...{ width, height, marginTop: key.height + 32, marginLeft: 48, marginBottom: 38 },
    style: { fontSize: "12px" },
    x: {
      type: "log",
      base: 2,
      label: "workers",
      labelAnchor: "center",
      labelArrow: "none",
      ticks: counts,
      tickFormat: String,
    },
    y: { label: null, grid: true, domain: [0, 100] },
    marks: [
      ...drawn.flatMap(({ points, colour, dash }) => [
        plot.line(points, { stroke: colour, strokeWidth: 2, strokeDasharray: dash }),
        plot.dot(points, { fill: colour, r: 3 }),
      ]),
      plot.text([`validation accuracy, %, after ${result.epochs} epochs; 0: failed`], {
        ...{ frameAnchor: "top-left", dx: -46, dy: -20, fill: "currentColor" },
      }),
      key.mark,
    ],
  }));
}

if (import.meta.main) {
  const result: StalenessResult = JSON.parse(Deno.readTextFileSync(Deno.args[0]));
  const file = new URL("../docs/figures/staleness.svg", import.meta.url);
  await Deno.writeTextFile(file, `${await picture(result)}\n`);
  console.log(table(result));
}

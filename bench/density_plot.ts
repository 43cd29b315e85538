/**
 * Time and memory against density, drawn from `bench/results/<date>-density.json`.
 *
 * `deno run --allow-read --allow-write bench/density_plot.ts bench/results/<date>-density.json`
 *
 * writes `docs/density-time.svg` and `docs/density-memory.svg`.
 *
 * @module
 */
import { COLOURS } from "../src/figures/colours.ts";
import { draw } from "../src/figures/draw.ts";
import { legend } from "../src/figures/legend.ts";
import type { DensityResult, DensityRow } from "./density.ts";

/** What is drawn against density. */
export type Cost = "time" | "memory";

const TITLES = { time: "milliseconds a step", memory: "MiB of weights, optimizer state and topology" };
const MEBIBYTE = 2 ** 20;
const SIZE = { width: 520, height: 320 };

/** One cost of a step as a picture: ours by density, the dense network's across, and where they are equal. */
export async function densityPicture(cost: Cost, result: DensityResult): Promise<string> {
  const { network, batch, dense, rows, threads, crossover } = result;
  const of = ({ medianMs, bytes }: Pick<DensityRow, "medianMs" | "bytes">) =>
    cost === "time" ? medianMs : bytes / MEBIBYTE;
  const [ours, theirs] = COLOURS;
  const key = legend([
    { name: `truly sparse, ${network}, batch ${batch}, threads: ${threads}`, colour: ours },
    { name: dense.system, colour: theirs, dash: "5 4" },
  ], SIZE.width);
  const points = rows.map((row) => [100 * row.density, of(row)] as const);
  const equal = crossover[cost];
  const met = equal === undefined ? [] : [[100 * equal, of(dense)] as const];
  return await draw(`${TITLES[cost]} against density`, (plot) => ({
    ...SIZE,
    ...{ marginTop: key.height + 32, marginLeft: 48, marginBottom: 38, marginRight: 24 },
    style: { fontSize: "12px" },
    x: {
      type: "log",
      label: "density, %",
      labelAnchor: "center",
      labelArrow: "none",
      ticks: 4,
      tickFormat: String,
    },
    y: { type: "log", label: null, grid: true, nice: true, ticks: 4, tickFormat: String },
    marks: [
      plot.ruleY([of(dense)], { stroke: theirs, strokeWidth: 2, strokeDasharray: "5 4" }),
      plot.line(points, { stroke: ours, strokeWidth: 2 }),
      plot.dot(points, { fill: ours, r: 2.5 }),
      plot.dot(met, { stroke: "currentColor", r: 4.5 }),
      plot.text(met, {
        text: ([density]) => `equal at ${density.toPrecision(2)} %`,
        ...{ dx: -8, dy: -10, textAnchor: "end", fill: "currentColor" },
      }),
      plot.text([TITLES[cost]], { frameAnchor: "top-left", dx: -46, dy: -20, fill: "currentColor" }),
      key.mark,
    ],
  }));
}

if (import.meta.main) {
  const [path] = Deno.args;
  if (path === undefined) throw new TypeError("Cannot draw: expected the path of a density result");
  const result: DensityResult = JSON.parse(await Deno.readTextFile(path));
  for (const cost of ["time", "memory"] as const) {
    const picture = await densityPicture(cost, result);
    await Deno.writeTextFile(new URL(`../docs/density-${cost}.svg`, import.meta.url), `${picture}\n`);
  }
}

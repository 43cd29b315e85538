/**
 * The paper's figures, drawn from records.
 *
 * @module
 */
import { COLOURS } from "../../src/figures/colours.ts";
import { curves, type Line } from "../../src/figures/curves.ts";
import { draw } from "../../src/figures/draw.ts";
import { plural } from "../../src/format.ts";
import { DENSE_PARAMETERS, PAPER_DATASETS, TABLE_2, TABLE_5, TITLES } from "./paper.ts";
import { SEQUENTIAL_VARIANTS, slopeVariant } from "./plan.ts";
import type { RunRecord } from "./record.ts";
import { bestPercents, meanOf, meanSeries, type Runs, type Series, sizeOf } from "./summary.ts";

/** A picture: the name of its file, what it shows, and the SVG. */
export interface Picture {
  readonly file: string;
  readonly figure: 4 | 5 | 6 | 7 | 19;
  readonly label: string;
  readonly svg: string;
}

/** Epochs that one point of a line is the mean of. */
const EPOCHS_A_POINT = 5;

/** The part of a run in which accuracy rises steeply, where it does. */
const RISE = 1 / 20;

const NETWORKS = {
  "relu": "ReLU",
  "relu-pruning": "ReLU, pruning",
  "all-relu": "All-ReLU",
  "all-relu-pruning": "All-ReLU, pruning",
} as const;

/** Every figure there are records for. */
export async function pictures(runs: Runs): Promise<Picture[]> {
  const drawn: (Picture | undefined)[] = [await memoryAgainstError(runs)];
  for (const dataset of PAPER_DATASETS) {
    const title = TITLES[dataset];
    const lines = (suffix: string, series: Series) =>
      Object.entries(NETWORKS).flatMap(([variant, name]) =>
        lineOf(name, runs.of(dataset, `${variant}${suffix}`), series)
      );
    drawn.push(
      await plotted(
        5,
        dataset,
        `${title}: squared norm of the gradient by epoch`,
        lines("-flow", "gradientFlow"),
        {
          y: "squared norm of the gradient",
        },
      ),
      await plotted(6, dataset, `${title}: test accuracy by epoch`, lines("", "testAccuracy"), {
        y: "test accuracy, %",
        percent: true,
      }),
      await plotted(7, dataset, `${title}: training accuracy by epoch`, lines("", "trainAccuracy"), {
        y: "training accuracy, dropout in force, %",
        percent: true,
      }),
    );
  }
  const slopes = TABLE_5.flatMap(([alpha]) =>
    lineOf(`α ${alpha}`, runs.of("fashion-mnist", slopeVariant(alpha)), "testAccuracy")
  );
  drawn.push(
    await plotted(
      19,
      undefined,
      "Fashion-MNIST: test accuracy by epoch, for each slope of All-ReLU",
      slopes,
      {
        y: "test accuracy, %",
        percent: true,
      },
    ),
  );
  return drawn.filter((picture) => picture !== undefined);
}

async function plotted(
  figure: Picture["figure"],
  dataset: string | undefined,
  label: string,
  lines: readonly Line[],
  { y, percent = false }: { readonly y: string; readonly percent?: boolean },
): Promise<Picture | undefined> {
  if (lines.length === 0) return undefined;
  const shown = percent ? withoutRise(lines) : lines;
  const file = `figure${figure}${dataset === undefined ? "" : `-${dataset}`}.svg`;
  const svg = await curves(label, shown, { x: "epoch", y, percent, width: 560, height: 320 });
  return { file, figure, label, svg };
}

/** Means of the seeds, and of a few epochs each: the line is readable, the file small. */
function lineOf(name: string, records: readonly RunRecord[], series: Series): Line[] {
  const kept = records.filter((record) => record[series] !== undefined);
  const values = meanSeries(kept, series);
  if (values === undefined) return [];
  const [x, y]: [number[], number[]] = [[], []];
  for (let first = 0; first < values.length; first += EPOCHS_A_POINT) {
    const part = values.slice(first, first + EPOCHS_A_POINT);
    x.push(first + (part.length + 1) / 2);
    y.push(Number(meanOf(part).mean.toPrecision(5)));
  }
  return [{ name: `${name}, ${plural(kept.length, "seed")}`, x, y }];
}

/** Lines without the beginning of the run, where its rise alone would take up half of the height. */
function withoutRise(lines: readonly Line[]): readonly Line[] {
  const end = Math.max(...lines.flatMap(({ x }) => x));
  const later = lines.map(({ name, x, y }) => {
    const later = (_: number, place: number) => x[place] > RISE * end;
    return { name, x: x.filter(later), y: y.filter(later) };
  });
  // A run that ends so early would not be seen.
  if (later.some(({ x }) => x.length === 0)) return lines;
  const height = (drawn: readonly Line[]) => {
    const values = drawn.flatMap(({ y }) => y);
    return Math.max(...values) - Math.min(...values);
  };
  return height(later) < height(lines) / 2 ? later : lines;
}

/** Figure 4: the size at the end, as a share of the dense network's, against the test error. */
async function memoryAgainstError(runs: Runs): Promise<Picture | undefined> {
  const points = PAPER_DATASETS.flatMap((dataset) =>
    SEQUENTIAL_VARIANTS.flatMap((variant) => {
      const share = (parameters: number) => 100 * parameters / DENSE_PARAMETERS[dataset];
      const [percent, , end] = TABLE_2[dataset][variant];
      const ours = runs.of(dataset, variant);
      const of = { data: TITLES[dataset] };
      return [
        ...(percent === undefined
          ? []
          : [{ ...of, whose: "paper", share: share(end), error: 100 - percent }]),
        ...(ours.length === 0 ? [] : [{
          ...of,
          whose: "ours",
          share: share(meanOf(ours.map((record) => sizeOf(record, variant)[1])).mean),
          error: 100 - meanOf(bestPercents(ours)).mean,
        }]),
      ];
    })
  );
  if (!points.some(({ whose }) => whose === "ours")) return undefined;
  const label = "Test error against the size at the end, as a share of the dense network's: " +
    "the paper's networks are rings, ours are discs";
  const names = PAPER_DATASETS.map((dataset) => TITLES[dataset]);
  const svg = await draw(label, (plot) => ({
    width: 640,
    height: 400,
    marginTop: 64,
    marginLeft: 52,
    marginBottom: 44,
    inset: 8,
    style: { fontSize: "12px" },
    x: {
      type: "log",
      label: "size at the end, % of the dense network",
      grid: true,
      tickFormat: String,
    },
    y: { label: "test error, %", grid: true },
    marks: [
      ...names.flatMap((name, place) => {
        const of = points.filter(({ data }) => data === name);
        const common = { x: "share", y: "error", r: 5 };
        return [
          plot.dot(of.filter(({ whose }) => whose === "paper"), {
            ...common,
            stroke: COLOURS[place],
            strokeWidth: 2,
          }),
          plot.dot(of.filter(({ whose }) => whose === "ours"), { ...common, fill: COLOURS[place] }),
          plot.text([name], { frameAnchor: "top-left", dx: 110 * place, dy: -36, fill: COLOURS[place] }),
        ];
      }),
      plot.text(["ring: paper, disc: ours"], { frameAnchor: "top-right", dy: -18, fill: "currentColor" }),
    ],
  }));
  return { file: "figure4.svg", figure: 4, label, svg };
}

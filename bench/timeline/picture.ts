/**
 * The picture of a timeline: a row for each worker, a bar for each thing that it does.
 *
 * @module
 */
import { COLOURS } from "../../src/figures/colours.ts";
import { draw } from "../../src/figures/draw.ts";
import { legend, type LegendEntry } from "../../src/figures/legend.ts";
import type { TimelineRecord } from "./record.ts";
import { ACTIVITIES, type Activity } from "./spans.ts";

const [BLUE, ORANGE, GREEN, PURPLE, RED, OLIVE] = COLOURS;
const GREY = "#7d8794";
/** From this many milliseconds on a bar has room for an edge, which tells it from the next. */
const WIDE = 0.2;

/** What activities are called, and their colours; those that are alike share both. */
const LOOKS: Readonly<Record<Activity, LegendEntry>> = {
  gradient: { name: "gradient", colour: BLUE },
  push: { name: "push", colour: ORANGE },
  round: { name: "round applied", colour: ORANGE },
  stalePush: { name: "push", colour: ORANGE },
  pull: { name: "pull", colour: GREEN },
  topologyPull: { name: "pull", colour: GREEN },
  step: { name: "step on its own model", colour: OLIVE },
  copyOut: { name: "copy for another", colour: ORANGE },
  topologyOut: { name: "copy for another", colour: ORANGE },
  pairAverage: { name: "average with another", colour: BLUE },
  change: { name: "change of the topology", colour: PURPLE },
  average: { name: "average of all", colour: RED },
  evaluation: { name: "evaluation", colour: GREY },
  wait: { name: "waits", colour: GREY, dash: "2 2" },
};

const WIDTH = 860;
const ROW = 24;

/** Draws the windows of a record, one below the other, on one scale of milliseconds. */
export async function timelinePicture({ algorithm, from, to, windows }: TimelineRecord): Promise<string> {
  // Rows of all windows stand below each other, each window's behind one for its title.
  const rows = windows.flatMap(({ title, rows }, window) => [
    { key: `${window}`, name: "", title, spans: [] },
    ...rows.map(({ name, spans }) => ({ key: `${window} ${name}`, name, title: "", spans })),
  ]);
  const bars = rows.flatMap(({ key, spans }) =>
    spans.map(([activity, begin, end]) => ({ key, activity, begin, end, colour: LOOKS[activity].colour }))
  );
  const done = bars.filter(({ activity }) => activity !== "wait");
  const waits = bars.filter(({ activity }) => activity === "wait");
  const found = windows.flatMap(({ rows }) =>
    rows.flatMap(({ spans }) => spans.map(([activity]) => activity))
  );
  const looks = new Map(
    ACTIVITIES.filter((activity) => found.includes(activity)).map((activity) =>
      [LOOKS[activity].name, LOOKS[activity]] as const
    ),
  );
  const key = legend([...looks.values()], WIDTH);
  const label = `What workers do over time in ${algorithm}: ${
    windows.map(({ title }) => title).join("; ")
  }, ${to - from} ms each`;
  return await draw(label, (plot) => ({
    width: WIDTH,
    height: key.height + 50 + ROW * rows.length,
    marginTop: key.height + 4,
    marginLeft: 68,
    marginRight: 8,
    marginBottom: 40,
    style: { fontSize: "12px" },
    x: { domain: [from, to], label: "milliseconds", labelAnchor: "center", labelArrow: "none", ticks: 8 },
    y: {
      domain: rows.map(({ key }) => key),
      label: null,
      tickSize: 0,
      tickFormat: (_: string, place: number) => rows[place].name,
      padding: 0.2,
    },
    marks: [
      plot.ruleY(waits, { y: "key", x1: "begin", x2: "end", stroke: GREY, strokeDasharray: "2 2" }),
      ...[true, false].map((wide) =>
        plot.barX(done.filter(({ begin, end }) => (end - begin >= WIDE) === wide), {
          ...{ y: "key", x1: "begin", x2: "end", fill: "colour" },
          insetRight: wide ? 0.8 : 0,
        })
      ),
      plot.ruleX([0], { stroke: "currentColor", strokeDasharray: "3 3" }),
      plot.text(rows, { y: "key", text: "title", frameAnchor: "left", dy: 4, fill: "currentColor" }),
      key.mark,
    ],
  }));
}

/** Charts of curves, drawn by uPlot: it is a script of its own and stands in the global `uPlot`. */

const HEIGHT = 270;
/** Distances of the ticks of epochs. */
const EPOCHS = [1, 2, 5].flatMap((one) => [0, 1, 2, 3, 4, 5].map((power) => one * 10 ** power)).sort((a, b) =>
  a - b
);

/** Colour of a name in the style sheet, in the scheme that is in force. */
function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/**
 * A chart in an element.
 *
 * @param title What it shows, for those who do not see it.
 * @param lines Name, colour, and whether it is a cloud of points instead of a curve.
 * @param format What a value looks like.
 */
export class Chart {
  #element;
  #title;
  #lines;
  #format;
  #plot;
  #data;

  constructor(id, title, lines, format) {
    this.#element = document.getElementById(id);
    [this.#title, this.#lines, this.#format] = [title, lines, format];
    this.#data = [[], ...lines.map(() => [])];
    this.#make();
    new ResizeObserver(() => this.#fit()).observe(this.#element);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#make());
  }

  /** @param data x, then a list of values for each line; null where it has none. */
  show(data) {
    this.#data = data;
    this.#plot.setData(data);
    // Where nobody points at an epoch, the legend has the last values.
    if ((this.#plot.cursor.left ?? -1) < 0) {
      const has = (value) => value !== null && value !== undefined;
      this.#plot.setLegend({ idxs: data.map((values) => values.findLastIndex(has)) });
    }
    const last = this.#lines.map(({ name }, place) => {
      const value = data[place + 1].findLast((one) => one !== null && one !== undefined);
      return value === undefined ? undefined : `${name} ${this.#format(value)}`;
    });
    this.#element.setAttribute(
      "aria-label",
      `${this.#title} by epoch, last: ${last.filter(Boolean).join(", ")}`,
    );
  }

  #make() {
    this.#plot?.destroy();
    const axis = {
      stroke: colour("soft"),
      grid: { stroke: colour("line"), width: 1 },
      ticks: { show: false },
    };
    const value = (_, found) => found === null || found === undefined ? "–" : this.#format(found);
    this.#plot = new uPlot(
      {
        width: Math.max(200, this.#element.clientWidth),
        height: HEIGHT,
        scales: { x: { time: false } },
        axes: [{ ...axis, size: 32, incrs: EPOCHS }, {
          ...axis,
          size: 62,
          values: (_, ticks) => ticks.map(this.#format),
        }],
        cursor: { y: false },
        series: [
          { label: "epoch", value: (_, x) => x === null ? "–" : String(Math.round(100 * x) / 100) },
          ...this.#lines.map(({ name, as, dots, faint }) => ({
            label: name,
            stroke: colour(as),
            ...(dots ? { paths: () => null, points: { show: true, size: 3, fill: colour(as) } } : {}),
            ...(faint ? { alpha: 0.45 } : {}),
            width: 2,
            spanGaps: true,
            value,
          })),
        ],
      },
      this.#data,
      this.#element,
    );
  }

  #fit() {
    const width = this.#element.clientWidth;
    if (width > 0 && width !== this.#plot.width) this.#plot.setSize({ width, height: HEIGHT });
  }
}

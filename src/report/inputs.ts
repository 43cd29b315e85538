/**
 * What the inputs are connected to: an image for images, a ranked list with names for tables.
 *
 * @module
 */
import type { SafeHtml } from "npm:@remix-run/html-template@0.3.1";
import { columnScores, featureColumns } from "../features/columns.ts";
import { bars } from "../figures/bars.ts";
import { heatMap } from "../figures/heat_map.ts";
import { count, percent, short } from "../format.ts";
import { figure, figures, type ReportContent, section, sentence, shortened, table } from "./content.ts";

/** Features that are listed, and that have a bar. */
const [MOST_LISTED, MOST_BARS] = [50, 20];
const CHANNELS = ["red", "green", "blue"];

/** The strength of each input: the absolute weights of its connections, summed. */
export async function inputs(content: ReportContent): Promise<SafeHtml> {
  const { model, image } = content;
  const strength = model.featureStrength();
  const unread = strength.reduce((sum, value) => sum + Number(value === 0), 0);
  const lead = sentence(
    "The strength of an input is the sum of the absolute weights of its connections; inputs are standardised, so " +
      "strengths can be compared. " +
      (unread === 0
        ? `All ${count(strength.length)} inputs are connected.`
        : `${count(unread)} of ${count(strength.length)} inputs (${
          percent(unread / strength.length)
        }) have no connection.`),
  );
  if (image !== undefined && image.height * image.width * image.channels === strength.length) {
    const { height, width, channels } = image;
    const size = height * width;
    const most = strength.reduce((top, value) => Math.max(top, value), 0);
    const maps: SafeHtml[] = [];
    for (let channel = 0; channel < channels; channel++) {
      const own = strength.subarray(channel * size, (channel + 1) * size);
      const name = channels === 1
        ? "Pixels"
        : channels === 3
        ? `Pixels, ${CHANNELS[channel]}`
        : `Channel ${channel + 1}`;
      const text = whereStrong(own, width, height);
      maps.push(
        figure(
          await heatMap(`${name}: ${text}`, own, { width, height, title: "strength", most }),
          text,
          name,
        ),
      );
    }
    return section("inputs", "What the inputs are connected to", lead, figures(...maps));
  }
  return section("inputs", "What the inputs are connected to", lead, ...await ranking(content, strength));
}

/** Where in the image the strength lies: how much of it in the inner quarter. */
function whereStrong(strength: Float32Array, width: number, height: number): string {
  let [inner, all, top] = [0, 0, 0];
  strength.forEach((value, pixel) => {
    const [row, column] = [Math.floor(pixel / width), pixel % width];
    const within = (at: number, size: number) => at >= size / 4 && at < 3 * size / 4;
    if (within(row, height) && within(column, width)) inner += value;
    all += value;
    if (value > strength[top]) top = pixel;
  });
  if (all === 0) return "No pixel is connected.";
  return `The inner quarter of the image has ${
    percent(inner / all)
  } of the strength; the strongest pixel is in row ${Math.floor(top / width) + 1}, column ${
    top % width + 1
  }.`;
}

async function ranking(
  { model, featureNames = [] }: ReportContent,
  strength: Float32Array,
): Promise<SafeHtml[]> {
  const { schema, featureCount } = model;
  const columns = featureColumns({ schema, featureCount, featureNames });
  const scores = columnScores(columns, strength);
  const ranked = columns
    .map(({ name, inputs }, place) => ({ name: shortened(name), inputs, value: scores[place] }))
    .sort((one, other) => other.value - one.value);
  const listed = ranked.slice(0, MOST_LISTED);
  const [first] = ranked;
  const text = first.value === 0
    ? "No feature is connected."
    : `Strongest: ${listed.slice(0, 3).filter(({ value }) => value > 0).map(({ name }) => name).join(", ")}.`;
  const many = ranked.some(({ inputs }) => inputs > 1)
    ? " A column of several inputs counts as its strongest."
    : "";
  const cut = listed.length < ranked.length ? ` Listed are ${listed.length} of ${count(ranked.length)}.` : "";
  return [
    figures(
      figure(
        await bars(text, ranked.slice(0, MOST_BARS), { x: "strength" }),
        text + many + cut,
        "Strongest features",
      ),
      table({
        caption: "Features by the strength of their connections",
        head: ["feature", "rank", "strength"],
        rows: listed.map(({ name, value }, rank) => [name, `${rank + 1}`, short(value)]),
      }),
    ),
  ];
}

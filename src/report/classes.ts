/**
 * What a classifier makes of each class, and which classes it takes for which; the labels of several.
 *
 * @module
 */
import { html, type SafeHtml } from "npm:@remix-run/html-template@0.3.1";
import { matrix } from "../figures/matrix.ts";
import { accuracy, count, percent, short } from "../format.ts";
import {
  figure,
  figures,
  nameOf,
  type ReportContent,
  section,
  sentence,
  table,
  withoutSamples,
} from "./content.ts";

/** Most classes of a picture, rows of a table, and pairs that are listed. */
const [MOST_CELLS, MOST_ROWS, MOST_PAIRS] = [20, 60, 12];

/** One class or label, as it was found. */
export interface ClassScore {
  readonly name: string;
  /** Samples it applies to. */
  readonly samples: number;
  readonly precision: number | undefined;
  readonly recall: number | undefined;
  readonly f1: number | undefined;
}

/** Precision, recall and F1 of each class or label; nothing for a regression. */
export async function classes(content: ReportContent): Promise<SafeHtml | undefined> {
  const { model, tested } = content;
  const { task } = model.settings;
  if (task === "regression") return undefined;
  const heading = task === "classification" ? "Class by class" : "Label by label";
  const measures = tested?.measured.measures;
  if (measures === undefined || measures.task === "regression") {
    return section("classes", heading, withoutSamples(content));
  }
  const { classNames } = model;
  if (measures.task === "classification") {
    const { confusion } = measures;
    return section(
      "classes",
      heading,
      ...scoreParts(classScores(confusion, classNames), "class"),
      await confusionPart(confusion, classNames),
    );
  }
  const scores = measures.labels.map(({ precision, recall, f1, confusion }, place) => (
    { name: nameOf(classNames, place), samples: confusion[1][0] + confusion[1][1], precision, recall, f1 }
  ));
  return section("classes", heading, ...scoreParts(scores, "label"));
}

/** What a confusion says of each class. */
function classScores(
  confusion: readonly (readonly number[])[],
  names: readonly string[],
): ClassScore[] {
  return confusion.map((row, place) => {
    const samples = row.reduce((sum, value) => sum + value, 0);
    const named = confusion.reduce((sum, other) => sum + other[place], 0);
    const share = (of: number) => of > 0 ? row[place] / of : undefined;
    return {
      name: nameOf(names, place),
      samples,
      precision: share(named),
      recall: share(samples),
      f1: share((samples + named) / 2),
    };
  });
}

/** A sentence about the best and the worst, and a row for each; of very many the worst. */
function scoreParts(scores: readonly ClassScore[], what: string): SafeHtml[] {
  // Of classes that are found alike, that of more samples first: it counts for more.
  const known = scores.filter(({ f1 }) => f1 !== undefined)
    .sort((one, other) => one.f1! - other.f1! || other.samples - one.samples);
  const [worst, best] = [known[0], known.at(-1)];
  const rows = scores.length <= MOST_ROWS ? scores : known.slice(0, MOST_ROWS);
  const cut = rows.length < scores.length ? ` The ${rows.length} with the lowest F1 are listed.` : "";
  const told = worst === undefined || best === undefined || worst === best
    ? ""
    : `Found best: ${best.name}, F1 ${accuracy(best.f1!)}; worst: ${worst.name}, ${accuracy(worst.f1!)}.`;
  const shown = (value: number | undefined) => value === undefined ? "–" : accuracy(value);
  return [
    sentence(
      `${told} Precision: of the samples a ${what} was named for, the share it applies to; ` +
        `recall: of the samples it applies to, the share it was named for.${cut}`,
    ),
    table({
      caption: `Precision, recall and F1 of each ${what}`,
      head: [what, "samples", "precision", "recall", "F1"],
      rows: rows.map((
        { name, samples, precision, recall, f1 },
      ) => [name, amount(samples), shown(precision), shown(recall), shown(f1)]),
    }),
  ];
}

/** Classes taken for another. */
interface Mistake {
  readonly of: number;
  readonly as: number;
  readonly samples: number;
  readonly share: number;
}

function mistakes(confusion: readonly (readonly number[])[]): Mistake[] {
  const found = confusion.flatMap((row, of) => {
    const all = row.reduce((sum, value) => sum + value, 0);
    return row.flatMap((samples, as) =>
      as === of || samples === 0 ? [] : [{ of, as, samples, share: samples / all }]
    );
  });
  return found.sort((one, other) => other.samples - one.samples).slice(0, MOST_PAIRS);
}

/** Which classes are taken for which: a picture where there are few, and the pairs most confused. */
async function confusionPart(
  confusion: readonly (readonly number[])[],
  names: readonly string[],
): Promise<SafeHtml> {
  const pairs = mistakes(confusion);
  const [worst] = pairs;
  if (worst === undefined) return sentence("No sample was taken for another class.");
  const text = `Most often confused: ${nameOf(names, worst.of)}, taken for ${nameOf(names, worst.as)} ${
    amount(worst.samples)
  } times, ${percent(worst.share)} of its samples.`;
  const list = table({
    caption: "The classes that are most often taken for another",
    head: ["true class", "taken for", "samples", "share of the class"],
    texts: [0, 1],
    rows: pairs.map((
      { of, as, samples, share },
    ) => [nameOf(names, of), nameOf(names, as), amount(samples), percent(share)]),
  });
  if (confusion.length > MOST_CELLS) {
    return html`<h3>Classes taken for others</h3>
${sentence(text)}${list}`;
  }
  const picture = await matrix(`Which classes are taken for which. ${text}`, confusion, {
    names,
    x: "predicted",
    y: "true",
    text: amount,
  });
  return html`<h3>Classes taken for others</h3>
${figures(figure(picture, `${text} Brightness: share of the true class.`), html`<div>${list}</div>`)}`;
}

/** Samples, or their weights. */
function amount(samples: number): string {
  return Number.isInteger(samples) ? count(samples) : short(samples);
}

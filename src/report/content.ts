/**
 * What the sections of a report are made of, and the pieces of markup they share.
 *
 * @module
 */
import { html, type SafeHtml } from "npm:@remix-run/html-template@0.3.1";
import type { ImageShape } from "../data/split.ts";
import type { RunRecord } from "../files/run_record.ts";
import type { SparseMlp } from "../model/model.ts";
import type { Task } from "../task.ts";
import type { Measured } from "../train/measures.ts";

/** All that a report may tell of. */
export interface ReportContent {
  /** What the model is called. */
  readonly title: string;
  readonly model: SparseMlp;
  /** Where the model comes from, where that is known. */
  readonly run?: RunRecord | undefined;
  /** Every option in force in its training, where no run is known. */
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
  /** What it is worth on samples, where there are some. */
  readonly tested?: { readonly name: string; readonly measured: Measured<Task> } | undefined;
  /** Why there are no samples; a sentence without its full stop. */
  readonly untested?: string | undefined;
  /** Size of the images it reads, where it reads images. */
  readonly image?: ImageShape | undefined;
  /** Names of the features, where the data have some that the model has not. */
  readonly featureNames?: readonly string[] | undefined;
}

/** A part of the page; undefined where a model of this kind has none. */
export type Section = (content: ReportContent) => SafeHtml | undefined | Promise<SafeHtml | undefined>;

/** A cell of a table: text, or a number that stands to the right. */
export type Cell = string | SafeHtml;

/** What a table shows. */
export interface TableContent {
  /** What it shows, for those who do not see it. */
  readonly caption: string;
  readonly head: readonly string[];
  /** The first cell of each row names it. */
  readonly rows: readonly (readonly Cell[])[];
  /** Columns of text; the others hold numbers. @default {[0]} */
  readonly texts?: readonly number[];
}

/** A section with its heading. */
export function section(id: string, heading: string, ...parts: readonly (SafeHtml | undefined)[]): SafeHtml {
  return html`
    <section aria-labelledby="${id}"><h2 id="${id}">${heading}</h2>
    ${parts.filter((part) => part !== undefined)}</section>
  `;
}

/** A sentence. */
export function sentence(text: string): SafeHtml {
  return html`
    <p>${text}</p>
  `;
}

/** A table whose first column names the rows; a narrow screen scrolls it by itself. */
export function table({ caption, head, rows, texts = [0] }: TableContent): SafeHtml {
  const kind = (column: number) => texts.includes(column) ? "text" : "number";
  return html`
    <div class="scroll" tabindex="0" role="region" aria-label="${caption}">
      <table>
        <caption>${caption}</caption>
        <thead>
          <tr>${head.map((title, column) => html`<th scope="col" class="${kind(column)}">${title}</th>`)}</tr>
        </thead>
        <tbody>
    ${rows.map((row) =>
      html`
        <tr>${row.map((cell, column) =>
          column === 0
            ? html`<th scope="row" class="text">${cell}</th>`
            : html`<td class="${kind(column)}">${cell}</td>`
        )}</tr>
      `
    )}</tbody>
      </table>
    </div>
  `;
}

/** A heading above a picture; where the picture stands under a heading of the third level, of the fourth. */
type FigureHeading = string | { readonly text: string; readonly level: 4 };

/** A picture with the text that says the main thing of it. */
export function figure(picture: string, text: string, heading?: FigureHeading): SafeHtml {
  const above = typeof heading === "string"
    ? html`<h3>${heading}</h3>`
    : heading && html`<h4>${heading.text}</h4>`;
  return html`
    <figure>${above}
    ${drawing(picture)}
    <figcaption>${text}</figcaption></figure>
  `;
}

/** Pictures beside each other, as many as there is room for. */
export function figures(...parts: readonly (SafeHtml | undefined)[]): SafeHtml {
  return html`
    <div class="figures">${parts.filter((part) => part !== undefined)}</div>
  `;
}

/** A picture that `draw()` made: it has escaped what came from outside. */
function drawing(picture: string): SafeHtml {
  return html.raw`${picture}`;
}

/** Characters of the name of a class or feature that are shown. */
const LONGEST_NAME = 60;

/** What a class or label is called; of a long name the beginning. */
export function nameOf(names: readonly string[], place: number): string {
  return shortened(names[place] ?? `${place}`);
}

/** The beginning of a long name. */
export function shortened(name: string): string {
  const letters = [...name];
  return letters.length <= LONGEST_NAME ? name : `${letters.slice(0, LONGEST_NAME - 1).join("")}…`;
}

/** What a layer is called. */
export function layerName(place: number, layers: number): string {
  return place === layers - 1 ? "output" : `hidden ${place + 1}`;
}

/** Why a section is empty that tells of samples. */
export function withoutSamples({ untested }: ReportContent): SafeHtml {
  return sentence(
    `${
      untested ?? "No samples were given"
    }; “report MODEL --data FILE” or “--dataset NAME” measures the model on some.`,
  );
}

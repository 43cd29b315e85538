/**
 * A report as one page of HTML that needs nothing beside itself: no network, no script, no font.
 *
 * @module
 */
import { html, type SafeHtml } from "npm:@remix-run/html-template@0.3.1";
import { calibration } from "./calibration.ts";
import { classes } from "./classes.ts";
import type { ReportContent, Section } from "./content.ts";
import { inputs } from "./inputs.ts";
import { degrees, layers } from "./layers.ts";
import { learning } from "./learning.ts";
import { lives } from "./lives.ts";
import { overview, scores } from "./overview.ts";
import { residuals } from "./residuals.ts";
import { settings } from "./settings.ts";
import { STYLE } from "./style.ts";

/** The sections, in the order of the page, and what the list of contents calls them. */
const SECTIONS: readonly (readonly [id: string, name: string, section: Section])[] = [
  ["model", "The model", overview],
  ["scores", "What it is worth", scores],
  ["learning", "How it learned", learning],
  ["classes", "Classes", classes],
  ["residuals", "Errors", residuals],
  ["calibration", "How sure it is", calibration],
  ["inputs", "Inputs", inputs],
  ["layers", "Layers", layers],
  ["degrees", "Degrees and importance", degrees],
  ["lives", "Life of connections", lives],
  ["settings", "Settings", settings],
];

/** The page, the same text for the same content. */
export async function page(content: ReportContent): Promise<string> {
  const parts: { id: string; name: string; markup: SafeHtml }[] = [];
  for (const [id, name, section] of SECTIONS) {
    const markup = await section(content);
    if (markup !== undefined) parts.push({ id, name, markup });
  }
  const text = String(html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
        <title>${content.title} – report</title>
        <style>${html.raw`${STYLE}`}</style>
      </head>
      <body>
        <header>
          <h1>${content.title}</h1>
          <p>Report of a truly sparse neural network.</p>
          <nav aria-label="Contents">
            <ul>${parts.map(({ id, name }) => html`<li><a href="#${id}">${name}</a></li>`)}</ul>
          </nav>
        </header>
        <main>
    ${parts.map(({ markup }) => markup)}</main>
      </body>
    </html>
  `);
  return `${text.trim()}\n`;
}

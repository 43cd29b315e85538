/**
 * The settings of a run, and the command that repeats it.
 *
 * @module
 */
import { html, type SafeHtml } from "npm:@remix-run/html-template@0.3.1";
import { type ReportContent, section, sentence, table } from "./content.ts";

/** Characters of a value that are shown. */
const LONGEST_VALUE = 200;

/** How the model was made. */
export function settings({ model, run, settings }: ReportContent): SafeHtml {
  const command = run === undefined ? sentence("The model file does not say which command made it.") : html`
    <p>${run.changes === undefined ? "This command repeats" : "These commands repeat"} the run:</p>
    <pre tabindex="0"><code>${[run.command, ...run.changes ?? []].map((words) =>
      `deno task cli ${words.map(quoted).join(" ")}`
    ).join("\n")}</code></pre>
  `;
  const known = run?.settings ?? settings ?? model.settings as unknown as Readonly<Record<string, unknown>>;
  return section(
    "settings",
    "Settings",
    command,
    table({
      caption: "Every setting in force",
      head: ["setting", "value"],
      texts: [0, 1],
      rows: Object.entries(known).filter(([, value]) => value !== undefined).map((
        [name, value],
      ) => [spaced(name), shown(value)]),
    }),
  );
}

/** A word as a shell takes it. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** learningRate → learning rate */
function spaced(name: string): string {
  return name.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function shown(value: unknown): string {
  const text = typeof value === "string"
    ? value
    : Array.isArray(value) && value.every((part) => typeof part !== "object")
    ? value.join(", ")
    : JSON.stringify(value) ?? "";
  return text.length <= LONGEST_VALUE ? text : `${text.slice(0, LONGEST_VALUE)}…`;
}

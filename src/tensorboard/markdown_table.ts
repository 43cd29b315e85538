/**
 * Settings as a table in Markdown.
 *
 * @module
 */

/** All that may mean something in Markdown or HTML, and line ends, which end a row. */
const SPECIAL = /[^\p{L}\p{N} .,:;/+\-=()%"']/gu;

/**
 * A table of names and values; whatever they are, they are shown as they are.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { markdownTable } from "./markdown_table.ts";
 *
 * assertEquals(markdownTable({ "a|b": 1 }), "| setting | value |\n| --- | --- |\n| a&#124;b | 1 |\n");
 * ```
 */
export function markdownTable(settings: Readonly<Record<string, unknown>>): string {
  const rows = Object.entries(settings).map(([name, value]) => {
    const text = typeof value === "string" ? value : JSON.stringify(value) ?? String(value);
    return `| ${escape(name)} | ${escape(text)} |\n`;
  });
  return `| setting | value |\n| --- | --- |\n${rows.join("")}`;
}

/** A text without anything that Markdown or HTML would take for more. */
function escape(text: string): string {
  return text.replace(SPECIAL, (mark) => `&#${mark.codePointAt(0)};`);
}

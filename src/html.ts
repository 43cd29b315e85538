/**
 * Pieces of pages.
 *
 * @module
 */

const MARKS: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A text that a page shows as it is. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (mark) => MARKS[mark]);
}

/** A table of texts and numbers, which are shown as they are. */
export function htmlTable(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const row = (cells: readonly (string | number)[], tag: "th" | "td") =>
    `<tr>${cells.map((cell) => `<${tag}>${escapeHtml(String(cell))}</${tag}>`).join("")}</tr>`;
  const body = rows.map((cells) => row(cells, "td")).join("");
  return `<table><thead>${row(head, "th")}</thead><tbody>${body}</tbody></table>`;
}

/** Lines as a console shows them, the first above the others. */
export function htmlLines(text: string): string {
  return `<p style="white-space: pre-line">${escapeHtml(text)}</p>`;
}

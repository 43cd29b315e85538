/**
 * Foreign text in messages.
 *
 * @module
 */

/** Longest part of a foreign text that a message shows. */
const SHOWN = 40;

/** A foreign text between quotes: shortened, without control characters (they would garble a terminal). */
export function quote(text: string): string {
  // deno-lint-ignore no-control-regex
  const clean = text.slice(0, SHOWN).replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, "\ufffd");
  return `"${clean}${text.length > SHOWN ? "…" : ""}"`;
}

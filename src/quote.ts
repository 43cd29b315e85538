/**
 * Foreign text in messages.
 *
 * @module
 */

/** Longest part of a foreign text that a message shows. */
const SHOWN = 40;

/** A foreign text on one line, without control characters: they would garble a terminal. */
export function printable(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, "\ufffd");
}

/** A foreign text between quotes: shortened and {@linkcode printable}. */
export function quote(text: string): string {
  return `"${printable(text.slice(0, SHOWN))}${text.length > SHOWN ? "…" : ""}"`;
}

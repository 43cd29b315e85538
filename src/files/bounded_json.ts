/**
 * JSON of files from others: refused before it is built when that would take much more memory than its text.
 *
 * @module
 */

/** How large a JSON text may be. */
export interface JsonBounds {
  /** Objects and arrays within each other. */
  readonly depth: number;
  /** Objects, arrays and their members together. */
  readonly parts: number;
}

/**
 * Parses a JSON text within bounds.
 *
 * Cost: one look at each character before the parser's own.
 *
 * @throws {SyntaxError} When it is no JSON, nested too deeply, or has too many parts.
 * @example
 * ```ts
 * import { parseBoundedJson } from "./bounded_json.ts";
 * const found = parseBoundedJson('{"sizes":[4,2]}', { depth: 2, parts: 10 });
 * if (JSON.stringify(found) !== '{"sizes":[4,2]}') throw new Error("wrong");
 * ```
 */
export function parseBoundedJson(json: string, { depth, parts }: JsonBounds): unknown {
  let [open, found] = [0, 0];
  for (let at = 0; at < json.length; at++) {
    switch (json.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(json, at);
        break;
      case 0x5b: // [
      case 0x7b: // {
        found++;
        if (++open > depth) throw new SyntaxError(`it is nested deeper than ${depth} levels`);
        break;
      case 0x5d: // ]
      case 0x7d: // }
        open--;
        break;
      case 0x2c: // ,
        found++;
    }
    if (found > parts) throw new SyntaxError(`it has more than ${parts} parts`);
  }
  return JSON.parse(json);
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Place of the quotation mark that ends the string begun at `start`; the length of the text if none does. */
function endOfString(json: string, start: number): number {
  let at = start + 1;
  while (at < json.length && json.charCodeAt(at) !== QUOTE) at += json.charCodeAt(at) === BACKSLASH ? 2 : 1;
  return at;
}

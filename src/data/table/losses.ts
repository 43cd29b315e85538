/**
 * What was lost while a table was encoded, in words.
 *
 * @module
 */
import { isInput, type TableSchema } from "../../schema.ts";
import { quote } from "../../quote.ts";
import { called, listed } from "./columns.ts";
import type { EncodingCounts } from "./table.ts";

/**
 * Says what was lost: missing cells and labels, categories never seen in training, numbers that 32 bits cannot tell apart.
 *
 * @param places Where each column of the schema stands in the file.
 * @param kept Whether it is the training table, whose missing cells have been told already; whether rows without a label
 * were left out, which are a class of their own otherwise.
 */
export function describeLosses(
  source: string,
  { columns }: TableSchema,
  places: readonly (number | undefined)[],
  { missing, unknown, firstUnknown, vanished }: EncodingCounts,
  { training = false, leftOut = false } = {},
): string[] {
  const notices: string[] = [];
  const filled: string[] = [];
  let cells = 0;
  for (const [index, definition] of columns.entries()) {
    const { name } = definition;
    const place = places[index];
    if (place === undefined) continue;
    const column = called(name, index);
    if (missing[place] > 0 && !isInput(definition)) {
      const rows = missing[place] === 1 ? "1 row has" : `${missing[place]} rows have`;
      if (!training) {
        notices.push(`${column}: ${rows} none, ${leftOut ? "left out" : "a class of their own"}`);
      }
    } else if (missing[place] > 0) {
      cells += missing[place];
      filled.push(`${column} ${missing[place]}`);
    }
    if (unknown[place] > 0) {
      const first = firstUnknown.get(place);
      const where = first === undefined ? "" : `, the first in line ${first.line}: ${quote(first.text)}`;
      const cells = unknown[place] === 1
        ? "1 cell holds a category"
        : `${unknown[place]} cells hold categories`;
      notices.push(`${column}: ${cells} never seen in training${where}`);
    }
    if (vanished[place] > 0) {
      const cells = vanished[place] === 1 ? "1 cell" : `${vanished[place]} cells`;
      notices.push(`${column}: ${cells} differ from the one above by less than 32 bits can tell`);
    }
  }
  if (cells > 0 && !training) {
    const what = cells === 1 ? "1 missing cell was" : `${cells} missing cells were`;
    notices.unshift(`${what} filled in (${listed(filled)})`);
  }
  return notices.map((notice) => `"${source}": ${notice}`);
}

import { assertEquals, assertThrows } from "@std/assert";
import { checkPages, type PagedColumn } from "../src/data/table/parquet_pages.ts";
import { ThriftReader } from "../src/data/table/parquet_thrift.ts";

/** A number as it stands in a page header: zigzag, seven bits to a byte. */
function word(value: number): number[] {
  const bytes: number[] = [];
  let rest = value < 0 ? -2 * value - 1 : 2 * value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push(128 + rest % 128);
  return [...bytes, rest];
}

const varint = (value: number): number[] =>
  value < 128 ? [value] : [128 + value % 128, ...varint(value >>> 7)];

/** A page of so many values in an encoding. */
function page(
  values: number,
  encoding: number,
  content: readonly number[],
  bytes = content.length,
): number[] {
  const details = [0x15, ...word(values), 0x15, ...word(encoding), 0x15, 6, 0x15, 6, 0];
  return [0x15, 0, 0x15, ...word(bytes), 0x15, ...word(bytes), 0x2c, ...details, 0, ...content];
}

const required: PagedColumn = { rows: 8, optional: false, type: "INT32" };
const check = (bytes: readonly number[], column = required) => checkPages(Uint8Array.from(bytes), column);
const dictionary = [0x15, 4, 0x15, ...word(8), 0x15, ...word(8), 0x4c, 0x15, ...word(2), 0x15, 0, 0x11, 0, 0]
  .concat(new Array(8).fill(1));

Deno.test("checkPages() accepts pages that hold what they claim, and says where they end", () => {
  const good = [...dictionary, ...page(8, 8, [1, ...varint(8 * 2), 1])];
  assertEquals(check([...good, 1, 2, 3]).end, good.length);
  const levels = [2, 0, 0, 0, ...varint(1 + 2), 0b1010_1010];
  const optional = [...dictionary, ...page(8, 8, [...levels, 1, ...varint(4 * 2), 1])];
  assertEquals(check(optional, { ...required, optional: true }).end, optional.length);
});

Deno.test("checkPages() refuses runs, sizes and counts that a decoder would follow without an end", () => {
  const refused = (bytes: readonly number[], message: string, column = required) =>
    assertThrows(() => check(bytes, column), RangeError, message);
  refused(
    [...dictionary, ...page(8, 8, [1, ...varint(2 ** 30), 1])],
    "a run of 536870912 where 8 are missing",
  );
  refused(page(2 ** 30, 0, [1]), "claims 1073741824 where at most 8");
  refused(page(8, 0, [], -5), "claims -5");
  refused(page(8, 8, [1, 16, 1]), "there is none before it");
  refused([...dictionary, ...page(8, 8, [99, 16, 1])], "numbers of 99 bits");
  refused([...dictionary, ...page(8, 8, [0, ...varint(2 ** 30 + 1)])], "groups where 1 are missing");
  const levels = [3, 0, 0, 0, ...varint(2 ** 30), 1];
  refused(page(8, 0, levels), "a run of", { ...required, optional: true });
  refused([0x15, 0, 0x15, 8, 0], "claims nothing");
  refused(page(8, 5, [...varint(128), 0, 8, 0]), "blocks of 128 numbers in 0 parts");
});

Deno.test("checkPages() refuses texts that repeat one another into gigabytes", () => {
  // The first is 1,000 bytes; each of the others claims to begin with 1,000 of the one before.
  const rows = 1_000_000;
  const block = (value: number) => [...word(value), ...new Array(4).fill(0)];
  const blocks = (value: number) => Array.from({ length: rows / 128 }, () => block(value)).flat();
  const prefixes = [...varint(128), 4, ...varint(rows), 0, ...block(0), ...blocks(0)];
  prefixes.splice(6, 5, ...word(1000), 0, 0, 0, 0);
  const suffixes = [...varint(128), 4, ...varint(rows), ...word(1000), ...blocks(0), ...block(0)];
  const column = { rows, optional: false, type: "BYTE_ARRAY" };
  assertThrows(() => check(page(rows, 7, [...prefixes, ...suffixes]), column), RangeError, "text");
});

Deno.test("ThriftReader refuses numbers, lists and structures without an end", () => {
  const refused = (bytes: readonly number[], message: string) =>
    assertThrows(() => new ThriftReader(Uint8Array.from(bytes)).struct(), RangeError, message);
  refused([0x16, ...new Array(100_000).fill(0x80)], "does not fit into 64 bits");
  refused([0x19, 0xfc, ...varint(2 ** 30)], "a list of 1073741824 is cut short");
  refused(new Array(100_000).fill(0x1c), "too deep");
  refused([0x18, ...varint(2 ** 30)], "is cut short");
});

import { assert, assertEquals, assertThrows } from "@std/assert";
import { EventFile } from "../../src/tensorboard/event_file.ts";
import { histogramOf } from "../../src/tensorboard/histogram.ts";
import { markdownTable } from "../../src/tensorboard/markdown_table.ts";
import { eventEncoder } from "../../src/tensorboard/messages.ts";
import { frame, maskedCrc } from "../../src/tensorboard/record.ts";
import { inFolder } from "../temporary.ts";
import { crc32c, filesBelow, recordsIn, recordsOf } from "./records.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

Deno.test("maskedCrc() gives the check sums of RFC 3720, masked", () => {
  const mask = (crc: number) => (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
  const vectors: readonly [Uint8Array, number][] = [
    [bytesOf("123456789"), 0xe3069283],
    [new Uint8Array(32), 0x8a9136aa],
    [new Uint8Array(32).fill(0xff), 0x62a8ab43],
    [Uint8Array.from({ length: 32 }, (_, index) => index), 0x46dd794e],
    [new Uint8Array(0), 0],
  ];
  for (const [bytes, crc] of vectors) {
    assertEquals(crc32c(bytes), crc);
    assertEquals(maskedCrc(bytes), mask(crc));
  }
  // Lengths around those that tables are used for.
  for (let length = 0; length < 40; length++) {
    const bytes = crypto.getRandomValues(new Uint8Array(length));
    assertEquals(maskedCrc(bytes), mask(crc32c(bytes)));
  }
});

Deno.test("frame() is as long as it says, and starts with what every event file starts with", async () => {
  // The first 24 bytes of an event file whose first event takes 24: 8 of length, 4 of its check.
  const encode = await eventEncoder();
  const version = encode({ wall_time: 1.5, file_version: "brain.Event:2" });
  assertEquals(version.length, 24);
  assertEquals([...frame(version).subarray(0, 12)], [24, 0, 0, 0, 0, 0, 0, 0, 0xa3, 0x7f, 0x4b, 0x22]);
  assertEquals(recordsOf(frame(new Uint8Array(0))), [new Uint8Array(0)]);
});

Deno.test("eventEncoder() writes a zero that is a value", async () => {
  const encode = await eventEncoder();
  const bytes = encode({ wall_time: 1, step: 1, summary: { value: [{ tag: "a", simple_value: 0 }] } });
  assertEquals([...bytes.subarray(-5)], [2 << 3 | 5, 0, 0, 0, 0]);
});

Deno.test("EventFile writes whole records with each flush, and two of a second are two files", () =>
  inFolder(async (folder) => {
    const encode = await eventEncoder();
    const runs = `${folder}/a/b`;
    {
      using file = EventFile.open(runs, 3, encode);
      assertEquals(recordsIn(runs).length, 2);
      file.write(3, [{ tag: "loss", simple_value: 0.5 }]);
      assertEquals(recordsIn(runs).length, 2);
      file.flush();
      const [, , third] = recordsIn(runs);
      assert(new TextDecoder("latin1").decode(third).includes("loss"));
    }
    for (let number = 0; number < 3; number++) EventFile.open(runs, 1, encode)[Symbol.dispose]();
    const names = filesBelow(runs);
    assertEquals(names.length, 4);
    assert(names.every((name) => /^events\.out\.tfevents\.\d{10}\.truly-sparse\.\d{3}$/.test(name)));
  }));

Deno.test("EventFile says what the system says where no file can be", () =>
  inFolder(async (folder) => {
    const encode = await eventEncoder();
    Deno.writeTextFileSync(`${folder}/file`, "");
    assertThrows(() => EventFile.open(`${folder}/file`, 1, encode), Error);
    assertEquals(filesBelow(folder), ["file"]);
  }));

Deno.test("histogramOf() counts every number once, and leaves out what has no columns", () => {
  const numbers = Float32Array.from({ length: 1000 }, (_, index) => Math.sin(index) ** 3);
  const { min, max, num, sum, bucket, bucket_limit } = histogramOf(numbers)!;
  assertEquals([bucket.length, bucket_limit.length, num], [64, 64, 1000]);
  assertEquals(bucket.reduce((total, count) => total + count), 1000);
  assertEquals([min, max], [Math.min(...numbers), Math.max(...numbers)]);
  assertEquals(bucket_limit.at(-1), max);
  assertEquals(sum, numbers.reduce((total, number) => total + number));
  for (const [column, limit] of bucket_limit.entries()) {
    const below = numbers.filter((number) => number < limit - 1e-6).length;
    assert(bucket.slice(0, column + 1).reduce((total, count) => total + count) >= below);
  }
  assertEquals(histogramOf([3, 3])?.bucket, [2]);
  assertEquals(histogramOf([]), undefined);
  assertEquals(histogramOf([1, NaN]), undefined);
  assertEquals(histogramOf([1, Infinity]), undefined);
});

Deno.test("markdownTable() shows names and values as they are, whatever they mean elsewhere", () => {
  assertEquals(
    markdownTable({ a: 1, "<b>": "x|y\n*z*", list: [1, "`"], none: undefined }),
    "| setting | value |\n| --- | --- |\n| a | 1 |\n| &#60;b&#62; | x&#124;y&#10;&#42;z&#42; |\n" +
      '| list | &#91;1,"&#96;"&#93; |\n| none | undefined |\n',
  );
});

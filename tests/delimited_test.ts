import { assert, assertAlmostEquals, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { type DelimitedOptions, openDelimited } from "../src/data/table/delimited.ts";
import type { CellRole, EncodingCounts, RolePlan } from "../src/data/table/table.ts";
import { moments, readRows } from "./oracle/table.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const open = (text: string | Uint8Array, options?: DelimitedOptions) =>
  openDelimited(typeof text === "string" ? encode(text) : text, options);

const number = (input: number): CellRole => ({ kind: "number", input, offset: 0, factor: 1 });

/** What opening and profiling say about a text: names of the columns, rows, notices. */
async function shape(text: string | Uint8Array, options?: DelimitedOptions) {
  const table = await open(text, options);
  const { rows, columns } = await table.profile();
  return { names: table.columnNames, rows, columns, notices: table.notices.join("; ") };
}

async function fault(text: string | Uint8Array, options?: DelimitedOptions): Promise<string> {
  try {
    const table = await open(text, options);
    const { rows } = await table.profile();
    const roles = Array.from({ length: table.columnCount }, (_, column) => number(column));
    await table.encode({ roles, inputCount: roles.length, targetCount: 0 }, rows);
  } catch (cause) {
    assert(cause instanceof Error && !cause.message.includes("\n"));
    return `${cause.name}: ${cause.message}`;
  }
  return "no error";
}

const rows = ["0.109,0,0", "-0.227,2,1", "0.317,1,1", "0.928,3,1"];
const body = rows.join("\n") + "\n";

Deno.test("openDelimited() takes a line of names with numbers for the header where its numbers are names", async () => {
  const spectra = "0.53,0.23,0.33,oil\n0.44,0.47,0.39,water\n0.32,0.30,0.31,oil\n0.47,0.54,0.13,water\n";
  const named = await shape("400,402,404,species\n" + spectra);
  assertEquals([named.names, named.rows], [["400", "402", "404", "species"], 4]);
  assertStringIncludes(named.notices, "its first line is a header");
  const numeric = await shape("400,402,404,species\n0.4,0.2,0.1,0\n0.5,0.6,0.6,1\n");
  assertEquals([numeric.rows, numeric.columns[3].numbers], [2, 2]);
  // Genes by number, in no order.
  assertEquals((await shape("7157,672,1956,type\n0.1,0.5,0.2,a\n0.2,0.1,0.7,b\n0.4,0.2,0.2,a\n")).rows, 3);
  assertEquals((await shape("0.1,0.2,0.3,oil\n0.4,0.5,0.6,oil\n0.1,0.2,0.4,water\n")).rows, 3);
  assertEquals((await shape("yes,no\nyes,yes\nno,no\nno,yes\n")).rows, 4);
});

Deno.test("openDelimited() finds comments, a header in one, and the delimiter a first line names", async () => {
  const comments = await shape("# exported\n# units: mg\nscore,grade,label\n" + body);
  assertEquals([comments.names, comments.rows], [["score", "grade", "label"], 4]);
  assertEquals(comments.notices, 'lines that begin with "#" are comments');
  const saved = await shape("# label,score,grade\n" + body);
  assertEquals([saved.names, saved.rows], [["label", "score", "grade"], 4]);
  assertStringIncludes(saved.notices, "the comment before its first row is the header");
  const later = await shape("a,b,c\n" + rows.join("\n# half\n"));
  assertEquals([later.rows, later.columns[0].numbers], [4, 4]);
  assertEquals((await shape("a,b,c\n!x\n" + body, { comment: "!" })).rows, 4);
  const excel = await shape("sep=;\r\nscore;grade;label\r\n" + body.replaceAll(",", ";"));
  assertEquals([excel.names.length, excel.rows], [3, 4]);
  assertStringIncludes(excel.notices, 'separated by ";", as its first line says');
});

Deno.test("openDelimited() takes no column from a delimiter at the end, and names one of row names", async () => {
  for (const text of ["score,grade,label,\n", "score,grade,label\n"]) {
    const { names, rows: count, notices } = await shape(text + rows.map((row) => `${row},\n`).join(""));
    assertEquals([names, count], [["score", "grade", "label"], 4]);
    assertStringIncludes(notices, "which makes no column");
  }
  const text = '"score" "grade" "label"\n' +
    rows.map((row, at) => `"${at}" ${row.replaceAll(",", " ")}\n`).join("");
  const named = await shape(text);
  assertEquals([named.names, named.rows], [["row names", "score", "grade", "label"], 4]);
  assertStringIncludes(named.notices, "begin with row names");
  assertStringIncludes(await fault(text, { rowNames: false }), "line 2 has 4 cells, expected 3");
  const index = await shape(",score,grade,label\n" + rows.map((row, at) => `${at},${row}\n`).join(""));
  assertEquals([index.names, index.notices], [["", "score", "grade", "label"], "column 1 has no name"]);
});

Deno.test("openDelimited() reads decimal commas, and every delimiter", async () => {
  const { columns, notices } = await shape("a;b\n1,5;2\n2,5;3,25\n");
  assertEquals([columns[0].mean, columns[1].maximum], [2, 3.25]);
  assertStringIncludes(notices, "numbers have decimal commas");
  for (const mark of [",", ";", "\t", "|", "  "]) {
    const found = await shape(["a,b,c", ...rows].join("\n").replaceAll(",", mark));
    assertEquals([found.names.length, found.rows, found.columns[2].numbers], [3, 4, 4], JSON.stringify(mark));
  }
  assertEquals((await shape("a,b\nx; y,1\nz; w,2\n")).names, ["a", "b"]);
});

Deno.test("openDelimited() refuses names that occur twice, and ARFF", async () => {
  assertEquals(
    await fault("label,a,label\n1,2,3\n"),
    'SyntaxError: Cannot read "data": columns 1 and 3 are both called "label", each needs a name of its own',
  );
  assertStringIncludes(await fault("% note\n@relation t\n@attribute a numeric\n"), "it is an ARFF file");
  assertStringIncludes(await fault("1,2\n", { comment: "ab" }), "TypeError: Cannot take");
});

Deno.test("openDelimited() decodes text by its mark or name, and never replaces a character", async () => {
  const text = "größe,art\n1,pêche\n2,pèche\n3,melon\n4,pêche\n";
  const latin = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  const spellings = async (bytes: Uint8Array, options?: DelimitedOptions) => {
    const { names, columns } = await shape(bytes, options);
    return [names[0], ...columns[1].values!.keys()];
  };
  const right = ["größe", "pêche", "pèche", "melon"];
  assertEquals(await spellings(latin, { encoding: "latin1" }), right);
  assertEquals(await spellings(encode("\ufeff" + text)), right);
  for (const high of [0, 1]) {
    const wide = new Uint8Array(2 * text.length + 2);
    [...("\ufeff" + text)].forEach((letter, at) => {
      wide[2 * at + high] = letter.charCodeAt(0) >> 8;
      wide[2 * at + 1 - high] = letter.charCodeAt(0) & 255;
    });
    assertEquals(await spellings(wide), right);
  }
  assertStringIncludes(await fault(latin), "is not UTF-8 text; name its encoding");
  const inside = latin.slice();
  inside.set(encode("grosse".slice(0, 5)));
  assertStringIncludes(
    await fault(inside),
    'line 2, column 2 ("art") is not UTF-8 text; name its encoding, such as "windows-1252"',
  );
  assertStringIncludes(await fault(latin, { encoding: "latin-9000" }), 'the encoding is "latin-9000"');
});

Deno.test("Table.profile() counts numbers, missing cells, texts and spellings", async () => {
  const table = await open(
    "time,size,id,tag\n1700000007,1.5,740245381351497730,a\n1700000049,NA,740245381351497699,b\n" +
      '1700000015,?,312782592000000017,"a"\n1700000030,big,1,\n',
  );
  const { rows: count, columns: [time, size, id, tag] } = await table.profile({ spelled: [2] });
  assertEquals(count, 4);
  assertAlmostEquals(time.mean, 1700000025.25, 1e-6);
  assertAlmostEquals(time.deviation, moments([7, 49, 15, 30])[1], 1e-9);
  assertEquals([time.minimum, time.maximum, time.whole, time.values], [
    1700000007,
    1700000049,
    true,
    undefined,
  ]);
  assertEquals([size.numbers, size.missing, size.texts, size.whole], [1, 2, 1, false]);
  assertEquals([size.firstText, size.firstMissing], [{ line: 5, text: "big" }, { line: 3, text: "NA" }]);
  assertEquals(size.values, new Map([["1.5", 1], ["big", 1]]));
  assertEquals([id.values!.size, id.beyondExact], [4, 3]);
  assertEquals([tag.values, tag.missing], [new Map([["a", 2], ["b", 1]]), 1]);
  const many = Array.from({ length: 600 }, (_, index) => `t${index}\n`).join("");
  assertEquals((await shape(`a\n${many}`)).columns[0].values, undefined);
});

Deno.test("Table.encode() fills inputs, classes, targets and weights as the roles say", async () => {
  const table = await open("a,b,c,y,w\n1700000001,x,k,1.5,1\nNA,z,m,2,0\n1700000001.00001,,k,3,2\n");
  const roles: CellRole[] = [
    { kind: "number", input: 0, offset: 1700000000, factor: 0.5, missing: 1700000004, indicator: 1 },
    { kind: "category", inputs: new Map([["x", 2]]), other: 3, missing: 4 },
    { kind: "class", classes: new Map([["m", 1], ["k", 0]]) },
    { kind: "target", output: 0 },
    { kind: "weight" },
  ];
  const plan: RolePlan = { roles, inputCount: 5, targetCount: 1 };
  const { features, labels, targets, weights, counts } = await table.encode(plan, 3);
  const last = Math.fround(0.500005);
  assertEquals([...features.slice(0, 10)], [0.5, 0, 1, 0, 0, 2, 1, 0, 1, 0]);
  assertAlmostEquals(features[10], last, 1e-6);
  assertEquals([...features.slice(11)], [0, 0, 0, 1]);
  assertEquals([[...labels], [...targets], [...weights]], [[0, 1, 0], [1.5, 2, 3], [1, 0, 2]]);
  assertEquals([[...counts.missing], [...counts.unknown]], [[1, 1, 0, 0, 0], [0, 1, 0, 0, 0]]);
  assertEquals(counts.firstUnknown.get(1), { line: 3, text: "z" });
  for (const array of [features, labels, targets, weights]) assert(array.buffer instanceof SharedArrayBuffer);
});

Deno.test("Table.encode() counts values that vanish in 32 bits, across windows too", async () => {
  const lines = Array.from({ length: 400_000 }, (_, row) => `${1700000000 + row},${row % 2}`);
  const table = await open("time,label\n" + lines.join("\n"));
  const { rows: count } = await table.profile();
  const roles: CellRole[] = [number(0), { kind: "skip" }];
  const { counts } = await table.encode({ roles, inputCount: 1, targetCount: 0 }, count);
  let expected = 0;
  for (let row = 1; row < count; row++) {
    expected += Number(Math.fround(1700000000 + row) === Math.fround(1699999999 + row));
  }
  assertEquals([...counts.vanished], [expected, 0]);
});

Deno.test("Table.encode() names line and column of what it cannot take", async () => {
  const text = "a,b,y,w\n1,2,u,1\n";
  const refused = async (line: string, change: readonly [number, CellRole][] = []) => {
    const table = await open(text + line);
    const roles: CellRole[] = [
      ...[number(0), number(1)],
      { kind: "class", classes: new Map([["u", 0]]) },
      { kind: "weight" },
    ];
    for (const [column, role] of change) roles[column] = role;
    const { message } = await assertRejects(
      () => table.encode({ roles, inputCount: 2, targetCount: 0 }, 2),
      Error,
    );
    return message;
  };
  assertStringIncludes(
    await refused("1,abc,u,1\n"),
    'line 3, column 2 ("b") holds "abc", a number is needed',
  );
  assertStringIncludes(await refused("1,,u,1\n"), 'line 3, column 2 ("b") is empty');
  assertStringIncludes(await refused("1,NA,u,1\n"), 'line 3, column 2 ("b") holds "NA", a value is needed');
  assertStringIncludes(await refused("1,2,v,1\n"), 'line 3 of "data" for testing: class "v"');
  assertStringIncludes(await refused("1,2,u,-1\n"), 'line 3, column 4 ("w") holds "-1", a weight from 0');
  assertStringIncludes(await refused("1,1e39,u,1\n"), "does not fit into 32 bits");
  const scaled: CellRole = { kind: "number", input: 1, offset: 0, factor: 1e30 };
  assertStringIncludes(await refused("1,1e10,u,1\n", [[1, scaled]]), 'holds "1e10", which does not fit');
  assertStringIncludes(await refused("1,2,u,1\n1,2,u,1\n"), "it changed while it was read");
});

Deno.test("Table.windows() reads a stream once, in pieces of any size", async () => {
  const bytes = encode(
    "a,b,label\n" + Array.from({ length: 500 }, (_, row) => `${row},"${-row}\n",z\r\n`).join(""),
  );
  const roles: CellRole[] = [{ kind: "number", input: 0, offset: 0, factor: 1 }, { kind: "skip" }, {
    kind: "category",
    inputs: new Map(),
  }];
  const plan: RolePlan = { roles, inputCount: 1, targetCount: 0 };
  for (const size of [1, 7, 4096]) {
    let at = 0;
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (at >= bytes.length) return controller.close();
        controller.enqueue(bytes.slice(at, at += size));
      },
    });
    const table = await openDelimited(stream, { name: "standard input" });
    const windows = table.windows(plan, { windowBytes: 64 });
    const values: number[] = [];
    let counts: EncodingCounts | undefined;
    for (;;) {
      const { value, done } = await windows.next();
      if (done) {
        counts = value;
        break;
      }
      values.push(...value.features);
    }
    assertEquals(values, Array.from({ length: 500 }, (_, row) => row));
    assertEquals(counts.unknown[2], 500);
    await assertRejects(() => table.profile(), TypeError, '"standard input" again: it is a stream');
  }
});

Deno.test("openDelimited() reads a header of 200,000 names in linear time", async () => {
  const width = 200_000;
  const names = Array.from({ length: width }, (_, column) => `cg${column}`).join(",");
  const line = Array.from({ length: width }, () => "0.5").join(",");
  const { rows: count, columns } = await shape(`${names},label\n${`${line},1\n`.repeat(6)}`);
  assertEquals([count, columns.length, columns[width].mean], [6, width + 1, 1]);
});

Deno.test("Table reads random tables as a slow and obvious reader does", async () => {
  let state = 9;
  const below = (bound: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * bound);
  };
  const texts = ["cat", "dog", 'a "b"', "two\nlines", "two\rhalves", "x,y;z", "bär", "5' tall"];
  for (let round = 0; round < 300; round++) {
    const [delimiter, end] = [[",", ";", "\t", "|"][below(4)], ["\n", "\r\n", "\r"][below(3)]];
    const width = 2 + below(4);
    const quoted = (cell: string) => `"${cell.replaceAll('"', '""')}"`;
    const cell = (column: number) => {
      if (below(8) === 0) return ["", "NA", "?", '""'][below(4)];
      const numeric = column % 2 === 0;
      const plain = numeric
        ? ((below(2e6) - 1e6) / [1, 10, 1000][below(3)]).toString()
        : texts[below(texts.length)];
      const blanks = " ".repeat(below(5) === 0 ? 2 : 0);
      return blanks + (!numeric || below(6) === 0 ? quoted(plain) : plain) + blanks;
    };
    const lines = [Array.from({ length: width }, (_, column) => quoted(`n${column}`)).join(delimiter)];
    for (let row = 0; row < 3 + below(40); row++) {
      lines.push(Array.from({ length: width }, (_, column) => cell(column)).join(delimiter));
      if (below(9) === 0) lines.push("");
    }
    const text = lines.join(end) + (below(2) === 0 ? end : "");
    const [names, ...expected] = readRows(text, delimiter);
    const table = await open(text, { delimiter, decimal: ".", comment: "", header: true });
    const { rows: count, columns } = await table.profile({ threads: 1 + below(2) });
    assertEquals([table.columnNames, count], [names, expected.length], text);
    const isMissing = (value: string) => ["", "NA", "?"].includes(value.trim());
    for (const [column, found] of columns.entries()) {
      const present = expected.map((row) => row[column]).filter((value) => !isMissing(value));
      assertEquals(found.missing, count - present.length, text);
      if (column % 2 === 1) {
        const counts = new Map<string, number>();
        for (const value of present) counts.set(value, (counts.get(value) ?? 0) + 1);
        if (present.length > 0) assertEquals(found.values, counts, text);
        continue;
      }
      const numbers = present.map(Number);
      assertEquals([found.numbers, found.texts], [numbers.length, 0], text);
      if (numbers.length === 0) continue;
      const [mean, deviation] = moments(numbers);
      assertAlmostEquals(found.mean, mean, 1e-6);
      assertAlmostEquals(found.deviation, deviation, 1e-6);
    }
    const roles = columns.map((_, column): CellRole =>
      column % 2 === 0
        ? { kind: "number", input: column, offset: 0, factor: 1, missing: -7 }
        : { kind: "category", inputs: new Map([["cat", column]]), missing: -1 }
    );
    const { features } = await table.encode({ roles, inputCount: width, targetCount: 0 }, count);
    const right = expected.flatMap((row) =>
      row.map((value, column) => {
        if (column % 2 === 1) return Number(value === "cat");
        return isMissing(value) ? -7 : Math.fround(Number(value));
      })
    );
    assertEquals([...features], right, text);
  }
});

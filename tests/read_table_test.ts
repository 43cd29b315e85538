import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { parquetWriteBuffer } from "npm:hyparquet-writer@0.17.0";
import { inFolder } from "./temporary.ts";
import {
  type ByteSource,
  type Dataset,
  datasets,
  loadFiles,
  readTable,
  type ReadTableOptions,
} from "../mod.ts";

const CSV = "width,colour,sweet,sour,kind\n" +
  Array.from(
    { length: 40 },
    (_, row) =>
      `${row},${row % 3 ? "red" : "blue"},${row % 2},${row % 4 ? "no" : "YES"},${row % 4 ? "plum" : "pear"}`,
  ).join("\n") +
  "\n";
const BYTES = new TextEncoder().encode(CSV);

async function gzipped(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** A stream of single bytes' worth of chunks. */
function inChunks(bytes: Uint8Array, chunk = 7): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull: (controller) => {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at += chunk));
    },
  });
}

/** Runs with a server that answers by the path of the request. */
async function served(
  answers: Readonly<Record<string, () => Response | Promise<Response>>>,
  run: (url: (path: string) => URL) => Promise<void>,
): Promise<void> {
  const abort = new AbortController();
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", signal: abort.signal, onListen: () => {} },
    (request) => answers[new URL(request.url).pathname]?.() ?? new Response("not here", { status: 404 }),
  );
  try {
    await run((path) => new URL(path, `http://127.0.0.1:${server.addr.port}`));
  } finally {
    abort.abort();
    await server.finished;
  }
}

function contentOf({ name: _, ...data }: Dataset) {
  return data;
}

Deno.test("readTable() reads the same data set from a path, URLs, bytes, a blob, a response and a stream", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/fruit.csv`;
    await Deno.writeFile(path, BYTES);
    const packed = await gzipped(BYTES);
    const answers = {
      "/fruit.csv": () => new Response(BYTES),
      "/fruit.csv.gz": () => new Response(packed, { headers: { "content-encoding": "gzip" } }),
    };
    await served(answers, async (url) => {
      const sources: readonly (readonly [ByteSource, string])[] = [
        [path, "fruit"],
        [new URL(`file://${path}`), "fruit"],
        [url("/fruit.csv"), "fruit"],
        [url("/fruit.csv.gz"), "fruit"],
        [BYTES, "data"],
        [BYTES.buffer, "data"],
        [packed, "data"],
        [new Blob([BYTES]), "blob"],
        [new File([BYTES], "mine.csv"), "mine"],
        [new Response(BYTES), "response"],
        [await fetch(url("/fruit.csv")), "fruit"],
        [inChunks(BYTES), "stream"],
        [inChunks(packed, 1), "stream"],
      ];
      const expected = await loadFiles([path], { testFraction: 0 });
      for (const [source, name] of sources) {
        const data = await readTable(source, { test: 0 });
        assertEquals(data.name, name);
        assertEquals(contentOf(data), contentOf(expected));
      }
    });
  });
});

Deno.test("readTable() reads Parquet from bytes and from a response, as from a file", async () => {
  const bytes = new Uint8Array(parquetWriteBuffer({
    columnData: [
      { name: "width", data: [1, 2, 3, 4], type: "DOUBLE" },
      { name: "kind", data: ["a", "b", "a", "b"], type: "STRING" },
    ],
  }));
  await inFolder(async (folder) => {
    const path = `${folder}/fruit.parquet`;
    await Deno.writeFile(path, bytes);
    const expected = contentOf(await readTable(path, { test: 0 }));
    assertEquals(expected.classNames, ["a", "b"]);
    for (const source of [bytes, new Response(bytes)]) {
      assertEquals(contentOf(await readTable(source, { test: 0 })), expected);
    }
  });
});

Deno.test("readTable() takes one label, one by its number, several targets or several labels", async () => {
  const read = (options: ReadTableOptions) => readTable(BYTES, { test: 0, ...options });
  const named = await read({ label: "sour" });
  assertEquals([named.task, named.classNames], ["classification", ["YES", "no"]]);
  assertEquals((await read({ label: -1 })).classNames, ["pear", "plum"]);
  const targets = await read({ label: ["sweet", "width"], ignoreColumns: ["sour", "kind"] });
  assertEquals([targets.task, targets.outputCount, targets.classNames], ["regression", 2, []]);
  assertEquals([...targets.train.targets.subarray(0, 4)], [0, 0, 1, 1]);
  const notices: string[] = [];
  const labels = await read({
    label: ["sour", "sweet"],
    task: "multi-label",
    ignoreColumns: "kind",
    onNotice: (line) => void notices.push(line),
  });
  assertEquals([labels.task, labels.outputCount, labels.classNames], ["multi-label", 2, ["sour", "sweet"]]);
  assertEquals([...labels.train.targets.subarray(0, 10)], [1, 0, 0, 1, 0, 0, 0, 1, 1, 0]);
  assertEquals([labels.train.labels.length, labels.featureCount], [0, 3]);
  assertStringIncludes(notices[0], 'Label: "sour", "sweet"; a sample may have several');
  await assertRejects(
    () => read({ label: ["colour", "sweet"], task: "multi-label" }),
    SyntaxError,
    '"colour" of "data" for one label of several: it holds "blue", expected 0 and 1, true and false, or yes and no',
  );
  await assertRejects(
    () => read({ label: ["kind", "sweet"], task: "classification" }),
    TypeError,
    'the task is "multi-label"',
  );
});

Deno.test("readTable() reads several labels of another table by their names, and refuses what says neither yes nor no", async () => {
  const options = { label: ["sour", "sweet"], task: "multi-label", ignoreColumns: "kind" } as const;
  const other = (lines: string) => new TextEncoder().encode(`sweet,width,sour,colour\n${lines}`);
  const { test } = await readTable(BYTES, {
    ...options,
    test: other("1,5,False,red\n0.0,6,Y,blue\n1.0,7,t,red\n"),
  });
  assertEquals([...test!.targets], [0, 1, 1, 0, 1, 1]);
  assertEquals([...test!.features.subarray(0, 3)], [5, 0, 1]);
  const bad: readonly (readonly [string, string])[] = [
    ["1,5,maybe,red\n", '"sour" of "data" for one label of several: it holds "maybe", expected 0 and 1'],
    ["2,5,no,red\n", 'it holds "2"'],
    ["1,5,,red\n", 'line 2, "sour" of "data": the label is missing (empty); yes or no is needed'],
  ];
  for (const [lines, message] of bad) {
    await assertRejects(() => readTable(BYTES, { ...options, test: other(lines) }), SyntaxError, message);
  }
});

Deno.test("readTable() sets rows aside to test and to choose with, each class giving its share, by the seed", async () => {
  const data = await readTable(BYTES, { test: 0.2, validation: 0.3, seed: 3 });
  const { train, validation, test } = data;
  assertEquals([train.samples, validation?.samples, test?.samples], [20, 12, 8]);
  const pears = [train, validation!, test!].map(({ labels }) => labels.filter((label) => label === 0).length);
  assertEquals(pears, [5, 3, 2]);
  const widths = [train, validation!, test!].flatMap(({ features }) =>
    [...features].filter((_, at) => at % data.featureCount === 0)
  );
  assertEquals(widths.toSorted((a, b) => a - b), Array.from({ length: 40 }, (_, row) => row));
  assertEquals(await readTable(BYTES, { test: 0.2, validation: 0.3, seed: 3 }), data);
  const other = await readTable(BYTES, { test: 0.2, validation: 0.3, seed: 4 });
  assert(other.test!.features.some((value, at) => value !== test!.features[at]));
  assertEquals((await readTable(BYTES)).test?.samples, 8);
});

Deno.test("readTable() tests with another table, whose columns are found by their names", async () => {
  const other = new TextEncoder().encode("kind,width,colour,sweet,sour\nplum,5,teal,1,no\n");
  const notices: string[] = [];
  const { train, test } = await readTable(BYTES, {
    test: other,
    onNotice: (line) => void notices.push(line),
  });
  assertEquals([train.samples, test?.samples], [40, 1]);
  assertEquals([[...test!.labels], [...test!.features]], [[1], [5, 0, 0, 1, 0, 1]]);
  assertStringIncludes(notices.join("\n"), "1 cell holds a category never seen in training");
});

Deno.test("readTable() reads a table as a model knows it, all rows of it", async () => {
  const data = await readTable(BYTES);
  const { task, classNames, featureCount, schema } = data;
  const later = new TextEncoder().encode("kind,colour,width,sweet,sour\nplum,red,5,1,no\nplum,red,6,1,no\n");
  for (const like of [{ task, classNames, featureCount, schema: schema! }, { ...data, settings: { task } }]) {
    const { train, test } = await readTable(later, { like });
    assertEquals([[...train.labels], test], [[1, 1], undefined]);
    assertEquals([...train.features], [5, 0, 1, 1, 0, 1, 6, 0, 1, 1, 0, 1]);
  }
});

Deno.test("readTable() says in one line why a server, a page or a stream gives no table", async () => {
  const page = "<!doctype html>\n<html><body>Sign in</body></html>";
  const answers = {
    "/page.csv": () => new Response(page, { headers: { "content-type": "text/html" } }),
    "/empty.csv": () => new Response(""),
    "/none.csv": () => new Response(null, { status: 204 }),
    "/large.csv": () => new Response(BYTES),
  };
  let gone = new URL("http://127.0.0.1/");
  await served(answers, async (url) => {
    gone = url("/fruit.csv?key=secret");
    const bad: readonly (readonly [ByteSource, ReadTableOptions, string])[] = [
      [url("/missing.csv"), {}, 'missing.csv": the server answered 404 Not Found'],
      [await fetch(url("/missing.csv")), {}, 'missing.csv": the server answered 404 Not Found'],
      [url("/page.csv"), {}, 'page.csv": it is a web page; it may be a failed download'],
      [url("/empty.csv"), {}, 'empty.csv": it is empty'],
      [url("/none.csv"), {}, "no body"],
      [url("/large.csv"), { maxBytes: 100 }, 'large.csv": it has more than 100 bytes'],
      [new Blob([BYTES]), { maxBytes: 100 }, '"blob": it has more than 100 bytes'],
    ];
    for (const [source, options, message] of bad) {
      const { message: found } = await assertRejects(() => readTable(source, options), Error);
      assertStringIncludes(found, message);
      assert(!found.includes("\n"), found);
    }
  });
  const { name, message } = await assertRejects(() => readTable(gone), Error);
  assertEquals([name, message.includes("secret"), message.includes("fruit.csv")], [
    "DatasetError",
    false,
    true,
  ]);
});

Deno.test("readTable() reads what can be read once, once: used responses and streams in other hands are refused", async () => {
  const used = new Response(BYTES);
  await used.bytes();
  await assertRejects(() => readTable(used), TypeError, "the body of the response was read before");
  const locked = inChunks(BYTES);
  const reader = locked.getReader();
  await assertRejects(() => readTable(locked), TypeError, "somebody else reads the stream");
  reader.releaseLock();
  const broken = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.error(new Error("the cable")),
  });
  await assertRejects(() => readTable(broken), Error, 'Cannot read "stream": it broke off: the cable');
  const texts = new ReadableStream({ start: (controller) => controller.enqueue("a,b\n") });
  await assertRejects(() => readTable(texts), TypeError, "the stream gives a string, expected bytes");
  const abort = new AbortController();
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      controller.enqueue(new Uint8Array(10).fill(0x31));
      abort.abort(new Error("enough"));
    },
  });
  await assertRejects(() => readTable(endless, { signal: abort.signal }), Error, "enough");
});

Deno.test("readTable() says what it takes, and who takes the rest", async () => {
  const npy = new Uint8Array([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 6, 0, 0x7b, 0x7d]);
  const bad: readonly (readonly [unknown, string])[] = [
    [[{ x: 1 }], "a list of 1; Dataset.from() takes rows and arrays"],
    [new Float32Array(4), "a Float32Array of 4; Dataset.from() takes rows and arrays"],
    [["a.csv", "b.csv"], "loadFiles() takes a list of paths"],
    [CSV, "it is the text of a table, not its path; give its bytes"],
    ["https://127.0.0.1/a.csv", 'give new URL("…")'],
    [new URL("ftp://127.0.0.1/a.csv"), "file:, http: and https: are read"],
    ["", "its path is an empty text"],
    [undefined, "its source is undefined, expected a path, a URL"],
    [null, "its source is null"],
    [42, "its source is 42"],
    [npy, "it is a NumPy array; loadFiles() reads it from files"],
  ];
  for (const [source, message] of bad) {
    const { message: found } = await assertRejects(() => readTable(source as ByteSource), TypeError);
    assertStringIncludes(found, message);
  }
  await assertRejects(() => readTable("/nowhere/flowers.csv"), Deno.errors.NotFound, "there is no such file");
});

Deno.test("readTable() refuses options it does not know, and those of another type or range", async () => {
  const bad: readonly (readonly [object, string])[] = [
    [{ lable: "kind" }, 'there is no option "lable", did you mean "label"?'],
    [{ testFraction: 0.1 }, 'there is no option "testFraction"'],
    [
      { label: { name: "kind" } },
      "label is an object, expected the name of a column, its index, or a list of them",
    ],
    [{ label: ["kind", null] }, "label is null, expected"],
    [{ label: "knd" }, 'did you mean "kind"?'],
    [{ test: 1 }, "test is 1, expected a number from 0"],
    [{ test: "0.2" }, "0.2"],
    [{ test: 0.5, validation: 0.5 }, "leaves nothing to learn from"],
    [{ validation: -0.1 }, "validation is -0.1"],
    [{ seed: 1.5 }, "seed is 1.5"],
    [{ stratify: 1 }, "stratify is 1, expected true or false"],
    [{ onNotice: "log" }, "onNotice is log (a string), expected a function"],
    [{ task: "ranking" }, "task is ranking"],
    [{ like: {} }, "like.task is undefined, expected classification or regression"],
    [{ signal: 1 }, "signal is 1, expected an AbortSignal"],
    [{ delimiter: 3 }, "delimiter is 3, expected a text"],
    [{ missing: "drop" }, "missing is drop"],
  ];
  for (const [options, message] of bad) {
    const { message: found } = await assertRejects(
      () => readTable(BYTES, options as ReadTableOptions),
      Error,
    );
    assertStringIncludes(found, message);
  }
  const rare = new TextEncoder().encode("x,y\n1,a\n2,\n3,b\n");
  await assertRejects(() => readTable(rare), SyntaxError, 'missingLabels: "drop" or "class"');
});

Deno.test("datasets.load() says who reads files and other things", async () => {
  await assertRejects(
    () => datasets.load("flowers.csv"),
    TypeError,
    "it looks like a file; tables of your own are read by readTable(), other files by loadFiles()",
  );
  await assertRejects(() => datasets.load("./data"), TypeError, "readTable()");
  await assertRejects(() => datasets.load([1] as never), TypeError, "by a list of 1: its name is needed");
  assertThrows(() => datasets.describe("mnits"), TypeError, 'did you mean "mnist"?');
});

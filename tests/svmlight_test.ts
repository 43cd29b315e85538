import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { loadFiles } from "../src/data/files.ts";
import { readSvmlight, type SvmlightOptions } from "../src/data/svmlight.ts";
import type { WindowOptions } from "../src/data/file_options.ts";
import { sampleWindows } from "../src/data/windows.ts";
import { assertReadOrRefused, drawsBelow } from "./damage.ts";
import { dataFolder, exists } from "./real_data.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const read = (text: string, options?: SvmlightOptions) => readSvmlight(encode(text), options);

/** The message of the error a text gives, after "Cannot read "data": ". */
async function fault(text: string, options?: SvmlightOptions): Promise<string> {
  try {
    await read(text, options);
  } catch (cause) {
    assert(cause instanceof Error);
    assert(!cause.message.includes("\n"));
    return `${cause.name}: ${cause.message}`.replace('Cannot read "data": ', "");
  }
  return "no error";
}

Deno.test("readSvmlight() makes rows dense, counting from 1, or from 0 where index 0 occurs", async () => {
  const one = await read("# comment\n+1 qid:7 1:0.5 3:2 # 9:9\n\n-1 2:-1e1\r\n-1");
  assertEquals([one.samples, one.featureCount], [3, 3]);
  assertEquals([...one.features], [0.5, 0, 2, 0, -10, 0, 0, 0, 0]);
  assertEquals([one.classNames, [...one.labels]], [["-1", "1"], [1, 0, 0]]);
  const zero = await read("a 0:1 2:3\nb 1:2\n");
  assertEquals([[...zero.features], zero.classNames], [[1, 0, 3, 0, 2, 0], ["a", "b"]]);
});

Deno.test("readSvmlight() reads regression targets", async () => {
  const { targets, labels } = await read("1.5 1:1\n-2 1:2\n", { task: "regression" });
  assertEquals([[...targets], labels.length], [[1.5, -2], 0]);
});

Deno.test("readSvmlight() takes the number of features and the first index that are given", async () => {
  const wide = await read("1 2:3\n0 1:1\n", { featureCount: 4 });
  assertEquals([...wide.features], [0, 3, 0, 0, 1, 0, 0, 0]);
  assertEquals((await read("1 1:3\n0 2:1\n", { firstIndex: 0 })).featureCount, 3);
  assertStringIncludes(await fault("1 0:3\n", { firstIndex: 1 }), "RangeError: it has index 0");
  assertEquals(
    await fault("1 1:3\n1 5:1\n", { featureCount: 4 }),
    "SyntaxError: line 2, column 2 has index 5, beyond the 4 features",
  );
});

Deno.test("readSvmlight() names line and column of what it cannot read", async () => {
  assertStringIncludes(await fault("1 1:1\n2:5 3:1\n"), 'line 2 begins with "2:5", its label is missing');
  assertStringIncludes(
    await fault("1 3:1 3:2\n"),
    'line 1, column 3 holds "3:2", an index its line has already',
  );
  assertStringIncludes(await fault("1 3:1 2:2\n"), "indices must ascend");
  assertStringIncludes(await fault("1 3:1 x\n"), 'column 3 holds "x", expected index:value');
  assertStringIncludes(await fault("1 3:nan\n"), 'holds "nan", a finite number is needed');
  assertStringIncludes(await fault("1 3:\n"), "line 1, column 2 is empty");
  assertStringIncludes(await fault("1 3:1e99\n"), "does not fit into 32 bits");
  assertStringIncludes(await fault("cat 3:1\n", { task: "regression" }), 'line 1, column 1 holds "cat"');
  assertEquals(await fault(""), "SyntaxError: it is empty");
  assertEquals(await fault("# only\n"), "SyntaxError: it has no rows of data");
  assertEquals(await fault("1\n2\n"), "RangeError: it has no features");
});

Deno.test("readSvmlight() refuses indices that would fill the memory", async () => {
  assertStringIncludes(
    await fault("1 4000000000:1\n"),
    "take 15 GiB when dense, at most 0.25 GiB are allowed",
  );
  assertStringIncludes(await fault("1 99999999999999999999999:1\n"), "RangeError");
  assertStringIncludes(await fault("1 3:1\n", { maxBytes: 8 }), "are allowed");
});

Deno.test("readSvmlight() reads or refuses damaged text and never crashes", async () => {
  const seed = "+1 qid:1 1:0.5 3:2 # x\n-1 2:7\r\n1 0:1\n";
  const alphabet = '0123456789.:eE+-# \t\r\nqidnaf,"';
  const below = drawsBelow(2);
  const damaged = () => {
    let text = seed;
    for (let change = below(3); change >= 0; change--) {
      const at = below(text.length);
      text = text.slice(0, at) + alphabet[below(alphabet.length)] + text.slice(at + below(2));
    }
    return text;
  };
  await assertReadOrRefused(damaged, async (text, round) => {
    const task = round % 2 === 0 ? "classification" : "regression";
    const { samples, features, featureCount } = await readSvmlight(encode(text), {
      threads: 1,
      task,
      maxBytes: 1 << 20,
    });
    assertEquals(features.length, samples * featureCount);
    assert(features.every(Number.isFinite));
  }, { least: 1000, refusals: [SyntaxError, RangeError] });
});

Deno.test({
  name: "readSvmlight() reads a9a as an independent script does",
  ignore: !exists(`${dataFolder}/a9a/a9a.gz`),
  fn: async () => {
    // By tests/parity/text.py: rows, largest index, rows of −1 and 1, ones, places of the ones modulo 97.
    const known = { "a9a.gz": [32_561, 123, 24_720, 7_841, 451_592, 21_663_762] };
    const cut = { "a9a.t.gz": [16_281, 122, 12_435, 3_846, 225_731, 10_832_750] };
    for (const [file, expected] of Object.entries({ ...known, ...cut })) {
      const { samples, featureCount, features, labels } = await readSvmlight(`${dataFolder}/a9a/${file}`);
      let [ones, places, positive] = [0, 0, 0];
      features.forEach((value, index) => {
        ones += value;
        // The script counts places in rows of 123.
        if (value === 1) places += (123 * Math.floor(index / featureCount) + index % featureCount) % 97;
      });
      for (const label of labels) positive += label;
      assertEquals([samples, featureCount, samples - positive, positive, ones, places], expected, file);
    }
  },
});

Deno.test("sampleWindows() reads svmlight text in windows of any size; absent features are 0", async () => {
  const path = await Deno.makeTempFile({ suffix: ".svm" });
  const window = async (options: Partial<WindowOptions> = {}) => {
    const rows: number[] = [];
    for await (const { features } of sampleWindows(path, { featureCount: 4, ...options })) {
      rows.push(...features);
    }
    return rows;
  };
  try {
    await Deno.writeTextFile(path, "+1 1:1 2:2\n# none\n\nany 2:5\n-1\n");
    const expected = [1, 2, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0];
    assertEquals([await window(), await window({ windowBytes: 1 })], [expected, expected]);
    assertEquals((await window({ firstIndex: 0 })).slice(0, 4), [0, 1, 2, 0]);
    await Deno.writeTextFile(path, "1 1:1\n".repeat(100) + "1 1:1 5:2\n");
    const refused = "line 101, column 3 has index 5, beyond the 4 features";
    await assertRejects(() => window(), SyntaxError, refused);
    await assertRejects(() => window({ windowBytes: 1 }), SyntaxError, refused);
    await Deno.writeTextFile(path, "1 0:1\n");
    await assertRejects(() => window({ firstIndex: 1 }), RangeError, "it has index 0");
    const like = { task: "classification", classNames: [], featureCount: 4 } as const;
    const given = { like, firstIndex: 1, testFraction: 0 } as const;
    await Deno.writeTextFile(path, "1 1:1 2:2\n2 2:1\n");
    const { featureCount, firstIndex, train } = await loadFiles([path], given);
    assertEquals([featureCount, firstIndex, [...train.features]], [4, 1, [1, 2, 0, 0, 0, 1, 0, 0]]);
    await Deno.writeTextFile(path, "1 1:1 9:2\n2 2:1\n");
    await assertRejects(() => loadFiles([path], given), SyntaxError, "line 1, column 3 has index 9");
  } finally {
    await Deno.remove(path);
  }
});

import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import type { NamedDataset } from "../src/data/catalogue.ts";
import { classCounts, validateDataset } from "../src/data/dataset.ts";
import { locate, readPinned } from "../src/data/locate.ts";
import { datasets, type LoadProgress } from "../src/data/named.ts";
import { DatasetError } from "../src/errors.ts";
import { inFolder } from "./temporary.ts";
import { dataFolder, debianFashionMnist, exists } from "./real_data.ts";

async function writeAll(
  folder: string,
  files: Record<string, string | Uint8Array<ArrayBuffer>>,
): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(`${folder}/${name}`, bytes);
  }
}

/** A table whose first column is the class. */
function table(rows: number, features: number, header: string): string {
  const lines = Array.from(
    { length: rows },
    (_, row) => [row % 2, ...Array.from({ length: features }, (_, column) => row + column / 100)].join(","),
  );
  return `${header}${lines.join("\n")}\n`;
}

Deno.test("datasets.describe() has shapes, the paper's settings and places for every name", () => {
  assertEquals(datasets.names()[0], "madelon-like", "the first needs no file");
  assertEquals(datasets.list().length, 8);
  for (const name of datasets.names()) {
    const { settings, image, featureCount, home, arrangements, placement } = datasets.describe(name);
    const dropout = name === "extreme" ? 0.4 : 0.3;
    assertEquals([settings.momentum, settings.weightDecay, settings.dropout, settings.zeta], [
      0.9,
      2e-4,
      dropout,
      0.3,
    ]);
    assertEquals(settings.epochs, name === "madelon-like" ? 100 : 500);
    if (image !== undefined) assertEquals(image.channels * image.height * image.width, featureCount);
    assertEquals(home === undefined, arrangements.length === 0);
    for (const file of arrangements.flat()) {
      // Either all is known of a file, or users are told what to do.
      const pinned = [file.urls, file.bytes, file.sha256].map((value) => value !== undefined);
      assertEquals(pinned, Array(3).fill(placement === undefined), file.name);
    }
  }
  assertEquals(datasets.describe("cifar10").augmentation, {
    rotationDegrees: 10,
    shiftFraction: 0.1,
    flip: true,
  });
});

Deno.test("datasets.describe() answers an unknown name with the nearest", async () => {
  const message = 'Cannot find a data set named "fashon_mnist": did you mean "fashion-mnist"?';
  assertThrows(() => datasets.describe("fashon_mnist"), TypeError, message);
  await assertRejects(
    () => datasets.load("iris"),
    TypeError,
    'named "iris": There are madelon-like, madelon,',
  );
  await assertRejects(() => datasets.load("madelon-like", { seed: -1 }), RangeError, "seed is -1");
});

Deno.test("datasets.load() makes madelon-like data without any file", async () => {
  const data = await datasets.load("madelon-like", { seed: 3 });
  const { trainSamples, testSamples, featureCount } = datasets.describe("madelon-like");
  assertEquals([data.train.samples, data.test?.samples, data.featureCount], [
    trainSamples,
    testSamples,
    featureCount,
  ]);
  assert((await datasets.load("madelon-like", { seed: 4 })).train.features[0] !== data.train.features[0]);
});

Deno.test("datasets.load() finds CIFAR-10 in the archive's folder, packed or not, and reports progress", async () => {
  await inFolder(async (dataDir) => {
    const record = new Uint8Array(3073);
    const packed = new Blob([record]).stream().pipeThrough(new CompressionStream("gzip"));
    const batches = Object.fromEntries([1, 2, 3, 4, 5].map((part) => [`data_batch_${part}.bin`, record]));
    const test = new Uint8Array(await new Response(packed).arrayBuffer());
    await writeAll(`${dataDir}/cifar-10-batches-bin`, { ...batches, "test_batch.bin.gz": test });
    const seen: LoadProgress[] = [];
    const data = await datasets.load("cifar10", { dataDir, onProgress: (progress) => seen.push(progress) });
    assertEquals([data.name, data.train.samples, data.test?.samples], ["cifar10", 5, 1]);
    assertEquals(seen.at(-1)?.file, "test_batch.bin.gz");
    assertEquals(seen[0], { stage: "read", file: "data_batch_1.bin", doneBytes: 3073, totalBytes: 3073 });
  });
});

Deno.test("datasets.load() reads HIGGS from two placed files, and refuses what it cannot tell apart", async () => {
  await inFolder(async (dataDir) => {
    const header = `response,${Array.from({ length: 28 }, (_, index) => `x${index}`)}\n`;
    await writeAll(`${dataDir}/higgs`, {
      "higgs_train_6.csv": table(6, 28, header),
      "higgs_test_4.csv": table(4, 28, header),
    });
    const data = await datasets.load("higgs", { dataDir });
    assertEquals([data.featureCount, data.train.samples, data.test?.samples], [28, 6, 4]);
    assertEquals([data.classNames, [...data.train.labels]], [["background", "signal"], [0, 1, 0, 1, 0, 1]]);
    await writeAll(`${dataDir}/higgs`, { "higgs_test_4.csv": table(4, 27, "") });
    await assertRejects(() => datasets.load("higgs", { dataDir }), RangeError, "has 27 features");
    await writeAll(`${dataDir}/higgs`, { "higgs_train_9.csv": "" });
    await assertRejects(
      () => datasets.load("higgs", { dataDir }),
      DatasetError,
      "has higgs_train_6.csv, higgs_train_9.csv, one is needed",
    );
  });
});

Deno.test("datasets.load() takes the first rows of UCI's HIGGS.csv", async () => {
  await inFolder(async (dataDir) => {
    const row = (label: number) => `${label}.0e+00,${Array(28).fill("1").join(",")}\n`;
    const rows = row(1).repeat(104_999) + row(0) + row(1) + row(0).repeat(49_999);
    await writeAll(dataDir, { "HIGGS.csv": `${rows}these rows are not read\n` });
    const { train, test } = await datasets.load("higgs", { dataDir });
    assertEquals([train.samples, test?.samples], [105_000, 50_000]);
    assertEquals([...classCounts(train, 2)], [1, 104_999]);
    assertEquals([train.labels[104_999], test?.labels[0], test?.labels[49_999]], [0, 1, 0]);
    assertEquals(test?.features.length, 50_000 * 28);
    await writeAll(dataDir, { "HIGGS.csv": row(0).repeat(10) });
    await assertRejects(
      () => datasets.load("higgs", { dataDir }),
      SyntaxError,
      `HIGGS.csv": it has 10 rows, 155000 are needed`,
    );
    await writeAll(dataDir, { "HIGGS.csv": row(0) + "1,x" + rows.slice(row(0).length) });
    await assertRejects(() => datasets.load("higgs", { dataDir }), SyntaxError, `${dataDir}/HIGGS.csv"`);
  });
});

Deno.test("datasets.load() sets a third of one leukaemia table aside, or reads two", async () => {
  await inFolder(async (dataDir) => {
    const header = "class,a,b,c\n";
    await writeAll(dataDir, { "leukemia.csv": table(30, 3, header) });
    const one = await datasets.load("leukemia", { dataDir, seed: 1 });
    assertEquals([one.train.samples, one.test?.samples, one.featureCount], [20, 10, 3]);
    await writeAll(dataDir, {
      "leukemia_train.csv": table(6, 3, header),
      "leukemia_test.csv": table(4, 3, header),
    });
    const two = await datasets.load("leukemia", { dataDir });
    assertEquals([two.train.samples, two.test?.samples], [6, 4]);
  });
});

/** A series matrix as GEO writes it: two probes of each sample, and its class. */
function seriesMatrix(classes: readonly string[]): string {
  const cells = (lead: string, of: (index: number) => string) =>
    [lead, ...classes.map((_, i) => of(i))].join("\t");
  return [
    '!Series_title\t"MILE"',
    "",
    cells("!Sample_characteristics_ch1", () => '"tissue: bone marrow"'),
    cells("!Sample_characteristics_ch1", (index) => `"leukemia class: ${classes[index]}"`),
    "!series_matrix_table_begin",
    cells('"ID_REF"', (index) => `"GSM${index}"`),
    cells('"1007_s_at"', (index) => `${index}.5`),
    cells('"1053_at"', (index) => `-${index}`),
    "!series_matrix_table_end",
    "",
  ].join("\n");
}

Deno.test("datasets.load() reads leukaemia as GEO gives it out: a column for each patient", async () => {
  await inFolder(async (dataDir) => {
    const classes = ["CLL", "MDS", "ALL with t(12;21)", "CLL", "MDS", "CLL"];
    const path = "GSE13159_series_matrix.txt";
    await writeAll(dataDir, { [path]: seriesMatrix(classes).replaceAll("\n", "\r\n") });
    const { train, test, ...data } = await datasets.load("leukemia", { dataDir, seed: 1 });
    assertEquals([train.samples, test!.samples], [4, 2]);
    assertEquals(data.classNames, ["ALL with t(12;21)", "CLL", "MDS"]);
    assertEquals(data.featureNames, ["1007_s_at", "1053_at"]);
    for (const { samples, features, labels } of [train, test!]) {
      for (let sample = 0; sample < samples; sample++) {
        const patient = features[2 * sample] - 0.5;
        assertEquals(features[2 * sample + 1], 0 - patient);
        assertEquals(data.classNames[labels[sample]], classes[patient]);
      }
    }
    const refuse = async (text: string, kind: typeof SyntaxError | typeof RangeError, message: string) => {
      await writeAll(dataDir, { [path]: text });
      await assertRejects(() => datasets.load("leukemia", { dataDir }), kind, message);
    };
    const whole = seriesMatrix(classes);
    await refuse(
      whole.replace("!series_matrix_table_end\n", ""),
      SyntaxError,
      "it is cut short after line 8",
    );
    await refuse(whole.replace("3.5", "null"), SyntaxError, 'value 4 is "null", a finite number is needed');
    await refuse(whole.replace("\t-5", ""), SyntaxError, "it has 5 values, the header has 6 samples");
    await refuse(
      whole.replaceAll("leukemia class", "kind"),
      RangeError,
      "0 of 6 samples have the characteristic",
    );
    await refuse("1,2,3\n", SyntaxError, "it has no !series_matrix_table_begin");
  });
});

Deno.test("datasets.load() says what to do when files must be placed by hand", async () => {
  await inFolder(async (folder) => {
    await writeAll(folder, { "data_batch_1.bin": "" });
    const places = { dataDir: folder, cacheDir: `${folder}/cache` };
    const error = await assertRejects(() => datasets.load("cifar10", places), DatasetError);
    assertStringIncludes(error.message, `not in "${folder}/cifar10", "${folder}", "${folder}/cache/cifar10"`);
    assertStringIncludes(
      error.message,
      "unpack https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz there",
    );
    const missing = { dataDir: `${folder}/none` };
    await assertRejects(() => datasets.load("cifar10", missing), DatasetError, "there is no such folder");
  });
});

Deno.test("datasets.load() refuses files of the right name with other content", async () => {
  await inFolder(async (dataDir) => {
    const names = datasets.describe("madelon").arrangements[0].map((file) => file.name);
    await writeAll(dataDir, Object.fromEntries(names.map((name) => [name, "1 2 3\n"])));
    const message = "it has 6 bytes, 4001995 are expected; it is damaged or of another data set";
    await assertRejects(() => datasets.load("madelon", { dataDir }), DatasetError, message);
    await writeAll(dataDir, { "madelon_train.data": new Uint8Array(4_001_995) });
    await assertRejects(() => datasets.load("madelon", { dataDir }), DatasetError, "its SHA-256 is ");
  });
});

/** A data set of one file, official at `url`. */
async function madeUpSet(url: string, content: Uint8Array<ArrayBuffer>): Promise<NamedDataset> {
  const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", content)).toHex();
  const file = { name: "some.data", bytes: content.length, sha256, urls: [url] };
  return { ...datasets.describe("madelon"), name: "made-up", arrangements: [[file]] };
}

Deno.test("locate() downloads to the cache what is nowhere, once", async () => {
  const content = new Uint8Array(1000).fill(7);
  let requests = 0;
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
    requests++;
    return new Response(content);
  });
  await inFolder(async (cacheDir) => {
    const set = await madeUpSet(`http://127.0.0.1:${server.addr.port}/some.data`, content);
    for (let round = 0; round < 2; round++) {
      const { paths, files } = await locate(set, { cacheDir });
      assertEquals(paths, [`${cacheDir}/made-up/some.data`]);
      assertEquals(await readPinned(paths[0], files[0], set), content);
    }
    assertEquals(requests, 1);
  });
});

Deno.test("locate() says where to put files when they cannot be downloaded", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("gone", { status: 404 }),
  );
  await inFolder(async (cacheDir) => {
    const set = await madeUpSet(`http://127.0.0.1:${server.addr.port}/some.data`, new Uint8Array(10));
    const error = await assertRejects(() => locate(set, { cacheDir }), DatasetError, "answered 404");
    assertStringIncludes(error.message, 'Cannot find data set "made-up": some.data');
    assertStringIncludes(error.message, `put them in "${cacheDir}/made-up" or a data directory`);
  });
});

Deno.test({
  name: "datasets.load() reads Debian's Fashion-MNIST without a data directory",
  ignore: !exists(debianFashionMnist),
  async fn() {
    await inFolder(async (cacheDir) => {
      const data = await datasets.load("fashion-mnist", { cacheDir });
      validateDataset(data);
      assertEquals([data.train.samples, data.test?.samples, data.featureCount], [60_000, 10_000, 784]);
      assertEquals([...classCounts(data.train, 10)], Array(10).fill(6000));
      assertEquals(data.classNames[data.train.labels[0]], "ankle boot");
      const { image } = data;
      assertEquals(image, { height: 28, width: 28, channels: 1 });
    });
  },
});

for (
  const [name, mark, shape] of [
    ["mnist", "mnist/train-images-idx3-ubyte.gz", [60_000, 10_000, 784, 10]],
    ["madelon", "madelon/madelon_train.data", [2000, 600, 500, 2]],
    ["higgs", "higgs/higgs_train_10k.csv", [10_000, 5000, 28, 2]],
    ["cifar10", "cifar10/data_batch_1.bin", [50_000, 10_000, 3072, 10]],
  ] as const
) {
  Deno.test({
    name: `datasets.load() reads the real ${name}`,
    ignore: dataFolder === undefined || !exists(`${dataFolder}/${mark}`),
    async fn() {
      const data = await datasets.load(name, { dataDir: dataFolder });
      validateDataset(data);
      assertEquals([data.train.samples, data.test?.samples, data.featureCount, data.outputCount], [...shape]);
    },
  });
}

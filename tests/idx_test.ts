import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { validateDataset } from "../src/data/dataset.ts";
import { parseIdx, readIdx, readIdxDataset } from "../src/data/idx.ts";
import { debianFashionMnist, exists } from "./real_data.ts";

function idx(type: number, shape: number[], body: number[]): Uint8Array<ArrayBuffer> {
  const words = shape.flatMap((
    length,
  ) => [length >>> 24, length >> 16 & 255, length >> 8 & 255, length & 255]);
  return Uint8Array.from([0, 0, type, shape.length, ...words, ...body]);
}

async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

async function withFiles(
  files: Record<string, Uint8Array<ArrayBuffer>>,
  work: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, bytes] of Object.entries(files)) await Deno.writeFile(`${folder}/${name}`, bytes);
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("parseIdx() reads every type, high byte first", () => {
  const read = (type: number, body: number[]) => parseIdx(idx(type, [1], body), "bytes").values;
  assertEquals(read(0x08, [200])[0], 200);
  assertEquals(read(0x09, [200])[0], -56);
  assertEquals(read(0x0b, [0xff, 0xfe])[0], -2);
  assertEquals(read(0x0c, [0, 1, 0, 2])[0], 65538);
  assertEquals(read(0x0d, [0x3f, 0xc0, 0, 0])[0], 1.5);
  assertEquals(read(0x0e, [0xc0, 0x04, 0, 0, 0, 0, 0, 0])[0], -2.5);
  const matrix = parseIdx(idx(0x08, [2, 3], [1, 2, 3, 4, 5, 6]), "bytes");
  assertEquals([matrix.shape, [...matrix.values]], [[2, 3], [1, 2, 3, 4, 5, 6]]);
  assert(matrix.values.buffer instanceof SharedArrayBuffer);
});

Deno.test("parseIdx() refuses damaged and lying files with what it found", () => {
  const refuse = (bytes: Uint8Array, message: string) =>
    assertThrows(() => parseIdx(bytes, "some.idx"), SyntaxError, message);
  refuse(new Uint8Array(0), 'Cannot read IDX file "some.idx": it is empty');
  refuse(Uint8Array.of(0, 0, 8), "3 bytes");
  refuse(Uint8Array.of(0x89, 0x50, 0x4e, 0x47), "begins with 89 50 4e 47");
  refuse(Uint8Array.of(0, 0, 7, 1), "begins with 00 00 07 01");
  refuse(Uint8Array.of(0, 0, 8, 0), "no dimensions");
  refuse(Uint8Array.of(0, 0, 8, 3, 0, 0), "ends inside the header, 6 bytes of 16");
  refuse(idx(8, [2, 3], [1, 2, 3, 4, 5]), "truncated: 2 × 3 numbers of 1 bytes need 18 bytes, found 17");
  refuse(idx(8, [2], [1, 2, 3]), "longer than its header says");
  refuse(idx(0x0e, [0xffff_ffff, 0xffff_ffff, 0xffff_ffff], [1]), "truncated");
});

Deno.test("readIdx() unpacks gzip by its content, and refuses gzip that is damaged or cut off", async () => {
  const plain = idx(8, [1000], Array.from({ length: 1000 }, (_, index) => index * index % 251));
  const packed = await gzip(plain);
  const files = {
    plain,
    packed,
    "cut.gz": packed.slice(0, 300),
    "bad.gz": packed.with(150, packed[150] ^ 85),
  };
  await withFiles(files, async (folder) => {
    assertEquals((await readIdx(`${folder}/packed`)).values, (await readIdx(`${folder}/plain`)).values);
    await assertRejects(
      () => readIdx(`${folder}/cut.gz`),
      SyntaxError,
      'cut.gz": its gzip data is damaged or cut',
    );
    await assertRejects(() => readIdx(`${folder}/bad.gz`), SyntaxError, "bad.gz");
    await assertRejects(() => readIdx(`${folder}/absent`), Deno.errors.NotFound);
  });
});

Deno.test("readIdxDataset() puts images and labels together", async () => {
  const files = {
    images: idx(8, [2, 1, 3], [1, 2, 3, 4, 5, 6]),
    labels: idx(8, [2], [2, 0]),
    floats: idx(0x0b, [1, 1, 3], [0, 1, 0xff, 0xff, 1, 0]),
    one: idx(8, [1], [1]),
  };
  await withFiles(files, async (folder) => {
    const [trainImages, trainLabels] = [`${folder}/images`, `${folder}/labels`];
    const data = await readIdxDataset({
      ...{ trainImages, trainLabels, testImages: `${folder}/images`, testLabels: `${folder}/labels` },
      name: "tiny",
    });
    validateDataset(data);
    assertEquals([data.name, data.featureCount, data.outputCount], ["tiny", 3, 3]);
    assertEquals(data.image, { channels: 1, height: 1, width: 3 });
    assertEquals([...data.train.labels], [2, 0]);
    const numbers = await readIdxDataset({ trainImages: `${folder}/floats`, trainLabels: `${folder}/one` });
    assertEquals(numbers.train.features, Float32Array.of(1, -1, 256));

    const refuse = (change: Record<string, unknown>, message: string) =>
      assertRejects(() => readIdxDataset({ trainImages, trainLabels, ...change }), Error, message);
    await refuse({ trainLabels: `${folder}/one` }, "found 1 labels for 2 images");
    await refuse({ trainImages: trainLabels }, "is it the labels file?");
    await refuse({ trainLabels: trainImages }, "is it the images file?");
    await refuse({ testImages: trainImages }, "test labels are missing");
    await refuse({ classNames: ["a", "b"] }, "label 0 is 2, expected a whole number from 0 to 1");
  });
});

Deno.test({
  name: "readIdxDataset() reads the real Fashion-MNIST",
  ignore: !exists(`${debianFashionMnist}/train-images-idx3-ubyte.gz`),
  fn: async () => {
    const file = (name: string) => `${debianFashionMnist}/${name}-ubyte.gz`;
    const data = await readIdxDataset({
      trainImages: file("train-images-idx3"),
      trainLabels: file("train-labels-idx1"),
      testImages: file("t10k-images-idx3"),
      testLabels: file("t10k-labels-idx1"),
    });
    validateDataset(data);
    assertEquals([data.train.samples, data.test?.samples, data.featureCount], [60000, 10000, 784]);
    assertEquals([...data.train.labels.slice(0, 5)], [9, 0, 0, 3, 0]);
  },
});

import { assert, assertEquals, assertRejects } from "@std/assert";
import { CIFAR10_CLASSES, readCifarDataset } from "../src/data/cifar.ts";
import { validateDataset } from "../src/data/dataset.ts";

/** Records of these classes; the pixels count on from record to record. */
function records(classes: number[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(classes.length * 3073);
  bytes.forEach((_, at) => bytes[at] = at % 3073 === 0 ? classes[at / 3073] : at * 7 % 251);
  return bytes;
}

async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

Deno.test("readCifarDataset() joins files in order, packed or not", async () => {
  const [first, second] = [records([3, 9]), records([0])];
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeFile(`${folder}/data_batch_1.bin`, first);
    await Deno.writeFile(`${folder}/data_batch_2.bin.gz`, await gzip(second));
    const train = [`${folder}/data_batch_1.bin`, `${folder}/data_batch_2.bin.gz`];
    const data = await readCifarDataset({ train, test: [second] });
    validateDataset(data);
    assertEquals([...data.train.labels], [3, 9, 0]);
    assertEquals(data.train.features.slice(3072, 6144), first.slice(3074));
    assertEquals(data.train.features.slice(6144), second.slice(1));
    assertEquals(data.test?.samples, 1);
    assertEquals([data.image, data.classNames], [{ height: 32, width: 32, channels: 3 }, CIFAR10_CLASSES]);
    assert(data.train.features.buffer instanceof SharedArrayBuffer);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("readCifarDataset() refuses a corrupt label, a wrong size and an empty file", async () => {
  const refuse = (bytes: Uint8Array, message: string) =>
    assertRejects(() => readCifarDataset({ train: [bytes] }), SyntaxError, message);
  await refuse(records([1, 10]), "record 1 has class 10, the last class is 9");
  await refuse(records([1]).slice(1), "it has 3072 bytes, expected whole records of 3073");
  await refuse(new Uint8Array(3074), "it may be CIFAR-100");
  await refuse(new Uint8Array(0), "it is empty");
  await assertRejects(() => readCifarDataset({ train: [] }), TypeError, "no file to learn from");
});

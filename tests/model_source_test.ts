import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  CheckpointError,
  encodeModel,
  loadModel,
  madelonLike,
  newRunState,
  saveModel,
  SparseMlp,
  train,
} from "../mod.ts";
import { assertSameModel } from "./model/content.ts";
import { inFolder } from "./temporary.ts";

const small = () => SparseMlp.create({ sizes: [4, 6, 2], epsilon: 2, activation: "prelu", seed: 3 });
const data = madelonLike({
  samples: 64,
  testSamples: 16,
  features: 4,
  informative: 2,
  redundant: 1,
  seed: 1,
});

/** Serves one answer a path on this machine. */
async function serving(
  answer: (path: string) => Response | Promise<Response>,
  work: (base: string) => Promise<void>,
): Promise<void> {
  const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  await using server = Deno.serve(options, (request) => answer(new URL(request.url).pathname));
  await work(`http://127.0.0.1:${server.addr.port}`);
}

/** A stream of chunks, which tells whether it was cancelled. */
function streamOf(
  chunks: readonly unknown[],
): { stream: ReadableStream<Uint8Array>; cancelled: () => boolean } {
  let [next, cancelled] = [0, false];
  const stream = new ReadableStream({
    pull(controller) {
      if (next === chunks.length) controller.close();
      else controller.enqueue(chunks[next++]);
    },
    cancel: () => void (cancelled = true),
  }, { highWaterMark: 0 });
  return { stream: stream as ReadableStream<Uint8Array>, cancelled: () => cancelled };
}

const cut = (bytes: Uint8Array, size: number) =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.slice(at * size, (at + 1) * size));

Deno.test("encodeModel() gives the bytes of the file that saveModel() writes, of checkpoints too", () =>
  inFolder(async (folder) => {
    const model = small();
    const state = newRunState();
    for await (const _ of train(model, data, { epochs: 2, batchSize: 16, validationFraction: 0.25, state }));
    const training = { epoch: 2, options: { batchSize: 16 }, state };
    for (const options of [{}, { training }]) {
      const told: number[] = [];
      const bytes = await encodeModel(model, { ...options, onProgress: (done) => void told.push(done) });
      const path = new URL(`file://${folder}/a model.safetensors`);
      await saveModel(model, path, options);
      assertEquals(bytes, await Deno.readFile(path));
      assertEquals(told.at(-1), bytes.length);
      assertSameModel((await loadModel(path)).model, (await loadModel(bytes)).model);
    }
  }));

Deno.test("encodeModel() refuses what saveModel() refuses, in one line", async () => {
  const model = small();
  model.layers[0].values[0] = NaN;
  const { message } = await assertRejects(() => encodeModel(model), CheckpointError);
  assertEquals(
    message,
    'Cannot encode the model: number 0 of tensor "layers.0.values" is NaN, a finite one is needed',
  );
  await assertRejects(
    () => encodeModel({} as SparseMlp),
    TypeError,
    "the model is an object, expected a SparseMlp",
  );
  const wrong = { trainning: { epoch: 1, options: {} } } as object;
  await assertRejects(() => encodeModel(small(), wrong), TypeError, 'did you mean "training"?');
  await assertRejects(() => saveModel(small(), "/tmp/never", wrong), TypeError, 'did you mean "training"?');
});

Deno.test("encodeModel() that is not awaited gives the model as it was, and training waits for it", async () => {
  const model = small();
  const encoded: Promise<Uint8Array>[] = [];
  const wanted: number[][] = [];
  for await (const _ of train(model, data, { epochs: 3, batchSize: 16 })) {
    wanted.push([...model.layers[0].values]);
    encoded.push(encodeModel(model));
  }
  for (const [epoch, bytes] of (await Promise.all(encoded)).entries()) {
    const { model: loaded } = await loadModel(bytes);
    assertEquals([...loaded.layers[0].values], wanted[epoch]);
  }
});

Deno.test("loadModel() takes a path, URLs, bytes, a blob, a response and a stream, with the same result", () =>
  inFolder(async (folder) => {
    const model = small();
    const bytes = await encodeModel(model);
    const path = `${folder}/model.safetensors`;
    await Deno.writeFile(path, bytes);
    const resizable = new Uint8Array(new ArrayBuffer(bytes.length, { maxByteLength: 2 * bytes.length }));
    resizable.set(bytes);
    await serving(() => new Response(bytes), async (base) => {
      const sources = [
        path,
        new URL(`file://${path}`),
        new URL(`${base}/model.safetensors`),
        bytes,
        resizable,
        bytes.buffer,
        new Blob([bytes]),
        new Response(bytes),
        await fetch(base),
        streamOf(cut(bytes, 7)).stream,
        streamOf([new Uint8Array(0), bytes]).stream,
      ];
      for (const source of sources) {
        const told: [number, number][] = [];
        const options = { onProgress: (done: number, total: number) => void told.push([done, total]) };
        assertSameModel((await loadModel(source, options)).model, model);
        assert(told.length > 0);
        assert(told.every(([done, total]) => done <= total && total === bytes.length));
      }
    });
  }));

Deno.test("loadModel() believes no stream that is shorter or longer than its header says", async () => {
  const bytes = await encodeModel(small());
  const whole = cut(bytes, 100);
  for (let length = 0; length < bytes.length; length += 61) {
    const { stream } = streamOf(cut(bytes.slice(0, length), 100));
    await assertRejects(() => loadModel(stream), CheckpointError, `${length} bytes`);
  }
  const longer = streamOf([...whole, Uint8Array.of(1), ...whole]);
  await assertRejects(
    () => loadModel(longer.stream),
    CheckpointError,
    `goes on after the ${bytes.length} bytes`,
  );
  assert(longer.cancelled());
  // A header that claims a gigabyte, and one whose tensors do, take no more than what has come.
  const claims = new Uint8Array(16);
  new DataView(claims.buffer).setBigUint64(0, 1n << 30n, true);
  const header = streamOf([claims, ...whole]);
  await assertRejects(() => loadModel(header.stream), CheckpointError, "its header claims 1073741824 bytes");
  assert(header.cancelled());
  const json = JSON.stringify({ a: { dtype: "F32", shape: [2 ** 40], data_offsets: [0, 2 ** 42] } });
  const tensors = new Uint8Array(8 + json.length);
  new DataView(tensors.buffer).setBigUint64(0, BigInt(json.length), true);
  new TextEncoder().encodeInto(json, tensors.subarray(8));
  await assertRejects(
    () => loadModel(streamOf([tensors]).stream),
    CheckpointError,
    "are needed by its header",
  );
});

Deno.test("loadModel() refuses streams of other things, and what somebody else reads", async () => {
  const text = streamOf(["text"]);
  await assertRejects(
    () => loadModel(text.stream),
    CheckpointError,
    "the stream gives a string, expected bytes",
  );
  const { stream } = streamOf([]);
  const reader = stream.getReader();
  await assertRejects(() => loadModel(stream), CheckpointError, "somebody else reads the stream");
  reader.releaseLock();
  const failing = new ReadableStream<Uint8Array>({
    pull: () => Promise.reject(new Error("the cable is cut")),
  });
  await assertRejects(
    () => loadModel(failing),
    CheckpointError,
    'Cannot open the model file "stream": it broke off: the cable',
  );
  const used = new Response("12345678");
  await used.text();
  await assertRejects(() => loadModel(used), CheckpointError, "the body of the response was read before");
  await assertRejects(() => loadModel(new Response(null)), CheckpointError, "the response has no body");
  for (const source of [undefined, null, 3, {}, [1]] as unknown as string[]) {
    await assertRejects(() => loadModel(source), TypeError, "Cannot load a model: its source is");
  }
  const bytes = await encodeModel(small());
  for (
    const options of [{ thread: 2 }, { threads: 0 }, { threads: "2" }, { signal: {} }, { onProgress: 1 }]
  ) {
    await assertRejects(() => loadModel(bytes, options as object), Error, "Cannot load a model: ");
  }
});

Deno.test("loadModel() tells the status of a server that refuses, and no password of its URL", () =>
  serving((path) => new Response("<html>", { status: path === "/gone" ? 410 : 200 }), async (base) => {
    const { message } = await assertRejects(
      () => loadModel(new URL(`${base}/gone?key=secret`)),
      CheckpointError,
    );
    assertEquals(message, `Cannot open the model file "${base}/gone": the server answered 410 Gone`);
    const page = await assertRejects(() => loadModel(new URL(`${base}/page`)), CheckpointError);
    assertStringIncludes(page.message, "it has 6 bytes");
    await assertRejects(async () => loadModel(await fetch(`${base}/gone`)), CheckpointError, "410 Gone");
  }));

Deno.test("loadModel() stops with the reason of its signal", async () => {
  const controller = new AbortController();
  const endless = new ReadableStream<Uint8Array>({ pull: () => new Promise(() => {}) });
  const loading = loadModel(endless, { signal: controller.signal });
  controller.abort(new Error("enough"));
  assertEquals((await assertRejects(() => loading, Error)).message, "enough");
});

Deno.test("saveModel() and loadModel() refuse addresses they are not for, with what to do", async () => {
  const model = small();
  for (const place of [new URL("https://host.example/m"), new URL("http://host.example/m")]) {
    await assertRejects(
      () => saveModel(model, place),
      TypeError,
      "encodeModel() gives the bytes, which fetch()",
    );
  }
  await assertRejects(() => saveModel(model, new URL("data:,x")), TypeError, "only files are written");
  await assertRejects(() => saveModel(model, "https://host.example/m"), TypeError, "begins as a URL does");
  await assertRejects(
    () => saveModel(model, 3 as unknown as string),
    TypeError,
    "its place is 3, expected a path",
  );
  for (const source of ["https://host.example/m", "file:///m.safetensors", "data:,x"]) {
    await assertRejects(() => loadModel(source), CheckpointError, 'give new URL("…")');
  }
  await assertRejects(
    () => loadModel(new URL("ftp://host.example/m")),
    CheckpointError,
    "file:, http: and https:",
  );
});

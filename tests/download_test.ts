import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { download, type DownloadOptions, type DownloadProgress } from "../src/data/download.ts";
import { DatasetError } from "../src/errors.ts";

const CONTENT = Uint8Array.from({ length: 3_000_000 }, (_, index) => index * 31 % 253);

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** Serves `answer` on the loopback while `work` runs with the options of a download into a temporary folder. */
async function withServer(
  answer: (request: Request) => Response | Promise<Response>,
  work: (options: DownloadOptions, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, answer);
  try {
    const urls = [`http://127.0.0.1:${server.addr.port}/file`];
    const path = `${folder}/made/on/the/way/file`;
    await work({ urls, path, bytes: CONTENT.length, sha256: await sha256(CONTENT) }, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function listFolder(path: string): string[] {
  return [...Deno.readDirSync(path.replace(/\/[^/]*$/, ""))].map((entry) => entry.name);
}

async function refuses(options: DownloadOptions, message: string): Promise<void> {
  const error = await assertRejects(() => download(options), DatasetError, message);
  assertStringIncludes(error.message, 'Cannot download "file" from http://127.0.0.1');
  assertEquals(listFolder(options.path), [], "nothing is left behind");
}

Deno.test("download() writes the checked file and reports progress", async () => {
  await withServer(() => new Response(CONTENT), async (options) => {
    const seen: DownloadProgress[] = [];
    await download({ ...options, onProgress: (progress) => seen.push(progress) });
    assertEquals(await Deno.readFile(options.path), CONTENT);
    assertEquals(listFolder(options.path), ["file"]);
    assertEquals(seen[0], { file: "file", received: 0, total: CONTENT.length });
    assertEquals(seen.at(-1), { file: "file", received: CONTENT.length, total: CONTENT.length });
    assert(seen.length >= 3);
  });
});

Deno.test("download() keeps a packed file unpacked, or packed when asked", async () => {
  const stream = new Blob([CONTENT]).stream().pipeThrough(new CompressionStream("gzip"));
  const packed = new Uint8Array(await new Response(stream).arrayBuffer());
  await withServer(() => new Response(packed), async (options) => {
    await download(options);
    assertEquals(await Deno.readFile(options.path), CONTENT);
    await download({ ...options, unpack: false, bytes: packed.length, sha256: await sha256(packed) });
    assertEquals(await Deno.readFile(options.path), packed);
  });
  await withServer(
    () => new Response(packed.slice(0, packed.length / 2)),
    (options) => refuses(options, "damaged or cut off"),
  );
});

Deno.test("download() refuses a wrong hash, a wrong length and an error page", async () => {
  await withServer(() => new Response(CONTENT.with(5, 99)), (options) => refuses(options, "has SHA-256"));
  await withServer(
    () => new Response(CONTENT.slice(1)),
    (options) => refuses(options, "has 2999999 bytes, expected 3000000"),
  );
  await withServer(
    () => new Response(new Blob([CONTENT, CONTENT])),
    (options) => refuses(options, "longer than the 3000000 bytes"),
  );
  await withServer(
    () => new Response("not here", { status: 404, statusText: "Not Found" }),
    (options) => refuses(options, "the server answered 404 Not Found"),
  );
});

Deno.test("download() refuses a connection that breaks, stalls or is not there", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const breaks = (async () => {
    using connection = await listener.accept();
    await connection.read(new Uint8Array(1024));
    await connection.write(new TextEncoder().encode("HTTP/1.1 200 OK\r\ncontent-length: 3000000\r\n\r\nabc"));
  })();
  await withServer(
    () => new Response(CONTENT),
    (options) => refuses({ ...options, urls: [`http://127.0.0.1:${listener.addr.port}/file`] }, "body"),
  );
  await breaks;
  listener.close();
  const stalls = () =>
    new ReadableStream({ start: (controller) => controller.enqueue(CONTENT.slice(0, 1000)) });
  await withServer(
    () => new Response(stalls()),
    (options) => refuses({ ...options, stallMs: 100 }, "nothing came for 100 ms"),
  );
  await withServer(
    () => new Response(CONTENT),
    (options) => refuses({ ...options, urls: ["http://127.0.0.1:1/file"] }, "127.0.0.1:1"),
  );
});

Deno.test("download() goes on to the next address", async () => {
  await withServer(
    (request) => request.url.endsWith("/file") ? new Response(CONTENT) : new Response(null, { status: 500 }),
    async (options) => {
      await download({ ...options, urls: [`${options.urls[0]}/moved`, ...options.urls] });
      assertEquals(await Deno.readFile(options.path), CONTENT);
    },
  );
});

Deno.test("download() may run twice at once, and never shows a partial file", async () => {
  await withServer(() => new Response(CONTENT), async (options) => {
    await Promise.all([download(options), download(options), download(options)]);
    assertEquals(await Deno.readFile(options.path), CONTENT);
    assertEquals(listFolder(options.path), ["file"]);
  });
});

Deno.test("download() stops when told, leaves nothing, and keeps the file from before", async () => {
  const stop = new AbortController();
  const slow = () =>
    new ReadableStream({
      start: (controller) => {
        controller.enqueue(CONTENT.slice(0, 2_000_000));
      },
    });
  await withServer(() => new Response(slow()), async (options) => {
    await Deno.mkdir(options.path.replace(/\/file$/, ""), { recursive: true });
    await Deno.writeTextFile(options.path, "from before");
    const onProgress = ({ received }: DownloadProgress) => received > 0 && stop.abort();
    await assertRejects(
      () => download({ ...options, onProgress, signal: stop.signal }),
      DOMException,
      "abort",
    );
    assertEquals(listFolder(options.path), ["file"]);
    assertEquals(await Deno.readTextFile(options.path), "from before");
  });
});

Deno.test("download() clears what was left behind, and nothing of a living process, whatever the clock says", async () => {
  await withServer(() => new Response(CONTENT), async (options) => {
    await Deno.mkdir(options.path.replace(/\/file$/, ""), { recursive: true });
    await Deno.writeTextFile(`${options.path}.01234567.part`, "left by one that was killed a moment ago");
    const living = `${options.path}.89abcdef.part`;
    using held = await Deno.open(living, { write: true, createNew: true });
    await held.lock(true);
    await Deno.utime(living, new Date(0), new Date(0));
    await download(options);
    assertEquals(listFolder(options.path).sort(), ["file", "file.89abcdef.part"]);
  });
});

Deno.test({
  name: "download() refuses a path where a FIFO stands, and does not wait for it",
  ignore: Deno.build.os === "windows",
  fn: () =>
    withServer(() => new Response(CONTENT), async (options) => {
      await Deno.mkdir(options.path.replace(/\/file$/, ""), { recursive: true });
      await new Deno.Command("mkfifo", { args: [options.path] }).output();
      await assertRejects(() => download(options), DatasetError, "not a regular file");
      assertEquals(listFolder(options.path), ["file"]);
    }),
});

Deno.test("download() by a process that is killed leaves no file at the path, and the next one succeeds", async () => {
  let requests = 0;
  const first = Promise.withResolvers<void>();
  const stalls = () =>
    new ReadableStream({
      start: (controller) => {
        controller.enqueue(CONTENT.slice(0, 2_000_000));
        first.resolve();
      },
    });
  await withServer(() => new Response(requests++ === 0 ? stalls() : CONTENT), async (options) => {
    const module = new URL("../src/data/download.ts", import.meta.url).href;
    const code = `import { download } from "${module}"; await download(${JSON.stringify(options)});`;
    const child = new Deno.Command(Deno.execPath(), { args: ["eval", code], stdout: "null", stderr: "null" })
      .spawn();
    await first.promise;
    child.kill("SIGKILL");
    await child.status;
    assert(!listFolder(options.path).includes("file"));
    await download(options);
    assertEquals(await Deno.readFile(options.path), CONTENT);
  });
});

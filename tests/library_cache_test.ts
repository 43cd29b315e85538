import { assert, assertEquals, assertThrows } from "@std/assert";
import { createHash } from "node:crypto";
import { kernels, loadKernels } from "../src/native/library.ts";
import { verify } from "../src/native/cache.ts";
import { downloadBlocking } from "../src/native/download.ts";
import { ABI_VERSION, SYMBOLS } from "../src/native/ffi.ts";
import type { PrebuiltLibrary } from "../src/native/manifest.ts";
import { userCache } from "../src/user_cache.ts";

const ignore = Deno.build.os !== "linux";

function pinOf(bytes: Uint8Array): PrebuiltLibrary {
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { target: Deno.build.target, file: "library.so", bytes: bytes.length, sha256 };
}

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Most memory this process ever had, in bytes. */
function peak(): number {
  return 1024 * Number(/VmHWM:\s+(\d+)/.exec(Deno.readTextFileSync("/proc/self/status"))![1]);
}

Deno.test({
  name: "verify() neither waits for a FIFO nor reads a file of another kind or size",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      const library = pinOf(new Uint8Array(1000));
      await new Deno.Command("mkfifo", { args: [`${folder}/fifo`] }).output();
      await Deno.writeFile(`${folder}/sparse`, new Uint8Array(1000));
      await Deno.truncate(`${folder}/sparse`, 8 * 2 ** 30);
      const before = peak();
      const reasons = ["fifo", "sparse", "", "none"].map((name) => verify(`${folder}/${name}`, library));
      assertEquals(reasons, [
        { reason: "it is not a regular file" },
        { reason: "it has 8589934592 bytes, 1000 are pinned" },
        { reason: "it is not a regular file" },
        { reason: "there is no such file" },
      ]);
      assert(peak() - before < 100 * 2 ** 20);
    }),
});

Deno.test({
  name: "verify() refuses a library that everybody may write to, and one with another content",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      const path = `${folder}/library.so`;
      const library = pinOf(Uint8Array.of(1, 2, 3));
      await Deno.writeFile(path, Uint8Array.of(1, 2, 4));
      const other = verify(path, library);
      assert("reason" in other && other.reason.includes(`${library.sha256} is pinned`));
      await Deno.writeFile(path, Uint8Array.of(1, 2, 3));
      await Deno.chmod(path, 0o777);
      const open = verify(path, library);
      assert("reason" in open && open.reason.startsWith("everybody may write to it"));
      await Deno.chmod(path, 0o755);
      const good = verify(path, library);
      assert("opens" in good);
      good.release();
    }),
});

Deno.test({
  name: "verify() names the file that was read, also when another takes its place before it is opened",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      kernels();
      const path = `${folder}/library.so`;
      await Deno.copyFile(loadKernels(), path);
      await Deno.chmod(path, 0o755);
      const found = verify(path, pinOf(await Deno.readFile(path)));
      await Deno.writeTextFile(`${folder}/hostile.so`, "not what was checked");
      await Deno.rename(`${folder}/hostile.so`, path);
      assert("opens" in found);
      const { ts_abi_version } = SYMBOLS;
      const library = Deno.dlopen(found.opens, { ts_abi_version });
      assertEquals(library.symbols.ts_abi_version(), ABI_VERSION);
      library.close();
      found.release();
      assertThrows(() => Deno.dlopen(path, { ts_abi_version }));
    }),
});

Deno.test({
  name: "userCache() passes over a folder that is not absolute",
  ignore,
  fn: () => {
    const names = ["XDG_CACHE_HOME", "HOME"];
    const before = names.map((name) => Deno.env.get(name));
    try {
      Deno.env.set("HOME", "/home/somebody");
      Deno.env.set("XDG_CACHE_HOME", "cache");
      assertEquals(userCache(), "/home/somebody/.cache/truly-sparse");
      Deno.env.set("XDG_CACHE_HOME", "/cache");
      assertEquals(userCache(), "/cache/truly-sparse");
      Deno.env.set("XDG_CACHE_HOME", "./cache");
      Deno.env.set("HOME", "somebody");
      assertEquals(userCache(), undefined);
    } finally {
      names.forEach((name, at) =>
        before[at] === undefined ? Deno.env.delete(name) : Deno.env.set(name, before[at])
      );
    }
  },
});

/** A server in a thread of its own, since the client blocks this one. */
const SERVER = `
const chunk = new Uint8Array(100).fill(7);
const stream = (count, pauseMs) => new ReadableStream({
  async pull(controller) {
    if (count-- <= 0) return controller.close();
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    controller.enqueue(chunk);
  },
});
const bomb = () => new Blob([new Uint8Array(2 ** 24)]).stream().pipeThrough(new CompressionStream("gzip"));
const bodies = {
  "/right": () => stream(10, 0),
  "/short": () => stream(9, 0),
  "/endless": () => stream(Infinity, 0),
  "/slow": () => stream(Infinity, 50),
  "/silent": () => new ReadableStream({ pull: () => new Promise(() => {}) }),
  "/bomb": bomb,
};
const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: ({ port }) => postMessage(port) }, (request) => {
  const { pathname } = new URL(request.url);
  const headers = pathname === "/bomb" ? { "content-encoding": "gzip" } : {};
  if (pathname === "/circle") return Response.redirect(request.url, 302);
  if (pathname in bodies) return new Response(bodies[pathname](), { headers });
  return new Response(null, { status: 404 });
});`;

Deno.test("downloadBlocking() ends with a reason whatever the server sends", async () => {
  const script = URL.createObjectURL(new Blob([SERVER], { type: "text/javascript" }));
  const worker = new Worker(script, { type: "module" });
  try {
    const port = await new Promise<number>((resolve) => worker.onmessage = ({ data }) => resolve(data));
    const get = (path: string, bytes = 1000, limits = {}) =>
      downloadBlocking(`http://127.0.0.1:${port}/${path}`, bytes, limits);
    assertEquals(get("right"), new Uint8Array(1000).fill(7));
    assertThrows(() => get("short"), Error, "the file has 900 bytes, expected 1000");
    assertThrows(() => get("endless"), Error, "the file is longer than the 1000 bytes expected");
    assertThrows(() => get("bomb"), Error, "the file is longer than the 1000 bytes expected");
    assertThrows(() => get("silent", 1000, { stallMs: 100 }), Error, "nothing came for 100 ms");
    assertThrows(() => get("slow", 1e6, { limitMs: 300 }), Error, "it took longer than 300 ms");
    assertThrows(() => get("none"), Error, "the server answered 404");
    assertThrows(() => get("circle"), Error);
  } finally {
    worker.terminate();
    URL.revokeObjectURL(script);
  }
});

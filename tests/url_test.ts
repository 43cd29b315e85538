import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { libraryName } from "../kernels/release.ts";
import { BUILT, deno, flagsOf, type Release, withRelease } from "./url/release.ts";

const ROOT = new URL("../", import.meta.url);
const ignore = Deno.build.os !== "linux";

const TRAIN = `
const data = madelonLike({ seed: 1 });
const model = SparseMlp.create({ sizes: [500, 40, 10, 40, 2], epsilon: 10, seed: 1 });
for await (const { trainLoss } of train(model, data, { epochs: 1, batchSize: 32, threads: 1 })) {
  console.log(JSON.stringify({ trainLoss }));
}`;

async function script(release: Release, name: string, text: string): Promise<string> {
  const path = `${release.home}/${name}.ts`;
  await Deno.writeTextFile(path, text);
  return path;
}

Deno.test({
  name:
    "mod.ts from a URL trains in an empty folder with an empty DENO_DIR, then offline, and mends its cache",
  ignore,
  fn: () =>
    withRelease(async (release) => {
      const flags = flagsOf(release);
      const allow = ["--allow-import=127.0.0.1", ...Object.values(flags)];
      const modules = `import { madelonLike, SparseMlp, train } from "${release.origin}/mod.ts";`;

      const idle = await script(release, "idle", `${modules}\nconsole.log(typeof train);`);
      const untouched = await deno(release, ["--allow-import=127.0.0.1", idle]);
      assertEquals([untouched.out.trim(), untouched.code], ["function", 0], untouched.err);
      assert(!release.requests.some((path) => path.startsWith("/prebuilt")), "importing downloads nothing");

      const program = await script(release, "program", modules + TRAIN);
      const first = await deno(release, [...allow, program]);
      assertEquals(first.code, 0, first.err);
      assertMatch(first.out, /trainLoss":\d/);
      assertEquals(release.requests.filter((path) => path.startsWith("/prebuilt")).length, 1);

      const { net, write, ...offline } = flags;
      const second = await deno(release, [
        "--allow-import=127.0.0.1",
        "--cached-only",
        ...Object.values(offline),
        program,
      ]);
      assertEquals([second.out, second.code], [first.out, 0], second.err);

      const cache = flags.read.split("=")[1];
      const [{ name }] = [...Deno.readDirSync(cache)];
      const whole = await Deno.readFile(`${cache}/${name}`);
      const damaged = whole.slice();
      damaged[damaged.length >> 1] ^= 1;
      await Deno.writeFile(`${cache}/${name}`, damaged);
      const refused = await deno(release, ["--allow-import=127.0.0.1", ...Object.values(offline), program]);
      assertEquals(refused.code, 1);
      assertMatch(refused.err, /the cache ".*": its SHA-256 is \w+, \w+ is pinned/);
      assertStringIncludes(refused.err, `${net} `);
      assertStringIncludes(refused.err, write);
      const mended = await deno(release, [...allow, program]);
      assertEquals([mended.out, mended.code], [first.out, 0], mended.err);
      assertEquals(await Deno.readFile(`${cache}/${name}`), whole);

      const cli = await deno(release, [
        ...allow,
        `${release.origin}/cli.ts`,
        "inspect",
        "--hidden",
        "10",
        "--json",
      ]);
      assertEquals(cli.code, 0, cli.err);
    }),
});

/** README's flags to run from a URL, for this release. */
function readmeFlags(release: Release, row: string): string[] {
  const readme = Deno.readTextFileSync(new URL("README.md", ROOT));
  const flags = new RegExp(`^\\| import from a URL, ${row} +\\| ` + "`(--[^`]+)`", "m").exec(readme)?.[1] ??
    "";
  const host = new URL(release.origin).host;
  const cache = flagsOf(release).read.split("=")[1];
  return flags.replaceAll("<host>", host).replaceAll("<cache>", cache).split(" ");
}

Deno.test({
  name: "README's flags for a URL are those the tests of this page use",
  ignore,
  fn: () =>
    withRelease((release) => {
      const { net, write, ...offline } = flagsOf(release);
      const allowImport = `--allow-import=${new URL(release.origin).host}`;
      const first = [allowImport, ...Object.values(offline), net, write];
      assertEquals(readmeFlags(release, "first run").sort(), first.sort());
      assertEquals(readmeFlags(release, "later").sort(), [allowImport, ...Object.values(offline)].sort());
      return Promise.resolve();
    }),
});

Deno.test({
  name: "loadKernels() from a URL takes exactly its five flags, and names the one that is missing",
  ignore,
  fn: () =>
    withRelease(async (release) => {
      const flags = flagsOf(release);
      const program = await script(
        release,
        "load",
        `import { loadKernels } from "${release.origin}/mod.ts"; loadKernels(); console.log("open");`,
      );
      for (const [name, flag] of Object.entries(flags)) {
        const others = Object.values(flags).filter((other) => other !== flag);
        const { code, err } = await deno(release, ["--allow-import=127.0.0.1", ...others, program]);
        assertEquals(code, 1, `without ${flag}`);
        assertStringIncludes(err, "LibraryError: Cannot load the kernels");
        assertStringIncludes(err, `--allow-${name}=`, `without ${flag}`);
        await Deno.remove(`${release.home}/cache`, { recursive: true }).catch(() => {});
      }
      const all = await deno(release, ["--allow-import=127.0.0.1", ...Object.values(flags), program]);
      assertEquals([all.out.trim(), all.code], ["open", 0], all.err);
    }),
});

Deno.test({
  name: "loadKernels() from sixteen processes at once leaves one whole library in the cache",
  ignore,
  fn: () =>
    withRelease(async (release) => {
      const allow = ["--allow-import=127.0.0.1", ...Object.values(flagsOf(release))];
      const program = await script(
        release,
        "race",
        `import { loadKernels } from "${release.origin}/mod.ts"; console.log(loadKernels());`,
      );
      await deno(release, ["--allow-import=127.0.0.1", program]); // modules cached, no library
      const runs = await Promise.all(Array.from({ length: 16 }, () => deno(release, [...allow, program])));
      const cache = `${release.home}/cache/truly-sparse/kernels`;
      const files = [...Deno.readDirSync(cache)].map(({ name }) => `${cache}/${name}`);
      assertEquals(files.length, 1);
      assertEquals(
        runs.map(({ out, code, err }) => code === 0 ? out.trim() : err),
        Array(16).fill(files[0]),
      );
    }),
});

Deno.test({
  name: "mod.ts from a URL trains in four Workers at once, all of which find no library",
  ignore,
  fn: () =>
    withRelease(async (release) => {
      const source = `import { madelonLike, SparseMlp, train } from "${release.origin}/mod.ts";
        ${TRAIN.replace("console.log", "postMessage")}`;
      const program = await script(
        release,
        "workers",
        `const url = URL.createObjectURL(new Blob([${JSON.stringify(source)}], { type: "text/typescript" }));
        const done = Array.from({ length: 4 }, () => new Promise((resolve, reject) => {
          const worker = new Worker(url, { type: "module" });
          worker.onmessage = ({ data }) => { worker.terminate(); resolve(data); };
          worker.onerror = (event) => reject(new Error(event.message));
        }));
        console.log(JSON.stringify(await Promise.all(done)));`,
      );
      const allow = ["--allow-import=127.0.0.1", ...Object.values(flagsOf(release))];
      // Modules are cached first: Deno 2.9 drops a download when the Worker that began it ends.
      const modules = await script(release, "modules", `import "${release.origin}/mod.ts";`);
      await deno(release, ["--allow-import=127.0.0.1", modules]);
      const { code, out, err } = await deno(release, [...allow, program]);
      assertEquals(code, 0, err);
      const losses: string[] = JSON.parse(out);
      assertEquals(losses, Array(4).fill(losses[0]), "the same seed gives the same loss in each Worker");
      assertMatch(losses[0], /trainLoss":\d/);
    }),
});

Deno.test({
  name: "trainParallel() from a URL runs its Workers, which take no flag of their own",
  ignore,
  fn: () =>
    withRelease(async (release) => {
      const program = await script(
        release,
        "parallel",
        `import { madelonLike, SparseMlp, trainParallel } from "${release.origin}/mod.ts";
        const data = madelonLike({ samples: 400, testSamples: 100, features: 20, seed: 1 });
        const model = SparseMlp.create({ sizes: [20, 32, 2], epsilon: 8, seed: 1 });
        for await (const epoch of trainParallel(model, data, { workers: 2, epochs: 2, batchSize: 16 })) {
          console.log(epoch.epoch, epoch.parallel?.workers);
        }`,
      );
      const allow = ["--allow-import=127.0.0.1", ...Object.values(flagsOf(release))];
      const { code, out, err } = await deno(release, [...allow, program]);
      assertEquals([out.trim(), code], ["1 2\n2 2", 0], err);
    }),
});

Deno.test({
  name: "loadKernels() refuses a published library with another content, and leaves nothing behind",
  ignore,
  fn: () =>
    withRelease(async (release) => {
      const path = `${release.folder}/prebuilt/${libraryName(Deno.build.target)}`;
      const bytes = await Deno.readFile(path);
      bytes[100] ^= 1;
      await Deno.writeFile(path, bytes);
      const program = await script(
        release,
        "hostile",
        `import { loadKernels } from "${release.origin}/mod.ts"; loadKernels();`,
      );
      const allow = ["--allow-import=127.0.0.1", ...Object.values(flagsOf(release))];
      const { code, err } = await deno(release, [...allow, program]);
      assertEquals(code, 1);
      assertMatch(err, /the download from http.*: its SHA-256 is \w+, \w+ is pinned; it was not used/);
      assertEquals(await Array.fromAsync(Deno.readDir(release.home + "/cache")).catch(() => []), []);
    }),
});

Deno.test({
  name: "loadKernels() says when a library is for another processor, needs a newer glibc, or is damaged",
  ignore,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    try {
      const bytes = await Deno.readFile(BUILT);
      const other = bytes.slice();
      other[18] = Deno.build.arch === "x86_64" ? 0xb7 : 0x3e;
      const newer = new TextDecoder("latin1").decode(bytes).lastIndexOf("GLIBC_2.34\0");
      const future = bytes.slice();
      future.set(new TextEncoder().encode("GLIBC_9.99"), newer);
      const cases: [string, Uint8Array, RegExp][] = [
        ["other.so", other, /it is built for \w+, this processor is \w+/],
        ["future.so", future, /it needs glibc 9\.99, which is newer than this system's/],
        [
          "text.so",
          new TextEncoder().encode("this is not a library at all"),
          /does not begin as an ELF file/,
        ],
        ["short.so", new Uint8Array(3), /it ends after 3 bytes/],
      ];
      for (const [name, content, expected] of cases) {
        const path = `${folder}/${name}`;
        await Deno.writeFile(path, content);
        const program = `import { loadKernels } from "${ROOT}mod.ts"; loadKernels({ path: ${
          JSON.stringify(path)
        } });`;
        await Deno.writeTextFile(`${folder}/program.ts`, program);
        const { code, stderr } = await new Deno.Command(Deno.execPath(), {
          args: ["run", "--no-prompt", `--allow-ffi=${path}`, `--allow-read=${path}`, `${folder}/program.ts`],
          env: { NO_COLOR: "1" },
        }).output();
        assertEquals(code, 1, name);
        assertMatch(new TextDecoder().decode(stderr), expected, name);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

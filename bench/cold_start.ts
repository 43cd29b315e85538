/**
 * From an empty machine to the first trained epoch: the package by URL over loopback, beside a checkout.
 *
 * `deno run -A bench/cold_start.ts [library]` prints JSON; 5 samples each. Cold means an empty DENO_DIR and no cached
 * library, and so includes npm's packages from their registry; warm means both are there.
 *
 * @module
 */
import { BUILT, deno, flagsOf, type Release, withRelease } from "../tests/url/release.ts";
import { describeProcessor, processor } from "./processor.ts";

const SAMPLES = 5;
const ROOT = new URL("../", import.meta.url);

const training = (module: string) => `
const start = performance.now();
const { madelonLike, SparseMlp, train } = await import("${module}");
const imported = performance.now();
const data = madelonLike({ seed: 1 });
const model = SparseMlp.create({ sizes: [500, 400, 100, 400, 2], epsilon: 10, initializer: "normal", seed: 1 });
const ready = performance.now();
for await (const _ of train(model, data, { epochs: 1, batchSize: 32 }));
console.log(JSON.stringify({ importMs: imported - start, createMs: ready - imported, epochMs: performance.now() - ready }));
`;

type Sample = Record<string, number>;

/** Runs a program and adds the time of the whole process. */
async function sample(release: Release, args: string[]): Promise<Sample> {
  const start = performance.now();
  const { code, out, err } = await deno(release, args);
  const processMs = performance.now() - start;
  if (code !== 0) throw new Error(err);
  return { processMs, ...JSON.parse(out || "{}") };
}

function summary(samples: Sample[]): Record<string, { min: number; median: number; max: number }> {
  const entries = Object.keys(samples[0]).map((name) => {
    const sorted = samples.map((sample) => Math.round(sample[name] * 10) / 10).sort((a, b) => a - b);
    return [name, { min: sorted[0], median: sorted[sorted.length >> 1], max: sorted.at(-1)! }] as const;
  });
  return Object.fromEntries(entries);
}

const library = Deno.args[0] === undefined ? BUILT : new URL(Deno.args[0], `file://${Deno.cwd()}/`);

await withRelease(async (release) => {
  const results: Record<string, unknown> = {};
  const allow = ["--allow-import=127.0.0.1", ...Object.values(flagsOf(release))];
  const remote = `${release.home}/remote.ts`;
  const local = `${release.home}/local.ts`;
  const empty = `${release.home}/empty.ts`;
  await Deno.writeTextFile(remote, training(`${release.origin}/mod.ts`));
  await Deno.writeTextFile(local, training(`${ROOT}mod.ts`));
  await Deno.writeTextFile(empty, "");
  const runs: [string, string[], boolean][] = [
    ["cold from URL", [...allow, remote], true],
    ["warm from URL", [...allow, remote], false],
    ["checkout with a local build", ["-A", local], false],
    ["an empty program", [empty], false],
  ];
  for (const [name, args, cold] of runs) {
    const samples: Sample[] = [];
    for (let turn = 0; turn <= SAMPLES; turn++) {
      if (cold) {
        for (const folder of ["deno", "cache"]) {
          await Deno.remove(`${release.home}/${folder}`, { recursive: true }).catch(() => {});
        }
        release.requests.length = 0;
      }
      const measured = await sample(release, args);
      if (turn > 0) samples.push(measured);
      if (cold && turn === SAMPLES) {
        const sizes = release.requests.map((path) =>
          [path, Deno.statSync(release.folder + path).size] as const
        );
        const total = (parts: typeof sizes) => parts.reduce((sum, [, bytes]) => sum + bytes, 0);
        const modules = sizes.filter(([path]) => path.endsWith(".ts"));
        results.download = {
          ...{ modules: modules.length, moduleBytes: total(modules) },
          libraryBytes: total(sizes.filter(([path]) => path.startsWith("/prebuilt/"))),
        };
      }
    }
    results[name] = summary(samples);
  }
  const date = new Date().toISOString().slice(0, 10);
  const command = "deno run -A bench/cold_start.ts";
  console.log(
    JSON.stringify(
      { date, command, host: describeProcessor(processor()), samples: SAMPLES, ...results },
      null,
      2,
    ),
  );
}, library);

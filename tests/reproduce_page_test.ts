import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { composePage, readPage } from "../bench/reproduce/page.ts";
import type { RunRecord } from "../bench/reproduce/record.ts";
import { readExtremes } from "../bench/reproduce/run_extreme.ts";
import { Runs, written } from "../bench/reproduce/summary.ts";
import { record } from "./reproduce/made_up.ts";
import { inFolder } from "./temporary.ts";

const ROOT = new URL("../", import.meta.url);
/** Epochs, and connections that stay. */
const EVEN = { connections: Array<number>(500).fill(19_000) };

Deno.test("docs/paper.md and its figures are those of the results that are kept", async () => {
  const { markdown, pictures } = await readPage();
  const stale = "differs from bench/results/: deno task reproduce --page writes it anew";
  const page = await Deno.readTextFile(new URL("docs/paper.md", ROOT));
  assert(page === markdown, `docs/paper.md ${stale}`);
  for (const { file, svg } of pictures) {
    const kept = await Deno.readTextFile(new URL(`docs/figures/${file}`, ROOT));
    assert(kept === svg + "\n", `docs/figures/${file} ${stale}`);
  }
});

Deno.test("readPage() tells of records that are cut short or impossible, and makes the page without them", () =>
  inFolder(async (folder) => {
    const kept = await Deno.readTextFile(new URL("bench/results/reproduce/madelon-relu-seed1.json", ROOT));
    await Deno.writeTextFile(`${folder}/madelon-relu-seed1.json`, kept.slice(0, 300));
    const absurd = { ...JSON.parse(kept), row: "madelon-relu-seed2" };
    absurd.testAccuracy[7] = 1e308;
    await Deno.writeTextFile(`${folder}/madelon-relu-seed2.json`, JSON.stringify(absurd));
    const { markdown, problems } = await readPage(new URL(`file://${folder}/`));
    assertEquals(problems, [
      'Cannot read "madelon-relu-seed1.json": it is cut short, or not JSON',
      'Cannot read "madelon-relu-seed2.json": testAccuracy of epoch 8 is 1e+308, expected a number from 0 to 1',
    ]);
    assertMatch(markdown, /\| Madelon \| ReLU \| 68\.50 \| – \|/);
    assertEquals(/Infinity|NaN/.test(markdown), false);
  }));

Deno.test("readExtremes() tells of results that are cut short or impossible, and leaves them out", () =>
  inFolder(async (folder) => {
    const [one, five] = ["2026-01-02-scale-1m.json", "2026-01-02-scale-5m.json"];
    const kept = JSON.parse(
      await Deno.readTextFile(new URL("bench/results/2026-11-25-scale-1m.json", ROOT)),
    );
    await Deno.writeTextFile(`${folder}/${one}`, JSON.stringify({ ...kept, testAccuracy: 1e308 }));
    await Deno.writeTextFile(`${folder}/${five}`, JSON.stringify(kept).slice(0, 400));
    await Deno.writeTextFile(`${folder}/2026-01-02-scale-10m.json`, JSON.stringify(kept));
    const { records, problems } = await readExtremes(new URL(`file://${folder}/`));
    assertEquals([...records.keys()], ["extreme-10m"]);
    assertEquals(problems, [
      `Cannot read "${one}": testAccuracy is 1e+308, expected a number from 0 to 1`,
      `Cannot read "${five}": it is cut short, or not a result of bench/scale.ts`,
    ]);
  }));

/** The runs of records that are made up. */
function runsOf(...records: RunRecord[]): Runs {
  return new Runs(new Map(records.map((each) => [each.row, each])));
}

Deno.test("composePage() has mean, error and seeds beside the paper's, and says what the data are", async () => {
  const runs = runsOf(
    record("madelon-relu-seed1", { testAccuracy: Array(500).fill(0.75).with(499, 0.625), ...EVEN }),
    record("madelon-relu-seed2", {
      seed: 2,
      seconds: 45,
      testAccuracy: Array(500).fill(0.73).with(499, 0.63),
      ...EVEN,
    }),
    record("madelon-relu-seed1-quick", { testAccuracy: [1, 1, 1] }),
    record("higgs-relu-seed1", { samples: [10_000, 5000], note: "the first rows" }),
  );
  const { markdown, pictures } = await composePage(runs, new Map());
  for (
    const text of [
      "| Madelon | ReLU | 68.50 | 74.00 ± 1.00 | 62.75 ± 0.25 | 2 | 19,000 | 19,000 | 3.6 | 0.75 |",
      "10,000 samples to learn from and 5,000 to test with; the paper has 105,000",
      "the first rows (1 run).",
      "Leukemia**: not run, its data are not at hand; `--data-dir` names a folder for them: put https://ftp.ncbi",
      "Fashion-MNIST**: not run, its files are downloaded by the command.",
    ]
  ) assertStringIncludes(markdown, text);
  const files = pictures.map(({ file }) => file);
  assertEquals(files, ["figure4.svg", "figure6-higgs.svg", "figure6-madelon.svg"]);
  for (const { file } of pictures) assertStringIncludes(markdown, `(figures/${file})`);
  assertStringIncludes(pictures[2].svg, "ReLU, 2 seeds");
  assertEquals([written([]), written([1]), written([1, 3])], ["–", "1.00", "2.00 ± 1.00"]);
});

Deno.test("composePage() marks one seed, fewer epochs, other samples, and how many workers had how many cores", async () => {
  const processor = "Some CPU, AVX2, 2 cores";
  const parallel = { samples: [60_000, 10_000], peakMemoryBytes: 2e8, processor } as const;
  const { markdown } = await composePage(
    runsOf(
      record("higgs-dense-seed1", { samples: [10_000, 5000], parametersStart: 9, parametersEnd: 9 }),
      record("fashion-mnist-wasap5-seed1", { ...parallel, command: "train --workers 5 --threads 1" }),
      record("fashion-mnist-wassp1-seed1", { ...parallel, processor: "Some CPU, 1 core" }),
      record("fashion-mnist-all-relu-seed1", parallel),
      record("fashion-mnist-all-relu-seed2", { ...parallel, seed: 2, command: "train --threads 1" }),
    ),
    new Map(),
  );
  const few = "3 epochs, 10,000 samples";
  for (
    const text of [
      `| Higgs | dense, All-ReLU (${few}) | 70.10 | 75.00 | 62.50 | 1, no error | 2,033,002 | 9 |`,
      "| WASAP (3 epochs) | 5 workers on 2 cores, 2 at once | 91.23 | 75.00 | 62.50 | 1, no error |",
      "| WASSP (3 epochs) | 1 worker on 1 core, 1 at once |",
      "| one process (3 epochs) | 2 threads on 2 cores, 2 at once; 1 thread on 2 cores, 1 at once |",
      "15 runs missing: `deno task reproduce table3 --dataset higgs,fashion-mnist` runs them; CIFAR-10 needs its data first",
      "` runs them; Leukemia and CIFAR-10 need their data first (above).",
    ]
  ) assertStringIncludes(markdown, text);
});

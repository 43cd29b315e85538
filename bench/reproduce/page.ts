/**
 * docs/paper.md: every table of the paper with ours beside it, and the figures. A function of the records alone.
 *
 * @module
 */
import { datasets } from "../../mod.ts";
import { PAPER_DATASETS, type PaperDataset, SAMPLES, TITLES } from "./paper.ts";
import { type Picture, pictures } from "./pictures.ts";
import { readRecords, type RunRecord } from "./record.ts";
import { type ExtremeRecord, readExtremes } from "./run_extreme.ts";
import { Runs } from "./summary.ts";
import { table2, table3, table4, table5, table6 } from "./tables.ts";

/** The page, and the files of its pictures. */
export interface Page {
  readonly markdown: string;
  readonly pictures: readonly Picture[];
}

const RECORDS = new URL("../results/reproduce/", import.meta.url);
const RESULTS = new URL("../results/", import.meta.url);
const PAGE = new URL("../../docs/paper.md", import.meta.url);
const FIGURES = new URL("../../docs/figures/", import.meta.url);

/**
 * Makes the page of the records that are kept in this project.
 *
 * @param folder Where the records of trainings stand.
 * @returns With it a line for each record that cannot be used, and is left out.
 */
export async function readPage(folder: URL = RECORDS): Promise<Page & { readonly problems: string[] }> {
  const [trainings, extremes] = [await readRecords(folder), await readExtremes(RESULTS)];
  const page = await composePage(new Runs(trainings.records), extremes.records);
  return { ...page, problems: [...trainings.problems, ...extremes.problems] };
}

/**
 * Writes the page and its pictures; pictures that it no longer has are removed.
 *
 * @returns A line for each record that was left out.
 */
export async function writePage(): Promise<readonly string[]> {
  const { markdown, pictures, problems } = await readPage();
  await Deno.mkdir(FIGURES, { recursive: true });
  for await (const { name } of Deno.readDir(FIGURES)) {
    const left = /^figure\d+(-.+)?\.svg$/.test(name) && !pictures.some(({ file }) => file === name);
    if (left) await Deno.remove(new URL(name, FIGURES));
  }
  for (const { file, svg } of pictures) await Deno.writeTextFile(new URL(file, FIGURES), svg + "\n");
  await Deno.writeTextFile(PAGE, markdown);
  return problems;
}

/** Composes the page. */
export async function composePage(
  runs: Runs,
  extremes: ReadonlyMap<string, ExtremeRecord>,
): Promise<Page> {
  const drawn = await pictures(runs);
  const figure = (number: Picture["figure"]) =>
    drawn.filter((picture) => picture.figure === number)
      .map(({ label, file }) => `![${label}](figures/${file})`)
      .join("\n\n") || "Not run yet.";
  const markdown = `# The paper's tables and figures, run again

<!-- Written by \`deno task reproduce --page\` from bench/results/; a test keeps it so. -->

"Truly Sparse Neural Networks at Scale" (Curci, Mocanu, Pechenizkiy, 2021), each table with ours beside it. A row is a
run of the command line with the settings a named data set brings, which are those of the paper's Table 7:

\`\`\`sh
deno task reproduce --list                            # what each name needs, how long it takes, what is there
deno task reproduce table2 --dataset madelon --seeds 5
deno task reproduce all --quick                       # a tenth of the epochs, kept apart
\`\`\`

Records stand in \`bench/results/reproduce/\`, one for each row and seed: the command that repeats it, commit, processor,
every epoch's accuracy and loss. Runs that are there are not made again; a run cut short goes on from its checkpoint.

- **Best** is the best test accuracy of all epochs, as the paper reports it; **last** is that of the last epoch. Both in
  percent, mean ± standard error over the seeds. Of one seed there is no error.
- **Parameters** are weights and biases. The paper seems to leave the biases out where its networks are sparse.
- **Minutes** are training, evolution and evaluation, on one thread of a machine that did other work meanwhile: an upper
  bound. The paper's are from an Intel Core i7-9750H.
- The dense network is ours with all connections, its topology kept. It has first weights after Xavier, as Keras draws
  them, because with Table 7's some are not finite; epochs other than 500 stand beside it, since an epoch takes twenty
  times as long as a sparse one.
- A dash is a row that was not run yet.

${dataNotes(runs)}

## Table 2: one process

${table2(runs)}

## Table 3: several workers

The paper had five workers and a server on six cores; ours share the cores of the machine named below, so the minutes say
little about parallel speed ([parallel.md](parallel.md) does). Memory is the most that was seen between steps.

${table3(runs)}

## Table 4: extreme networks

The parts of each network, timed by \`bench/scale.ts\` with all threads; an epoch is extrapolated from the median step. In
seconds, where the paper has minutes on 96 cores ([scale.md](scale.md)).

${table4(extremes)}

## Table 5 and Figure 19: the slope of All-ReLU

Fashion-MNIST. The slopes of the paper's columns are taken from what its text says of them.

${table5(runs)}

${figure(19)}

## Table 6: pruning after training

The model of the last epoch, pruned once at a percentile of importance, neurons without a purpose taken out; means over
seeds. The paper starts from its best accuracy.

${table6(runs)}

## Figure 4: memory against error

${figure(4)}

## Figure 5: gradient flow

One seed.

${figure(5)}

## Figure 6: test accuracy

Means over the seeds, and over five epochs for each point.

${figure(6)}

## Figure 7: training accuracy

As it is measured while the network learns, with dropout in force. Runs older than this bench did not keep it.

${figure(7)}

## Where the runs were made

${origins(runs)}
`;
  return { markdown, pictures: drawn };
}

/** Data that are not the paper's, or not here. */
function dataNotes(runs: Runs): string {
  const all = runs.all();
  const lines = PAPER_DATASETS.flatMap((dataset) => {
    const records = all.filter(({ row }) => row.startsWith(`${dataset}-`));
    if (records.length === 0) return [missing(dataset)];
    const [train, test] = SAMPLES[dataset];
    const other = records.find(({ samples }) => samples[0] !== train || samples[1] !== test)?.samples;
    const notes = [...new Set(records.map(({ note }) => note).filter((note) => note !== undefined))].sort();
    const facts = [
      ...(other === undefined ? [] : [
        `${count(other[0])} samples to learn from and ${count(other[1])} to test with; the paper has ` +
        `${count(train)} and ${count(test)}, so its figures are not those to reach`,
      ]),
      ...notes.map((note) => `${note} (${countOf(records, note)})`),
    ];
    return facts.length === 0 ? [] : [`- **${TITLES[dataset]}**: ${facts.join("; ")}.`];
  });
  return lines.length === 0 ? "" : ["Of the data:", "", ...lines].join("\n");
}

function missing(dataset: PaperDataset): string {
  const { placement } = datasets.describe(dataset);
  const how = placement === undefined ? "" : `; to run it, ${placement}`;
  return `- **${TITLES[dataset]}**: not run, its data are not at hand${how}.`;
}

function countOf(records: readonly RunRecord[], note: string): string {
  const size = records.filter((record) => record.note === note).length;
  return size === 1 ? "1 run" : `${size} runs`;
}

function count(value: number): string {
  return value.toLocaleString("en-GB");
}

function origins(runs: Runs): string {
  const groups = new Map<string, RunRecord[]>();
  for (const record of runs.all()) {
    const key = [record.processor, record.commit].join(" | ");
    groups.set(key, [...groups.get(key) ?? [], record]);
  }
  const rows = [...groups].sort(([a], [b]) => a < b ? -1 : 1).map(([key, records]) => {
    const dates = [...new Set(records.map(({ date }) => date))].sort();
    return `| ${key} | ${[dates[0], ...dates.slice(1).slice(-1)].join(" to ")} | ${records.length} |`;
  });
  return ["| processor | commit | date | runs |", "| --- | --- | --- | --: |", ...rows].join("\n");
}

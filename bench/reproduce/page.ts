/**
 * docs/paper.md: every table of the paper with ours beside it, and the figures. A function of the records alone.
 *
 * @module
 */
import { datasets } from "../../mod.ts";
import { count, plural } from "../../src/format.ts";
import { missing, needsData } from "./missing.ts";
import { PAPER_DATASETS, type PaperDataset, SAMPLES, TITLES } from "./paper.ts";
import type { Name } from "./plan.ts";
import { type Picture, pictures } from "./pictures.ts";
import { readRecords, type RunRecord } from "./record.ts";
import { type ExtremeRecord, readExtremes } from "./run_extreme.ts";
import { Runs } from "./summary.ts";
import { markdownTable, table2, table3, table4, table5, table6 } from "./tables.ts";

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
  const left = (name: Name) => missing(name, runs);
  const section = (...parts: readonly (string | undefined)[]) =>
    parts.filter((part) => part !== undefined && part !== "").join("\n\n");
  const markdown = section(
    `# The paper's tables and figures, run again

<!-- Written by \`deno task reproduce --page\` from bench/results/; a test keeps it so. -->

"Truly Sparse Neural Networks at Scale" (Curci, Mocanu, Pechenizkiy, 2021), each table with ours beside it. A row is a
run of the command line with the settings a named data set brings, which are those of the paper's Table 7:

\`\`\`sh
deno task reproduce --list                            # what each name needs, how long it takes, what is there
deno task reproduce table2 --dataset madelon --seeds 5
deno task reproduce table3 --workers 2                # the paper has five workers
deno task reproduce all --quick                       # a tenth of the epochs, kept apart
\`\`\`

Records stand in \`bench/results/reproduce/\`, one for each row and seed: the command that repeats it, commit, processor,
every epoch's accuracy and loss. Runs that are there are not made again; a run cut short goes on from its checkpoint.`,
    `How to read the tables:

- **Best** is the best test accuracy of all epochs, as the paper reports it: the epoch is chosen by the test samples, so
  it flatters. **Last** is that of the last epoch, which nobody chose. Both in percent, mean ± standard error over the
  seeds; of one seed there is no error, which "1, no error" says.
- **Size** is the number of weights, with those at the end behind an arrow where pruning took some. The paper seems to
  count so where its networks are sparse, and biases too where they are dense; ours are counted likewise.
- **Minutes** are training, evolution and evaluation of the fastest of the seeds. The machine did other work meanwhile,
  how much is not known: an upper bound. The paper's are from an Intel Core i7-9750H.${threadsOf(runs)}
- What is not as in the paper stands in brackets behind a row: fewer epochs than 500, other samples to learn from.
- The dense network is ours with all connections, its topology kept. It has first weights after Xavier, as Keras draws
  them, because with Table 7's some are not finite. An epoch takes twenty times as long as a sparse one, so it has
  fewer of them on large data. That of Leukemia, 2.3 billion weights, is neither the paper's nor ours.
- A dash under "ours" is a row that was not run yet, under "paper" one that the paper has not.`,
    dataNotes(runs),
    "## Table 2: one process",
    left("table2"),
    table2(runs),
    "## Table 3: several workers",
    `The paper had five workers and a server on six cores. "5 workers on 2 cores, 2 at once" is ours: five that took turns on
two cores, so the minutes say little about parallel speed ([parallel.md](parallel.md) does). Rows of one process are
those of Table 2. MB are 10⁶ bytes, ours the most memory that the whole process was seen to hold.`,
    left("table3"),
    table3(runs),
    "## Table 4: extreme networks",
    `The parts of each network, timed by \`bench/scale.ts\` with all threads of one machine ([scale.md](scale.md)); an epoch is
extrapolated from the median step. Ours in seconds; the paper's in minutes, of 8 or 16 workers on 96 cores. A test of
384 samples is not the paper's 3,000.`,
    table4(extremes),
    "## Table 5 and Figure 19: the slope of All-ReLU",
    `Fashion-MNIST. The text at hand has the paper's ten accuracies without their slopes; they are taken in ascending order,
with which the rest of the paper agrees: 0.6 is its best, and 0.05 no better than ReLU.`,
    left("table5"),
    table5(runs),
    figure(19),
    "## Table 6: pruning after training",
    `The model of the last epoch, pruned once at a percentile of importance, neurons without a purpose taken out; means over
seeds. The paper starts from its best accuracy, so the changes, in points, say more than the accuracies do.`,
    left("table6"),
    table6(runs),
    "## Figure 4: memory against error",
    "Sizes as in Table 2. Left and low is better.",
    figure(4),
    "## Figure 5: gradient flow",
    "Means over five epochs for each point.",
    left("figure5"),
    figure(5),
    "## Figure 6: test accuracy",
    `Means over the seeds, and over five epochs for each point. Where the rise in the first twentieth of the epochs would take
up half of the height, the axis begins behind it. What is missing is missing in Table 2 as well.`,
    figure(6),
    "## Figure 7: training accuracy",
    `As it is measured while the network learns, with dropout in force. Runs older than this bench did not keep it.`,
    figure(7),
    "## Where the runs were made",
    `A commit with a plus had changes of its own; of two, the run was stopped and went on with the other.`,
    origins(runs),
  );
  return { markdown: `${markdown}\n`, pictures: drawn };
}

/** With how many threads the runs were made. */
function threadsOf(runs: Runs): string {
  const free = runs.all().filter(({ command }) => !command.includes("--threads")).length;
  const others = free === 0 ? "" : `; ${plural(free, "older run")} had one on each core`;
  return ` Ours have one thread,\n  or one for each worker${others}.`;
}

/** Data that are not the paper's, or not here. */
function dataNotes(runs: Runs): string {
  const all = runs.all();
  const lines = PAPER_DATASETS.flatMap((dataset) => {
    const records = all.filter(({ row }) => row.startsWith(`${dataset}-`));
    if (records.length === 0) return [notRun(dataset, runs)];
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
  return lines.length === 0 ? "" : ["Of the data and the runs:", "", ...lines].join("\n");
}

function notRun(dataset: PaperDataset, runs: Runs): string {
  const how = needsData(dataset, runs)
    ? `its data are not at hand; \`--data-dir\` names a folder for them: ${
      datasets.describe(dataset).placement
    }`
    : "its files are downloaded by the command";
  return `- **${TITLES[dataset]}**: not run, ${how}.`;
}

function countOf(records: readonly RunRecord[], note: string): string {
  return plural(records.filter((record) => record.note === note).length, "run");
}

/** The machines, and from which commits how many runs are. */
function origins(runs: Runs): string {
  const machines = Map.groupBy(runs.all(), ({ processor }) => processor);
  const rows = [...machines].sort(([a], [b]) => a < b ? -1 : 1).map(([processor, records]) => {
    const commits = [...Map.groupBy(records, ({ commit }) => commit)].sort(([a], [b]) => a < b ? -1 : 1);
    const dates = [...new Set(records.map(({ date }) => date))].sort();
    return [
      processor,
      commits.map(([commit, { length }]) => `${commit.replace(", ", " and ")} (${length})`).join(", "),
      [dates[0], ...dates.slice(1).slice(-1)].join(" to "),
      count(records.length),
    ];
  });
  return markdownTable(["processor", "commits, and how many runs of each", "dates", "runs"], rows, 3);
}

/**
 * Runs one row through the command line, and goes on where it was stopped.
 *
 * While a row runs, what each epoch said stands beside a checkpoint of it in the folder `unfinished`.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import type { Training } from "./plan.ts";
import type { Pruned, RunRecord } from "./record.ts";

const CLI = fileURLToPath(new URL("../../cli.ts", import.meta.url));
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** How rows are run. */
export interface RunOptions {
  /** Where what is unfinished stands. */
  readonly unfinished: URL;
  /** Passed on to the command line. */
  readonly dataDir: string | undefined;
  readonly note: string | undefined;
  readonly commit: string;
  readonly processor: string;
  /** Called after each epoch. */
  readonly onEpoch: (event: EpochEvent) => void;
  /** Stops the run in good order: the command line leaves a checkpoint. */
  readonly signal: AbortSignal;
}

/** What the command line says after an epoch. */
export interface EpochEvent {
  readonly event: "epoch";
  readonly epoch: number;
  readonly trainLoss: number;
  readonly trainAccuracy: number;
  readonly testLoss: number;
  readonly testAccuracy: number;
  readonly connections: number;
  readonly parameters: number;
  readonly gradientFlow?: number;
  readonly seconds: number;
  readonly evolutionSeconds: number;
  readonly evaluationSeconds: number;
}

interface StartEvent {
  readonly event: "start";
  readonly trainSamples: number;
  readonly testSamples: number;
  readonly parameters: number;
  readonly epochsDone: number;
}

/** A run so far. */
interface Journal {
  /** What would be run; a row whose options have changed begins anew. */
  readonly options: readonly string[];
  readonly commits: readonly string[];
  readonly start: StartEvent;
  readonly epochs: readonly EpochEvent[];
}

/** A row that did not come to its end. */
export class StoppedRow extends Error {
  override readonly name = "StoppedRow";
}

/** The command line that repeats a row, for people. */
function commandOf(row: Training): string {
  return `deno task train ${row.options.join(" ")} --threads 1`;
}

/**
 * Runs a row, or the rest of it.
 *
 * @throws {StoppedRow} When it was stopped; what was done is kept.
 * @throws {Error} When the command line refuses; the message is its own.
 */
export async function runTraining(row: Training, options: RunOptions): Promise<RunRecord> {
  const { unfinished, dataDir, commit, signal, onEpoch } = options;
  await Deno.mkdir(unfinished, { recursive: true });
  const journalPath = new URL(`${row.key}.jsonl`, unfinished);
  const checkpoint = fileURLToPath(new URL(`${row.key}.safetensors`, unfinished));
  const place = dataDir === undefined ? [] : ["--data-dir", dataDir];
  const before = await readJournal(journalPath, row);
  const resuming = before !== undefined && await exists(checkpoint);
  const common = ["--threads", "1", ...place, "--json", "--quiet"];
  const args = resuming
    ? ["train", "--resume", checkpoint, "--checkpoint-every", "25", ...common]
    : ["train", ...row.options, "--output", checkpoint, "--checkpoint-every", "25", ...common];
  let [start, epochs]: [StartEvent | undefined, EpochEvent[]] = [undefined, []];
  const commits = [...new Set([...(resuming ? before.commits : []), commit])];
  let peakMemoryBytes: number | undefined;
  const complete = resuming && before.epochs.length === row.epochs;
  if (complete) [start, epochs] = [before.start, [...before.epochs]];
  using journal = await Deno.open(journalPath, { write: true, create: true, truncate: !resuming });
  const note = async (value: unknown) => {
    await journal.seek(0, Deno.SeekMode.End);
    await journal.write(new TextEncoder().encode(JSON.stringify(value) + "\n"));
  };
  for await (const event of complete ? [] : events(args, signal)) {
    if (event.event === "start") {
      const { epochsDone } = event as unknown as StartEvent;
      start = resuming ? before.start : event as unknown as StartEvent;
      epochs = resuming ? before.epochs.slice(0, epochsDone) : [];
      if (epochs.length !== epochsDone) {
        await Deno.remove(checkpoint);
        throw new Error(
          `Cannot go on with ${row.key}: ${epochsDone} epochs were done, ${epochs.length} are noted; it begins anew`,
        );
      }
      await journal.truncate(0);
      await note({ options: row.options, commits, start });
      for (const done of epochs) await note(done);
    } else if (event.event === "epoch") {
      const epoch = event as unknown as EpochEvent;
      epochs.push(epoch);
      await note(epoch);
      onEpoch(epoch);
    } else if (event.event === "summary") {
      peakMemoryBytes = event.peakRssBytes as number;
    }
  }
  if (start === undefined || epochs.length !== row.epochs) {
    throw new Error(`Cannot use ${row.key}: it ended after ${epochs.length} of ${row.epochs} epochs`);
  }
  const pruned = row.percentiles && await prune(checkpoint, row.percentiles, place, signal);
  const record = recordOf(row, { options: row.options, commits, start, epochs }, options);
  await Deno.remove(journalPath);
  await Deno.remove(checkpoint);
  return {
    ...record,
    ...(peakMemoryBytes !== undefined && { peakMemoryBytes }),
    ...(pruned !== undefined && { pruned }),
  };
}

function recordOf(
  row: Training,
  { commits, start, epochs }: Journal,
  { processor, note }: Pick<RunOptions, "processor" | "note">,
): RunRecord {
  const series = (of: (epoch: EpochEvent) => number) => epochs.map(of);
  const flow = epochs.map(({ gradientFlow }) => gradientFlow).filter((value) => value !== undefined);
  return {
    row: row.key,
    command: commandOf(row),
    seed: row.seed,
    date: new Date().toISOString().slice(0, 10),
    commit: commits.join(", "),
    processor,
    ...(note !== undefined && { note }),
    samples: [start.trainSamples, start.testSamples],
    seconds: series((epoch) => epoch.seconds + epoch.evolutionSeconds + epoch.evaluationSeconds)
      .reduce((sum, value) => sum + value, 0),
    parametersStart: start.parameters,
    parametersEnd: epochs[epochs.length - 1].parameters,
    testAccuracy: series((epoch) => epoch.testAccuracy),
    trainAccuracy: series((epoch) => epoch.trainAccuracy),
    trainLoss: series((epoch) => epoch.trainLoss),
    testLoss: series((epoch) => epoch.testLoss),
    ...(flow.length === epochs.length && { gradientFlow: flow }),
    connections: series((epoch) => epoch.connections),
  };
}

async function prune(
  model: string,
  percentiles: readonly number[],
  place: readonly string[],
  signal: AbortSignal,
): Promise<Pruned[]> {
  const args = ["prune", model, "--percentiles", percentiles.join(","), "--threads", "1", ...place, "--json"];
  const pruned: Pruned[] = [];
  for await (const { percentile, accuracy, parameters } of events(args, signal)) {
    pruned.push({
      ...(percentile !== undefined && { percentile: percentile as number }),
      accuracy: accuracy as number,
      parameters: parameters as number,
    });
  }
  return pruned;
}

/** What a command prints with `--json`, an object a line. */
async function* events(
  args: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<Record<string, unknown>> {
  signal.throwIfAborted();
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", CLI, ...args],
    cwd: ROOT,
    stdout: "piped",
    stderr: "piped",
  });
  const child = command.spawn();
  const stop = () => child.kill(signal.reason === "SIGINT" ? "SIGINT" : "SIGTERM");
  signal.addEventListener("abort", stop);
  const complaint = new Response(child.stderr).text();
  let ended = false;
  try {
    let rest = "";
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) if (line !== "") yield JSON.parse(line);
    }
    const { code } = await child.status;
    ended = true;
    if (code === 130 || code === 143 || signal.aborted) throw new StoppedRow("stopped");
    if (code !== 0) throw new Error((await complaint).trim().split("\n").at(-1)?.replace(/^error: /, ""));
  } finally {
    signal.removeEventListener("abort", stop);
    if (!ended) child.kill("SIGTERM");
  }
}

/** What was noted of a row; undefined where there is nothing of it that can be used. */
async function readJournal(path: URL, row: Training): Promise<Journal | undefined> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const values: unknown[] = [];
  for (const line of text.split("\n")) {
    try {
      values.push(JSON.parse(line));
    } catch {
      // The last line is empty, or was cut short.
      break;
    }
  }
  const [head, ...epochs] = values as [Omit<Journal, "epochs">?, ...EpochEvent[]];
  if (head === undefined || JSON.stringify(head.options) !== JSON.stringify(row.options)) return undefined;
  return { ...head, epochs };
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    return false;
  }
}

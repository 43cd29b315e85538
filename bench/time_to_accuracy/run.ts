/**
 * Seconds of training until a test accuracy on Fashion-MNIST, ours and PyTorch peers.
 *
 * Run by `deno task bench:time-to-accuracy`; see README.md beside this file.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Dataset, datasets } from "../../mod.ts";
import { runBench } from "../command.ts";
import { OURS } from "../peers/table.ts";
import { ensureVenv } from "../peers/venv.ts";
import { describeProcessor, type Processor, processor, simdEnvironment } from "../processor.ts";
import { describeRun } from "../run_description.ts";
import { type Line, markdown, ranked, type Training } from "./table.ts";

const HELP = `Usage: deno task bench:time-to-accuracy [options]
  --systems NAME,…   systems to train (all)
  --rates X,…        learning rates to choose from (0.03,0.1,0.3)
  --choice-epochs N  epochs of a training on the validation part (2)
  --epochs N         epochs of a sparse network (50)
  --dense-epochs N   epochs of the dense network (15)
  --threads N,…      threads with which seconds an epoch are measured (1,2)
  --rounds N         rounds in which systems take turns at that (3)
  --simd LEVEL       instruction set for all: avx2 or portable (what the processor has)
  --data-dir DIR     folder of the data set
  --records DIR      folder of the trainings that are done (bench/time_to_accuracy/.records)
  --only-time        measure seconds an epoch anew, train nothing that is done
  --no-save          do not write bench/results/<date>-time-to-accuracy.json`;

const FOLDER = fileURLToPath(new URL(".", import.meta.url));
const RESULTS = fileURLToPath(new URL("../results", import.meta.url));
const SYSTEMS = [OURS, "sparselab", "torch-masked", "torch-dense"];
const SCHEDULES = ["constant", "cosine"];
const TARGETS = [0.88, 0.89, 0.9];
/** Samples at the end of the training samples by which a rate is chosen. */
const VALIDATION = 10_000;
const SEED = "1";
/** Epochs of ours that is only timed, a sample each; a peer takes nine samples of its first epoch and stops. */
const TIMED_EPOCHS = 4;

interface Settings {
  readonly systems: readonly string[];
  readonly rates: readonly number[];
  readonly choiceEpochs: number;
  readonly epochs: number;
  readonly denseEpochs: number;
  readonly threads: readonly number[];
  readonly rounds: number;
  readonly simd: string | undefined;
  readonly dataDir: string | undefined;
  readonly records: string;
  readonly onlyTime: boolean;
  readonly save: boolean;
}

/** What a training is: its record is kept under these words. */
interface Plan {
  readonly system: string;
  readonly schedule: string;
  readonly rate: number;
  readonly epochs: number;
  /** Folder of the data: to choose a rate, or to test. */
  readonly part: "choice" | "whole";
}

/** A training that is done. */
interface Done {
  readonly plan: Plan;
  readonly date: string;
  readonly processor: Processor;
  readonly training: Training;
}

function readSettings(args: string[]): Settings | undefined {
  const { values } = parseArgs({
    args,
    options: {
      systems: { type: "string", default: SYSTEMS.join(",") },
      rates: { type: "string", default: "0.03,0.1,0.3" },
      "choice-epochs": { type: "string", default: "2" },
      epochs: { type: "string", default: "50" },
      "dense-epochs": { type: "string", default: "15" },
      threads: { type: "string", default: "1,2" },
      rounds: { type: "string", default: "3" },
      simd: { type: "string" },
      "data-dir": { type: "string" },
      records: { type: "string", default: `${FOLDER}.records` },
      "only-time": { type: "boolean", default: false },
      "no-save": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const systems = values.systems.split(",");
  const unknown = systems.find((system) => !SYSTEMS.includes(system));
  if (unknown !== undefined) {
    throw new RangeError(`Cannot train "${unknown}": the systems are ${SYSTEMS.join(", ")}`);
  }
  const numbers = (name: "rates" | "threads" | "epochs" | "dense-epochs" | "choice-epochs" | "rounds") =>
    values[name].split(",").map((word) => {
      const number = Number(word);
      const usable = number > 0 && (name === "rates" || Number.isInteger(number));
      if (!usable) throw new RangeError(`Cannot use --${name} ${word}: expected numbers above 0`);
      return number;
    });
  simdEnvironment(values.simd);
  return {
    systems: SYSTEMS.filter((system) => systems.includes(system)),
    rates: numbers("rates"),
    choiceEpochs: numbers("choice-epochs")[0],
    epochs: numbers("epochs")[0],
    denseEpochs: numbers("dense-epochs")[0],
    threads: numbers("threads"),
    rounds: numbers("rounds")[0],
    simd: values.simd,
    dataDir: values["data-dir"],
    records: values.records,
    onlyTime: values["only-time"],
    save: !values["no-save"],
  };
}

/** Lays the samples down as raw bytes for all programs: `choice` with a validation part, `whole` with the test set. */
async function layDown(folder: string, { train, test }: Dataset): Promise<void> {
  const features = train.features.length / train.samples;
  const all = { features: train.features, labels: train.labels };
  const cut = train.samples - VALIDATION;
  const from = (start: number, end: number) => ({
    features: all.features.subarray(start * features, end * features),
    labels: all.labels.subarray(start, end),
  });
  const parts = {
    "whole/train": all,
    "whole/test": test!,
    "choice/train": from(0, cut),
    "choice/test": from(cut, train.samples),
  };
  for (const [name, { features, labels }] of Object.entries(parts)) {
    await Deno.mkdir(`${folder}/${name.split("/")[0]}`, { recursive: true });
    await Deno.writeFile(`${folder}/${name}.features`, Uint8Array.from(features));
    await Deno.writeFile(`${folder}/${name}.labels`, new Uint8Array(Uint32Array.from(labels).buffer));
  }
}

/** Trains once, in a process of its own. */
async function trainOnce(
  plan: Plan,
  { data, python, simd, threads, until }: {
    readonly data: string;
    readonly python: string;
    readonly simd: string | undefined;
    readonly threads: number;
    readonly until: number;
  },
): Promise<Training> {
  const ours = plan.system === OURS;
  const program = ours
    ? ["run", "--allow-ffi", "--allow-read", "--allow-env", "--allow-sys", `${FOLDER}ours.ts`]
    : ["-W", "ignore", `${FOLDER}peer.py`];
  const { success, stdout, code } = await new Deno.Command(ours ? Deno.execPath() : python, {
    args: [
      ...program,
      `--system=${plan.system}`,
      `--data=${data}/${plan.part}`,
      `--rate=${plan.rate}`,
      `--schedule=${plan.schedule}`,
      `--warm-up=${plan.epochs >= 10 ? 2 : 1}`,
      `--epochs=${plan.epochs}`,
      `--until=${until}`,
      `--threads=${threads}`,
      `--seed=${SEED}`,
    ],
    env: {
      ...simdEnvironment(simd),
      OMP_NUM_THREADS: String(threads),
      MKL_NUM_THREADS: String(threads),
      PYTHONDONTWRITEBYTECODE: "1",
    },
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`Cannot train "${plan.system}": it ended with code ${code} as shown above`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** The record of a training, made unless it is there. */
async function recorded(settings: Settings, plan: Plan, run: () => Promise<Training>): Promise<Done> {
  const { system, schedule, rate, epochs, part } = plan;
  const path = `${settings.records}/${system}-${part}-${schedule}-${rate}-${epochs}.json`;
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
  }
  if (settings.onlyTime) throw new Error(`Cannot go on: ${path} is missing, run without --only-time`);
  console.error(`${system}, ${schedule} ${rate}, ${epochs} epochs, ${part}`);
  const training = await run();
  const done = { plan, date: new Date().toISOString(), processor: processor(settings.simd), training };
  await Deno.mkdir(settings.records, { recursive: true });
  await Deno.writeTextFile(`${path}.new`, JSON.stringify(done) + "\n");
  await Deno.rename(`${path}.new`, path);
  return done;
}

/** Chooses the rates, then trains with them: two lines a system, without seconds, and all trainings. */
async function trainAll(
  settings: Settings,
  program: { readonly data: string; readonly python: string; readonly simd: string | undefined },
): Promise<{ readonly lines: Line[]; readonly trainings: Done[] }> {
  const lines: Line[] = [];
  const trainings: Done[] = [];
  for (const system of settings.systems) {
    for (const schedule of SCHEDULES) {
      const candidates: Done[] = [];
      for (const rate of settings.rates) {
        const plan: Plan = { system, schedule, rate, epochs: settings.choiceEpochs, part: "choice" };
        candidates.push(
          await recorded(settings, plan, () => trainOnce(plan, { ...program, threads: 1, until: 2 })),
        );
      }
      const limit = system === "torch-dense" ? settings.denseEpochs : settings.epochs;
      trainings.push(...candidates);
      // A rate that diverges only in the long training gives way to the next best: its loss says so, no test sample.
      for (const candidate of ranked(candidates)) {
        const plan: Plan = { ...candidate.plan, epochs: limit, part: "whole" };
        const until = TARGETS.at(-1)!;
        const done = await recorded(settings, plan, () => trainOnce(plan, { ...program, threads: 1, until }));
        trainings.push(done);
        const { version, accuracies, diverged } = done.training;
        if (diverged) continue;
        lines.push({ system, version, schedule, rate: plan.rate, limit, accuracies, secondsAnEpoch: {} });
        break;
      }
    }
  }
  return { lines, trainings };
}

/** Seconds of an epoch, systems in turn, the least of all rounds; by system and number of threads. */
async function timeAll(
  settings: Settings,
  program: { readonly data: string; readonly python: string; readonly simd: string | undefined },
): Promise<Record<string, Record<number, number>>> {
  const least: Record<string, Record<number, number>> = {};
  for (let round = 1; round <= settings.rounds; round++) {
    for (const threads of settings.threads) {
      for (const system of settings.systems) {
        console.error(
          `seconds an epoch, round ${round} of ${settings.rounds}, ${threads} thread(s): ${system}`,
        );
        const plan: Plan = {
          system,
          schedule: "constant",
          rate: settings.rates[0],
          epochs: TIMED_EPOCHS,
          part: "whole",
        };
        const { leastEpochSeconds } = await trainOnce(plan, {
          ...program,
          threads,
          until: system === OURS ? 2 : 0,
        });
        const before = least[system]?.[threads] ?? Infinity;
        least[system] = { ...least[system], [threads]: Math.min(before, leastEpochSeconds ?? Infinity) };
      }
    }
  }
  return least;
}

async function compare(settings: Settings): Promise<void> {
  const python = await ensureVenv(new URL("../peers/run.ts", import.meta.url).href);
  const run = await describeRun({ command: "deno task bench:time-to-accuracy", folder: FOLDER, python });
  const { dataDir, simd } = settings;
  const data = `${settings.records}/data`;
  await layDown(data, await datasets.load("fashion-mnist", { ...(dataDir !== undefined && { dataDir }) }));
  const program = { data, python, simd };
  const { lines, trainings } = await trainAll(settings, program);
  const seconds = await timeAll(settings, program);
  const timed = lines.map((line) => ({ ...line, secondsAnEpoch: seconds[line.system] }));
  const host = processor(simd);
  console.log(`${describeProcessor(host)}\n\n${markdown(timed, TARGETS, settings.threads)}`);
  if (!settings.save) return;
  const path = `${RESULTS}/${new Date().toISOString().slice(0, 10)}-time-to-accuracy.json`;
  await Deno.mkdir(RESULTS, { recursive: true });
  const { records: _, dataDir: __, ...told } = settings;
  const result = { ...run, settings: told, processor: host, lines: timed, trainings };
  await Deno.writeTextFile(path, JSON.stringify(result) + "\n");
  console.error(`\nWritten to ${path}`);
}

if (import.meta.main) Deno.exit(await runBench(readSettings, HELP, compare));

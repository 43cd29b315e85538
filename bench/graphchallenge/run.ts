/**
 * The Sparse Deep Neural Network Graph Challenge: `propagate`, SciPy and SuiteSparse:GraphBLAS in turn, as edges a second.
 *
 * Run by `deno task bench:graphchallenge`; see README.md beside this file.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runBench } from "../command.ts";
import { ensureVenv } from "../peers/venv.ts";
import { describeProcessor, processor } from "../processor.ts";
import { describeRun } from "../run_description.ts";
import { challengeImages, mnistPixels } from "./images.ts";
import { BIASES, CONNECTIONS, radixNet } from "./network.ts";

const HELP = `Usage: deno task bench:graphchallenge [options]
  --mnist DIR         folder with the four files of MNIST ($TRULY_SPARSE_DATA/mnist)
  --networks NxL,…    neurons a layer and layers (1024x120,4096x120)
  --threads N,…       numbers of threads (1,2)
  --samples N         images, of 60,000 (60000)
  --peer-samples N    images for the peers, the first of them (as many)
  --rounds N          rounds in which all systems take turns (3)
  --repeats N         runs a round (2)
  --only NAME,…       systems to measure (all)
  --simd LEVEL        lower our instruction set: avx2, portable
  --seed N            seed of the permutations (1)
  --no-save           do not write bench/results/<date>-graphchallenge.json`;

const OURS = "truly-sparse";
const SYSTEMS = [OURS, "scipy-dense", "scipy-sparse", "graphblas"];
const FOLDER = fileURLToPath(new URL(".", import.meta.url));
const RESULTS = fileURLToPath(new URL("../results", import.meta.url));

interface Settings {
  readonly mnist: string;
  readonly networks: readonly (readonly [neurons: number, layers: number])[];
  readonly threads: readonly number[];
  readonly samples: number;
  readonly peerSamples: number;
  readonly rounds: number;
  readonly repeats: number;
  readonly systems: readonly string[];
  readonly simd: string | undefined;
  readonly seed: number;
  readonly save: boolean;
}

function readSettings(args: string[]): Settings | undefined {
  const { values } = parseArgs({
    args,
    options: {
      mnist: { type: "string", default: `${Deno.env.get("TRULY_SPARSE_DATA") ?? "data"}/mnist` },
      networks: { type: "string", default: "1024x120,4096x120" },
      threads: { type: "string", default: "1,2" },
      samples: { type: "string", default: "60000" },
      "peer-samples": { type: "string" },
      rounds: { type: "string", default: "3" },
      repeats: { type: "string", default: "2" },
      only: { type: "string", default: SYSTEMS.join(",") },
      simd: { type: "string" },
      seed: { type: "string", default: "1" },
      "no-save": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const whole = (text: string): number => {
    const number = Number(text);
    if (Number.isInteger(number) && number > 0) return number;
    throw new RangeError(`Cannot use "${text}": expected a whole number from 1`);
  };
  const networks = values.networks.split(",").map((name) => {
    const [neurons, layers] = name.split("x").map(whole);
    if (neurons in BIASES && layers > 0) return [neurons, layers] as const;
    throw new RangeError(`Cannot measure "${name}": expected one of ${Object.keys(BIASES)} neurons x layers`);
  });
  const systems = values.only.split(",");
  const unknown = systems.find((system) => !SYSTEMS.includes(system));
  if (unknown !== undefined) throw new RangeError(`Cannot measure "${unknown}": the systems are ${SYSTEMS}`);
  return {
    mnist: values.mnist,
    networks,
    threads: values.threads.split(",").map(whole),
    samples: Math.min(whole(values.samples), 60_000),
    peerSamples: Math.min(whole(values["peer-samples"] ?? values.samples), 60_000),
    rounds: whole(values.rounds),
    repeats: whole(values.repeats),
    systems,
    simd: values.simd,
    seed: whole(values.seed),
    save: !values["no-save"],
  };
}

/** What a program prints. */
interface Measured {
  readonly seconds: readonly number[];
  readonly alive: readonly number[];
}

/** A row of the table. */
interface Row {
  readonly network: string;
  readonly system: string;
  readonly threads: number;
  readonly samples: number;
  readonly alive: number;
  readonly seconds: number[];
}

async function measure(
  system: string,
  python: string,
  folder: string,
  [neurons, layers, samples, threads]: readonly number[],
  { repeats, simd }: Settings,
): Promise<Measured> {
  const shape = [folder, neurons, layers, samples].map(String);
  const own = ["run", "-A", `${FOLDER}truly_sparse.ts`, ...shape, String(threads), String(repeats)];
  const theirs = [
    `${FOLDER}peer.py`,
    system,
    ...shape,
    String(BIASES[neurons]),
    String(threads),
    String(repeats),
  ];
  const { success, stdout, stderr } = await new Deno.Command(system === OURS ? Deno.execPath() : python, {
    args: system === OURS ? own : theirs,
    env: {
      OMP_NUM_THREADS: String(threads),
      PYTHONDONTWRITEBYTECODE: "1",
      ...(simd && { TRULY_SPARSE_SIMD: simd }),
    },
  }).output();
  if (success) return JSON.parse(new TextDecoder().decode(stdout));
  throw new Error(`Cannot measure ${system}: ${new TextDecoder().decode(stderr).trim().split("\n").at(-1)}`);
}

/** Writes images and layers where all programs read them. */
async function writeProblem(
  folder: string,
  pixels: Uint8Array,
  shape: readonly number[],
  settings: Settings,
) {
  const [neurons, layers] = shape;
  const samples = Math.max(settings.samples, settings.peerSamples);
  await Deno.writeFile(`${folder}/images.bin`, challengeImages(pixels, samples, Math.sqrt(neurons)));
  using file = await Deno.create(`${folder}/layers.bin`);
  const writer = file.writable.getWriter();
  for (const sources of radixNet(neurons, layers, settings.seed)) {
    await writer.write(new Uint8Array(sources.buffer));
  }
  await writer.close();
}

async function measureNetwork(
  folder: string,
  shape: readonly [number, number],
  python: string,
  settings: Settings,
): Promise<Row[]> {
  const network = shape.join("x");
  const rows = new Map<string, Row>();
  let answer: readonly number[] | undefined;
  for (let round = 1; round <= settings.rounds; round++) {
    for (const threads of settings.threads) {
      for (const system of settings.systems) {
        // SciPy has one thread.
        if (system.startsWith("scipy") && threads !== settings.threads[0]) continue;
        console.error(`${network}, round ${round} of ${settings.rounds}, ${threads} thread(s): ${system}`);
        const samples = system === OURS ? settings.samples : settings.peerSamples;
        const { seconds, alive } = await measure(
          system,
          python,
          folder,
          [...shape, samples, threads],
          settings,
        );
        answer ??= alive;
        const both = Math.min(samples, settings.samples);
        const [found, expected] = [alive, answer].map((list) =>
          String(list.filter((sample) => sample < both))
        );
        if (found !== expected) {
          throw new Error(`${system} finds other categories than ${settings.systems[0]}`);
        }
        const row = rows.get(system + threads) ??
          { network, system, threads, samples, alive: alive.length, seconds: [] };
        row.seconds.push(...seconds);
        rows.set(system + threads, row);
      }
    }
  }
  return [...rows.values()];
}

/** Edges a second as the challenge counts them: all samples times all connections. */
function edgesPerSecond({ network, samples, seconds }: Row): number {
  const [neurons, layers] = network.split("x").map(Number);
  return samples * neurons * CONNECTIONS * layers / Math.min(...seconds);
}

function formatTable(rows: readonly Row[]): string {
  const fastest = (network: string, threads: number) => {
    const row = rows.find((row) => row.system === OURS && row.network === network && row.threads === threads);
    return row && edgesPerSecond(row);
  };
  const lines = rows.map((row) => {
    const [ours, own] = [fastest(row.network, row.threads), edgesPerSecond(row)];
    const times = ours === undefined ? "" : (ours / own).toFixed(1);
    const least = Math.min(...row.seconds).toFixed(2);
    return [
      row.network,
      row.system,
      row.threads,
      row.samples,
      row.alive,
      least,
      (own / 1e9).toFixed(1),
      times,
    ];
  });
  const head = [
    "network",
    "system",
    "threads",
    "images",
    "alive",
    "least seconds",
    "G edges/s",
    "ours is × faster",
  ];
  return [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

async function compare(settings: Settings): Promise<void> {
  const python = await ensureVenv(import.meta.url);
  const run = await describeRun({ command: "deno task bench:graphchallenge", folder: FOLDER, python });
  const machine = processor(settings.simd);
  const pixels = await mnistPixels(settings.mnist);
  const folder = await Deno.makeTempDir({ prefix: "graphchallenge-" });
  const rows: Row[] = [];
  try {
    for (const shape of settings.networks) {
      await writeProblem(folder, pixels, shape, settings);
      rows.push(...await measureNetwork(folder, shape, python, settings));
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  console.log(`${describeProcessor(machine)}; categories are equal\n\n${formatTable(rows)}`);
  if (!settings.save) return;
  const path = `${RESULTS}/${new Date().toISOString().slice(0, 10)}-graphchallenge.json`;
  const { mnist: _, ...kept } = settings;
  const results = rows.map((row) => ({ ...row, edgesPerSecond: edgesPerSecond(row) }));
  await Deno.writeTextFile(
    path,
    JSON.stringify({ ...run, processor: machine, settings: kept, results }, null, 2) + "\n",
  );
  console.error(`Written to ${path}`);
}

if (import.meta.main) Deno.exit(await runBench(readSettings, HELP, compare));

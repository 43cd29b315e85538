/**
 * Which scale the weights of grown connections need: shares of the initialiser's, for the dense and the sparse fan-in.
 *
 * `deno run -A bench/growth_weights.ts [data=a9a,…] [setups=dense,…] [shares=1,0.3,0.1,0] [seeds=1,2,3] [zeta=0.3]
 * [samples=N] [threads=1] [out=FILE]` trains each data set in each setup with each share, and prints a table; `samples`
 * shortens the epochs of extreme networks. With `survival=10,20,…` it instead tells after those epochs which part of the
 * connections grown an epoch before is still there. Files of data sets are looked for in the folder `TRULY_SPARSE_DATA`,
 * and where the command line looks. Results are written run by run, to `bench/results/<date>-growth-weights.json` if not
 * told otherwise; what that file holds already is not run again.
 * A share is chosen by the validation accuracy (a fifth of the training samples); the test accuracy stands beside.
 *
 * @module
 */
import {
  type Connections,
  type Dataset,
  datasets,
  evolveByRules,
  type ModelOptions,
  smallestMagnitude,
  SparseMlp,
  train,
  TrainingError,
  type TrainOptions,
  uniformGrowth,
} from "../mod.ts";
import { presetOptions } from "../src/cli/presets.ts";
import { loadFiles } from "../src/data/files.ts";
import { growthLaw } from "../src/topology/growth_weights.ts";
import { describeProcessor, processor } from "./processor.ts";
import { written } from "./reproduce/summary.ts";

const given = new Map(Deno.args.map((arg) => arg.split("=") as [string, string]));
const list = (name: string, fallback: string) => (given.get(name) ?? fallback).split(",");
const threads = Number(given.get("threads") ?? 1);
const zeta = Number(given.get("zeta") ?? 0.3);
const DATA_DIR = Deno.env.get("TRULY_SPARSE_DATA");

const samples = Number(given.get("samples") ?? Infinity);

/** Network and training of a setup, without share and seed. */
interface Setup {
  readonly network: Omit<ModelOptions, "sizes"> & { readonly hidden: readonly number[] };
  readonly training: TrainOptions;
}

/** What is trained on, for how long, and the learning rate that the cosine begins with. */
const SETS = {
  "madelon": { epochs: 300, rate: 0.01 },
  "a9a": { epochs: 30, rate: 0.01 },
  "fashion-mnist": { epochs: 40, rate: 0.05 },
  "mnist": { epochs: 20, rate: 0.01 },
  "extreme-10k": { epochs: 30, rate: 0.01 },
  "extreme-100k": { epochs: 30, rate: 0.01 },
} as const;
type SetName = keyof typeof SETS;

/** Evaluations of a run, spread evenly over its epochs. */
const EVALUATIONS = 10;

/**
 * The setups of a data set by name.
 *
 * `dense` and `sparse` have the paper's settings of the data set but for the fan-in, the `-cosine` ones the textbook's
 * weight decay and a learning rate that falls. The paper has no settings for a9a: two hidden layers of Fashion-MNIST's
 * stand for them. Its law for Madelon, `normal`, knows no fan-in: the sparse one takes `he-uniform`. Extreme networks have
 * their preset, which is sparse, and no validation part.
 */
function setups(name: SetName): Readonly<Record<string, Setup>> {
  const { epochs, rate } = SETS[name];
  const common = { epochs, evaluateEvery: epochs / EVALUATIONS, zeta, threads };
  if (name === "extreme-10k" || name === "extreme-100k") {
    const { hidden, epsilon, activation, alpha, init, ...preset } = presetOptions(name);
    const network = { hidden, epsilon, activation: { kind: activation, alpha }, initializer: init } as const;
    return {
      preset: {
        network: { ...network, fanIn: preset["fan-in"], zeroOutput: preset["zero-output"] },
        training: {
          ...common,
          fanInLimit: preset["fan-in-limit"],
          batchSize: preset["batch-size"],
          learningRate: preset["learning-rate"],
          momentum: preset.momentum,
          dropout: preset.dropout,
          weightDecayForm: "coupled",
        },
      },
    };
  }
  const paper = datasets.describe(name === "a9a" ? "fashion-mnist" : name).settings;
  const { hidden, epsilon, alpha, initializer, ...training } = paper;
  const network = {
    hidden: name === "a9a" ? hidden.slice(1) : hidden,
    epsilon,
    activation: { kind: "all-relu", alpha },
  } as const;
  const dense = { ...network, initializer, fanIn: "dense" } as const;
  const sparse = {
    ...network,
    initializer: initializer === "normal" ? "he-uniform" : initializer,
    fanIn: "sparse",
  } as const;
  const constant: TrainOptions = { ...training, ...common, validationFraction: 0.2 };
  const cosine: TrainOptions = {
    ...constant,
    learningRate: rate,
    schedule: { kind: "cosine" },
    weightDecayForm: "coupled",
  };
  return {
    "dense": { network: dense, training: constant },
    "dense-cosine": { network: dense, training: cosine },
    "sparse": { network: sparse, training: constant },
    "sparse-cosine": { network: sparse, training: cosine },
  };
}

const loaded = new Map<string, Promise<Dataset>>();

function load(name: SetName): Promise<Dataset> {
  const set = name.startsWith("extreme") ? "extreme" : name;
  let data = loaded.get(set);
  if (data === undefined) {
    data = set === "a9a"
      ? loadFiles([`${DATA_DIR}/a9a/a9a.gz`, `${DATA_DIR}/a9a/a9a.t.gz`])
      : datasets.load(set, { dataDir: DATA_DIR, seed: 1 }).then(shortened);
    loaded.set(set, data);
  }
  return data;
}

/** The first training samples of data that are made when needed: such epochs are long. */
function shortened(data: Dataset): Dataset {
  const { train } = data;
  if (train.source === undefined || samples >= train.samples) return data;
  return { ...data, train: { ...train, samples, labels: train.labels.slice(0, samples) } };
}

function create({ network }: Setup, data: Dataset, seed: number): SparseMlp {
  const { hidden, ...options } = network;
  return SparseMlp.create({ ...options, sizes: [data.featureCount, ...hidden, data.outputCount], seed });
}

/** What names a run. */
interface RunName {
  readonly data: SetName;
  readonly setup: string;
  /** Share of the initialiser's scale. */
  readonly share: number;
  readonly seed: number;
}

/** A run; losses and accuracies are of the epochs evaluated. */
interface RunResult extends RunName {
  /** Why it ended before its time, where the loss was no number any more. */
  readonly diverged?: string;
  readonly epochs: readonly number[];
  readonly trainLoss: readonly number[];
  readonly validationLoss: readonly number[];
  readonly validationAccuracy: readonly number[];
  readonly testAccuracy: readonly number[];
  /** Largest training loss of any epoch after the first, against the first's. */
  readonly largestLossRatio: number;
  readonly seconds: number;
}

async function runOnce(name: RunName, setup: Setup, data: Dataset): Promise<RunResult> {
  const { share, seed } = name;
  const model = create(setup, data, seed);
  const [epochs, trainLoss, testAccuracy]: number[][] = [[], [], []];
  const [validationLoss, validationAccuracy]: number[][] = [[], []];
  let [first, largest, diverged] = [NaN, 0, ""];
  const started = performance.now();
  try {
    for await (const record of train(model, data, { ...setup.training, growthWeights: share })) {
      if (record.epoch === 1) first = record.trainLoss;
      else largest = Math.max(largest, record.trainLoss);
      if (record.testAccuracy === undefined) continue;
      epochs.push(record.epoch);
      trainLoss.push(record.trainLoss);
      testAccuracy.push(record.testAccuracy);
      if (record.validationAccuracy === undefined) continue;
      validationLoss.push(record.validationLoss!);
      validationAccuracy.push(record.validationAccuracy);
    }
  } catch (error) {
    if (!(error instanceof TrainingError)) throw error;
    diverged = error.message;
  }
  const seconds = (performance.now() - started) / 1000;
  const curves = { epochs, trainLoss, validationLoss, validationAccuracy, testAccuracy };
  return { ...name, ...(diverged && { diverged }), ...curves, largestLossRatio: largest / first, seconds };
}

/** Which part of the grown connections is still there after the next drop. */
interface SurvivalResult extends RunName {
  readonly epochs: readonly number[];
  /** Of those grown an epoch before. */
  readonly grown: readonly number[];
  /** Of all others. */
  readonly others: readonly number[];
  /** Part of those grown an epoch before that are exactly 0 before the drop. */
  readonly zero: readonly number[];
}

/** Places of the connections as row · neurons + column, with their weights. */
function places(layer: Connections): Map<number, number> {
  const found = new Map<number, number>();
  for (let row = 0; row < layer.inputs; row++) {
    for (let entry = layer.indptr[row]; entry < layer.indptr[row + 1]; entry++) {
      found.set(row * layer.neurons + layer.indices[entry], layer.values[entry]);
    }
  }
  return found;
}

/** Trains with SET carried out here, with the trainer's random numbers, so that each connection can be followed. */
async function survival(
  name: RunName,
  setup: Setup,
  data: Dataset,
  at: Set<number>,
): Promise<SurvivalResult> {
  const { share, seed } = name;
  const model = create(setup, data, seed);
  const { initializer, fanIn } = model.settings;
  const { epochs = 1 } = setup.training;
  const result = {
    epochs: [] as number[],
    grown: [] as number[],
    others: [] as number[],
    zero: [] as number[],
  };
  const layers = model.layers.slice(0, -1);
  let fresh = layers.map(() => new Set<number>());
  for await (const { epoch } of train(model, data, { ...setup.training, zeta: 0, evaluateEvery: epochs })) {
    if (epoch === epochs) break;
    const [seen, kept, zeros] = [[0, 0], [0, 0], [0, 0]];
    fresh = layers.map((layer, index) => {
      const before = places(layer);
      const probability = layer.nnz / (layer.inputs * layer.neurons);
      const initial = { ...sizeOf(layer), initializer, fanIn, probability };
      const drop = smallestMagnitude(zeta);
      let left = new Map<number, number>();
      evolveByRules(layer, {
        ...{ seed, epoch, layer: index, threads },
        drop: {
          name: drop.name,
          drop: (connections, place) => {
            const dropped = drop.drop(connections, place);
            left = places(connections);
            return dropped;
          },
        },
        grow: uniformGrowth(growthLaw(initial, share)),
      });
      for (const [place, weight] of before) {
        const kind = fresh[index].has(place) ? 0 : 1;
        seen[kind] += 1;
        kept[kind] += Number(left.has(place));
        zeros[kind] += Number(weight === 0);
      }
      return new Set([...places(layer).keys()].filter((place) => !left.has(place)));
    });
    if (!at.has(epoch)) continue;
    result.epochs.push(epoch);
    result.grown.push(kept[0] / seen[0]);
    result.others.push(kept[1] / seen[1]);
    result.zero.push(zeros[0] / seen[0]);
  }
  return { ...name, ...result };
}

const sizeOf = ({ inputs, neurons }: Connections) => ({ inputs, neurons });

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

/** One row for each data set, setup and share; accuracies are means of the last three evaluations. */
function table(runs: readonly RunResult[]): string {
  const groups = Map.groupBy(runs, ({ data, setup, share }) => `| ${data} | ${setup} | ${share} |`);
  const rows = [...groups].map(([head, group]) => {
    const whole = group.filter(({ diverged }) => diverged === undefined);
    const late = (curve: "validationAccuracy" | "testAccuracy") =>
      whole.some((run) => run[curve].length > 0)
        ? written(whole.map((run) => 100 * mean(run[curve].slice(-3))), 2)
        : "–";
    const cells = [
      `${whole.length}/${group.length}`,
      `× ${Math.max(...group.map((run) => run.largestLossRatio)).toPrecision(3)}`,
      whole.length > 0 ? written(whole.map((run) => run.trainLoss.at(-1)!), 4) : "–",
      late("validationAccuracy"),
      late("testAccuracy"),
    ];
    return `${head} ${cells.join(" | ")} |`;
  });
  return [
    "| data | setup | share | finite | largest loss | train loss | validation % | test % |",
    "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ...rows,
  ].join("\n");
}

async function output(command: string, args: string[]): Promise<string> {
  const { stdout } = await new Deno.Command(command, { args, stderr: "null" }).output();
  return new TextDecoder().decode(stdout).trim();
}

/** All runs asked for: a seed of everything before the next. */
function* names(): Generator<RunName> {
  const chosen = list("data", Object.keys(SETS).join()) as SetName[];
  for (const seed of list("seeds", "1,2,3").map(Number)) {
    for (const data of chosen) {
      const known = Object.keys(setups(data));
      for (const setup of list("setups", known.join()).filter((name) => known.includes(name))) {
        for (const share of list("shares", "1,0.3,0.1,0").map(Number)) yield { data, setup, share, seed };
      }
    }
  }
}

async function main(): Promise<void> {
  const date = new Date().toISOString().slice(0, 10);
  const kind = given.has("survival") ? "growth-survival" : "growth-weights";
  const folder = new URL("results/", import.meta.url).pathname;
  const path = given.get("out") ?? `${folder}${date}-${kind}.json`;
  let before: { runs: (RunResult | SurvivalResult)[] } = { runs: [] };
  try {
    before = JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const { runs } = before;
  const commit = await output("git", ["rev-parse", "--short", "HEAD"]);
  const options = Deno.args.filter((arg) => !arg.startsWith("out=")).join(" ");
  const command = `deno run -A bench/growth_weights.ts ${options}`.trim();
  const settings = Object.fromEntries(
    (Object.keys(SETS) as SetName[]).map((name) => [name, setups(name)]),
  );
  const at = new Set(list("survival", "").map(Number));
  const same = (one: RunName, other: RunName) =>
    (["data", "setup", "share", "seed"] as const).every((key) => one[key] === other[key]);
  for (const name of names()) {
    if (runs.some((run) => same(run, name))) continue;
    const setup = setups(name.data)[name.setup];
    const data = await load(name.data);
    const run = given.has("survival")
      ? await survival(name, setup, data, at)
      : await runOnce(name, setup, data);
    runs.push(run);
    const record = {
      date,
      commit,
      processor: describeProcessor(processor()),
      command,
      threads,
      settings,
      runs,
    };
    await Deno.writeTextFile(`${path}.part`, JSON.stringify(record) + "\n");
    await Deno.rename(`${path}.part`, path);
    console.error(JSON.stringify(run));
  }
  if (!given.has("survival")) console.log(table(runs as RunResult[]));
}

if (import.meta.main) await main();

/**
 * Parallel against sequential training on Fashion-MNIST's shape, side by side in one run: samples a second, the
 * server's time a push, and memory.
 *
 * Usage: deno run -A bench/parallel.ts [--real] [--epochs N] [--rounds N] [--kinds KIND,KIND] [--local-steps H]
 * [--peer-average KIND]
 *
 * Rounds interleave all configurations, so that a change of the machine's speed meets all of them. With `--memory KIND`
 * it trains one epoch of one kind alone and prints the process's peak memory.
 *
 * @module
 */
import { type Dataset, datasets, type EpochRecord, SparseMlp, train, trainParallel } from "../mod.ts";
import { stateFor } from "../src/optimizer/optimizers.ts";
import { inbox, sendParametersTo, sendTopologyTo } from "../src/parallel/inbox.ts";
import { PeerAverage } from "../src/parallel/peer_average.ts";
import { gradientViews } from "../src/model/layer.ts";
import { emptyReplica } from "../src/parallel/replica.ts";
import { resolveParallelHyperparameters } from "../src/parallel/options.ts";
import { ParameterServer, serverState } from "../src/parallel/server.ts";
import { resolveHyperparameters } from "../src/train/hyperparameters.ts";
import { changeTopology } from "../src/topology/change.ts";
import { madeUpData } from "./made_up.ts";
import { describeProcessor, processor } from "./processor.ts";

const ALL_KINDS = ["sequential-1", "sequential-2", "wasap-2", "wassp-2", "gossip-2"] as const;
type Kind = typeof ALL_KINDS[number];
const SIZES = [784, 1000, 1000, 1000, 10];

function option(name: string, fallback: number): number {
  const at = Deno.args.indexOf(`--${name}`);
  return at < 0 ? fallback : Number(Deno.args[at + 1]);
}

/** An option of gossip, where it is given. */
function given(name: string, key: string): Record<string, unknown> {
  const at = Deno.args.indexOf(`--${name}`);
  if (at < 0) return {};
  const value = Deno.args[at + 1];
  return { [key]: Number.isNaN(Number(value)) ? value : Number(value) };
}

function newModel(): SparseMlp {
  return SparseMlp.create({ sizes: SIZES, epsilon: 20, seed: 1 });
}

function run(kind: Kind, data: Dataset, epochs: number) {
  const [algorithm, count] = kind.split("-");
  const base = { epochs, evaluateEvery: epochs, learningRate: 0.005 };
  if (algorithm === "sequential") return train(newModel(), data, { ...base, threads: Number(count) });
  const workers = Number(count);
  const parallel = algorithm === "gossip"
    ? { algorithm, ...given("local-steps", "localSteps"), ...given("peer-average", "peerAverage") } as const
    : { algorithm: algorithm as "wasap" | "wassp", phaseOneFraction: 1 };
  return trainParallel(newModel(), data, { ...base, ...parallel, workers, threads: workers });
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1];

function times(work: () => void, count = 201): number[] {
  return Array.from({ length: count }, () => {
    const started = performance.now();
    work();
    return performance.now() - started;
  });
}

/** Milliseconds the server needs for a push of a current and of a stale version, and for a pull. */
function serverTimes() {
  const model = newModel();
  const settings = resolveHyperparameters({ threads: 1, learningRate: 1e-6 }, 1);
  model.holdState(stateFor(settings));
  const parallel = resolveParallelHyperparameters({ workers: 2 });
  const server = new ParameterServer(model, serverState(2, 0), { settings, parallel, steps: 469 });
  const [current, stale] = [emptyReplica(model), emptyReplica(model)];
  const old = server.pull(stale, -1, 0);
  changeTopology(model, settings, 1);
  server.topologyChanged();
  const now = server.pull(current, -1, 1);
  const gradients = model.allocateGradients();
  for (const { values } of gradientViews(model.layers, gradients)) {
    values.forEach((_, at) => values[at] = at % 5 - 2);
  }
  const time = (work: () => void) => median(times(work));
  const header = { worker: 0, loss: 1, correct: 0, samples: 128 };
  return {
    connections: model.stats().connections,
    pushCurrentMs: time(() => server.push(gradients, { ...header, ...now }, current)),
    pushStaleMs: time(() => server.push(gradients, { ...header, ...old }, stale)),
    pullMs: time(() => server.pull(current, now.version, 1)),
    pullWithTopologyMs: time(() => server.pull(current, -1, 1)),
  };
}

/** Milliseconds of what an exchange costs the worker that answers and the one that averages. */
function exchangeTimes() {
  const [mine, other, box] = [newModel(), newModel(), inbox(newModel())];
  const settings = resolveHyperparameters({ threads: 1 }, 1);
  for (const model of [mine, other]) model.holdState(stateFor(settings));
  // Topologies of one start, as far apart as 20 changes bring them.
  for (let epoch = 1; epoch <= 20; epoch++) {
    [mine, other].forEach((model, draw) =>
      changeTopology(model, settings, epoch, { draw: 2 * epoch + draw })
    );
  }
  sendTopologyTo(box, other);
  sendParametersTo(box, other);
  // A union brings the topologies closer together, so each has a copy of its own.
  const copies = Array.from({ length: 21 }, () => new PeerAverage(mine.clone(), "union"));
  const holders = new PeerAverage(mine, "holders");
  return {
    sendParametersMs: median(times(() => sendParametersTo(box, other))),
    sendTopologyMs: median(times(() => sendTopologyTo(box, other))),
    holdersMs: median(times(() => void holders.with(box))),
    unionMs: median(times(() => void copies.pop()!.with(box), copies.length)),
  };
}

const real = Deno.args.includes("--real");
const data = real ? await datasets.load("fashion-mnist") : madeUpData(SIZES, 60_000, 10_000);
const chosen = Deno.args[Deno.args.indexOf("--kinds") + 1]?.split(",");
const KINDS = ALL_KINDS.filter((kind) => !Deno.args.includes("--kinds") || chosen.includes(kind));
const memoryKind = Deno.args[Deno.args.indexOf("--memory") + 1] as Kind;
if (Deno.args.includes("--memory")) {
  for await (const _ of run(memoryKind, data, 2));
  const status = Deno.readTextFileSync("/proc/self/status");
  console.log(JSON.stringify({ kind: memoryKind, peakKib: Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) }));
} else {
  const [epochs, rounds] = [option("epochs", 3), option("rounds", 3)];
  const records = new Map<Kind, EpochRecord[]>(KINDS.map((kind) => [kind, []]));
  for (let round = 0; round < rounds; round++) {
    for (const kind of KINDS) {
      // The first epoch contains the start of the Workers.
      for await (const record of run(kind, data, epochs)) {
        if (record.epoch > 1) records.get(kind)!.push(record);
      }
    }
  }
  const results = Object.fromEntries(KINDS.map((kind) => {
    const all = records.get(kind)!;
    const rates = all.map(({ samplesPerSecond }) => samplesPerSecond);
    const stale = all.map(({ parallel }) => parallel?.meanStaleness ?? 0);
    const idle = all.flatMap(({ parallel, seconds }) =>
      parallel?.idleSeconds.map((idle) => idle / seconds) ?? []
    );
    return [kind, {
      samplesPerSecond: Math.round(median(rates)),
      least: Math.round(Math.min(...rates)),
      most: Math.round(Math.max(...rates)),
      epochs: rates.length,
      evolutionMs: 1000 *
        median(all.map((record) => record.evolutionSeconds).filter((seconds) => seconds > 0)),
      ...(idle.length > 0 && { meanStaleness: median(stale), idleFraction: median(idle) }),
      ...(kind === "gossip-2" && {
        exchanges: median(all.map(({ parallel }) => parallel!.exchanges!)),
        meanExchangeAge: median(all.map(({ parallel }) => parallel!.meanExchangeAge!)),
      }),
    }];
  }));
  const rate = (kind: Kind) => results[kind]?.samplesPerSecond;
  const ratio = (kind: Kind, other: Kind) =>
    KINDS.includes(kind) && KINDS.includes(other)
      ? { [`${kind} / ${other}`]: rate(kind) / rate(other) }
      : undefined;
  console.log(JSON.stringify(
    {
      date: new Date().toISOString().slice(0, 10),
      command: `deno run -A bench/parallel.ts ${Deno.args.join(" ")}`.trim(),
      host: { processor: describeProcessor(processor()), deno: Deno.version.deno },
      data: real ? "fashion-mnist" : "made up, 60,000 × 784",
      network: "784-1000-1000-1000-10, epsilon 20, batch 128",
      results,
      ratios: {
        ...ratio("wasap-2", "sequential-1"),
        ...ratio("wasap-2", "sequential-2"),
        ...ratio("wassp-2", "sequential-1"),
        ...ratio("gossip-2", "sequential-1"),
        ...ratio("gossip-2", "wasap-2"),
      },
      server: serverTimes(),
      exchange: exchangeTimes(),
    },
    null,
    2,
  ));
}

/**
 * A record of some milliseconds of parallel training.
 *
 * @module
 */
import { type Dataset, type ParallelOptions, SparseMlp } from "../../mod.ts";
import { trainOver } from "../../src/parallel/wasap.ts";
import { WorkersTransport } from "../../src/parallel/threads/transport.ts";
import { type Activity, clock, labelsWithSpans, type Span, spansOf } from "./spans.ts";

/** What is recorded. */
export type Algorithm = "wasap" | "wassp" | "gossip";

/** A span of a record: what, from and to, in milliseconds from the window's moment. */
export type RecordedSpan = readonly [activity: Activity, from: number, to: number];

/** Somebody who does something in a window. */
export interface Row {
  readonly name: string;
  readonly spans: readonly RecordedSpan[];
}

/** Some milliseconds around a moment. */
export interface Window {
  /** What happens at the moment, 0 ms. */
  readonly title: string;
  readonly rows: readonly Row[];
}

/** What is written to `bench/results/`. */
export interface TimelineRecord {
  readonly algorithm: Algorithm;
  readonly what: string;
  readonly command: string;
  readonly host: string;
  readonly date: string;
  /** The part of the machine that other programs took meanwhile. */
  readonly others: number;
  /** Milliseconds before and after the moment of each window. */
  readonly from: number;
  readonly to: number;
  readonly windows: readonly Window[];
}

/** Everything that happened in a run. */
export interface Recorded {
  readonly workers: readonly (readonly Span[])[];
  /** Between epochs, by the thread that started the workers. */
  readonly engine: readonly Span[];
  /** When the steps of each epoch were done, milliseconds of {@linkcode clock}. */
  readonly ends: readonly number[];
}

/** Stamps what the engine asks for. */
class RecordedTransport extends WorkersTransport {
  readonly ends: number[] = [];
  changed = 0;
  averages = 0;

  override async runUpdates(...given: Parameters<WorkersTransport["runUpdates"]>) {
    const sums = await super.runUpdates(...given);
    this.ends.push(clock());
    return sums;
  }

  override async runLocalEpoch(...given: Parameters<WorkersTransport["runLocalEpoch"]>) {
    const sums = await super.runLocalEpoch(...given);
    this.ends.push(clock());
    return sums;
  }

  override replicas() {
    this.averages = clock();
    return super.replicas();
  }

  override topologyChanged(): void {
    this.changed = clock();
    super.topologyChanged();
  }
}

/** Trains a new network over Workers, and records what they do. */
export async function recordTraining(
  { sizes, epsilon }: { readonly sizes: readonly number[]; readonly epsilon: number },
  data: Dataset,
  options: ParallelOptions & { readonly workers: number },
): Promise<Recorded> {
  const labels = labelsWithSpans(data.train.labels, options.workers);
  const recorded = { ...data, train: { ...data.train, labels } };
  const module = new URL("./recorded_worker.ts", import.meta.url);
  const model = SparseMlp.create({ sizes, epsilon, seed: 1 });
  const engine: Span[] = [];
  let transport: RecordedTransport | undefined;
  let [evaluated, told] = [0, 0];
  const onPhase: ParallelOptions["onPhase"] = ({ phase }) => {
    if (phase === "evaluation") evaluated = clock();
  };
  // The last call of an epoch comes when all of it is done, the average of all models too.
  const onProgress = () => void (told = clock());
  const epochs = trainOver(model, recorded, { ...options, onPhase, onProgress }, (plan) => {
    transport = new RecordedTransport({ ...plan, module });
    return transport;
  });
  for await (const { evaluationSeconds, evolutionSeconds, parallel } of epochs) {
    const { changed, averages, ends } = transport!;
    const end = ends[ends.length - 1];
    const evaluation = evaluated - 1000 * evaluationSeconds;
    if (averages > end) engine.push({ activity: "average", begin: averages, end: told });
    if (evaluated > end) engine.push({ activity: "evaluation", begin: evaluation, end: evaluated });
    if (parallel!.phase === 1 && changed > end) {
      engine.push({ activity: "change", begin: changed - 1000 * evolutionSeconds, end: changed });
    }
  }
  const workers = Array.from({ length: options.workers }, (_, worker) => spansOf(labels, worker));
  return { workers, engine, ends: transport!.ends };
}

/** What happened around a moment, in microseconds' precision; what reaches beyond the window is cut off. */
export function windowOf(
  { workers, engine }: Recorded,
  title: string,
  moment: number,
  [from, to]: readonly [number, number],
): Window {
  const rounded = (milliseconds: number) => Math.round(1000 * milliseconds) / 1000;
  const cut = (spans: readonly Span[]) =>
    spans
      .map(({ activity, begin, end }): RecordedSpan => [
        activity,
        rounded(Math.max(from, begin - moment)),
        rounded(Math.min(to, end - moment)),
      ])
      .filter(([, begin, end]) => begin < end);
  return {
    title,
    rows: [
      { name: "engine", spans: cut(engine) },
      ...workers.map((spans, worker) => ({ name: `worker ${worker + 1}`, spans: cut(spans) })),
    ],
  };
}

/**
 * The history of a network's connections: how much of it was ever connected, and how long connections live.
 *
 * @module
 */
import { pictured } from "../picture.ts";
import { percent } from "../format.ts";
import type { Connections } from "./csr.ts";
import { type Degrees, degreesOf } from "./degrees.ts";
import { type KeptHistory, LayerHistory, type Lives } from "./layer_history.ts";

/** How long connections have lived, in epochs. */
export interface LifeTimes {
  /** In epochs. */
  readonly mean: number;
  /** In whole epochs; of an even number of connections, the lower of the two in the middle. */
  readonly median: number;
}

/** What has become of the connections of some layers. */
export interface ConnectionLives {
  /** Share of all places that were connected at any time: the ITOP rate (Liu et al. 2021). */
  readonly everConnected: number;
  /** Standard deviation of `everConnected`, as a share of it: 0 where places are counted, 0.008 beyond 2³⁰ in a layer. */
  readonly everConnectedError: number;
  /** Age of the connections that are there; absent where there is none. */
  readonly present?: LifeTimes;
  /** How many went, and how long those had lived; absent where none did. */
  readonly gone?: LifeTimes & { readonly connections: number };
}

/** What has become of the connections of one layer. */
export interface LayerTopologyRecord extends ConnectionLives {
  /** Connections that reach a neuron. */
  readonly inDegree: Degrees;
}

/** What has become of the connections of the layers that evolve; places of neurons that compaction took out count too. */
export interface TopologyRecord extends ConnectionLives {
  /** Epochs that were done when the history began; nothing is known of the connections before. */
  readonly since: number;
  /** Each layer that evolves, first hidden layer first. */
  readonly layers: readonly LayerTopologyRecord[];
}

/**
 * Follows the connections of the layers that evolve, and changes none.
 *
 * A connection that goes and comes back at the same place between two looks has not gone. Memory: 8 bytes a connection and
 * a bit a place, 64 KiB for a layer of more than 2³⁰ places.
 */
export class ConnectionHistory {
  /** Epochs that were done when it began. */
  readonly since: number;
  readonly #layers: readonly LayerHistory[];
  #seen: number;

  private constructor(since: number, seen: number, layers: readonly LayerHistory[]) {
    this.since = since;
    this.#seen = seen;
    this.#layers = layers;
  }

  /** Epochs that were done when it last looked. */
  get seen(): number {
    return this.#seen;
  }

  /** Begins after `time` epochs, when all connections count as new. O(nnz). */
  static begin(layers: readonly Connections[], time: number): ConnectionHistory {
    return new ConnectionHistory(time, time, layers.map((layer) => LayerHistory.begin(layer, time)));
  }

  /** A history that was kept, of the layers as they were then. */
  static from(
    { since, seen }: Pick<ConnectionHistory, "since" | "seen">,
    kept: readonly KeptHistory[],
    layers: readonly Connections[],
  ): ConnectionHistory {
    return new ConnectionHistory(
      since,
      seen,
      kept.map((one, index) => LayerHistory.from(one, layers[index])),
    );
  }

  /** What is to be kept of each layer. */
  get kept(): readonly KeptHistory[] {
    return this.#layers.map(({ kept }) => kept);
  }

  /** An independent copy. O(nnz + places / 32). */
  copy(): ConnectionHistory {
    return new ConnectionHistory(this.since, this.#seen, this.#layers.map((layer) => layer.copy()));
  }

  /** Looks at the layers, when `time` epochs are done, or as many as when it last looked. O(inputs + nnz). */
  observe(layers: readonly Connections[], time: number = this.#seen): void {
    this.#seen = Math.max(this.#seen, time);
    this.#layers.forEach((history, index) => history.observe(layers[index], this.#seen));
  }

  /** Follows a compaction: the neurons that stayed in each layer, inputs first, by their numbers before it. */
  follow(kept: readonly Uint32Array[], time: number): void {
    this.#seen = Math.max(this.#seen, time);
    this.#layers.forEach((history, index) => history.follow(kept[index], kept[index + 1], this.#seen));
  }

  /** What there is to tell of the layers as it last saw them. O(nnz + neurons). */
  record(layers: readonly Connections[]): TopologyRecord {
    const each = this.#layers.map((history) => (
      { history, ages: history.agesAt(this.#seen), gone: history.gone }
    ));
    const record: TopologyRecord = {
      since: this.since,
      ...livesOf(each),
      layers: each.map((one, index) => ({
        ...livesOf([one]),
        inDegree: degreesOf(layers[index].incomingPtr),
      })),
    };
    return pictured(record, topologyPicture);
  }
}

/** `12.3 % of all places were ever connected; means: connections are 4.1 epochs old, those that went lived 1.9` */
export function topologyPicture({ everConnected, present, gone }: ConnectionLives): string {
  const means = [
    ...(present ? [`connections are ${present.mean.toFixed(1)} epochs old`] : []),
    ...(gone ? [`those that went lived ${gone.mean.toFixed(1)}`] : []),
  ];
  const told = means.length === 0 ? "" : `; means: ${means.join(", ")}`;
  return `${percent(everConnected)} of all places were ever connected${told}`;
}

function livesOf(
  layers: readonly { readonly history: LayerHistory; readonly ages: Lives; readonly gone: Lives }[],
): ConnectionLives {
  const sum = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0);
  const counts = layers.map(({ history }) => history.ever.count);
  const [ever, places] = [sum(counts), sum(layers.map(({ history }) => history.places))];
  const variance = sum(layers.map(({ history }, index) => (history.ever.error * counts[index]) ** 2));
  const present = timesOf(layers.map(({ ages }) => ages));
  const gone = timesOf(layers.map(({ gone }) => gone));
  return {
    everConnected: Math.min(1, ever / places),
    everConnectedError: ever === 0 ? 0 : Math.sqrt(variance) / ever,
    ...(present && { present: { mean: present.mean, median: present.median } }),
    ...(gone && { gone }),
  };
}

function timesOf(parts: readonly Lives[]): LifeTimes & { connections: number } | undefined {
  const longest = Math.max(0, ...parts.map(({ lives }) => lives.length));
  const counts = Array.from(
    { length: longest },
    (_, epochs) => parts.reduce((sum, { lives }) => sum + (lives[epochs] ?? 0), 0),
  );
  const connections = counts.reduce((sum, count) => sum + count, 0);
  if (connections === 0) return undefined;
  let [median, below] = [0, counts[0]];
  while (2 * below < connections) below += counts[++median];
  return { connections, mean: parts.reduce((sum, { lived }) => sum + lived, 0) / connections, median };
}

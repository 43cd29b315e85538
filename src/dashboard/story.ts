/**
 * What there is to tell of a run: all of it to a page that opens late, and the news to those that are open.
 *
 * @module
 */
import type { EpochRecord } from "../train/records.ts";
import type { InputMap } from "./inputs.ts";
import { eventBytes } from "./pages.ts";
import { Thinned } from "./thinned.ts";

/** Epochs, losses inside epochs and maps that are kept, evenly spread over the run where there are more. */
const MOST_EPOCHS = 2000;
const MOST_POINTS = 1000;
const MOST_MAPS = 48;

/** What a run is, told once. */
export interface Opening {
  readonly dataset: string;
  readonly task: string;
  /** Neurons of each layer, input and output included. */
  readonly layers: readonly number[];
  readonly epochs: number;
  readonly epochsDone: number;
  readonly trainSamples: number;
  /** Whether there are validation samples. */
  readonly validated: boolean;
  readonly testSamples: number;
  /** Connections before the first epoch. */
  readonly connections: number;
  /** Connections of the dense network of the same layers. */
  readonly dense: number;
  /** The shape of the inputs, where they are images. */
  readonly image?: { readonly width: number; readonly height: number };
  /** What the run is judged by, where it is neither loss nor accuracy. */
  readonly metric?: string;
  /** Options in force. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Where the run stands now. */
export interface Standing {
  readonly epoch: number;
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly samplesPerSecond: number;
  /** Seconds since the run began. */
  readonly elapsed: number;
}

/** A loss inside an epoch: epochs done, with their fraction, and the loss of the step's batch. */
export type LossPoint = readonly [epochs: number, loss: number];

/** How the run ended. */
export interface Ending {
  readonly how: string;
  readonly message?: string;
  /** Seconds the run took. */
  readonly elapsed: number;
}

/** Told to pages that know all that came before. */
interface News {
  epochs?: Epoch[];
  points?: LossPoint[];
  maps?: InputMap[];
  standing?: Standing;
  ending?: Ending;
}

type Epoch = Omit<EpochRecord, "topology">;

/** Everything that was told of a run, within a bounded amount of memory. */
export class Story {
  readonly #opening: Opening;
  readonly #epochs = new Thinned<Epoch>(MOST_EPOCHS);
  readonly #points = new Thinned<LossPoint>(MOST_POINTS);
  readonly #maps = new Thinned<InputMap>(MOST_MAPS);
  #standing: Standing | undefined;
  #ending: Ending | undefined;
  #news: News = {};
  #whole: Uint8Array<ArrayBuffer> | undefined;

  constructor(opening: Opening) {
    this.#opening = opening;
  }

  /** Adds an epoch. */
  epoch({ topology: _, ...record }: EpochRecord): void {
    this.#epochs.add(record);
    (this.#news.epochs ??= []).push(record);
  }

  /** Adds where the run stands, and a loss inside its epoch. */
  stands(standing: Standing, point: LossPoint): void {
    this.#standing = this.#news.standing = standing;
    this.#points.add(point);
    (this.#news.points ??= []).push(point);
  }

  /** Adds what the inputs are connected to. */
  map(map: InputMap): void {
    this.#maps.add(map);
    (this.#news.maps ??= []).push(map);
  }

  /** Adds the end. */
  end(ending: Ending): void {
    this.#ending = this.#news.ending = ending;
  }

  /** An event with what was added since the last call. */
  news(): Uint8Array<ArrayBuffer> {
    const bytes = eventBytes("news", this.#news);
    this.#news = {};
    this.#whole = undefined;
    return bytes;
  }

  /** An event with everything up to the last news; written once for all pages that ask meanwhile. */
  whole(): Uint8Array<ArrayBuffer> {
    return this.#whole ??= eventBytes("story", {
      opening: this.#opening,
      epochs: this.#epochs.items(),
      points: this.#points.items(),
      maps: this.#maps.items(),
      standing: this.#standing,
      ending: this.#ending,
    });
  }
}

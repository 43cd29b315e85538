/**
 * What rank 0 does where the parameters are split over several servers: it is the first of them, and has the whole model
 * while all pause.
 *
 * @module
 */
import type { SparseMlp } from "../../model/model.ts";
import { sendMessage, takeMessage } from "../../native/mpi.ts";
import type { ServerJob } from "./interrupt.ts";
import { PushServer, SLICE_MS } from "./push_server.ts";
import { expect, KIND, NO_PIECES, NO_WORDS, onePiece, Places, sendValues, takeValues } from "./wire.ts";
import { emptyReplica } from "../replica.ts";
import { connectionCounts, RowRanges } from "./server_parts.ts";
import type { EpochSums } from "../transport.ts";
import type { TransportPlan } from "../transport_plan.ts";

/** The servers of ranks 1 and up, and the part of rank 0. */
export class OtherServers {
  /** The server of rank 0's own part. */
  readonly first: PushServer;
  /** How many there are beside rank 0. */
  readonly count: number;
  readonly #whole: SparseMlp;
  readonly #ranges: RowRanges;
  /** The part of rank 0. */
  readonly #model: SparseMlp;
  readonly #connections: Uint32Array;
  /** Gradients of the whole model are nowhere; places want an arena. */
  readonly #gradients: Uint32Array;
  /** Of each server's part in the whole model, with its present topology. */
  #places: readonly Places[] = [];
  /** Whether the other servers have the present topology. */
  #told = false;
  /** Servers whose parts are back. */
  readonly #here = new Set<number>();
  #dropped = 0;
  #largestStaleness = 0;

  constructor(plan: TransportPlan, { onInterrupt }: ServerJob) {
    const { model, setup: { parallel: { servers = 1 } } } = plan;
    this.#whole = model;
    this.count = servers - 1;
    this.#ranges = new RowRanges(model, servers);
    this.#model = emptyReplica(model);
    this.#connections = new Uint32Array(model.layers.length);
    const rank = { server: 0, servers, model: this.#model, connections: this.#connections };
    this.first = new PushServer(plan, rank, onInterrupt);
    this.#gradients = this.first.gradients[0];
    this.topologyChanged(this.first.server.version);
  }

  /** The whole model has a topology of a new version. */
  topologyChanged(version: number): void {
    const model = this.#whole;
    this.#connections.set(connectionCounts(model));
    this.#ranges.copyTopology(model, 0, this.#model);
    this.first.keepTopology(version);
    this.#places = Array.from(
      { length: this.#ranges.servers },
      (_, server) => new Places(model, this.#gradients, this.#ranges.partOf(model, server)),
    );
    this.#told = false;
  }

  /**
   * Gives each server its part as it is now, and lets it apply updates up to a limit.
   *
   * The topology goes only where it has changed; values always, since whoever has had the model may have changed them.
   */
  give(limit: number): void {
    const { arena } = this.#whole.memory;
    const { head, limitMs, server: { version } } = this.first;
    this.#here.clear();
    this.#dropped = this.#largestStaleness = 0;
    for (let server = 1; server <= this.count; server++) {
      const places = this.#places[server];
      if (!this.#told) {
        const rows = this.#ranges.rowStarts(this.#whole, server);
        sendMessage(server, head.begin(KIND.rows).setWord(1, version).words, rows, onePiece(rows), limitMs);
        sendMessage(server, head.begin(KIND.indices).words, arena, places.indices, limitMs);
      }
      sendValues(server, this.#whole, places, limitMs);
      head.begin(KIND.serve).setNumber(3, limit);
      sendMessage(server, head.words, this.#connections, onePiece(this.#connections), limitMs);
    }
    this.#told = true;
    this.#ranges.copyValues(this.#whole, 0, this.#model);
  }

  /**
   * Takes back the part of a server that has announced it, which may be earlier than rank 0.
   *
   * @throws {Error} When it says anything else, or not all of it within the time limit.
   */
  take(server: number): void {
    const { head, limitMs } = this.first;
    if (head.kind !== KIND.served) throw new Error(`rank ${server}, a server, sent message ${head.kind}`);
    this.#dropped += head.number(3);
    this.#largestStaleness = Math.max(this.#largestStaleness, head.number(4));
    this.#here.add(server);
    takeMessage(NO_WORDS, NO_PIECES, limitMs);
    expect(server, KIND.parameters, limitMs);
    takeValues(server, this.#whole, this.#places[server], limitMs);
  }

  /**
   * Brings all parts together in the whole model, once each server has reached its limit.
   *
   * @param letOthersRun Called while a server has not; may throw.
   * @returns What the sums of the first server do not have.
   * @throws {Error} When a server is silent for longer than the time limit.
   */
  async gather(letOthersRun: () => Promise<void>): Promise<Partial<EpochSums>> {
    const { limitMs } = this.first;
    this.#ranges.copyBack(this.#model, 0, this.#whole);
    for (let server = 1; server <= this.count; server++) {
      const started = performance.now();
      while (!this.#here.has(server)) {
        if (this.first.next(server, SLICE_MS) !== undefined) this.take(server);
        else if (performance.now() - started > limitMs) {
          throw new Error(`rank ${server}, a server, has been silent for ${limitMs / 1000} s`);
        } else await letOthersRun();
      }
    }
    const { droppedGradients, largestStaleness } = this.first.server.sums();
    return {
      droppedGradients: droppedGradients + this.#dropped,
      largestStaleness: Math.max(largestStaleness, this.#largestStaleness),
    };
  }

  /** Ends the epoch early: all servers with the same updates, those that have been begun. */
  end(): void {
    const limit = this.first.end();
    const { head, limitMs } = this.first;
    for (let server = 1; server <= this.count; server++) {
      sendMessage(server, head.begin(KIND.limit).setNumber(3, limit).words, NO_WORDS, NO_PIECES, limitMs);
    }
  }

  /** Sends each server a message that has nothing but a kind. */
  tell(kind: number): void {
    for (let server = 1; server <= this.count; server++) this.first.tell(server, kind);
  }
}

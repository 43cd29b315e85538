/**
 * A server of some rows, in a rank of its own: rank 0 gives it its part before each epoch and has it back after.
 *
 * @module
 */
import { EventLoopTurn } from "../../event_loop_turn.ts";
import { finishMpi, nextMessage, sendMessage, takeMessage } from "../../native/mpi.ts";
import { forwardInterrupts, type WorkerJob } from "./interrupt.ts";
import { PushServer, SLICE_MS } from "./push_server.ts";
import {
  Head,
  KIND,
  NO_PIECES,
  NO_WORDS,
  onePiece,
  PAUSE_MS,
  Places,
  sendValues,
  takeTopology,
  takeValues,
} from "./wire.ts";
import { START_MS } from "../options.ts";
import { emptyReplica } from "../replica.ts";
import { ownPart } from "./server_parts.ts";
import type { TransportPlan } from "../transport_plan.ts";

const COORDINATOR = 0;
/** How often a server that has nothing to do any more looks whether the run is over. */
const IDLE_MS = 200;

/**
 * Serves until rank 0 says stop, then ends MPI.
 *
 * @param rank Rank of this process, from 1 to servers − 1.
 * @throws {Error} When a worker or rank 0 is silent for longer than it may be.
 */
export async function serveOverMpi(
  plan: TransportPlan,
  rank: number,
  { signal, lasts = false }: WorkerJob = {},
): Promise<void> {
  const server = new PartServer(plan, rank);
  const limitMs = 1000 * plan.setup.parallel.timeLimitSeconds;
  using _ = forwardInterrupts(signal, limitMs);
  while (await server.follow());
  if (!lasts) finishMpi(limitMs);
}

class PartServer {
  readonly #push: PushServer;
  readonly #connections: Uint32Array;
  readonly #part: () => Places;
  readonly #order = new Head();
  readonly #turn = new EventLoopTurn();
  #places: Places;
  #patienceMs = START_MS;
  #phaseTwo = false;

  constructor(plan: TransportPlan, server: number) {
    const { servers = 1 } = plan.setup.parallel;
    const model = emptyReplica(plan.model);
    this.#connections = new Uint32Array(model.layers.length);
    this.#push = new PushServer(plan, { server, servers, model, connections: this.#connections });
    this.#part = () => new Places(model, this.#push.gradients[0], ownPart(model, server, servers));
    this.#places = this.#part();
    this.#patienceMs = Math.max(this.#push.limitMs, START_MS);
  }

  /** Does what rank 0 says next; returns whether there will be more. */
  async follow(): Promise<boolean> {
    await this.#announced();
    const { limitMs, server: { model } } = this.#push;
    switch (this.#order.kind) {
      case KIND.rows: {
        const version = this.#order.word(1);
        takeTopology(COORDINATOR, model, this.#push.gradients[0], limitMs, true);
        this.#places = this.#part();
        this.#push.keepTopology(version);
        return true;
      }
      case KIND.parameters:
        takeValues(COORDINATOR, model, this.#places, limitMs);
        return true;
      case KIND.serve:
        takeMessage(this.#connections, onePiece(this.#connections), limitMs);
        return await this.#serve(this.#order.number(3));
      case KIND.pause:
      case KIND.limit:
        // Nothing to do; a limit is that of an epoch that has reached it.
        takeMessage(NO_WORDS, NO_PIECES, limitMs);
        return true;
      case KIND.phaseOver:
        takeMessage(NO_WORDS, NO_PIECES, limitMs);
        this.#push.tellAll(KIND.phaseOver);
        this.#phaseTwo = true;
        return true;
      case KIND.stop:
        takeMessage(NO_WORDS, NO_PIECES, limitMs);
        return await this.#stop();
      default:
        throw new TypeError(`Cannot follow message ${this.#order.kind} as a server`);
    }
  }

  /** Applies updates up to a limit, and sends the part back. */
  async #serve(limit: number): Promise<boolean> {
    const push = this.#push;
    const { head, limitMs } = push;
    const look = async (idle: boolean) => {
      if (!this.#turn.due && !idle) return false;
      push.lookForSilence();
      await this.#turn.take();
      return false;
    };
    const reached = await push.serve(limit, look, (source) => {
      if (source !== COORDINATOR || (head.kind !== KIND.stop && head.kind !== KIND.limit)) {
        throw new Error(`rank ${source} sent message ${head.kind} to another server`);
      }
      takeMessage(NO_WORDS, NO_PIECES, limitMs);
      if (head.kind === KIND.stop) return true;
      push.endAfter(head.number(3));
      return false;
    });
    if (!reached) return await this.#stop();
    const { droppedGradients, largestStaleness } = push.server.sums();
    head.begin(KIND.served).setNumber(3, droppedGradients).setNumber(4, largestStaleness);
    sendMessage(COORDINATOR, head.words, NO_WORDS, NO_PIECES, limitMs);
    sendValues(COORDINATOR, push.server.model, this.#places, limitMs);
    return true;
  }

  /** Lets the workers go, who may have gradients on their way, and says so. */
  async #stop(): Promise<false> {
    if (!this.#phaseTwo) {
      this.#push.tellAll(KIND.stop);
      await this.#push.takeLeave(this.#push.clients.length);
    }
    this.#push.tell(COORDINATOR, KIND.bye);
    return false;
  }

  async #announced(): Promise<void> {
    const started = performance.now();
    // Between two epochs rank 0 evaluates, evolves and saves; in phase 2 there is nothing to do.
    while (nextMessage(COORDINATOR, this.#phaseTwo ? 0 : SLICE_MS, this.#order.words) === undefined) {
      if (performance.now() - started > this.#patienceMs) {
        throw new Error(`Cannot go on serving: rank 0 has been silent for ${this.#patienceMs / 1000} s`);
      }
      if (this.#phaseTwo) await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
      else await this.#turn.take();
    }
    this.#patienceMs = Math.max(this.#push.limitMs, PAUSE_MS);
  }
}

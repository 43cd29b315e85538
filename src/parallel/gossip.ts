/**
 * Gossip: when a worker asks another for its model, whom, and what becomes of the answer.
 *
 * After H steps of its own a worker asks another, drawn at random, for its model, goes on, and averages when the answer has
 * come; nobody waits. At the end of an epoch, where all workers meet, open questions are answered, so that an epoch leaves
 * nothing behind but the models.
 *
 * Source: Nadiradze et al. 2021 (SwarmSGD, arXiv 1910.12308), after Lian et al. 2018 (AD-PSGD, arXiv 1710.06952).
 *
 * @module
 */
import type { PeerAverage } from "./peer_average.ts";
import type { ServerReply, StepDone, WorkerRequest } from "./transport.ts";

/** Who gossips, and how often. */
export interface GossipOptions {
  readonly worker: number;
  readonly workers: number;
  readonly seed: number;
  /** Steps between two questions. */
  readonly localSteps: number;
}

/**
 * Whom a worker asks: each of the others with equal probability, a function of the arguments alone.
 *
 * @param exchange Number of the worker's question, counted over the whole training.
 */
export function peerOf(
  { worker, workers, seed }: Omit<GossipOptions, "localSteps">,
  exchange: number,
): number {
  let bits = 0;
  for (const word of [seed % 2 ** 32, seed / 2 ** 32, worker, exchange % 2 ** 32, exchange / 2 ** 32]) {
    bits = mixed(bits ^ word);
  }
  const draw = Math.floor((bits >>> 0) / 2 ** 32 * (workers - 1));
  return draw < worker ? draw : draw + 1;
}

/** A word whose every bit depends on every bit of another (the end of MurmurHash3), after an odd step. */
function mixed(word: number): number {
  let bits = Math.imul(word + 0x9e37_79b9, 0x85eb_ca6b);
  bits = Math.imul(bits ^ (bits >>> 16), 0x7feb_352d);
  bits = Math.imul(bits ^ (bits >>> 15), 0x846c_a68b);
  return bits ^ (bits >>> 16);
}

/** The exchanges of one worker. */
export class Gossip {
  readonly #average: PeerAverage;
  readonly #options: GossipOptions;
  /** Steps done when the open question was asked. */
  #askedAt: number | undefined;
  /** The question that is to be asked once the open one is answered. */
  #due: number | undefined;
  #exchanges = 0;
  #exchangeSteps = 0;
  #changed = false;

  /** @param average Averages the worker's model with that of another. */
  constructor(average: PeerAverage, options: GossipOptions) {
    this.#average = average;
    this.#options = options;
  }

  /** Whether an average has changed the topology since this was last asked. */
  takeChanged(): boolean {
    const changed = this.#changed;
    this.#changed = false;
    return changed;
  }

  /** The exchanges since this was last asked. */
  takeCounts(): { readonly exchanges: number; readonly exchangeSteps: number } {
    const counts = { exchanges: this.#exchanges, exchangeSteps: this.#exchangeSteps };
    [this.#exchanges, this.#exchangeSteps] = [0, 0];
    return counts;
  }

  /**
   * Between two steps: averages an answer that has come, and asks where that is due.
   *
   * @param steps Steps done, counted over the whole training.
   * @returns What was replied, which may be to halt or to stop.
   */
  *between(steps: number, done: StepDone): Generator<WorkerRequest, ServerReply, ServerReply> {
    const reply = yield { kind: "working", done };
    if (reply.kind === "stop" || reply.kind === "halt") return reply;
    this.#take(reply, steps);
    const { localSteps } = this.#options;
    if (steps % localSteps === 0) this.#due = steps / localSteps;
    return (yield* this.#ask(steps)) ? reply : { kind: "stop" };
  }

  /**
   * At the end of an epoch, or where it halts: what was asked is answered, and what was due is asked. Returns whether
   * to go on.
   */
  *settle(steps: number): Generator<WorkerRequest, boolean, ServerReply> {
    while (this.#askedAt !== undefined) {
      const reply = yield { kind: "answer", changed: this.takeChanged() };
      if (reply.kind === "stop") return false;
      this.#take(reply, steps);
      if (!(yield* this.#ask(steps))) return false;
    }
    return true;
  }

  *#ask(steps: number): Generator<WorkerRequest, boolean, ServerReply> {
    if (this.#due === undefined || this.#askedAt !== undefined) return true;
    const peer = peerOf(this.#options, this.#due);
    this.#askedAt = steps;
    this.#due = undefined;
    return (yield { kind: "ask", peer }).kind !== "stop";
  }

  #take(reply: ServerReply, steps: number): void {
    if (reply.kind !== "model") return;
    if (this.#average.with(reply.model)) this.#changed = true;
    this.#exchanges++;
    this.#exchangeSteps += steps - (this.#askedAt ?? steps);
    this.#askedAt = undefined;
  }
}

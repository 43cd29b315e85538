/**
 * One rank of a job whose ranks ask each other for models, started by tests/mpi_gossip_test.ts: rank 2 answers, rank 1
 * asks, at first by hand and then as a worker does, rank 0 is the server that has rank 2 change its topology in between.
 * Rank 1 prints the messages that its questions brought, and which models it got.
 *
 * @module
 */
import { SparseMlp } from "../../src/model/model.ts";
import { copyModel, emptyCopy } from "../../src/model/copy.ts";
import {
  finishMpi,
  nextMessage,
  pieces,
  postMessage,
  sendMessage,
  startMpi,
  takeMessage,
} from "../../src/native/mpi.ts";
import { MpiGossip } from "../../src/parallel/mpi/gossip.ts";
import { changeTopology } from "../../src/topology/change.ts";
import { resolveHyperparameters } from "../../src/train/hyperparameters.ts";
import { expect, Head, KIND, NO_PIECES, NO_WORDS, Places } from "../../src/parallel/mpi/wire.ts";

const LIMIT_MS = 20_000;
/** The kind of a question. */
const QUESTION = 65;
const head = new Head();
const { rank } = startMpi(100);
const say = (to: number, kind: number) =>
  sendMessage(to, head.begin(kind).words, NO_WORDS, NO_PIECES, LIMIT_MS);
const hear = (from: number, kind: number) => {
  expect(from, kind, LIMIT_MS);
  takeMessage(NO_WORDS, NO_PIECES, LIMIT_MS);
};
/** The model of rank 2, before and after its change. */
const created = [5, 5].map((seed) => SparseMlp.create({ sizes: [40, 60, 20, 3], epsilon: 6, seed }));
changeTopology(created[1], resolveHyperparameters({ threads: 1 }, 1), 1);
const replica = emptyCopy(created[0]);
copyModel(created[0], replica);
const gradients = replica.allocateGradients();
const gossip = new MpiGossip(replica, new Places(replica, gradients), 1, LIMIT_MS);

if (rank === 0) {
  hear(1, KIND.report);
  say(2, KIND.evolve);
  hear(2, KIND.report);
  say(1, KIND.evolve);
  hear(1, KIND.report);
  say(2, KIND.stop);
}
if (rank === 2) {
  for (;;) {
    if (!gossip.hear(LIMIT_MS, head)) continue;
    takeMessage(NO_WORDS, NO_PIECES, LIMIT_MS);
    if (head.kind === KIND.stop) break;
    copyModel(created[1], replica);
    gossip.topologyChanged(new Places(replica, gradients));
    say(0, KIND.report);
  }
}
if (rank === 1) {
  /** Asks rank 2 by hand; the words of each message of the answer. */
  const asked = (known: number): { version: number; words: number[] } => {
    postMessage(2, head.begin(QUESTION).setWord(1, known).words, NO_WORDS, NO_PIECES);
    const words: number[] = [];
    let version = known;
    for (;;) {
      const message = nextMessage(2, LIMIT_MS, head.words);
      if (message === undefined) throw new Error("Cannot go on: rank 2 does not answer");
      words.push(message.words);
      takeMessage(new Uint32Array(message.words), pieces([[0, message.words]]), LIMIT_MS);
      if (message.words > replica.layers.length) return { version, words };
      version = head.word(1);
    }
  };
  /** Asks rank 2 as a worker does; which of its two models came. */
  const got = (): number => {
    gossip.ask(1);
    for (const started = performance.now(); performance.now() - started < LIMIT_MS;) {
      if (gossip.hear(100, head)) throw new Error("Cannot go on: the server has nothing to say");
      const answer = gossip.take();
      if (answer === undefined) continue;
      return created.findIndex(({ layers }) =>
        layers.every(({ indptr, indices, values, bias, nnz }, index) => {
          const its = answer.model.layers[index];
          return indptr.every((word, place) => its.indptr[place] === word) &&
            indices.subarray(0, nnz).every((word, place) => its.indices[place] === word) &&
            values.subarray(0, nnz).every((value, place) => its.values[place] === value) &&
            bias.every((value, place) => its.bias[place] === value);
        })
      );
    }
    throw new Error("Cannot go on: rank 2 does not answer");
  };
  const first = asked(0);
  const same = asked(first.version);
  const models = [got(), got()];
  say(0, KIND.report);
  hear(0, KIND.evolve);
  const changed = asked(first.version);
  const again = asked(changed.version);
  models.push(got(), got());
  say(0, KIND.report);
  const words = [first, same, changed, again].map(({ words }) => words);
  console.log(JSON.stringify({ words, versions: [first.version, changed.version], models }));
}
finishMpi(LIMIT_MS);

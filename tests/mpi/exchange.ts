/**
 * One rank of the exchange that tests/mpi_test.ts starts under mpirun: rank 0 collects, checks and answers.
 *
 * Each other rank sends pieces of an array of its own in chunks of 40 words; rank 0 sends each of them back
 * in reverse order of pieces. Prints what it found, one JSON object a rank.
 *
 * @module
 */
import {
  abortMpi,
  finishMpi,
  HEAD_WORDS,
  nextMessage,
  pieces,
  sendMessage,
  startMpi,
  takeMessage,
} from "../../src/native/mpi.ts";

const LIMIT_MS = 20_000;
const WORDS = 10_000;
const ROUNDS = 50;

const fault = Deno.args[0];
const { rank, size } = startMpi(40);
if (fault !== undefined && rank === 1) {
  if (fault === "exit" || fault === "abort") console.error("Cannot go on: rank 1 gives up");
  if (fault === "exit") Deno.exit(3);
  if (fault === "kill") Deno.kill(Deno.pid, "SIGKILL");
  if (fault === "abort") abortMpi(4);
  if (fault === "hang") await new Promise((resolve) => setTimeout(resolve, 100_000));
}
const head = new Uint32Array(HEAD_WORDS);
const data = new Uint32Array(WORDS);
let wrong = 0;

/** Word `place` of what a rank sends in a round. */
const word = (source: number, round: number, place: number) => source * 1_000_000 + round * 100_000 + place;

if (rank === 0) {
  const heard = new Uint32Array(size);
  for (let message = 0; message < ROUNDS * (size - 1); message++) {
    const next = nextMessage(-1, fault === undefined ? LIMIT_MS : 3_000, head);
    if (next === undefined) throw new Error("Cannot go on: no message came within the limit");
    const { source, words } = next;
    if (head[0] !== source || head[1] !== heard[source]++ || words !== WORDS) wrong++;
    takeMessage(data, pieces([[0, WORDS]]), LIMIT_MS);
    for (let place = 0; place < WORDS; place++) {
      if (data[place] !== word(source, head[1], place)) wrong++;
    }
    sendMessage(source, head, data, pieces([[5_000, 5_000], [0, 5_000]]), LIMIT_MS);
    data.fill(0);
  }
} else {
  for (let round = 0; round < ROUNDS; round++) {
    for (let place = 0; place < WORDS; place++) data[place] = word(rank, round, place);
    head.set([rank, round]);
    sendMessage(0, head, data, pieces([[0, 1], [1, 0], [1, 6_000], [6_001, 3_999]]), LIMIT_MS);
    data.fill(0);
    if (nextMessage(0, LIMIT_MS, head) === undefined) throw new Error("Cannot go on: rank 0 does not answer");
    takeMessage(data, pieces([[0, WORDS]]), LIMIT_MS);
    for (let place = 0; place < WORDS; place++) {
      if (data[place] !== word(rank, round, (place + 5_000) % WORDS)) wrong++;
    }
  }
}
finishMpi(LIMIT_MS);
console.log(JSON.stringify({ rank, size, wrong }));

/**
 * One rank of the exchange of long messages that tests/mpi_gossip_test.ts starts under mpirun: each posts one to the
 * next rank before it takes anything, and takes its own piece by piece, while that rank may say that it has all.
 * At the end each posts a message that nobody takes. Prints what it found, one JSON object a rank.
 *
 * @module
 */
import {
  finishMpi,
  HEAD_WORDS,
  nextMessage,
  pieces,
  postMessage,
  startMpi,
  takeMessage,
  takeWhatIsHere,
} from "../../src/native/mpi.ts";

const LIMIT_MS = 20_000;
const WORDS = 10_000;
const ROUNDS = 20;
const [SHORT, LONG, LAST] = [1, 2, 3];

const { rank, size } = startMpi(40);
const [next, before] = [(rank + 1) % size, (rank + size - 1) % size];
const head = new Uint32Array(HEAD_WORDS);
const nothing = new BigUint64Array(0);
const [mine, theirs] = [new Uint32Array(WORDS), new Uint32Array(WORDS)];
const places = pieces([[5_000, 5_000], [0, 5_000]]);
let [wrong, taken, answered] = [0, 0, 0];
let taking = false;
const word = (source: number, round: number, place: number) => source * 1_000_000 + round * 100_000 + place;

for (let round = 0; round < ROUNDS; round++) {
  for (let place = 0; place < WORDS; place++) mine[place] = word(rank, round, place);
  postMessage(next, head.fill(0).fill(LONG, 0, 1), mine, places);
  // What was posted was copied.
  mine.fill(0);
  const started = performance.now();
  while (taken <= round || answered <= round) {
    if (performance.now() - started > LIMIT_MS) {
      throw new Error("Cannot go on: no message came within the limit");
    }
    const message = nextMessage(-1, 0, head);
    const begins = message !== undefined && head[0] === LONG;
    if (message !== undefined && head[0] === SHORT) {
      takeMessage(mine, nothing, LIMIT_MS);
      answered++;
      if (message.source !== next) wrong++;
    }
    // The rest of it is for nobody.
    if (message !== undefined && head[0] === LAST) takeWhatIsHere(true, theirs, places);
    if (begins && (message.source !== before || message.words !== WORDS || taking)) wrong++;
    if (!begins && !taking) continue;
    taking = !takeWhatIsHere(begins, theirs, places);
    if (taking) continue;
    for (let place = 0; place < WORDS; place++) if (theirs[place] !== word(before, taken, place)) wrong++;
    taken++;
    postMessage(before, head.fill(0).fill(SHORT, 0, 1), mine, nothing);
  }
}
postMessage(next, head.fill(0).fill(LAST, 0, 1), mine, places);
finishMpi(LIMIT_MS);
console.log(JSON.stringify({ rank, wrong }));

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
  postedChunks,
  postMessage,
  startMpi,
  takeMessage,
  takeWhatIsHere,
} from "../../src/native/mpi.ts";

const LIMIT_MS = 20_000;
const WORDS = 10_000;
const ROUNDS = 20;
const [SHORT, LONG] = [1, 2];
/** Chunks of 40 words with a prefix of 18 in the first. */
const CHUNKS = Math.ceil((WORDS + 18) / 40);

const { rank, size } = startMpi(40);
const [next, before] = [(rank + 1) % size, (rank + size - 1) % size];
const head = new Uint32Array(HEAD_WORDS);
const nothing = new BigUint64Array(0);
const [mine, theirs] = [new Uint32Array(WORDS), new Uint32Array(WORDS)];
const places = pieces([[5_000, 5_000], [0, 5_000]]);
let [wrong, looks, meanwhile, mostPosted] = [0, 0, 0, 0];
const word = (source: number, round: number, place: number) => source * 1_000_000 + round * 100_000 + place;

for (let round = 0; round < ROUNDS; round++) {
  for (let place = 0; place < WORDS; place++) mine[place] = word(rank, round, place);
  postMessage(next, head.fill(0).fill(LONG, 0, 1), mine, places);
  mostPosted = Math.max(mostPosted, postedChunks());
  // What was posted was copied.
  mine.fill(0);
  theirs.fill(0);
  let taking: "nothing" | "part" | "all" = "nothing";
  let answered = false;
  const started = performance.now();
  while (taking !== "all" || !answered) {
    if (performance.now() - started > LIMIT_MS) {
      throw new Error("Cannot go on: no message came within the limit");
    }
    const message = nextMessage(-1, 0, head);
    const begins = message !== undefined && head[0] === LONG;
    if (begins && (message.source !== before || message.words !== WORDS || taking !== "nothing")) wrong++;
    if (message !== undefined && !begins) {
      takeMessage(mine, nothing, LIMIT_MS);
      answered = true;
      if (message.source !== next) wrong++;
      if (taking === "part") meanwhile++;
    }
    if (!begins && taking !== "part") continue;
    taking = takeWhatIsHere(begins, theirs, places) ? "all" : "part";
    if (taking === "part") looks++;
    else postMessage(before, head.fill(0).fill(SHORT, 0, 1), mine, nothing);
  }
  for (let place = 0; place < WORDS; place++) if (theirs[place] !== word(before, round, place)) wrong++;
}
postMessage(next, head, mine, places);
finishMpi(LIMIT_MS);
console.log(JSON.stringify({ rank, wrong, whole: mostPosted === CHUNKS, looks, meanwhile }));

/**
 * Memory of shared arrays that nobody holds any more, given back in time.
 *
 * The engine collects by what it counts, and it does not count what is shared: a loop that makes models of 490 MiB and
 * keeps none would fill the machine with nothing collected, since each is a few hundred bytes to it. So what is handed
 * out is counted here, and the engine is made to collect about as often as it does for arrays that are not shared.
 *
 * @module
 */

const MEBIBYTE = 2 ** 20;
/** Shared bytes that may be handed out between two collections: what the engine allows for arrays it counts. */
const ALLOWANCE_BYTES = 64 * MEBIBYTE;
/** The same where a collection was asked for, and has not come: in a loop that never awaits. */
const PATIENCE_BYTES = 160 * MEBIBYTE;
/** The same by the bytes of objects, which a collection looks through: in a large program it is to be worth it. */
const ALLOWANCE_PER_HEAP_BYTE = 2;
/** Bytes of an array, never touched, that have the engine begin to collect, as it thinks that it is short of memory. */
const ALARMING_BYTES = 128 * MEBIBYTE;
/** More bytes than any machine can address, fewer than an array may be asked to have. */
const UNOBTAINABLE_BYTES = 2 ** 52;

/** Bytes ever handed out by this thread, which has a heap of its own. */
let handedOut = 0;
/** What had been handed out at the last collection known, and when one was last asked for. */
let [atCollection, atQuestion] = [0, 0];
/** Hears of collections, of which every one takes the object registered. */
const collections = new FinalizationRegistry((before: number) => {
  atCollection = Math.max(atCollection, before);
});

/**
 * Counts shared memory that is about to be made, and has the engine collect first where much was made since it last did.
 *
 * It is asked at first, and collects beside other work, in pauses of a few milliseconds; then made to: that works where no
 * callback could, in a loop that never awaits. Cost of the latter: 30 ms, and more where many objects are alive.
 */
export function beforeSharing(bytes: number): void {
  const since = handedOut - atCollection;
  if (since >= ALLOWANCE_BYTES && since >= ALLOWANCE_PER_HEAP_BYTE * Deno.memoryUsage().heapUsed) {
    if (since >= PATIENCE_BYTES) {
      collect(UNOBTAINABLE_BYTES);
      atCollection = handedOut;
    } else if (atQuestion <= atCollection) {
      atQuestion = handedOut;
      collections.register({}, handedOut);
      collect(ALARMING_BYTES);
    }
  }
  handedOut += bytes;
}

/** Has the engine collect what is not reachable: it does so before it refuses an array for want of memory. */
function collect(bytes: number): void {
  try {
    new ArrayBuffer(bytes);
  } catch {
    // Refused; what could be freed is free.
  }
}

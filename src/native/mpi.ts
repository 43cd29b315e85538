/**
 * Messages between the ranks of an MPI job: pieces of an array out of one process and into another.
 *
 * A library of its own, opened at the first call, so that nobody without MPI needs it. All calls come from one
 * thread. Every wait has a limit.
 *
 * @module
 */
import { KernelError, LibraryError } from "../errors.ts";
import { MPI_ABI_VERSION, MPI_SYMBOLS, type MpiSymbols } from "./mpi_ffi.ts";
import { buffer } from "./status.ts";

/** Words of a head: what a message is and what it is about. */
export const HEAD_WORDS = 16;

/** The longest message MPI is given by default, in words; longer ones are sent in parts. 16 MiB. */
export const CHUNK_WORDS: number = 2 ** 22;

const FILE_NAMES: Record<string, string> = {
  linux: "libtruly_sparse_mpi.so",
  darwin: "libtruly_sparse_mpi.dylib",
  windows: "truly_sparse_mpi.dll",
};

/** Status of a call whose time was up. */
const TIMEOUT = 7;

const REASONS: Record<number, [new (message: string) => Error, string]> = {
  1: [TypeError, "a buffer or message has another length than its pieces"],
  2: [RangeError, "a rank, a piece or the chunk limit is out of range"],
  4: [KernelError, "there is not enough memory for the message"],
  5: [KernelError, "the MPI library stopped unexpectedly, a defect worth reporting"],
  [TIMEOUT]: [KernelError, "another rank did not do its part within the time limit"],
  8: [
    LibraryError,
    'this process was not started by an MPI launcher; start it with "mpirun -n RANKS deno task train …"',
  ],
  9: [LibraryError, "MPI does not run in this thread: it was not started, or has ended"],
  10: [LibraryError, "MPI was started before, and it starts once a process"],
  11: [LibraryError, "the MPI library does not allow programs with several threads (MPI_THREAD_SERIALIZED)"],
  12: [KernelError, "what arrived is no message of this program, or there is none to take"],
  13: [TypeError, "two of its arrays share memory, and it writes one of them; give each an array of its own"],
};

let opened: MpiSymbols | undefined;

function check(status: number, task: string): void {
  if (status === 0) return;
  const [ErrorClass, reason] = REASONS[status] ?? [KernelError, `the MPI library returned status ${status}`];
  throw new ErrorClass(`Cannot ${task}: ${reason}`);
}

/** Where the MPI library is looked for: `TRULY_SPARSE_MPI`, or else the local build beside the package. */
export function mpiLibraryPath(): string {
  if (Deno.permissions.querySync({ name: "env", variable: "TRULY_SPARSE_MPI" }).state === "granted") {
    const path = Deno.env.get("TRULY_SPARSE_MPI");
    if (path) return path;
  }
  const name = FILE_NAMES[Deno.build.os] ?? FILE_NAMES.linux;
  const local = new URL(`../../kernels/mpi/target/release/${name}`, import.meta.url);
  return local.protocol === "file:" ? decodeURIComponent(local.pathname) : name;
}

function library(): MpiSymbols {
  if (opened !== undefined) return opened;
  const path = mpiLibraryPath();
  let version: number;
  try {
    const { symbols } = Deno.dlopen(path, MPI_SYMBOLS);
    version = symbols.ts_mpi_abi_version();
    if (version === MPI_ABI_VERSION) return opened = symbols as MpiSymbols;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : cause;
    throw new LibraryError(
      `Cannot load the MPI library: tried "${path}": ${reason}; build it with "deno task build:mpi"`,
      { cause },
    );
  }
  throw new LibraryError(
    `Cannot load the MPI library: "${path}" has ABI version ${version}, this package needs ${MPI_ABI_VERSION}; ` +
      `build it with "deno task build:mpi"`,
  );
}

/** This process's place in the job. */
export interface MpiPlace {
  /** Number of this process, from 0. */
  readonly rank: number;
  /** Number of processes. */
  readonly size: number;
}

/** What is known of a message before it is taken. */
export interface MpiAnnouncement {
  /** Rank that sent it. */
  readonly source: number;
  /** Words of the payload. */
  readonly words: number;
}

/**
 * Pieces of an array of words, for {@linkcode sendMessage} and {@linkcode takeMessage}.
 *
 * @param ranges Offset and length of each piece, in words.
 */
export function pieces(ranges: readonly (readonly [offset: number, length: number])[]): BigUint64Array {
  return BigUint64Array.from(ranges.flat(), BigInt);
}

/**
 * Starts MPI, once a process.
 *
 * @param chunkWords The longest message MPI is given, in 32-bit words; from 36 to 2²⁹ − 1.
 * @throws {LibraryError} When the library was not built, or no launcher started this process.
 * @throws {RangeError} When the chunk limit is out of range.
 */
export function startMpi(chunkWords: number = CHUNK_WORDS): MpiPlace {
  const place = new Uint32Array(2);
  check(library().ts_mpi_start(chunkWords, place, 2), "start MPI");
  return { rank: place[0], size: place[1] };
}

/** Bits a number of a message takes: 16 for 32-bit floats that travel as bfloat16, rounded to the nearest. */
export type WireBits = 16 | 32;

/** How often a limit that may change is asked for while a message waits. */
const ASK_MS = 500;

/** Bits a number of a message that goes as it is. */
const WORD_BITS = 32;

/** Chunks of the message in hand that are under way. */
const begun = new Uint32Array(1);

/**
 * Sends pieces of an array to another rank. The data are copied: they may change after the call.
 *
 * Returns when all is under way. Waits, no longer than the limit, only when very much is under way already.
 *
 * @param head `HEAD_WORDS` words.
 * @param data Any array of 32-bit words.
 * @param ranges Made by {@linkcode pieces}.
 * @param limitMs How long to wait in all; a function is asked again while the message waits, and may look for messages.
 * @param bits As the receiver takes it with.
 * @throws {KernelError} When the other rank has not taken enough within the limit; part of the message is lost then.
 */
export function sendMessage(
  rank: number,
  head: Uint32Array,
  data: Uint32Array | Float32Array,
  ranges: BigUint64Array,
  limitMs: number | (() => number),
  bits: WireBits = WORD_BITS,
): void {
  const started = performance.now();
  begun[0] = 0;
  for (;;) {
    const leftMs = typeof limitMs === "number" ? limitMs : started + limitMs() - performance.now();
    const asked = typeof limitMs !== "number" && leftMs > ASK_MS;
    const status = library().ts_mpi_send(
      rank,
      buffer(head),
      head.length,
      buffer(data),
      data.length,
      buffer(ranges),
      ranges.length,
      bits,
      Math.max(0, Math.ceil(asked ? ASK_MS : leftMs)),
      buffer(begun),
      begun.length,
    );
    if (status === TIMEOUT && asked) continue;
    return check(status, `send a message to rank ${rank}`);
  }
}

/**
 * Sends pieces of an array to another rank without ever waiting, however long they are: no two ranks that post to each
 * other stand still. The data are copied: they may change after the call.
 *
 * Memory: a copy of the message, until the other rank has begun to take its chunks.
 *
 * @param head `HEAD_WORDS` words.
 * @param data Any array of 32-bit words.
 * @param ranges Made by {@linkcode pieces}.
 */
export function postMessage(
  rank: number,
  head: Uint32Array,
  data: Uint32Array | Float32Array,
  ranges: BigUint64Array,
): void {
  const status = library().ts_mpi_post(
    rank,
    buffer(head),
    head.length,
    buffer(data),
    data.length,
    buffer(ranges),
    ranges.length,
  );
  check(status, `post a message to rank ${rank}`);
}

const posted = new Uint32Array(1);

/** Chunks of posted messages that their receivers have not begun to take. */
export function postedChunks(): number {
  check(library().ts_mpi_posted(posted, posted.length), "count the messages under way");
  return posted[0];
}

const info = new Float64Array(3);

/**
 * Looks for the next message; a message stays the next one until it is taken.
 *
 * @param source Rank to hear; -1 for any.
 * @param limitMs How long to wait; 0 to look once. The thread is blocked for this time.
 * @param head Receives the head, `HEAD_WORDS` words.
 * @returns Undefined when none came within the limit.
 */
export function nextMessage(source: number, limitMs: number, head: Uint32Array): MpiAnnouncement | undefined {
  const status = library().ts_mpi_next(source, limitMs, buffer(head), head.length, info, info.length);
  check(status, "look for a message");
  return info[0] === 0 ? undefined : { source: info[1], words: info[2] };
}

/**
 * Takes the message that was announced last.
 *
 * @param data Any array of 32-bit words.
 * @param ranges Pieces that are together as long as what was sent.
 * @param bits As it was sent with.
 * @throws {TypeError} When they are not; the message can still be taken.
 * @throws {KernelError} When the rest of it does not arrive in time; part of it has been written then.
 */
export function takeMessage(
  data: Uint32Array | Float32Array,
  ranges: BigUint64Array,
  limitMs: number,
  bits: WireBits = WORD_BITS,
): void {
  const status = library().ts_mpi_take(
    buffer(data),
    data.length,
    buffer(ranges),
    ranges.length,
    bits,
    limitMs,
  );
  check(status, "take a message");
}

/**
 * Takes of the message that was announced last what is here, and the next time what has come since: never waits.
 *
 * Other messages may be looked for and taken between two calls; one message at a time is taken so.
 *
 * @param begins Whether this is the first call for the message.
 * @param data The same array in each call.
 * @param ranges The same pieces in each call, together as long as the payload.
 * @returns Whether all of it has been written.
 */
export function takeWhatIsHere(
  begins: boolean,
  data: Uint32Array | Float32Array,
  ranges: BigUint64Array,
): boolean {
  const take = begins ? library().ts_mpi_take : library().ts_mpi_take_rest;
  const status = take(buffer(data), data.length, buffer(ranges), ranges.length, WORD_BITS, 0);
  if (status === TIMEOUT) return false;
  check(status, "take a message");
  return true;
}

/** Ends MPI once all ranks ask for it and all messages are delivered; what nobody has taken is lost. */
export function finishMpi(limitMs: number): void {
  check(library().ts_mpi_finish(limitMs), "end MPI");
}

/** Ends all ranks of the job at once, this one too. */
export function abortMpi(code: number): void {
  check(library().ts_mpi_abort(code), "abort the MPI job");
}

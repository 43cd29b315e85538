/**
 * A text in windows: while one is read, the next is fetched.
 *
 * @module
 */
import { LONGEST_LINE_BYTES, refuseBinary, WINDOW_BYTES } from "../source.ts";
import type { TextReader } from "./decoding.ts";

/** Share of a window's bytes that what is left of the one before may take without a larger buffer. */
const FRONT_SHARE = 1 / 4;

/** Windows of a text, each with what the one before left over; where they are cut depends on the text alone. */
export class TextWindows {
  readonly #reader: TextReader;
  #blockBytes: number;
  #spare: Uint8Array<ArrayBuffer>;
  #ahead: Promise<number> | undefined;
  #text: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #rest: Uint8Array = this.#text;
  #first = true;
  /** Whether the text ends with this window. */
  last = false;

  /**
   * The windows of a text.
   *
   * @param rest What was read of it before.
   */
  constructor(reader: TextReader, windowBytes = WINDOW_BYTES, rest: Uint8Array = new Uint8Array(0)) {
    this.#reader = reader;
    this.#blockBytes = Math.max(1, Math.min(windowBytes, reader.mostBytes + 1));
    this.#spare = new Uint8Array(bufferBytes(this.#blockBytes));
    this.#rest = rest;
    this.#fetch();
  }

  /** Takes bytes off the front of the window. */
  take(bytes: number): void {
    this.#rest = this.#rest.subarray(bytes);
  }

  /**
   * The window: what was left, and the next bytes; valid until the next call.
   *
   * @throws {SyntaxError} When it is no text, or a row is too long.
   */
  async next(): Promise<Uint8Array> {
    const got = await this.#ahead!;
    const front = this.#spare.length - this.#blockBytes;
    const rest = this.#rest;
    let joined = this.#spare;
    let start = front - rest.length;
    if (start < 0) {
      if (rest.length + got > LONGEST_LINE_BYTES) {
        throw new SyntaxError(
          `Cannot read "${this.#reader.stored.name}": a row has no end within ${rest.length} bytes`,
        );
      }
      joined = new Uint8Array(rest.length + got);
      joined.set(this.#spare.subarray(front, front + got), rest.length);
      start = 0;
    }
    joined.set(rest, start);
    const text = joined.subarray(start, start + rest.length + got);
    if (this.#first) refuseBinary(text, true, this.#reader.stored.name);
    this.#first = false;
    this.last = got < this.#blockBytes;
    // A row longer than a window: larger ones, or its bytes would be moved too often.
    const longer = rest.length > this.#blockBytes;
    if (longer) this.#blockBytes = Math.min(2 * this.#blockBytes, LONGEST_LINE_BYTES);
    const bytes = bufferBytes(this.#blockBytes);
    const usable = !longer && joined === this.#spare && this.#text.buffer.byteLength >= bytes;
    this.#spare = usable
      ? new Uint8Array(this.#text.buffer, 0, bytes)
      : new Uint8Array(this.last ? 0 : bytes);
    [this.#text, this.#rest] = [text, text];
    if (!this.last) this.#fetch();
    return text;
  }

  #fetch(): void {
    const front = this.#spare.length - this.#blockBytes;
    this.#ahead = this.#reader.fill(this.#spare.subarray(front));
    // Waited for by `next`, or by nobody where reading ends before.
    this.#ahead.catch(() => {});
  }

  /** Waits for what is being fetched, before the source is closed. */
  async end(): Promise<void> {
    await this.#ahead?.catch(() => {});
  }
}

function bufferBytes(blockBytes: number): number {
  return Math.ceil(blockBytes * (1 + FRONT_SHARE));
}

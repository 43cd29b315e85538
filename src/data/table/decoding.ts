/**
 * Text of any encoding as UTF-8: told by its mark, or named.
 *
 * @module
 */
import { quote } from "../../quote.ts";
import { type Source, SourceReader } from "../source.ts";
import { startsWith } from "../stored.ts";

/** Marks at the beginning of a text, and its encoding. */
const MARKS: readonly (readonly [readonly number[], string])[] = [
  [[0xef, 0xbb, 0xbf], "utf-8"],
  [[0xff, 0xfe], "utf-16le"],
  [[0xfe, 0xff], "utf-16be"],
];

/** Bytes that are decoded at a time. */
const PIECE_BYTES = 1 << 20;

/** Reads a text from its beginning to its end as UTF-8 without its mark; open with `await using`. */
export class TextReader implements AsyncDisposable {
  /** The source. */
  readonly stored: SourceReader;
  /** Name of the encoding, as TextDecoder spells it. */
  readonly encoding: string;
  /** Most bytes of text there can be. */
  readonly mostBytes: number;
  #ahead: Uint8Array;
  readonly #decoder: TextDecoder | undefined;
  #ended = false;
  #lines = 0;

  private constructor(stored: SourceReader, encoding: string, ahead: Uint8Array) {
    [this.stored, this.encoding, this.#ahead] = [stored, encoding, ahead];
    this.#decoder = encoding === "utf-8" ? undefined : new TextDecoder(encoding, { fatal: true });
    this.mostBytes = stored.mostBytes * (this.#decoder === undefined ? 1 : 3);
  }

  /**
   * Opens a text.
   *
   * @param encoding A name that TextDecoder knows; without it the mark tells, and UTF-8 is taken where there is none.
   * @param called What messages call it.
   * @throws {TypeError} When there is no such encoding.
   */
  static async open(
    source: Source | ReadableStream<Uint8Array>,
    encoding?: string,
    called?: string,
  ): Promise<TextReader> {
    const named = encoding === undefined ? undefined : encodingName(encoding);
    const stored = await SourceReader.open(source, called);
    const buffer = new Uint8Array(3);
    try {
      const head = buffer.subarray(0, await stored.fill(buffer));
      const [mark, marked] = MARKS.find(([mark]) => startsWith(head, mark)) ?? [[], "utf-8"];
      const skip = named === undefined || named === marked ? mark.length : 0;
      return new TextReader(stored, named ?? marked, head.subarray(skip));
    } catch (cause) {
      await stored[Symbol.asyncDispose]();
      throw cause;
    }
  }

  /**
   * Fills a buffer, but for the end of the text.
   *
   * @throws {SyntaxError} When bytes are none of the encoding, which is known here where it is not UTF-8.
   */
  async fill(into: Uint8Array<ArrayBuffer>): Promise<number> {
    let filled = 0;
    while (filled < into.length) {
      if (this.#decoder !== undefined) await this.#decode(this.#decoder);
      if (this.#ahead.length === 0) {
        return filled + (this.#decoder === undefined ? await this.stored.fill(into.subarray(filled)) : 0);
      }
      const got = Math.min(this.#ahead.length, into.length - filled);
      into.set(this.#ahead.subarray(0, got), filled);
      this.#ahead = this.#ahead.subarray(got);
      filled += got;
    }
    return filled;
  }

  /** Closes the source. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stored[Symbol.asyncDispose]();
  }

  #head = true;

  /** Decodes the next piece, where nothing is left of the one before. */
  async #decode(decoder: TextDecoder): Promise<void> {
    const head = this.#head ? this.#ahead : new Uint8Array(0);
    if (this.#head) this.#ahead = new Uint8Array(0);
    this.#head = false;
    while (this.#ahead.length === 0 && !this.#ended) {
      const piece = new Uint8Array(PIECE_BYTES);
      piece.set(head);
      const got = head.length + await this.stored.fill(piece.subarray(head.length));
      this.#ended = got < piece.length;
      try {
        const text = decoder.decode(piece.subarray(0, got), { stream: !this.#ended });
        this.#ahead = new TextEncoder().encode(text);
      } catch (cause) {
        const text = new TextDecoder(this.encoding).decode(piece.subarray(0, got));
        const line = this.#lines + lineEnds(text.slice(0, text.indexOf("\ufffd"))) + 1;
        throw new SyntaxError(
          `Cannot read "${this.stored.name}": line ${line} is not text in ${this.encoding}, ` +
            "another encoding is needed",
          { cause },
        );
      }
      this.#lines += this.#ahead.reduce((lines, byte) => lines + Number(byte === 10), 0);
    }
  }
}

function lineEnds(text: string): number {
  return text.split("\n").length - 1;
}

function encodingName(encoding: string): string {
  try {
    return new TextDecoder(encoding).encoding;
  } catch (cause) {
    throw new TypeError(
      `Cannot decode text: the encoding is ${
        quote(encoding)
      }, expected a name such as "utf-8", "windows-1252" ` +
        `or "utf-16le"`,
      { cause },
    );
  }
}

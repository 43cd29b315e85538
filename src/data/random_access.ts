/**
 * Bytes read from any place of a file or of memory.
 *
 * @module
 */
import { type Source, sourceName } from "./stored.ts";

/** Bytes moved at a time: Deno reads into plain memory only, and a small copy stays in the cache. */
const CHUNK_BYTES = 4 * 2 ** 20;

/** An open file, or bytes in memory. */
export class RandomAccess implements Disposable {
  /** What messages call it. */
  readonly name: string;
  /** Bytes in all. */
  readonly size: number;
  readonly #file: Deno.FsFile | undefined;
  readonly #bytes: Uint8Array;
  /** One is read into while the other is copied from. */
  #chunks: Uint8Array[] = [];
  /** The readings asked for, one after another: a file has one place. */
  #queue: Promise<void> = Promise.resolve();

  private constructor(name: string, size: number, file: Deno.FsFile | undefined, bytes: Uint8Array) {
    this.name = name;
    this.size = size;
    this.#file = file;
    this.#bytes = bytes;
  }

  /**
   * Opens a source.
   *
   * @param called What messages call it. @default its path, or "data"
   * @throws {Error} The system's error when it cannot be opened.
   * @throws {TypeError} When it is a folder, a pipe or a device.
   */
  static async open(source: Source, called?: string): Promise<RandomAccess> {
    const name = called ?? sourceName(source);
    if (source instanceof Uint8Array) return new RandomAccess(name, source.length, undefined, source);
    const file = await Deno.open(source);
    try {
      const { size, isFile } = await file.stat();
      if (!isFile) throw new TypeError("it is no regular file");
      return new RandomAccess(name, size, file, new Uint8Array(0));
    } catch (cause) {
      file.close();
      throw cause;
    }
  }

  /**
   * Fills a buffer with the bytes from `offset` on.
   *
   * @param onChunk Called with the number of bytes of each chunk, between which other tasks may run.
   * @throws {SyntaxError} When there are not as many.
   */
  async read(offset: number, into: Uint8Array, onChunk?: (bytes: number) => void): Promise<void> {
    if (offset + into.length > this.size) {
      throw new SyntaxError(`it ends at byte ${this.size}, ${offset + into.length} are needed`);
    }
    if (this.#file === undefined) {
      into.set(this.#bytes.subarray(offset, offset + into.length));
      onChunk?.(into.length);
      return;
    }
    if (into.length === 0) return;
    const reading = this.#queue.then(() => this.#readFile(this.#file!, offset, into, onChunk));
    this.#queue = reading.catch(() => {});
    await reading;
  }

  async #readFile(
    file: Deno.FsFile,
    offset: number,
    into: Uint8Array,
    onChunk?: (bytes: number) => void,
  ): Promise<void> {
    await file.seek(offset, Deno.SeekMode.Start);
    let next = this.#readChunk(file, 0, into.length);
    for (let at = 0, turn = 0; at < into.length; turn++) {
      const count = await next;
      if (count === null) {
        throw new SyntaxError(`it ends at byte ${offset + at}, cut short while it was read`);
      }
      const chunk = this.#chunks[turn % 2];
      const end = at + count;
      onChunk?.(count);
      if (end < into.length) next = this.#readChunk(file, turn + 1, into.length - end);
      into.set(chunk.subarray(0, count), at);
      at = end;
    }
  }

  #readChunk(file: Deno.FsFile, turn: number, wanted: number): Promise<number | null> {
    const chunk = this.#chunks[turn % 2] ??= new Uint8Array(Math.min(CHUNK_BYTES, this.size));
    return file.read(chunk.subarray(0, wanted));
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file?.close();
  }
}

/**
 * Delimited text as a table: CSV, TSV, columns between semicolons or blanks.
 *
 * @module
 */
import { delimitedEncode, delimitedRows } from "../../native/delimited.ts";
import { EventLoopTurn } from "../../event_loop_turn.ts";
import type { Pieces } from "../../pieces.ts";
import { LONGEST_LINE_BYTES, refuseBinary, type Source } from "../source.ts";
import { TextDetail } from "../text_problem.ts";
import { TextReader } from "./decoding.ts";
import { detectDialect, type Dialect, type DialectOptions } from "./dialect.ts";
import { emptyRows, partOf, sharedRows, Tally } from "./encoded.ts";
import { Gathering } from "./gathering.ts";
import { KeptCells } from "./kept.ts";
import { packPlan } from "./plan.ts";
import type { EncodedRows, EncodingCounts, RolePlan, Table, TableOptions, TableProfile } from "./table.ts";
import { TextWindows } from "./text_windows.ts";

/** Options of {@linkcode openDelimited}; what is not given is found out from the text. */
export interface DelimitedOptions extends DialectOptions {
  /**
   * Encoding of the text, by a name that `TextDecoder` knows.
   *
   * @default {"utf-8"}, or what a mark at the beginning of the text says
   */
  readonly encoding?: string | undefined;
  /** What messages call the text. @default its path, "data" or "stream" */
  readonly name?: string | undefined;
}

/** Most spellings that are gathered of columns asked for, and of those that hold texts. */
export const MOST_SPELLED = 65_536, MOST_OTHERS = 512;
/** Bytes that are looked at first, and rows they must hold at least. */
const HEAD_BYTES = 1 << 20, HEAD_ROWS = 3;
/** Bytes of the features of a window. */
const WINDOW_FEATURE_BYTES = 32 << 20;

/**
 * Opens delimited text, packed with gzip or not, and finds out how it is written.
 *
 * Cells are trimmed of blanks, may be quoted (`""` is a quote) and then hold line ends; lines end with LF, CR or CRLF.
 * Bytes that are not text in the encoding are refused, never replaced. A stream can be read once, by `windows`.
 *
 * @param source Path, `file:` URL, the bytes, or a stream of them.
 * @throws {SyntaxError} When it is no text, has no rows, or names two columns alike.
 * @throws {TypeError} When an option is no mark or encoding that can be used.
 * @example
 * ```ts
 * import { openDelimited } from "./delimited.ts";
 * const table = await openDelimited(new TextEncoder().encode("length;class\n5,5;rose\n4,5;iris\n"));
 * const [length] = (await table.profile()).columns;
 * if (length.mean !== 5 || table.columnNames[1] !== "class") throw new Error("wrong table");
 * ```
 */
export async function openDelimited(
  source: Source | ReadableStream<Uint8Array>,
  options: DelimitedOptions = {},
): Promise<Table> {
  const reader = await TextReader.open(source, options.encoding, options.name);
  let kept = false;
  try {
    const name = reader.stored.name;
    const head = await readHead(reader);
    refuseBinary(head, true, name);
    const dialect = detectDialect(head, name, options);
    const notices = reader.encoding === "utf-8" || options.encoding !== undefined
      ? dialect.notices
      : [`its mark says that it is text in ${reader.encoding}`, ...dialect.notices];
    kept = source instanceof ReadableStream;
    const text = kept
      ? { reader, head }
      : { open: () => TextReader.open(source, options.encoding, options.name) };
    return new DelimitedTable(name, { ...dialect, notices }, text);
  } finally {
    if (!kept) await reader[Symbol.asyncDispose]();
  }
}

async function readHead(reader: TextReader): Promise<Uint8Array> {
  let head = new Uint8Array(Math.min(HEAD_BYTES, reader.mostBytes + 1));
  for (let filled = 0;;) {
    filled += await reader.fill(head.subarray(filled));
    if (filled < head.length) return head.subarray(0, filled);
    let ends = 0;
    for (let at = 0; at < filled && ends <= HEAD_ROWS; at++) {
      ends += Number(head[at] === 10 || head[at] === 13);
    }
    if (ends >= HEAD_ROWS || head.length >= LONGEST_LINE_BYTES) return head;
    const larger = new Uint8Array(Math.min(4 * head.length, reader.mostBytes + 1));
    larger.set(head);
    head = larger;
  }
}

/** Where a text is read: from its beginning each time, or from a stream whose head is known. */
interface Text {
  readonly open?: () => Promise<TextReader>;
  readonly reader?: TextReader;
  readonly head?: Uint8Array;
}

class DelimitedTable implements Table {
  readonly name: string;
  readonly columnNames: readonly string[];
  readonly columnCount: number;
  readonly notices: readonly string[];
  readonly #dialect: Dialect;
  readonly #text: Text;
  /** Bytes in memory are read without a pause of their own. */
  readonly #turn = new EventLoopTurn();
  #used = false;
  /** What the first reading kept. */
  #gathering: Gathering | undefined;
  #storedBytes = 0;

  constructor(name: string, dialect: Dialect, text: Text) {
    [this.name, this.#dialect, this.#text] = [name, dialect, text];
    [this.columnNames, this.columnCount] = [dialect.names, dialect.columns];
    this.notices = dialect.notices;
  }

  async profile(
    options: TableOptions & { readonly spelled?: readonly number[] } = {},
  ): Promise<TableProfile> {
    this.#gathering?.kept?.drop();
    this.#gathering = undefined;
    const caps = new Uint32Array(this.columnCount);
    for (const column of options.spelled ?? []) caps[column] = MOST_SPELLED;
    for (;;) {
      const found = await this.#gather(caps, options);
      const late = found.ungathered();
      if (late.length === 0) {
        this.#gathering = found;
        return { rows: found.rows, columns: found.columns(this.columnNames) };
      }
      // Texts came where numbers stood: their spellings count too.
      for (const column of late) caps[column] = MOST_OTHERS;
    }
  }

  async encode(
    plan: RolePlan,
    rows: number,
    options: TableOptions = {},
  ): Promise<EncodedRows & { readonly counts: EncodingCounts }> {
    const packed = packPlan(plan, this.columnCount, this.name);
    const samples = sharedRows(plan, rows, this.name);
    const counted = await this.#turn.between(this.#fillFromKept(samples, plan));
    if (counted !== undefined) {
      options.onProgress?.(this.#storedBytes, this.#storedBytes);
      return { ...samples, counts: counted };
    }
    const tally = new Tally(this.columnCount);
    const { threads = navigator.hardwareConcurrency, onProgress } = options;
    const detail = new TextDetail(0);
    const counts = new BigUint64Array(3);
    const changed = () => new SyntaxError(`Cannot read "${this.name}": it changed while it was read`);
    let [row, lines] = [0, this.#dialect.lines];
    for await (const { text, windows, reader } of this.#windows()) {
      const window = { text, dialect: this.#dialect.marks, last: windows.last, threads };
      const part = partOf(samples, plan, row, rows);
      let wellFormed: boolean;
      try {
        wellFormed = delimitedEncode(
          ...[window, lines, packed, part, tally.above, tally.tallies] as const,
          ...[counts, detail.detail] as const,
        );
      } catch (cause) {
        // The arrays fit the rows counted before, so only more rows can make lengths disagree.
        throw cause instanceof TypeError ? changed() : cause;
      }
      if (!wellFormed) throw this.#problem(detail, text, lines);
      tally.note(text);
      windows.take(Number(counts[0]));
      row += Number(counts[1]);
      lines += Number(counts[2]);
      onProgress?.(reader.stored.storedDone, reader.stored.storedBytes);
    }
    if (row !== rows) throw changed();
    return { ...samples, counts: tally.counts() };
  }

  async *windows(
    plan: RolePlan,
    options: TableOptions & { readonly windowBytes?: number } = {},
  ): AsyncGenerator<EncodedRows, EncodingCounts> {
    const packed = packPlan(plan, this.columnCount, this.name);
    const tally = new Tally(this.columnCount);
    const { threads = navigator.hardwareConcurrency, onProgress } = options;
    const { marks: dialect } = this.#dialect;
    const most = Math.max(1, Math.floor(WINDOW_FEATURE_BYTES / (4 * Math.max(1, plan.inputCount))));
    const detail = new TextDetail(0);
    const counts = new BigUint64Array(3);
    let [lines, total] = [this.#dialect.lines, 0];
    for await (const { text, windows, reader } of this.#windows(options.windowBytes)) {
      for (let at = 0;;) {
        const rest = text.subarray(at);
        const window = { text: rest, dialect, last: windows.last, threads };
        if (!delimitedRows(window, most, counts, detail.detail)) throw this.#problem(detail, rest, lines);
        const [bytes, rows] = [Number(counts[0]), Number(counts[1])];
        if (bytes === 0) break;
        const samples = emptyRows(plan, rows);
        const whole = { text: rest.subarray(0, bytes), dialect, last: true, threads };
        if (
          !delimitedEncode(whole, lines, packed, samples, tally.above, tally.tallies, counts, detail.detail)
        ) {
          throw this.#problem(detail, whole.text, lines);
        }
        tally.note(whole.text);
        lines += Number(counts[2]);
        at += bytes;
        total += rows;
        windows.take(bytes);
        onProgress?.(reader.stored.storedDone, reader.stored.storedBytes);
        if (rows > 0) yield samples;
      }
    }
    if (total === 0) throw new SyntaxError(`Cannot read "${this.name}": it has no rows of data`);
    return tally.counts();
  }

  async #gather(caps: Uint32Array, options: TableOptions): Promise<Gathering> {
    const { threads = navigator.hardwareConcurrency, onProgress } = options;
    let found: Gathering | undefined;
    const detail = new TextDetail(0);
    for await (const { text, windows, reader } of this.#windows()) {
      const window = { text, dialect: this.#dialect.marks, last: windows.last, threads };
      const first = found === undefined;
      found ??= new Gathering(
        caps,
        this.#dialect.lines,
        new KeptCells(Array.from(caps, (cap) => cap > 0), reader.mostBytes),
      );
      let bytes = found.add(window, detail.detail);
      const early = first && bytes !== undefined ? found.ungathered() : [];
      if (early.length > 0) {
        for (const column of early) caps[column] = MOST_OTHERS;
        if (this.#turn.due) await this.#turn.take();
        found = new Gathering(caps, this.#dialect.lines);
        bytes = found.add(window, detail.detail);
      }
      if (bytes === undefined) throw this.#problem(detail, text, found.lines);
      windows.take(bytes);
      this.#storedBytes = reader.stored.storedBytes;
      onProgress?.(reader.stored.storedDone, reader.stored.storedBytes);
    }
    if (found === undefined || found.rows === 0) {
      throw new SyntaxError(`Cannot read "${this.name}": it has no rows of data`);
    }
    return found;
  }

  /** Windows from the first row of data on; the consumer takes what it has read off their front. */
  async *#windows(windowBytes?: number): AsyncGenerator<{
    readonly text: Uint8Array;
    readonly windows: TextWindows;
    readonly reader: TextReader;
  }> {
    const { open, reader: given, head } = this.#text;
    if (given !== undefined && this.#used) {
      throw new TypeError(`Cannot read "${this.name}" again: it is a stream, a file is needed`);
    }
    this.#used = true;
    await using reader = given ?? await open!();
    const windows = new TextWindows(reader, windowBytes, head);
    try {
      for (let skip = this.#dialect.skip; !windows.last;) {
        const text = await windows.next();
        const skipped = Math.min(skip, text.length);
        windows.take(skipped);
        skip -= skipped;
        if (skip === 0) yield { text: text.subarray(skipped), windows, reader };
        if (this.#turn.due) await this.#turn.take();
      }
    } finally {
      await windows.end();
    }
  }

  /** Fills samples from what the first reading kept; undefined where that is not all of it. */
  *#fillFromKept(samples: EncodedRows, plan: RolePlan): Pieces<EncodingCounts | undefined> {
    const [gathering, kept] = [this.#gathering, this.#gathering?.kept];
    this.#gathering = undefined;
    if (gathering === undefined || !kept?.suffice(plan, samples.rows)) {
      kept?.drop();
      return undefined;
    }
    yield* kept.fill(samples, plan);
    const none = () => new Float64Array(this.columnCount);
    const vanished = gathering.vanished().map((count, column) =>
      plan.roles[column].kind === "number" ? count : 0
    );
    return { missing: none(), unknown: none(), firstUnknown: new Map(), vanished };
  }

  #problem(detail: TextDetail, text: Uint8Array, lines: number): Error {
    return detail.problem(this.name, text, lines, (column) => this.columnNames[column - 1]);
  }
}

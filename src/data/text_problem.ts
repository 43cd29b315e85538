/**
 * What is wrong with a text, in words: the kernels say it in numbers.
 *
 * @module
 */
import { TEXT_DETAIL, TEXT_NAME } from "../native/text.ts";
import { quote } from "../quote.ts";

/** Kinds of problems; the codes are those of `kernels/src/text/lines.rs`. */
const RAGGED = 1,
  EMPTY = 2,
  TEXT = 3,
  NOT_FINITE = 4,
  OVERFLOW = 5,
  QUOTE = 6,
  PAIR = 7,
  INDEX = 8,
  DUPLICATE = 9;
const ORDER = 10, LABEL = 11, NAMES = 12, ENCODING = 13, ABSENT = 14, CLASS = 15, WEIGHT = 16;

/** Most distinct labels a text may have. */
const MOST_LABELS = 65_536;

/** Bytes of a cell that are worth decoding for a message. */
const MOST_QUOTED = 400;

/** The outputs of the text kernels beside the numbers: problems and label names. */
export class TextDetail {
  /** As the kernels fill it. */
  readonly detail = new BigUint64Array(TEXT_DETAIL);
  /** Start, end and line of each distinct label, as the kernels fill it. */
  readonly names: BigUint64Array;

  /** For a text of at most `rows` rows. */
  constructor(rows: number) {
    this.names = new BigUint64Array(TEXT_NAME * Math.min(rows, MOST_LABELS));
  }

  /** The distinct labels of the window just parsed: text and line, by their number. */
  *labels(text: Uint8Array, linesBefore: number): Generator<[label: string, line: number]> {
    const decoder = new TextDecoder();
    for (let index = 0; index < Number(this.detail[7]); index++) {
      const [start, end, line] = Array.from(
        this.names.subarray(TEXT_NAME * index, TEXT_NAME * (index + 1)),
        Number,
      );
      const label = decoder.decode(text.subarray(start, end));
      yield [text[start - 1] === QUOTE_CODE ? label.replaceAll('""', '"') : label, linesBefore + line];
    }
  }

  /**
   * The error that belongs to the problem just found.
   *
   * @param linesBefore Lines of the source before this text.
   * @param columnName What the header calls a column, from 1.
   */
  problem(
    source: string,
    text: Uint8Array,
    linesBefore: number,
    columnName: (column: number) => string | undefined = () => undefined,
  ): Error {
    const [kind, line, column, start, end, found, expected] = Array.from(this.detail, Number);
    if (kind === NAMES) {
      return new RangeError(
        `Cannot take the labels of "${source}" for classes: found more than ${expected} different ones; ` +
          `use regression, or name another label column`,
      );
    }
    const name = columnName(column);
    const place = `line ${linesBefore + line}, column ${column}${
      name === undefined ? "" : ` (${quote(name)})`
    }`;
    const cell = quote(new TextDecoder().decode(text.subarray(start, Math.min(end, start + MOST_QUOTED))));
    if (kind === CLASS) {
      return new RangeError(
        `Cannot use line ${linesBefore + line} of "${source}" for testing: class ${cell} is not among the ` +
          "classes to learn",
      );
    }
    const wrong: Record<number, string> = {
      [RAGGED]: `line ${linesBefore + line} has ${cells(found)}, expected ${expected} as in the first row`,
      [EMPTY]: `${place} is empty, a value is needed`,
      [TEXT]: `${place} holds ${cell}, a number is needed`,
      [NOT_FINITE]: `${place} holds ${cell}, a finite number is needed`,
      [OVERFLOW]: `${place} holds ${cell}, which does not fit into 32 bits (largest 3.4e38)`,
      [QUOTE]: `${place} begins a quotation ${cell} that does not end with its cell`,
      [PAIR]: `${place} holds ${cell}, expected index:value`,
      [INDEX]: `${place} has index ${found}, beyond the ${expected} features`,
      [DUPLICATE]: `${place} holds ${cell}, an index its line has already`,
      [ORDER]: `${place} holds ${cell}, indices must ascend within a line`,
      [ENCODING]: `${place} is not UTF-8 text; name its encoding, such as "windows-1252" or "utf-16le"`,
      [ABSENT]: `${place} holds ${cell}, a value is needed`,
      [WEIGHT]: `${place} holds ${cell}, a weight from 0 is needed`,
      [LABEL]: `line ${linesBefore + line} begins with ${cell}, its label is missing`,
    };
    return new SyntaxError(`Cannot read "${source}": ${wrong[kind]}`);
  }
}

const QUOTE_CODE = 0x22;

function cells(count: number): string {
  return count === 1 ? "1 cell" : `${count} cells`;
}

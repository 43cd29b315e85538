/**
 * Predictions as text or numbers, written as they come; a file appears whole or not at all.
 *
 * @module
 */
import { encodeNpy } from "../data/npy.ts";
import { messageOf } from "../errors.ts";
import { WholeFile } from "../whole_file.ts";

/** How predictions are written. */
export type PredictionFormat = "csv" | "jsonl" | "npy";

/** What is written. */
export interface PredictionOptions {
  readonly format: PredictionFormat;
  /** Classes alone, without probabilities. */
  readonly labels: boolean;
  readonly outputCount: number;
  /** Name of each class or value; where they are unknown, their indices. */
  readonly outputNames: readonly string[];
  readonly task: "classification" | "regression" | "multi-label";
}

/** Digits of probabilities and values in text: what f32 holds. */
const DIGITS = 7;

/** Writes predictions to a file or stdout; open with `await using`, and commit what is to stay. */
export class PredictionWriter implements AsyncDisposable {
  readonly #options: PredictionOptions;
  readonly #names: readonly string[];
  readonly #file: WholeFile;
  /** What messages call it. */
  readonly #name: string;
  #samples = 0;

  private constructor(path: string | undefined, options: PredictionOptions, file: WholeFile) {
    this.#options = options;
    this.#file = file;
    this.#name = nameOf(path);
    const { outputNames, outputCount, task } = options;
    const unnamed = task === "regression" ? "value " : "";
    this.#names = Array.from(
      { length: outputCount },
      (_, index) => outputNames[index] ?? `${unnamed}${index}`,
    );
  }

  /**
   * Begins a file, or stdout where there is no path.
   *
   * @throws {Error} With the path and the reason, when the file cannot be made; as all other methods.
   */
  static async open(path: string | undefined, options: PredictionOptions): Promise<PredictionWriter> {
    const file = await saying(
      nameOf(path),
      () => path === undefined ? Promise.resolve(WholeFile.stdout()) : WholeFile.open(path),
    );
    const writer = new PredictionWriter(path, options, file);
    try {
      if (options.format === "csv") await writer.#text([writer.#header()]);
      if (options.format === "npy") {
        if (file.isStream) throw new TypeError(`Cannot write npy to ${writer.#name}: it is no regular file`);
        await writer.#bytes(writer.#npyHeader());
      }
    } catch (cause) {
      await writer[Symbol.asyncDispose]();
      throw cause;
    }
    return writer;
  }

  /** Samples written so far. */
  get samples(): number {
    return this.#samples;
  }

  /** Writes outputs of samples, shape `[samples, outputs]`: probabilities, or the values of a regression. */
  async write(outputs: Float32Array): Promise<void> {
    const { format, labels, outputCount, task } = this.#options;
    const samples = outputs.length / outputCount;
    this.#samples += samples;
    if (format === "npy") {
      const data = labels
        ? Uint32Array.from({ length: samples }, (_, sample) => largest(rowOf(outputs, sample, outputCount)))
        : outputs;
      return await this.#bytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
    const lines: string[] = [];
    for (let sample = 0; sample < samples; sample++) {
      const row = rowOf(outputs, sample, outputCount);
      const numbers = Array.from(row, (value) => Number(value.toPrecision(DIGITS)));
      if (task === "regression") {
        lines.push(format === "csv" ? numbers.join(",") : JSON.stringify({ values: numbers }));
        continue;
      }
      const label = this.#names[largest(row)];
      if (format === "jsonl") {
        lines.push(JSON.stringify({ label, ...(!labels && { probabilities: numbers }) }));
      } else lines.push([cell(label), ...(labels ? [] : numbers)].join(","));
    }
    await this.#text(lines);
  }

  /** Ends the file and gives it its name. */
  async commit(): Promise<void> {
    if (this.#options.format === "npy") {
      // The header has the same length whatever the number of samples.
      await this.#file.rewind();
      await this.#bytes(this.#npyHeader());
    }
    await saying(this.#name, () => this.#file.commit());
  }

  /** Closes the file; what was not committed goes. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file[Symbol.asyncDispose]();
  }

  #header(): string {
    const { labels, outputCount, task } = this.#options;
    if (task === "classification") return ["label", ...(labels ? [] : this.#names)].map(cell).join(",");
    return outputCount === 1 ? "value" : this.#names.map(cell).join(",");
  }

  /** A header of 128 bytes for the samples so far. */
  #npyHeader(): Uint8Array<ArrayBuffer> {
    const { labels, outputCount } = this.#options;
    const header = encodeNpy({
      shape: labels ? [0] : [0, outputCount],
      data: labels ? new Uint32Array(0) : new Float32Array(0),
    });
    const shape = labels ? `(${this.#samples},)` : `(${this.#samples}, ${outputCount})`;
    const fields = new TextDecoder().decode(header.subarray(10)).replace(/\(0.*?\)/, shape).trimEnd();
    const bytes = new Uint8Array(128);
    bytes.set(header.subarray(0, 8));
    bytes.set([118, 0], 8);
    bytes.set(new TextEncoder().encode(`${fields.padEnd(117)}\n`), 10);
    return bytes;
  }

  async #text(lines: readonly string[]): Promise<void> {
    if (lines.length > 0) await this.#bytes(new TextEncoder().encode(`${lines.join("\n")}\n`));
  }

  async #bytes(bytes: Uint8Array): Promise<void> {
    await saying(this.#name, () => this.#file.write(bytes));
  }
}

function nameOf(path: string | undefined): string {
  return path === undefined ? "the standard output" : `"${path}"`;
}

/** Does something with a file; an error then says with which. */
async function saying<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new Error(`Cannot write predictions to ${name}: ${messageOf(cause)}`, { cause });
  }
}

function rowOf(outputs: Float32Array, sample: number, count: number): Float32Array {
  return outputs.subarray(sample * count, (sample + 1) * count);
}

/** Index of the first largest. */
function largest(row: Float32Array): number {
  let best = 0;
  for (let output = 1; output < row.length; output++) if (row[output] > row[best]) best = output;
  return best;
}

/** A cell of CSV, quoted where it must be. */
function cell(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

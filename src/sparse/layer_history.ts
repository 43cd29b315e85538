/**
 * What became of the connections of one layer: when each came, how long those lived that went, which places ever were
 * connected.
 *
 * @module
 */
import type { Connections } from "./csr.ts";
import { EverConnected } from "./ever_connected.ts";

/** What a file keeps of the history of a layer, beside the layer. */
export interface KeptHistory {
  /** Size of the layer when its history began. */
  readonly inputs: number;
  /** Likewise. */
  readonly neurons: number;
  /** Connections that went, by the whole epochs that they lived. */
  readonly lives: readonly number[];
  /** Epochs that they lived together. */
  readonly lived: number;
  /** When each connection came, in epochs, `[nnz]`. */
  readonly births: Float32Array;
  /** See {@linkcode EverConnected.words}. */
  readonly ever: Uint32Array;
  /** Where compaction has taken neurons out: which input each row was at first. */
  readonly rows?: Uint32Array;
  /** Likewise, which neuron each column was. */
  readonly columns?: Uint32Array;
}

/** Numbers of connections by the whole epochs that they lived, and their epochs together. */
export type Lives = Pick<KeptHistory, "lives" | "lived">;

/** A structure as it was seen. */
type Structure = Pick<Connections, "inputs" | "nnz" | "indptr" | "indices">;

/** Follows one layer. Memory: 8 bytes a connection, twice that while it changes, a bit a place of the layer. */
export class LayerHistory {
  readonly #inputs: number;
  readonly #neurons: number;
  readonly #ever: EverConnected;
  readonly #lives: number[];
  #lived: number;
  #rows: Uint32Array | undefined;
  #columns: Uint32Array | undefined;
  #indptr: Uint32Array;
  #indices: Uint32Array;
  #births: Float32Array;

  private constructor(kept: KeptHistory, { indptr, indices, nnz }: Structure) {
    this.#inputs = kept.inputs;
    this.#neurons = kept.neurons;
    this.#ever = new EverConnected(kept.inputs, kept.neurons, kept.ever);
    this.#lives = [...kept.lives];
    this.#lived = kept.lived;
    this.#rows = kept.rows;
    this.#columns = kept.columns;
    this.#indptr = indptr.slice();
    this.#indices = indices.slice(0, nnz);
    this.#births = kept.births;
  }

  /** The history of a layer whose connections all came at `time`. */
  static begin(layer: Structure & Pick<Connections, "neurons">, time: number): LayerHistory {
    const { inputs, neurons, nnz, indptr, indices } = layer;
    const ever = new Uint32Array(EverConnected.wordsOf(inputs, neurons));
    const births = new Float32Array(nnz).fill(time);
    const history = new LayerHistory({ inputs, neurons, lives: [], lived: 0, births, ever }, layer);
    for (let row = 0; row < inputs; row++) {
      for (let place = indptr[row]; place < indptr[row + 1]; place++) history.#ever.add(row, indices[place]);
    }
    return history;
  }

  /** A history that was kept, of the layer as it was then. The arrays become its own. */
  static from(kept: KeptHistory, layer: Structure): LayerHistory {
    return new LayerHistory(kept, layer);
  }

  /** What is to be kept; arrays are those in use. */
  get kept(): KeptHistory {
    return {
      inputs: this.#inputs,
      neurons: this.#neurons,
      lives: this.#lives,
      lived: this.#lived,
      births: this.#births,
      ever: this.#ever.words,
      ...(this.#rows && { rows: this.#rows }),
      ...(this.#columns && { columns: this.#columns }),
    };
  }

  /** An independent copy. */
  copy(): LayerHistory {
    const { kept } = this;
    const [indptr, indices] = [this.#indptr, this.#indices];
    return new LayerHistory(
      { ...kept, births: kept.births.slice(), ever: kept.ever.slice() },
      { inputs: indptr.length - 1, nnz: indices.length, indptr, indices },
    );
  }

  /** Places of the layer when its history began. */
  get places(): number {
    return this.#inputs * this.#neurons;
  }

  /** Places that were ever connected, and how far that may be off. */
  get ever(): Pick<EverConnected, "count" | "error"> {
    return this.#ever;
  }

  /** Connections that went, by the whole epochs they lived, and the epochs they lived together. */
  get gone(): Lives {
    return { lives: this.#lives, lived: this.#lived };
  }

  /** The ages of the connections that are there, by whole epochs, and together. O(nnz). */
  agesAt(time: number): Lives {
    const lives: number[] = [];
    let lived = 0;
    for (const birth of this.#births) {
      count(lives, time - birth);
      lived += Math.max(0, time - birth);
    }
    return { lives, lived };
  }

  /** Looks at the layer after a change at `time`: which connections came, and which went. O(inputs + nnz). */
  observe({ inputs, nnz, indptr, indices }: Structure, time: number): void {
    const births = new Float32Array(nnz);
    let place = 0;
    for (let row = 0; row < inputs; row++) {
      const end = indptr[row + 1];
      let [before, last] = [this.#indptr[row], this.#indptr[row + 1]];
      for (; place < end; place++) {
        const column = indices[place];
        while (before < last && this.#indices[before] < column) this.#bury(before++, time);
        if (before < last && this.#indices[before] === column) {
          births[place] = this.#births[before++];
        } else {
          births[place] = time;
          this.#ever.add(this.#rows?.[row] ?? row, this.#columns?.[column] ?? column);
        }
      }
      while (before < last) this.#bury(before++, time);
    }
    this.#births = births;
    this.#indptr = indptr.slice();
    this.#indices = indices.slice(0, nnz);
  }

  /** Follows a compaction: the neurons that stayed, ascending, by their number before it. O(inputs + neurons + nnz). */
  follow(rows: Uint32Array, columns: Uint32Array, time: number): void {
    const becomes = new Map<number, number>();
    columns.forEach((column, at) => becomes.set(column, at));
    const indptr = new Uint32Array(rows.length + 1);
    const [indices, births] = [new Uint32Array(this.#births.length), new Float32Array(this.#births.length)];
    let [next, row] = [0, 0];
    for (const [at, kept] of rows.entries()) {
      for (; row < kept; row++) this.#buryRow(row, time);
      for (let place = this.#indptr[row]; place < this.#indptr[row + 1]; place++) {
        const column = becomes.get(this.#indices[place]);
        if (column === undefined) this.#bury(place, time);
        else [indices[next], births[next]] = [column, this.#births[place]], next++;
      }
      row++;
      indptr[at + 1] = next;
    }
    for (; row < this.#indptr.length - 1; row++) this.#buryRow(row, time);
    const [oldRows, oldColumns] = [this.#rows, this.#columns];
    this.#rows = oldRows === undefined ? rows.slice() : rows.map((row) => oldRows[row]);
    this.#columns = oldColumns === undefined ? columns.slice() : columns.map((column) => oldColumns[column]);
    this.#indptr = indptr;
    this.#indices = indices.slice(0, next);
    this.#births = births.slice(0, next);
  }

  #buryRow(row: number, time: number): void {
    for (let place = this.#indptr[row]; place < this.#indptr[row + 1]; place++) this.#bury(place, time);
  }

  #bury(place: number, time: number): void {
    const life = time - this.#births[place];
    count(this.#lives, life);
    this.#lived += life;
  }
}

/** What rounding may take from a life that is whole: births are f32. */
const ROUNDING = 1e-4;

/** Counts a life by its whole epochs; the list has no holes. */
function count(lives: number[], life: number): void {
  const epochs = Math.max(0, Math.floor(life + ROUNDING));
  while (lives.length <= epochs) lives.push(0);
  lives[epochs]++;
}

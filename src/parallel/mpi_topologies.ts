/**
 * The topologies that a server keeps, so that gradients computed on an older one can be sorted out.
 *
 * @module
 */
import type { SparseMlp } from "../model/model.ts";
import { Places } from "./mpi_wire.ts";
import { copyTopology } from "../model/copy.ts";
import { emptyReplica } from "./replica.ts";

/** A topology that gradients may still arrive for. */
export interface KeptTopology {
  /** Only the structure counts. */
  readonly model: SparseMlp;
  readonly places: Places;
  /** Workers that compute on it. */
  users: number;
}

/** Topologies of a model by version: the current one, and each that somebody computes on. */
export class KeptTopologies {
  readonly #model: SparseMlp;
  readonly #gradients: Uint32Array;
  readonly #versions = new Map<number, KeptTopology>();
  /** Memory of those that nobody needs any more. */
  readonly #spare: SparseMlp[] = [];

  /** @param gradients Gradients of the model, for the places. */
  constructor(model: SparseMlp, gradients: Uint32Array) {
    this.#model = model;
    this.#gradients = gradients;
  }

  /** The topology of a version; undefined where no gradient can come for it. */
  get(version: number): KeptTopology | undefined {
    return this.#versions.get(version);
  }

  /** Keeps the topology that the model has now, and no longer those without users. */
  keep(version: number): void {
    for (const [number, { users, model }] of this.#versions) {
      if (users > 0) continue;
      this.#versions.delete(number);
      this.#spare.push(model);
    }
    const model = this.#spare.pop() ?? emptyReplica(this.#model);
    copyTopology(this.#model, model);
    this.#versions.set(version, { model, places: new Places(model, this.#gradients), users: 0 });
  }
}

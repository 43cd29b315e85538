/**
 * The topologies that a server keeps, so that gradients computed on an older one can be sorted out.
 *
 * @module
 */
import type { SparseMlp } from "../../model/model.ts";
import { copyTopology } from "../../model/copy.ts";
import { Places } from "./wire.ts";
import { emptyReplica } from "../replica.ts";
import { ownPart } from "./server_parts.ts";

/** A topology that gradients may still arrive for. */
export interface KeptTopology {
  /** Only the structure counts. */
  readonly model: SparseMlp;
  readonly places: Places;
  /** Workers that compute on it. */
  users: number;
}

/** Topologies of a model, or of a server's part of one, by version: the current one, and each that somebody computes on. */
export class KeptTopologies {
  readonly #model: SparseMlp;
  readonly #gradients: Uint32Array;
  readonly #rank: { readonly server: number; readonly servers: number };
  readonly #versions = new Map<number, KeptTopology>();
  /** Memory of those that nobody needs any more. */
  readonly #spare: SparseMlp[] = [];

  /**
   * @param gradients Gradients of the model, for the places.
   * @param rank Which server of how many has the model.
   */
  constructor(
    model: SparseMlp,
    gradients: Uint32Array,
    rank: { readonly server: number; readonly servers: number },
  ) {
    this.#rank = rank;
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
    const part = ownPart(model, this.#rank.server, this.#rank.servers);
    this.#versions.set(version, { model, places: new Places(model, this.#gradients, part), users: 0 });
  }
}

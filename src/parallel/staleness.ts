/**
 * What an asynchronous server makes of gradients that are stale: of updates that came between a worker's pull and its
 * push.
 *
 * @module
 */
import { gradientViews, type LayerGradients, type SparseLayer } from "../model/layer.ts";
import type { SparseMlp } from "../model/model.ts";
import { compensateDelay, retainValid } from "../native/merge.ts";
import { sendParametersTo } from "./inbox.ts";
import type { LayerSnapshot, ModelSnapshot } from "./replica.ts";

/** Rules for stale gradients. */
export const STALENESS_RULES = ["none", "inverse", "delay-compensated"] as const;

/**
 * What becomes of a gradient of staleness τ, which is how many updates the server has applied since the worker pulled:
 * it counts as any other, its step has the rate η/τ, or it is corrected for the way the parameters have moved.
 */
export type StalenessRule = typeof STALENESS_RULES[number];

/**
 * λ of delay compensation.
 *
 * Source: Zheng et al. 2017 use 0.04 on CIFAR-10 with a λ that is the same for all parameters (DC-ASGD-c).
 */
export const DELAY_COMPENSATION = 0.04;

/**
 * How many times the learning rate of its update a gradient's step has: 1/τ with `inverse`, where τ is at least 1. A
 * gradient of staleness 0 has the whole rate, as one of staleness 1 has.
 *
 * Weight decay is scaled with the gradient, in each of its forms: otherwise the decay of the form `outside` would be τ times
 * as strong against the gradient. What an optimiser keeps of the steps before is not scaled. Source: Zhang et al. 2016
 * ("Staleness-aware Async-SGD"), who have plain SGD.
 */
export function stalenessFactor(rule: StalenessRule | undefined, staleness: number): number {
  return rule === "inverse" && staleness > 1 ? 1 / staleness : 1;
}

/** Corrects stale gradients for the way the server's parameters have moved since they were pulled. */
export class DelayCompensation {
  readonly #model: SparseMlp;
  readonly #strength: number;
  /** Old weights of a layer in the order of its connections now; made at the first need. */
  #moved: Float32Array | undefined;

  /**
   * @param model The server's.
   * @param strength λ.
   */
  constructor(model: SparseMlp, strength: number) {
    this.#model = model;
    this.#strength = strength;
  }

  /**
   * `g ← g + λ·g²·(w − w')` for every weight, bias and activation parameter, w' being what the gradient was computed with;
   * λ·g² stands for the second derivative. O(nnz).
   *
   * Connections grown since the pull have no gradient and get none. One that was dropped and has grown again in its old
   * place counts as having moved. Weight decay is no part of the gradient here. Source: Zheng et al. 2017.
   *
   * @param gradients In the order of the model's connections, overwritten.
   * @param sent What the gradients were computed with: the worker's replica, or what was kept of it.
   * @param older Whether it has another topology than the model.
   */
  apply(gradients: Uint32Array, sent: ModelSnapshot, older: boolean): void {
    const { layers } = this.#model;
    for (
      const [index, { values, bias, activationParameters }] of gradientViews(layers, gradients).entries()
    ) {
      const [now, then] = [layers[index], sent.layers[index]];
      const weights = older ? this.#inOrderOf(now, then) : then.values;
      const compensate = (gradient: Float32Array, current: Float32Array, old: Float32Array) =>
        compensateDelay(gradient, current, old, this.#strength);
      const connections = (array: Float32Array) => array.subarray(0, now.nnz);
      compensate(connections(values), connections(now.values), connections(weights));
      compensate(bias, now.bias, then.bias);
      compensate(activationParameters, now.activationParameters, then.activationParameters);
    }
  }

  /** The weights of an older topology where a layer has its connections now; 0 where there was none. */
  #inOrderOf(now: SparseLayer, then: LayerSnapshot): Float32Array {
    this.#moved ??= new Float32Array(Math.max(...this.#model.layers.map(({ capacity }) => capacity)));
    const weights = this.#moved.subarray(0, now.capacity);
    retainValid(then, then.values, now, weights);
    return weights;
  }
}

/**
 * The parameters that workers out of reach were last sent: 4 bytes a parameter and worker.
 *
 * Over shared memory nothing needs to be kept, since a worker's replica holds what it pulled until it pulls again.
 */
export class SentParameters {
  readonly #sent: readonly (readonly LayerGradients[])[];

  /** @param model The server's. */
  constructor(model: SparseMlp, workers: number) {
    const { layers } = model;
    this.#sent = Array.from({ length: workers }, () => gradientViews(layers, model.allocateGradients()));
  }

  /** Keeps the parameters that a worker is being sent. O(nnz). */
  keep(worker: number, model: SparseMlp): void {
    sendParametersTo({ layers: this.#sent[worker] }, model);
  }

  /** What a worker computed with, on a topology that was kept elsewhere. */
  of(worker: number, { layers }: SparseMlp): ModelSnapshot {
    const sent = this.#sent[worker];
    return { layers: layers.map(({ indptr, indices }, index) => ({ indptr, indices, ...sent[index] })) };
  }
}

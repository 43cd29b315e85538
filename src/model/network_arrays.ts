/**
 * The arrays of a network: its layers over one arena, and beside it what an optimiser keeps.
 *
 * @module
 */
import { LAYOUT_COLUMNS, type NetworkMemory, writeLayoutRow } from "../native/layout.ts";
import type { OptimizerState } from "../optimizer/optimizer.ts";
import { checkHeld } from "../optimizer/optimizers.ts";
import { sharedWords } from "../sparse/shared.ts";
import { gradientWords, type LayerPlan, layerWords, rowOf, SparseLayer, STATE_HEAD_WORDS } from "./layer.ts";

/** The arrays of one network; several models may have the same. */
export class NetworkArrays {
  /** First hidden layer first, output layer last. */
  readonly layers: readonly SparseLayer[];
  #memory: NetworkMemory;
  #optimizerState: OptimizerState | undefined;

  /**
   * Lays layers over memory that exists; nothing is copied.
   *
   * @param held Whose state `memory.state` is.
   */
  constructor(plans: readonly LayerPlan[], memory: NetworkMemory, held?: OptimizerState) {
    let offset = 0;
    this.layers = plans.map((plan, index) => {
      const layer = new SparseLayer(plan, rowOf(memory.layout, index), memory.arena, offset);
      offset += layerWords(plan);
      return layer;
    });
    this.#memory = memory;
    if (held !== undefined) this.#attachState(held, memory.state);
  }

  /** Room for the planned connections and none in it yet, without a state. */
  static allocate(plans: readonly LayerPlan[]): NetworkArrays {
    const layout = new Uint32Array(new SharedArrayBuffer(4 * LAYOUT_COLUMNS * plans.length));
    const slopes = new Float32Array(new SharedArrayBuffer(4 * plans.length));
    const arena = sharedWords(plans.reduce((sum, plan) => sum + layerWords(plan), 0));
    for (const [index, plan] of plans.entries()) {
      const { inputs, neurons, capacity, activation } = plan;
      writeLayoutRow(layout, index, { inputs, neurons, nnz: 0, capacity, activation: activation.code });
      slopes[index] = plan.activation.slope;
    }
    return new NetworkArrays(plans, { layout, slopes, arena, state: stateMemory([], 0) });
  }

  /** The arenas and their tables, for kernels. */
  get memory(): NetworkMemory {
    return this.#memory;
  }

  /** Which optimiser's state there is; undefined before the first training. */
  get optimizerState(): OptimizerState | undefined {
    return this.#optimizerState;
  }

  /** How many updates the optimiser has made since its state began; counted where it keeps any. */
  get updates(): number {
    return this.#memory.state[0] ?? 0;
  }

  set updates(count: number) {
    if (this.#memory.state.length > 0) this.#memory.state[0] = count;
  }

  /**
   * Makes room for the state of an optimiser, all 0; a state that is already there stays.
   *
   * @throws {TypeError} When there is the state of another optimiser.
   */
  holdState(wanted: OptimizerState): void {
    const held = this.#optimizerState;
    checkHeld(wanted.optimizer, held);
    if (held !== undefined && held.planes.length === wanted.planes.length) return;
    this.#attachState(wanted, stateMemory(this.layers, wanted.planes.length));
  }

  /** Forgets what an optimiser has kept. */
  discardState(): void {
    this.#attachState(undefined, stateMemory(this.layers, 0));
  }

  #attachState(held: OptimizerState | undefined, state: Uint32Array): void {
    this.#optimizerState = held;
    this.#memory = { ...this.#memory, state };
    const planes = held?.planes.length ?? 0;
    let offset = STATE_HEAD_WORDS;
    for (const layer of this.layers) {
      layer.attachState(state, offset, planes);
      offset += planes * gradientWords(layer);
    }
  }
}

/** Zero-filled memory for so many planes of some layers; empty where there are none. */
function stateMemory(layers: readonly LayerPlan[], planes: number): Uint32Array {
  if (planes === 0) return new Uint32Array(0);
  return sharedWords(layers.reduce((sum, layer) => sum + planes * gradientWords(layer), STATE_HEAD_WORDS));
}

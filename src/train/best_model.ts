/**
 * The model of the best epoch of a run, beside the one in training.
 *
 * While a run keeps its best epoch, `SparseMlp.best` of the model in training holds a copy of what that epoch gave. When
 * the run is over the two change places: the model is the best, and `SparseMlp.running` is where a longer run goes on.
 *
 * @module
 */
import { copyMeaning, copyParameters, copyTopology, emptyCopy, plansOf } from "../model/copy.ts";
import { SparseMlp } from "../model/model.ts";
import type { RunState } from "./state.ts";

/**
 * Copies the model as the best of its run: connections, weights, biases and activation parameters.
 *
 * Cost: O(connections + neurons). Memory is allocated the first time, and where compaction has changed the sizes since.
 */
export function keepAsBest(model: SparseMlp): void {
  const best = fittingCopy(model) ?? emptyCopy(model);
  copyTopology(model, best);
  copyParameters(model, best);
  describe(best, model);
  model.best = best;
}

/** The copy there is, where the model still has room in it, no more than its own, and nobody is saving it. */
function fittingCopy(model: SparseMlp): SparseMlp | undefined {
  if (model.best?.use.isBeingSaved) return undefined;
  const fits = model.best?.layers.every(({ inputs, neurons, capacity }, index) => {
    const own = model.layers[index];
    return inputs === own.inputs && neurons === own.neurons && capacity >= own.nnz &&
      capacity <= own.capacity;
  });
  return fits ? model.best : undefined;
}

/** The model that a run begins or goes on with: of one that was given as the best of its run the one in training. */
export function beginning(model: SparseMlp, { epoch, step }: RunState): SparseMlp {
  return epoch > 0 || step > 0 ? model.running ?? model : model;
}

/**
 * Makes a model ready to be trained from where the state stands: one that was given as the best of its run becomes the
 * one in training again, and the best is kept beside it.
 *
 * The best is forgotten where the run begins anew or keeps the last epoch. Where it is asked for and its weights are not
 * at hand (a state without them), the best so far is forgotten too: the next evaluation is the first to be compared with.
 */
export function beginFrom(model: SparseMlp, state: RunState, keep: "best" | "last"): void {
  const goesOn = state.epoch > 0 || state.step > 0;
  const from = beginning(model, state);
  delete model.running;
  if (from !== model) {
    const best = aliasOf(model);
    model.adopt(from);
    moveHistory(from, model);
    model.best = best;
  } else if (goesOn && model.best === undefined && isBest(state)) keepAsBest(model);
  if (!goesOn) delete model.history;
  if (!goesOn || keep === "last" || state.best === undefined) delete model.best;
  if (keep === "best" && model.best === undefined) delete state.best;
}

/** Lets a model whose run is over become its best epoch; nothing moves, the two change places. */
export function becomeBest(model: SparseMlp, state: RunState): void {
  const { best } = model;
  delete model.best;
  if (best === undefined || isBest(state)) return;
  const running = aliasOf(model);
  moveHistory(model, running);
  model.adopt(best);
  model.running = running;
}

/** Whether the weights of the run as it stands are those of the best epoch. */
function isBest({ epoch, step, evolved, best }: RunState): boolean {
  return best !== undefined && best.epoch === epoch && step === 0 && !evolved;
}

/** The history of connections is that of the model in training. */
function moveHistory(from: SparseMlp, to: SparseMlp): void {
  if (from.history !== undefined) to.history = from.history;
  delete from.history;
}

/** Another model over the same arrays, the optimiser's state among them. */
function aliasOf(model: SparseMlp): SparseMlp {
  const { settings, memory, optimizerState } = model;
  const alias = SparseMlp.over(settings, plansOf(model), memory, optimizerState);
  describe(alias, model);
  return alias;
}

function describe(copy: SparseMlp, model: SparseMlp): void {
  if (model.standardization !== undefined) copy.standardization = model.standardization;
  copyMeaning(model, copy);
}

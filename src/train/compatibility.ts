/**
 * Whether options, data and model of a run go together: looked at once, when the run is asked for.
 *
 * @module
 */
import { validateAugmentation } from "../data/augment.ts";
import type { Dataset } from "../data/dataset.ts";
import { trainingSamples } from "../data/validation_split.ts";
import type { SparseMlp } from "../model/model.ts";
import { answerCount, lossOf } from "../model/outputs.ts";
import { hasSharedScale } from "../data/standardization.ts";
import { standardizationOf } from "../model/sample_batch.ts";
import { checkHeld } from "../optimizer/optimizers.ts";
import { checkLayers } from "../topology/rules/rules.ts";
import { beginning } from "./best_model.ts";
import { refuseCalibration } from "./calibration.ts";
import { checkDensityDecay, checkDensityStop, densitiesOf } from "../topology/density_decay.ts";
import { lastChange } from "../topology/interval.ts";
import type { Hyperparameters } from "./hyperparameters.ts";
import { requireSameMeaning } from "./meaning.ts";
import type { RunOptions } from "./options.ts";
import { checkClassWeights } from "./sample_weights.ts";
import { checkMetric } from "./selection.ts";
import { checkStepInside, type RunState } from "./state.ts";

/**
 * The options of a run as they are for its data: a batch has at most all training samples.
 *
 * @param data Usable: read by `usableDataset`.
 * @throws {TypeError} When model, data and options do not fit together.
 * @throws {RangeError} When a number of the options is out of range, or a layer of a network that was never trained has no
 * connection.
 */
export function checkedRun<R extends RunOptions>(model: SparseMlp, data: Dataset, run: R): R {
  const { settings, hooks, state } = run;
  checkFit(model, data, settings);
  checkLayers(model.layers.slice(0, -1), settings, hooks.rules);
  checkHeld(settings.optimizer, beginning(model, state).optimizerState);
  if (state.epoch === 0 && state.step === 0) checkConnected(model);
  const samples = trainingSamples(data, settings.validationFraction);
  const batchSize = Math.min(settings.batchSize, samples);
  const steps = Math.ceil(samples / batchSize);
  checkStepInside(state, batchSize, steps);
  checkFalling(model, settings, state, lastChange(settings.evolveEvery, settings.epochs, steps));
  const [stepsDone, { maxSteps }] = [state.epoch * steps + state.step, settings];
  if (stepsDone >= maxSteps) {
    throw new RangeError(`Cannot train up to step ${maxSteps}: ${stepsDone} steps are done`);
  }
  if (
    hooks.state !== undefined && (state.epoch > 0 || state.step > 0) && model.standardization === undefined
  ) {
    throw new TypeError(
      `Cannot go on from this state: its run has done ${state.epoch} epochs and ${state.step} steps, the model was ` +
        "never trained; a new run begins with newRunState()",
    );
  }
  return { ...run, settings: Object.freeze({ ...settings, batchSize }) };
}

/**
 * Refuses a density that could not fall as the settings say.
 *
 * @param last Share of the run that is done at the last change of the topology.
 * @throws {TypeError} When the run has begun without.
 * @throws {RangeError} When it could not come down to its end.
 */
export function checkFalling(
  model: SparseMlp,
  settings: Hyperparameters,
  { epoch, step, startDensities }: RunState,
  last: number,
): void {
  const { finalDensity, compactWhilePruning } = settings;
  if (finalDensity === undefined) return;
  const layers = model.layers.slice(0, -1);
  const begun = epoch > 0 || step > 0;
  if (startDensities === undefined && begun) {
    throw new TypeError(
      `Cannot let the density fall to ${finalDensity}: the run has begun, and nothing says with which density; ` +
        "go on with the state of a run that had finalDensity from its beginning, or begin a run with this model",
    );
  }
  const start = startDensities ?? densitiesOf(layers);
  if (start.length !== layers.length) {
    throw new TypeError(
      `Cannot go on from this state: startDensities has ${start.length} numbers, the model ${layers.length} layers ` +
        "that evolve",
    );
  }
  // Compaction takes places away, with which the density was to fall when the run began.
  if (!begun || !compactWhilePruning) checkDensityDecay(layers, start, settings);
  checkDensityStop(settings, last);
}

function checkFit(model: SparseMlp, data: Dataset, settings: Hyperparameters): void {
  const { task } = model.settings;
  if (!Object.isExtensible(model)) {
    throw new TypeError("Cannot train: the model is frozen or sealed, expected one that training can change");
  }
  if (model.standardization !== undefined) {
    const known = standardizationOf(model, "train");
    if (settings.featureScale === "common" && !hasSharedScale(known)) {
      throw new TypeError(
        "Cannot train: featureScale is common, but the model has scaled each feature by itself since its first " +
          "training; expected each, or a new model",
      );
    }
  }
  const [inputs, outputs] = [model.featureCount, answerCount(model.settings)];
  if (inputs !== data.featureCount || outputs !== data.outputCount) {
    throw new TypeError(
      `Cannot train on "${data.name}": it has ${data.featureCount} features and ${data.outputCount} outputs, ` +
        `the model takes ${inputs} and gives ${outputs}`,
    );
  }
  if (task !== data.task) {
    throw new TypeError(`Cannot train on "${data.name}": it is for ${data.task}, the model for ${task}`);
  }
  requireSameMeaning(model, data, `train on "${data.name}"`, "learn");
  checkMetric(settings.metric, task);
  if (settings.classWeights !== undefined) checkClassWeights(settings.classWeights, data);
  if (settings.labelSmoothing > 0 && lossOf(model.settings) !== "softmax-cross-entropy") {
    throw new TypeError(
      `Cannot train on "${data.name}": labelSmoothing is ${settings.labelSmoothing}, which spreads an answer over ` +
        "the classes of a classification with an output each; expected 0",
    );
  }
  if (settings.calibrate) refuseCalibration(task, `on "${data.name}"`);
  if (settings.augmentation !== undefined) {
    if (data.image === undefined || !(data.train.features instanceof Uint8Array)) {
      throw new TypeError(
        `Cannot augment "${data.name}": its samples are not images in bytes, which have the shape [samples, height, width] ` +
          "or one more side of channels",
      );
    }
    validateAugmentation(settings.augmentation, data.image);
  }
}

/** Refuses a network that nothing could pass through; pruning may come to that later, and knows why. */
function checkConnected({ layers }: SparseMlp): void {
  const severed = layers.findIndex(({ nnz }) => nnz === 0);
  if (severed < 0) return;
  const { inputs, neurons } = layers[severed];
  throw new RangeError(
    `Cannot train: layer ${
      severed + 1
    }, [${inputs}, ${neurons}], has no connection, so nothing passes through the ` +
      "network; a larger epsilon or density is needed",
  );
}

/**
 * What `train --json` prints: the keys of each object, as `docs/cli.md` lists them.
 *
 * @module
 */

/** One key of an object. */
export interface EventKey {
  readonly name: string;
  readonly meaning: string;
  /** When the key is there; always, without it. */
  readonly when?: string;
}

/** One kind of object. */
export interface EventKind {
  readonly event: string;
  /** When it is printed. */
  readonly printed: string;
  /** Its keys beside `event`, in order. */
  readonly keys: readonly EventKey[];
}

const TESTED = "where there are test samples";
const TESTED_WHOLE = "after a whole epoch that was evaluated, where there are test samples";
const EVALUATED = "after an epoch that was evaluated, where there are test samples";
const VALIDATED = "after an epoch that was evaluated, with --validation-fraction";
const SCORED = `${VALIDATED} and --metric`;
const INSIDE = "where --max-steps ended the run inside an epoch";
const STEPPING = "in training";
const CLASSES = "for classification";

/** The objects of `train --json`, in the order they are printed. */
export const TRAIN_EVENTS: readonly EventKind[] = [
  {
    event: "slope-search",
    printed: "once, before the start, with --alpha search",
    keys: [
      key("alpha", "the slope that was found, which the run then has"),
      key("ranking", "alpha, value of the metric and epochs of each slope that was tried, the best first"),
      key("metric", "what they were judged by"),
      key("trainings", "networks that were begun"),
      key("samples", "training samples that passed through them, over all epochs"),
      key("seconds", "seconds of the search"),
    ],
  },
  {
    event: "start",
    printed: "once, before the first epoch",
    keys: [
      key("version", "version of the program"),
      key("seed", "seed of the run"),
      key("dataset", "name of the data"),
      key("layers", "neurons of each layer, input and output included"),
      key("settings", "every option in force, named in camelCase"),
      key("trainSamples", "samples to learn from, those set aside for validation included"),
      key("testSamples", "samples to test with; 0 without a test part"),
      key("classCounts", "training samples of each class; empty for regression"),
      key("parameters", "weights and biases that exist"),
      key("epochsDone", "epochs done before this run; 0 without --resume"),
      key("notices", "what the columns of tables were taken for, and what was lost: a text a line"),
    ],
  },
  {
    event: "progress",
    printed:
      "every five seconds or so where an epoch, or what lies between epochs, takes longer, without --quiet",
    keys: [
      key("phase", "training, statistics (of the features), evaluation, pruning or evolution"),
      key("epoch", "epoch it belongs to"),
      key("done", "steps, samples (statistics, evaluation) or layers (pruning, evolution) done"),
      key("total", "those of the phase"),
      key("loss", "mean training loss of the epoch so far", STEPPING),
      key("stepLoss", "mean loss of the last step's batch", `${STEPPING}, without --parallel`),
      key("samplesPerSecond", "training samples a second since the epoch began", STEPPING),
    ],
  },
  {
    event: "epoch",
    printed: "after each epoch",
    keys: [
      key("epoch", "its number, from 1"),
      key("steps", "steps of the epoch that were done", INSIDE),
      key(
        "trainLoss",
        "mean loss of the training samples as they were learned, dropout in force; weighted where samples or classes " +
          "have weights; like all losses of a regression, of standardised targets",
      ),
      key("trainAccuracy", "their accuracy; null for regression"),
      key("validationLoss", "mean loss of the validation samples", VALIDATED),
      key("validationAccuracy", "their accuracy; null for regression", VALIDATED),
      key("validationScore", "what --metric gives of them, where it is neither of the two", SCORED),
      key("testLoss", "mean loss of the test samples", EVALUATED),
      key("testAccuracy", "their accuracy; null for regression", EVALUATED),
      key("learningRate", "learning rate of the last step"),
      key("parameters", "weights and biases that exist after the epoch"),
      key("connections", "weights that exist after the epoch"),
      key("seconds", "seconds of training"),
      key("evolutionSeconds", "seconds of SET and pruning"),
      key("evaluationSeconds", "seconds of evaluation"),
      key("samplesPerSecond", "training samples a second of training"),
      key("slopes", "slope of each hidden layer below zero", "with --alpha learned"),
      key("replaced", "connections SET replaced in the epoch and after it"),
      key("pruned", "connections Importance Pruning removed after the epoch"),
      key(
        "topology",
        "share of the places ever connected (ITOP rate) and its error; how long connections live that are there and that " +
          "went, in epochs; the same of each layer, with the spread of its in-degrees",
        "with --connection-history",
      ),
      key("gradientFlow", "mean squared norm of the gradient", "with --gradient-flow"),
      key(
        "parallel",
        "phase, workers, updates, staleness and idle seconds of the workers, and those that were lost and replaced",
        "with --parallel",
      ),
    ],
  },
  {
    event: "summary",
    printed: "once, at the end, also of a run that was stopped",
    keys: [
      key("epochs", "whole epochs done in all"),
      key("steps", "steps done of the epoch after those", INSIDE),
      key(
        "bestTestAccuracy",
        "best test accuracy of all epochs, as the paper reports it",
        `${TESTED_WHOLE}, ${CLASSES}`,
      ),
      key("bestTestLoss", "lowest test loss", `${TESTED_WHOLE}, for regression`),
      key("bestEpoch", "epoch of the best", TESTED_WHOLE),
      key(
        "bestTestRmse",
        "its root in the target's own unit",
        `${TESTED_WHOLE}, for regression of one target`,
      ),
      key("lastTestAccuracy", "test accuracy of the last epoch evaluated", `${TESTED}, ${CLASSES}`),
      key("lastTestLoss", "its test loss", TESTED),
      key("lastTestRmse", "its root in the target's own unit", `${TESTED}, for regression of one target`),
      key(
        "validationSelectedTestAccuracy",
        "test accuracy of the epoch that is the best by the validation samples",
        `with --validation-fraction, ${TESTED}, ${CLASSES}`,
      ),
      key(
        "kept",
        "number, metric and its value of the epoch that is saved",
        "with --validation-fraction, where the best is kept",
      ),
      key("lastTrainLoss", "training loss of the last epoch"),
      key("lastTrainAccuracy", "training accuracy of the last epoch", CLASSES),
      key("trainSeconds", "seconds of training, all epochs"),
      key("evolutionSeconds", "seconds of SET and pruning, all epochs"),
      key("evaluationSeconds", "seconds of evaluation, all epochs"),
      key("parametersStart", "weights and biases before the first epoch"),
      key("parametersEnd", "weights and biases at the end"),
      key("topology", "as after an epoch", "with --connection-history"),
      key(
        "calibration",
        "temperature, calibration error and log loss before and after, on the validation samples",
        "with --validation-fraction and --calibrate, when the run came to its end",
      ),
      key("peakRssBytes", "most memory the program had, as seen between steps"),
      key("stoppedEarly", "whether --patience ended the run"),
      key("interrupted", "whether a signal ended the run"),
    ],
  },
];

function key(name: string, meaning: string, when?: string): EventKey {
  return { name, meaning, ...(when !== undefined && { when }) };
}

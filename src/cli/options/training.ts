/**
 * How long and in which steps a network is trained.
 *
 * @module
 */
import type { ValuesByName } from "../../hyperparameter.ts";
import { type LearningRateSchedule, SCHEDULE_KINDS } from "../../model/schedule.ts";
import { HYPERPARAMETERS } from "../../train/hyperparameters.ts";
import { COUNT, from, type Option } from "../option.ts";

/** What trainings that choose features go by too. */
const SELECTING = { group: "training", commands: ["train", "cross-validate", "select-features"] } as const;
const TRAINING = { group: "training", commands: ["train", "cross-validate"] } as const;
/** What is judged by validation samples. */
const JUDGED = { ...TRAINING, needs: [{ option: "validation-fraction" }] } as const;

/** Kinds of schedules in words: "warm-up and step". */
const only = (...kinds: readonly LearningRateSchedule["kind"][]) =>
  ({ option: "schedule", values: kinds, because: `it is for ${kinds.join(" and ")}` }) as const;

/** In the order help shows them. */
export const TRAINING_OPTIONS = [
  {
    ...SELECTING,
    ...COUNT,
    ...from(HYPERPARAMETERS.epochs, { training: "epochs" }),
    name: "epochs",
  },
  {
    ...TRAINING,
    ...COUNT,
    ...from(HYPERPARAMETERS.maxSteps, { training: "maxSteps" }),
    name: "max-steps",
    help:
      "End the run after so many steps in all, inside an epoch if need be; --resume with more steps goes on.",
    excludes: [{
      option: "parallel",
      values: ["wasap", "wassp", "gossip"],
      because: "workers end with an epoch",
    }],
  },
  {
    ...SELECTING,
    ...COUNT,
    ...from(HYPERPARAMETERS.batchSize, { training: "batchSize" }),
    name: "batch-size",
  },
  {
    ...TRAINING,
    ...from(HYPERPARAMETERS.fanInLimit, { training: "fanInLimit" }),
    name: "fan-in-limit",
    value: "N",
  },
  {
    ...TRAINING,
    name: "schedule",
    kind: "choice",
    value: "KIND",
    choices: SCHEDULE_KINDS,
    default: "constant",
    help: HYPERPARAMETERS.schedule.doc,
    into: { training: "schedule" },
    convert: (_, values) => scheduleOf(values),
  },
  {
    ...TRAINING,
    name: "schedule-epochs",
    kind: "number",
    value: "N",
    above: 0,
    follows: "schedule",
    help:
      "Epochs of the warm-up (default 5; before a cosine none), or between two steps (default a third of all).",
    needs: [only("warm-up", "step", "cosine")],
  },
  {
    ...TRAINING,
    name: "schedule-factor",
    kind: "number",
    value: "X",
    least: 0,
    most: 1,
    follows: "schedule",
    help: "What a step multiplies the rate by (default 0.1), or the share cosine ends at (default 0).",
    needs: [only("step", "cosine")],
    check: ({ schedule, "schedule-factor": factor }) =>
      schedule === "step" && factor === 0
        ? "use --schedule-factor 0 with --schedule step: expected a number above 0"
        : undefined,
  },
  { ...SELECTING, ...from(HYPERPARAMETERS.dropout, { training: "dropout" }), name: "dropout", value: "F" },
  {
    ...TRAINING,
    ...from(HYPERPARAMETERS.labelSmoothing, { training: "labelSmoothing" }),
    name: "label-smoothing",
    value: "F",
  },
  {
    ...TRAINING,
    name: "class-weights",
    kind: "text",
    value: "balanced|FILE",
    help:
      "What the loss of each class counts: balanced, as much for rare classes as for frequent ones; or a file " +
      'with a line class,weight for each, or a JSON object, {"cat": 1, "dog": 3}, which may also be given itself. ' +
      "The mean over the training samples becomes 1.",
  },
  {
    ...JUDGED,
    ...COUNT,
    ...from(HYPERPARAMETERS.patience, { training: "patience" }),
    name: "patience",
    help: "Stop after so many evaluations without a better one by --metric; needs --validation-fraction.",
  },
  {
    ...JUDGED,
    ...from(HYPERPARAMETERS.metric, { training: "metric" }),
    name: "metric",
    value: "NAME",
    help: "What the validation samples choose the best epoch by, for --keep and --patience.",
  },
  {
    ...JUDGED,
    ...from(HYPERPARAMETERS.keep, { training: "keep" }),
    name: "keep",
    value: "EPOCH",
    default: "best",
    help: "Which epoch is saved where there are validation samples: the best by them, or the last.",
  },
  {
    ...JUDGED,
    ...from(HYPERPARAMETERS.calibrate, { training: "calibrate" }),
    name: "calibrate",
    help: "Fit the temperature of the probabilities on the validation samples, and save it with the model.",
  },
  {
    ...TRAINING,
    ...COUNT,
    ...from(HYPERPARAMETERS.microBatch, { training: "microBatch" }),
    name: "micro-batch",
  },
  {
    ...TRAINING,
    ...from(HYPERPARAMETERS.activationStorage, { training: "activationStorage" }),
    name: "activation-storage",
    value: "KIND",
    help:
      "How activations are kept: bf16 takes half of the memory and keeps 8 bits of precision; train takes it " +
      "by itself from five million neurons on.",
  },
  { ...TRAINING, ...from(HYPERPARAMETERS.recompute, { training: "recompute" }), name: "recompute" },
] as const satisfies readonly Option[];

/** The schedule that three options describe. */
function scheduleOf(values: ValuesByName): LearningRateSchedule {
  const { schedule, epochs, "schedule-epochs": length, "schedule-factor": factor } = values as {
    readonly schedule: LearningRateSchedule["kind"];
    readonly epochs: number;
    readonly "schedule-epochs"?: number;
    readonly "schedule-factor"?: number;
  };
  switch (schedule) {
    case "constant":
      return { kind: "constant" };
    case "warm-up":
      return { kind: "warm-up", epochs: length ?? 5 };
    case "step":
      return { kind: "step", every: length ?? Math.ceil(epochs / 3), factor: factor ?? 0.1 };
    case "cosine":
      return { kind: "cosine", floor: factor ?? 0, ...(length !== undefined && { warmUp: length }) };
    default: {
      const unknown: never = schedule;
      throw new TypeError(`Cannot make the schedule ${JSON.stringify(unknown)}`);
    }
  }
}

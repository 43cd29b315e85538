/**
 * What suits data of one's own, as options.
 *
 * @module
 */
import { plural } from "../format.ts";
import type { Dataset } from "../data/dataset.ts";
import { trainingSamples } from "../data/validation_split.ts";
import { type SuggestedSettings, suggestSettings } from "../train/suggested.ts";
import { wrap } from "./format.ts";
import type { CommandName } from "./option.ts";
import type { Values } from "./options.ts";
import { broughtBy, checkSettings, fillDefaults } from "./settings.ts";

/**
 * The options that suit a data set.
 *
 * Importance Pruning, where it is asked for, begins and goes on at the same shares of the run as the paper's: epoch 200
 * of 500, every 10.
 *
 * @param given Options as they were given, over those of a recipe.
 */
export function suitable(data: Dataset, given: Values): Values {
  const { model, training } = suggestSettings({
    samples: trainingSamples(data, given["validation-fraction"] ?? 0),
    features: data.featureCount,
    outputs: data.outputCount,
    task: data.task,
  });
  const epochs = given.epochs ?? training.epochs;
  return {
    ...networkOptions(model),
    // A slope that is to be found is one of All-ReLU, whatever would suit the data without.
    ...(typeof given.alpha === "string" && { activation: "all-relu" }),
    ...trainingOptions(training),
    "pruning-start": Math.floor(epochs * 0.4),
    "pruning-every": Math.max(1, Math.round(epochs / 50)),
  };
}

/** Settings of a run, and those of them that its data brought. */
export interface Settled {
  readonly values: Values;
  readonly brought?: Values;
}

/**
 * The settings of a run once its data are known.
 *
 * @param first Its settings before: given, or defaults that know no data.
 * @param own Data of one's own, which bring what suits them; undefined where a data set, a preset or a checkpoint has
 * brought its settings already.
 * @throws {UsageError} When a setting is out of range.
 */
export function settle(
  command: CommandName,
  given: Values,
  first: Values,
  own: Dataset | undefined,
): Settled {
  const recipe = broughtBy(given, undefined);
  const brought = own && { ...suitable(own, { ...recipe, ...given }), ...recipe };
  const values = brought === undefined ? first : fillDefaults(command, given, brought);
  checkSettings(command, values);
  return { values, ...(brought && { brought }) };
}

function networkOptions(model: SuggestedSettings["model"]): Values {
  const { sizes, epsilon, activation, initializer, fanIn, zeroOutput } = model;
  const { kind, alpha } = activation;
  const start = { init: initializer, "fan-in": fanIn, "zero-output": zeroOutput };
  return { hidden: sizes.slice(1, -1), epsilon, activation: kind, alpha, ...start };
}

function trainingOptions(training: SuggestedSettings["training"]): Values {
  const { epochs, batchSize, optimizer, learningRate, schedule } = training;
  const { dropout, zeta, weightDecay, weightDecayForm, growthWeights } = training;
  return {
    epochs,
    "batch-size": batchSize,
    optimizer,
    "learning-rate": learningRate,
    schedule: schedule.kind,
    dropout,
    zeta,
    "weight-decay": weightDecay,
    "weight-decay-form": weightDecayForm,
    "growth-weights": growthWeights,
  };
}

/** Characters of a line of options, so that it is read and copied at ease. */
const OPTIONS_WIDTH = 98;
/** Stands between an option and its value while lines are cut. */
const UNBROKEN = "\u00a0";

/** What was chosen for the data and not given: a line that says for what, then lines of options. */
export function describeSuitable(data: Dataset, brought: Values, values: Values): string[] {
  const shown = Object.entries(brought).flatMap(([name, value]) => {
    if (value === false || values[name as keyof Values] !== value) return [];
    return [`--${name}${value === true ? "" : `${UNBROKEN}${value}`}`];
  });
  const options = wrap(shown.join(" "), OPTIONS_WIDTH).map((line) => `  ${line.replaceAll(UNBROKEN, " ")}`);
  const samples = trainingSamples(data, values["validation-fraction"] ?? 0);
  const shape = `${plural(samples, "sample")} × ${plural(data.featureCount, "feature")}`;
  const { recipe } = values;
  const chosen = recipe === undefined ? "Settings" : `Settings of --recipe ${recipe}, the others`;
  return [`${chosen} chosen for ${shape}; options win over them:`, ...options];
}

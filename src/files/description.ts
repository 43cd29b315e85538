/**
 * What a model file says in words beside its tensors: the metadata of its header, checked.
 *
 * @module
 */
import { isRecord } from "../hyperparameter.ts";
import type { Meaning } from "../model/copy.ts";
import { readClassNames, readTemperature } from "../model/meaning.ts";
import type { SparseMlp } from "../model/model.ts";
import { type ModelOptions, type ModelSettings, resolveSettings } from "../model/settings.ts";
import { describeScaling, readScaling, type TargetScaling, unscaled } from "../model/target_scaling.ts";
import type { OptimizerState } from "../optimizer/optimizer.ts";
import { stateNamed } from "../optimizer/optimizers.ts";
import { SGD } from "../optimizer/sgd.ts";
import { checkRunState, type RunState } from "../train/state.ts";
import { describeSchema, readSchema } from "../table_schema.ts";
import { type JsonBounds, parseBoundedJson } from "./bounded_json.ts";

/** Version of what a file holds and under which names. */
export const FORMAT_VERSION = "4";
/**
 * Versions that can be read: 1 had no state of the run beside the epoch, 2 no optimiser but SGD, 3 one model alone of a
 * run, and the targets of a regression as they were.
 */
export const READABLE_VERSIONS: readonly string[] = ["1", "2", "3", FORMAT_VERSION];
/** Versions whose checkpoints name no optimiser. */
const OF_SGD: readonly string[] = ["1", "2"];
/** What a checkpoint of versions 1 and 2 holds of its optimiser. */
const OLD_STATE = { name: SGD.name, planes: SGD.states.at(-1)!.map((plane) => plane.name), updates: [] };

/** The most models of workers a file may have. */
const MOST_WORKERS = 65_536;

/** How far training came. */
export interface TrainingState {
  /** Epochs done. */
  readonly epoch: number;
  /** Options of the run, as they were given; anything JSON can hold. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Where the run stands inside the epoch, and what else `train` needs to go on bit for bit. */
  readonly state?: RunState;
}

/** The network in words: its settings, and how many raw features there are where it uses only some. */
export function describeNetwork({ settings, standardization }: SparseMlp): Record<string, string> {
  const selection = standardization?.selection;
  return {
    settings: JSON.stringify(settings),
    ...(selection && { featureCount: JSON.stringify(selection.featureCount) }),
  };
}

/** What goes in and out of a model, in words: columns of tables, classes, the unit of targets, the temperature. */
export function describeMeaning(
  { classNames, targetScaling, temperature, schema }: Meaning,
): Record<string, string> {
  return {
    classNames: JSON.stringify(classNames),
    ...(targetScaling && { targets: JSON.stringify(describeScaling(targetScaling)) }),
    ...(schema && { schema: JSON.stringify(describeSchema(schema)) }),
    ...(temperature !== 1 && { temperature: JSON.stringify(temperature) }),
  };
}

/** What goes in and out of a model that has its standardisation, checked. */
export function readMeaning(
  description: Readonly<Record<string, string>>,
  { settings, standardization, featureCount }: Pick<
    SparseMlp,
    "settings" | "standardization" | "featureCount"
  >,
): Meaning {
  const targetScaling = readTargets(description, settings, standardization !== undefined);
  const owner = { task: settings.task, featureCount, outputCount: settings.sizes.at(-1)! };
  return {
    classNames: readClassNames(parseField(description, "classNames"), settings),
    temperature: description.temperature === undefined
      ? 1
      : readTemperature(parseField(description, "temperature"), settings),
    ...(targetScaling && { targetScaling }),
    ...(description.schema !== undefined && { schema: readSchema(parseField(description, "schema"), owner) }),
  };
}

/** Settings of a model, checked. */
export function readSettings(description: Readonly<Record<string, string>>): ModelSettings {
  const given = parseField<unknown>(description, "settings");
  if (!isRecord(given)) throw new SyntaxError("its settings are no object");
  return resolveSettings(given as unknown as ModelOptions);
}

/** The model in training of a file whose model is the best of the run; undefined where there is only one. */
export function readRunning(
  description: Readonly<Record<string, string>>,
  training: TrainingState | undefined,
): { readonly settings: ModelSettings; readonly description: Readonly<Record<string, string>> } | undefined {
  if (description.running === undefined) return undefined;
  if (training === undefined) throw new SyntaxError("it has a model in training and no training state");
  const found = parseField<unknown>(description, "running");
  if (!isRecord(found) || !Object.values(found).every((value) => typeof value === "string")) {
    throw new SyntaxError("its description of the model in training is no object of texts");
  }
  const texts = found as Readonly<Record<string, string>>;
  return { settings: readSettings(texts), description: texts };
}

/** How many models of workers a file holds. */
export function readWorkerCount(description: Readonly<Record<string, string>>): number {
  if (description.workers === undefined) return 0;
  const count = parseField<unknown>(description, "workers");
  if (Number.isSafeInteger(count) && (count as number) > 0 && (count as number) <= MOST_WORKERS) {
    return count as number;
  }
  throw new RangeError(`it has ${count} models of workers, expected a number from 1 to ${MOST_WORKERS}`);
}

/** The optimiser's state in words: its name, its planes, how many updates it has made of each model. */
export function describeState(
  { optimizer: name, planes }: OptimizerState,
  models: readonly SparseMlp[],
): object {
  return { name, planes: planes.map((plane) => plane.name), updates: models.map((model) => model.updates) };
}

/** What a checkpoint of so many models says of its optimiser's state; files of before have counted no updates. */
export function readState(
  description: Readonly<Record<string, string>>,
  models: number,
): { readonly state: OptimizerState; readonly updates: readonly number[] } | undefined {
  const old = OF_SGD.includes(description.formatVersion);
  if (!old && description.optimizer === undefined) return undefined;
  const found = old ? OLD_STATE : parseField<unknown>(description, "optimizer");
  if (
    !isRecord(found) || !isName(found.name) || !Array.isArray(found.planes) || !found.planes.every(isName)
  ) {
    throw new SyntaxError("its optimizer has no name and planes");
  }
  const { name, planes, updates } = found;
  const counted = Array.isArray(updates) && (old || updates.length === models) &&
    updates.every((count) => Number.isInteger(count) && count >= 0 && count < 2 ** 32);
  if (!counted) {
    throw new RangeError(
      `its optimizer has made ${
        JSON.stringify(updates)
      } updates, expected a list of ${models} whole numbers below 2^32`,
    );
  }
  return { state: stateNamed(name, planes), updates };
}

/** Names that a message can hold on its line. */
function isName(found: unknown): found is string {
  return typeof found === "string" && /^[\w-]{1,64}$/.test(found);
}

/** How far training came, checked. */
export function readTraining(found: unknown): TrainingState {
  if (!isRecord(found) || !isRecord(found.options) || !Number.isSafeInteger(found.epoch)) {
    throw new SyntaxError("its training state has no epoch and options");
  }
  const epoch = found.epoch as number;
  if (epoch < 0) throw new RangeError(`its training state has epoch ${epoch}`);
  if (found.state === undefined) return { epoch, options: found.options };
  const state = checkRunState(found.state);
  if (state.epoch !== epoch) {
    throw new RangeError(`its training state has epochs ${epoch} and ${state.epoch}`);
  }
  return { epoch, options: found.options, state };
}

/** The unit of what a model predicts; files of before hold networks that learned targets as they were, once trained. */
function readTargets(
  description: Readonly<Record<string, string>>,
  { sizes, task }: ModelSettings,
  trained: boolean,
): TargetScaling | undefined {
  const outputs = sizes[sizes.length - 1];
  if (description.targets !== undefined) {
    if (task !== "regression") throw new SyntaxError("it has targets, its classes need none");
    return readScaling(parseField(description, "targets"), outputs);
  }
  const old = description.formatVersion !== FORMAT_VERSION;
  return old && trained && task === "regression" ? unscaled(outputs) : undefined;
}

/** Room for the settings of a run and for hundreds of thousands of columns. */
const FIELD_BOUNDS: JsonBounds = { depth: 16, parts: 2 ** 21 };

/** Reads a field that holds JSON. */
export function parseField<T>(description: Readonly<Record<string, string>>, field: string): T {
  try {
    return parseBoundedJson(description[field], FIELD_BOUNDS) as T;
  } catch {
    throw new SyntaxError(`its ${field} cannot be read`);
  }
}

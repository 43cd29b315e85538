/**
 * Every public entry point by its name, with arguments that are right; those that are not called, with the reason.
 *
 * What `mod.ts` exports and neither table has is told by `tests/hostile_api_test.ts`: add a row to the file of its room.
 *
 * @module
 */
import { DATA } from "./entries/data.ts";
import { FEATURES } from "./entries/features.ts";
import { FILES } from "./entries/files.ts";
import { MODEL } from "./entries/model.ts";
import { TOPOLOGY } from "./entries/topology.ts";
import { TRAIN } from "./entries/train.ts";
import type { Entry } from "./given.ts";

/** Entry points. */
export const ENTRIES: Readonly<Record<string, Entry>> = {
  ...MODEL,
  ...DATA,
  ...FILES,
  ...TRAIN,
  ...FEATURES,
  ...TOPOLOGY,
};

const ENGINE = "for engines, whose arguments are theirs to keep right";
const NOTHING = "takes no argument";
const ERROR = "an error, which holds what it is told";

/** What is not called, and why. */
export const EXCLUDED: Readonly<Record<string, string>> = {
  "SparseMlp.isModel": "it takes anything, and says whether it is a model",
  "SparseMlp.allocate": ENGINE,
  "SparseMlp.over": ENGINE,
  "SparseMlp.assemble": ENGINE,
  "SparseMlp#clone": NOTHING,
  "SparseMlp#share": NOTHING,
  "InferenceModel#share": NOTHING,
  "SparseMlp#adopt": ENGINE,
  "SparseMlp#holdState": ENGINE,
  "SparseMlp#discardState": NOTHING,
  "SparseMlp#allocateGradients": NOTHING,
  "SparseMlp#featureStrength": NOTHING,
  "SparseMlp#compile": NOTHING,
  "SparseMlp#toInference": NOTHING,
  "SparseMlp#stats": NOTHING,
  "SparseMlp#reachedOutputs": NOTHING,
  "SparseMlp": "its constructor is private",
  "Evaluator#run": ENGINE,
  "Evaluator#batches": ENGINE,
  "WorkerModels#follow": ENGINE,
  "trainOverMpi":
    "a process takes part in one job; its options are those of trainParallel, and tests/hyperparameter_test.ts has its names",
  "CheckpointError": ERROR,
  "DatasetError": ERROR,
  "FeatureError": ERROR,
  "KernelError": ERROR,
  "LibraryError": ERROR,
  "TrainingError": ERROR,
};

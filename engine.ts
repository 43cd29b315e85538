/**
 * What engines need beside `mod.ts`: who trains, moves or predicts with a network by other means than `train()`.
 *
 * The members of `SparseMlp` that are theirs (`memory`, `adopt`, `allocate`, `over`, `holdState`, `use`, `updates`) are
 * not shown in the documentation of the library: whoever uses them keeps the structure of a network valid.
 *
 * @module
 */
export type { Dataset, Split } from "./src/data/dataset.ts";
export type { ActivationCode } from "./src/model/activation.ts";
export type { SparseMlp } from "./src/model/model.ts";
export type { ConnectionHistory } from "./src/sparse/history.ts";
export type { KeptHistory } from "./src/sparse/layer_history.ts";
export type { ModelUse } from "./src/model/use.ts";
export type { NetworkMemory } from "./src/native/layout.ts";
export {
  type Evaluation,
  type EvaluationOptions,
  Evaluator,
  type EvaluatorOptions,
  type SplitEvaluator,
} from "./src/train/evaluation.ts";

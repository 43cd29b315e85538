/**
 * Truly sparse neural networks: only the connections that exist are stored, computed and sent.
 *
 * The ten names one needs:
 *
 * - `Dataset.from` and `readTable`: samples of one's own, from arrays, rows, or a table anywhere
 * - `suggestSettings` and `SparseMlp`: settings that suit them, and the network
 * - `fit`, or `train` as an iterator over epochs
 * - `evaluate` and `crossValidate`: what it is worth
 * - `saveModel` and `loadModel`: files, bytes, URLs
 *
 * What only engines need is in `engine.ts`. By topic, with examples: `docs/library.md`.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { Dataset, evaluate, fit, SparseMlp } from "@truly-sparse/truly-sparse";
 *
 * const features = Array.from({ length: 300 }, (_, i) => [Math.sin(i), Math.cos(2 * i)]);
 * const labels = features.map(([x, y]) => x > y ? "below" : "above");
 * const data = Dataset.from({ features, labels }, { test: 0.2, validation: 0.2, seed: 1 });
 * const model = SparseMlp.create({ sizes: [2, 32, 2], seed: 1 });
 * await fit(model, data, { epochs: 20, batchSize: 16, dropout: 0 });
 * assert(evaluate(model, data.test).accuracy > 0.9);
 * ```
 *
 * @module
 */

// Samples: arrays, tables, files, named data sets
export { classCounts, Dataset, type DatasetMaker, validateDataset } from "./src/data/dataset.ts";
export type { SampleSource } from "./src/data/own_samples.ts";
export type { Label, Labels } from "./src/data/own_labels.ts";
export type { Matrix, Numbers } from "./src/numbers.ts";
export type { DatasetOptions } from "./src/data/division.ts";
export type { FeatureSource, ImageShape, Split } from "./src/data/split.ts";
export { readTable } from "./src/data/read_table.ts";
export type { ReadTableOptions, TableModel } from "./src/data/read_table_options.ts";
export type { ByteSource } from "./src/byte_source.ts";
export type { Cell, Row } from "./src/data/table/rows.ts";
export type { Column } from "./src/data/table/columns.ts";
export type { KnownModel, TableFileOptions, TextOptions } from "./src/data/table/table_files.ts";
export type { MissingCells } from "./src/data/table/column_kinds.ts";
export type { MissingLabels } from "./src/data/table/label_kinds.ts";
export type { SchemaOptions } from "./src/data/table/choose_schema.ts";
export type { OnNotice, TableReading } from "./src/data/table/reading.ts";
export {
  type AnswerColumn,
  type CategoryColumn,
  type ColumnSchema,
  type IgnoredColumn,
  inputNames,
  type NumberColumn,
  type TableSchema,
  type TargetColumn,
} from "./src/schema.ts";
export { datasets, type LoadOptions, type LoadProgress, type NamedDatasets } from "./src/data/named.ts";
export type { NamedDataset, NamedFile, PaperSettings } from "./src/data/catalogue.ts";
export {
  type GeneratedDataset,
  type GeneratedTruth,
  madelonLike,
  type MadelonLikeOptions,
} from "./src/data/generator.ts";
export { loadFiles } from "./src/data/files.ts";
export type { FileOptions, WindowOptions } from "./src/data/file_options.ts";
export type { ReadProgress, Source } from "./src/data/source.ts";
export { type SampleWindow, sampleWindows } from "./src/data/windows.ts";
export type { Augmentation } from "./src/data/augment.ts";
export type { FeatureScale } from "./src/data/standardization.ts";

// Parts of samples
export { subset } from "./src/data/subset.ts";
export { splitValidation, type ValidationSplit } from "./src/data/validation_split.ts";
export { type Fold, type FoldOptions, groupFolds, stratifiedFolds } from "./src/data/folds.ts";

// Networks
export { type SuggestedSettings, suggestSettings, type TableShape } from "./src/train/suggested.ts";
export { type Recipe, recipe, type RecipeName } from "./src/train/recipes.ts";
export { SparseMlp } from "./src/model/model.ts";
export type { ModelOptions, ModelSettings, Start, Task } from "./src/model/settings.ts";
export type { DataShape, ModelForOptions } from "./src/model/data_shape.ts";
export type { Activation, ActivationKind } from "./src/model/activation.ts";
export type { WeightInitializer } from "./src/sparse/init.ts";
export type { Counts, ModelStats } from "./src/model/stats.ts";

// Training
export { fit } from "./src/train/fit.ts";
export { train } from "./src/train/trainer.ts";
export type { TrainOptions } from "./src/train/options.ts";
export type { HyperparameterOptions, ImportancePruning } from "./src/train/hyperparameters.ts";
export type { PhaseProgress, Progress, RunHooks } from "./src/train/hooks.ts";
export type {
  EpochRecord,
  ParallelRecord,
  ReplacedWorker,
  RunSummary,
  StepRecord,
  TrainSummary,
} from "./src/train/records.ts";
export type { Tally, TestMark } from "./src/train/tally.ts";
export type { BestEpoch, MetricName, SelectionOptions } from "./src/train/selection.ts";
export type { ClassWeights } from "./src/train/sample_weights.ts";
export type { LearningRateSchedule } from "./src/model/schedule.ts";
export type { ScheduleFunction, SchedulePlace } from "./src/train/rate.ts";
export type { BegunEpoch } from "./src/train/begun_epoch.ts";
export { newRunState, type RunState } from "./src/train/state.ts";
export type { OptimizerName, OptimizerOptions } from "./src/optimizer/optimizers.ts";
export type { SgdOptions } from "./src/optimizer/sgd.ts";
export type { AdamOptions } from "./src/optimizer/adam.ts";
export type { UpdateOptions } from "./src/optimizer/update_options.ts";

// What a network is worth
export { evaluate, type EvaluateOptions, type Measures, type MeasuresOf } from "./src/train/measures.ts";
export type { MetricsByTask } from "./src/train/task_metrics.ts";
export type { Evaluation, EvaluationOptions } from "./src/train/evaluation.ts";
export {
  crossValidate,
  type CrossValidationOptions,
  type CrossValidationSummary,
  type FoldRecord,
  type MetricSpread,
} from "./src/train/cross_validation.ts";
export {
  searchSlope,
  type SlopeSearch,
  type SlopeSearchOptions,
  type SlopeSearchProgress,
  type SlopeTrial,
} from "./src/train/slope_search.ts";

// Features that matter
export {
  type FeatureMethod,
  type FeatureSelectionOptions,
  type MethodComparison,
  type RankedFeature,
  type SelectedFeatures,
  selectFeatures,
  type SelectionProgress,
  strongestFeatures,
} from "./src/features/select.ts";
export type { RankingMethod } from "./src/features/rankings.ts";
export { saveTable } from "./src/files/table.ts";
export { withFeatures } from "./src/features/reduced.ts";
export { calibrate, type Calibration, fitTemperature } from "./src/train/calibration.ts";
export {
  type ClassificationMetrics,
  classificationMetrics,
  type RegressionMetrics,
  regressionMetrics,
} from "./src/train/metrics.ts";
export type { RankingMetrics } from "./src/train/ranking.ts";
export {
  type LabelMetrics,
  type MultiLabelMetrics,
  multiLabelMetrics,
} from "./src/train/multi_label_metrics.ts";

// Predictions
export type { PredictiveNetwork } from "./src/model/predictive.ts";
export { InferenceModel, type PredictOptions } from "./src/model/inference.ts";
export { propagate, type Propagated, type PropagateOptions } from "./src/model/propagation.ts";
export type { PropagationLayer } from "./src/model/propagation_layer.ts";
export {
  type PredictedClass,
  type PredictedLabels,
  type PredictedRow,
  type PredictedValues,
  predictRows,
  type PredictRowsOptions,
} from "./src/train/predict_rows.ts";
export type { SampleBatch } from "./src/model/sample_batch.ts";

// Files
export {
  encodeModel,
  type LoadedModel,
  loadModel,
  type LoadModelOptions,
  saveModel,
  type SaveOptions,
} from "./src/files/checkpoint.ts";
export type { TrainingState } from "./src/files/description.ts";
export { readRun, type RunRecord } from "./src/files/run_record.ts";
export { report, type ReportOptions } from "./src/report/report.ts";
export { exportOnnx } from "./src/files/onnx.ts";
export { exportDense, exportScipy, type ImportOptions, importScipy } from "./src/files/scipy.ts";

// Several workers
export { trainParallel } from "./src/parallel/wasap.ts";
export type { ParallelHyperparameterOptions, ParallelOptions } from "./src/parallel/options.ts";
export { WorkerModels } from "./src/parallel/worker_models.ts";
export { type MpiOptions, trainOverMpi } from "./src/parallel/mpi/train.ts";
export type { SharedInference, SharedMeaning, SharedModel } from "./src/model/share.ts";

// Connections, and rules that change them
export type { ConnectionList, LayerGradients, SparseLayer } from "./src/model/layer.ts";
export { type Connections, type LayerShape, rebuildIncoming } from "./src/sparse/csr.ts";
export type { OutgoingArrays } from "./src/native/csr.ts";
export {
  type EvolutionCounts,
  type EvolutionOptions,
  evolveByRules,
  evolveConnections,
} from "./src/topology/evolution.ts";
export type { DropRuleName, GrowthRuleName, RuleOptions } from "./src/topology/rules/rules.ts";
export type {
  ConnectionGradients,
  DropRule,
  EvolutionPlace,
  GradientDropRule,
  GradientRule,
  GrowRule,
  GrowthRule,
  Neighbours,
  Probed,
  RemovalRule,
  RulePlace,
  RuleSettings,
  Summed,
} from "./src/topology/rules/rule.ts";
export { smallestMagnitude } from "./src/topology/rules/magnitude.ts";
export { uniformGrowth } from "./src/topology/rules/random.ts";
export type { SoftRemovalOptions } from "./src/topology/rules/soft.ts";
export type { GradientSampledOptions, GrowthSampling } from "./src/topology/rules/gradient_sampled.ts";
export type { ZetaOptions } from "./src/topology/zeta.ts";
export type { EvolveEvery } from "./src/topology/interval.ts";
export type { DensityDecayOptions } from "./src/topology/density_decay.ts";
export type { GrowthWeights } from "./src/topology/growth_weights.ts";
export {
  absentPlaces,
  type GrowthPlace,
  insertConnections,
  type Places,
  type Seedling,
} from "./src/native/grow.ts";
export { keepStrongest } from "./src/native/strongest.ts";
export { type ConnectionFilter, type ConnectionPlaces, removeConnections } from "./src/sparse/removal.ts";
export { neuronImportance, pruneByImportance, type PruningCounts } from "./src/topology/importance.ts";
export { compact, type Compaction, type CompactOptions } from "./src/topology/compaction.ts";
export type {
  ConnectionLives,
  LayerTopologyRecord,
  LifeTimes,
  TopologyRecord,
} from "./src/sparse/history.ts";
export type { Degrees } from "./src/sparse/degrees.ts";

// Graphs of one's own
export type {
  ComposableNetwork,
  LossGradients,
  NetworkGradients,
  RunOptions,
} from "./src/model/composition.ts";
export type { GivenGradients, ModelUpdateOptions } from "./src/model/layer_gradients.ts";

// Errors, the library of kernels, and what the types above are made of
export {
  CheckpointError,
  DatasetError,
  FeatureError,
  type FeaturePlace,
  KernelError,
  LibraryError,
  TrainingError,
} from "./src/errors.ts";
export { loadKernels, type LoadKernelsOptions } from "./src/native/library.ts";
export type { FeatureSelection, Standardization } from "./src/native/standardize.ts";
export type { TargetScaling } from "./src/model/target_scaling.ts";
export type { OptimizerState, StatePlane } from "./src/optimizer/optimizer.ts";
export type { GeneratorDesign } from "./src/native/generator.ts";
export type { ValueLaw } from "./src/native/init.ts";
export type { LayerSums } from "./src/native/probe.ts";
export type { MpiPlace } from "./src/native/mpi.ts";

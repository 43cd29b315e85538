/**
 * The command `train`.
 *
 * @module
 */
import { classCounts, type Dataset } from "../data/dataset.ts";
import { trainingSamples } from "../data/validation_split.ts";
import { Dashboard } from "../dashboard/dashboard.ts";
import { SparseMlp } from "../model/model.ts";
import { startMpi } from "../native/mpi.ts";
import { WorkerModels } from "../parallel/worker_models.ts";
import { newRunState } from "../train/state.ts";
import { metricTitle } from "../train/selection.ts";
import { newTally, summarize } from "../train/tally.ts";
import { askedWeights, weightLines } from "./class_weights.ts";
import type { Command } from "./command.ts";
import { describeData, loadData } from "./data.ts";
import { bytes, plural } from "../format.ts";
import { Interruption } from "./interruption.ts";
import { leaveJob, workAsRank } from "./job.ts";
import { readModelFile } from "./model_file.ts";
import { type ObservedRun, Observers, type RunObserver } from "./observer.ts";
import { UsageError } from "./option.ts";
import type { Values } from "./options.ts";
import { checkFolder, checkOutput, printEvent } from "./output.ts";
import { PeakMemory } from "./peak_memory.ts";
import { describeChoice, fitMemory } from "./plan.ts";
import {
  barView,
  drawsBars,
  jsonView,
  lineView,
  loadingBar,
  silentView,
  type TrainingView,
} from "./progress.ts";
import { dataLines, describeNetwork, imageLines, report, testErrors, titled } from "./report.ts";
import { checkFit, resumed } from "./resume.ts";
import { type Run, runEpochs } from "./run.ts";
import { RunLog } from "./run_log.ts";
import {
  broughtBy,
  checkTogether,
  fillDefaults,
  modelOptions,
  toJson,
  trainOptions,
  withPreset,
} from "./settings.ts";
import { withSlope } from "./slope_search.ts";
import { describeSuitable, settle } from "./suggestion.ts";
import { tensorBoardObserver } from "./tensorboard.ts";
import { VERSION } from "../version.ts";
/** Trains a network as options ask; exit code 130 after Ctrl-C, 143 after SIGTERM, 75 where it can go on. */
export const trainCommand: Command = {
  name: "train",
  summary: "Train a truly sparse network",
  description:
    "Trains a network whose topology evolves: after each epoch SET replaces the weakest connections by " +
    "random new ones. Without options it learns made-up data in seconds. A named data set brings the " +
    "paper's settings as defaults, files of your own those that suit their shape; options win over them. Ctrl-C stops in good order.",
  examples: [
    ["The paper's run on Fashion-MNIST, with its settings", "train --dataset fashion-mnist"],
    [
      "A table of your own: one row in five tests, the model is saved when done",
      "train --data flowers.csv --label-column species --output flowers.safetensors",
    ],
    [
      "Numbers instead of classes: the label column holds what to predict",
      "train --data houses.csv --label-column price",
    ],
    ["A million neurons on made-up data, two steps of it", "train --preset extreme-1m --max-steps 2"],
    ["Importance Pruning: a smaller network", "train --dataset madelon --importance-pruning"],
    [
      "Stop when the validation loss no longer falls, and keep the epoch in which it was lowest",
      "train --validation-fraction 0.1 --patience 20",
    ],
    ["Go on where a run was stopped", "train --resume flowers.safetensors"],
    ["Records for a program, one JSON object a line", "train --json > run.jsonl"],
  ],
  advice: [
    ["the loss is not finite", "a smaller --learning-rate, --schedule warm-up, or --fan-in sparse"],
    ["the loss hardly falls", "a larger --learning-rate or --epsilon, less --dropout or --weight-decay"],
    ["the test is far worse than training", "more --dropout or --weight-decay, a smaller --epsilon"],
    ["the network is too large", "a smaller --epsilon, or --importance-pruning"],
    ["there is not enough memory", "--micro-batch 16, fewer --hidden, a smaller --epsilon"],
  ],
  run: (_, values) => runTraining(values),
};

async function runTraining(given: Values): Promise<number> {
  const prepared = await prepare(given);
  const run: Run = prepared.values.transport === "mpi" ? { ...prepared, place: startMpi() } : prepared;
  const { values, data, model } = run;
  if (run.place !== undefined && run.place.rank > 0) {
    await workAsRank(run);
    return 0;
  }
  const epochsDone = run.state.epoch;
  const { json = false, quiet = false } = values;
  const epochs = values.epochs!;
  const show = { epochs, epochsDone, maxSteps: values["max-steps"] };
  let view: TrainingView = silentView();
  using interruption = new Interruption((text) => view.notice(text));
  if (json) {
    const { sizes } = model.settings;
    printEvent({
      event: "start",
      version: VERSION,
      seed: values.seed,
      dataset: data.name,
      layers: sizes,
      settings: toJson(values),
      trainSamples: data.train.samples,
      testSamples: data.test?.samples ?? 0,
      classCounts: data.task === "classification"
        ? Array.from(classCounts(data.train, data.outputCount))
        : [],
      parameters: model.stats().parameters,
      epochsDone,
      notices: run.notices,
    });
  } else if (!quiet) {
    const planned = run.choice !== undefined && values.preset !== undefined
      ? [["Memory", `${bytes(run.choice.totalBytes)} planned: ${describeChoice(run.choice)}`] as const]
      : [];
    const told = [...dataLines(data), ...imageLines(run.options), ...weightLines(values)];
    const head = titled([...told, ["Network", describeNetwork(model.settings)], ...planned]);
    const { "max-steps": maxSteps } = values;
    const most = maxSteps === undefined ? "" : `, ${plural(maxSteps, "step")} at most`;
    const chosen = run.brought === undefined ? [] : describeSuitable(data, run.brought, values);
    const by = `${values.optimizer} at learning rate ${values["learning-rate"]}`;
    const aim = `Training from epoch ${epochsDone + 1} to ${epochs}${most} by ${by}, seed ${values.seed}`;
    console.error([...run.notices, ...head, ...chosen, aim].join("\n"));
  }
  if (!quiet) view = json ? jsonView(printEvent) : drawsBars() ? barView(show) : lineView(show);
  const notice = (text: string) => view.notice(text);
  const watching = new Observers(observersOf(values, notice), notice);
  const observed: ObservedRun = { data, model, settings: toJson(values), epochs, epochsDone };
  const { stoppedEarly, interrupted, exitCode, seconds, samplesTrained, calibration } = await watching.during(
    observed,
    () => runEpochs(run, view, interruption, watching),
  );
  const tally = run.state.tally ?? newTally(model.stats().parameters);
  const summary = summarize(tally, values.keep === "best" ? run.state.best : undefined);
  const peakRssBytes = run.memory.bytes;
  const { settings, targetScaling } = model;
  const trained = model.running ?? model;
  const topology = trained.history?.record(trained.layers);
  const errors = testErrors(summary, targetScaling);
  if (json) {
    printEvent({
      event: "summary",
      ...summary,
      ...errors,
      topology,
      calibration,
      peakRssBytes,
      stoppedEarly,
      interrupted,
    });
  } else {
    const { curve } = tally;
    const told = {
      data,
      settings,
      errors,
      stats: model.stats(),
      summary,
      curve,
      peakRssBytes,
      samplesTrained,
      trainSeconds: seconds,
      calibration,
      topology,
    };
    console.log([...(quiet ? [] : [""]), ...report(told)].join("\n"));
    if (stoppedEarly) {
      const metric = metricTitle(values.metric!);
      console.log(`Stopped early: no better validation ${metric} in ${values.patience} evaluations`);
    }
  }
  if (run.place !== undefined) leaveJob();
  return interrupted ? exitCode : 0;
}

/** Those whom options ask to be told of the run. */
function observersOf(
  { tensorboard, "tensorboard-every": every, dashboard }: Values,
  notice: (text: string) => void,
): RunObserver[] {
  const observers: RunObserver[] = [];
  if (tensorboard !== undefined) observers.push(tensorBoardObserver(tensorboard, every!));
  if (dashboard !== undefined) {
    observers.push(new Dashboard(dashboard, (address) => notice(`Dashboard at ${address}`)));
  }
  return observers;
}

async function prepare(given: Values): Promise<Run> {
  const before = given.resume === undefined
    ? undefined
    : resumed(await readModelFile(given.resume, given), given);
  if (before !== undefined && before.leftOut.length > 0) {
    const names = before.leftOut.map((name) => `--${name}`).join(", ");
    console.error(
      `Left out of the checkpoint's options, as those given now have no place for them: ${names}`,
    );
  }
  const asked = before?.wanted ?? given;
  const wanted = withPreset(asked);
  checkTogether(wanted);
  const named = describeData(wanted);
  // Data of one's own bring settings too, once their shape is known; a checkpoint and a preset have theirs.
  const suits = named === undefined && before === undefined && wanted.preset === undefined;
  const first = fillDefaults("train", wanted, broughtBy(wanted, named));
  const state = before?.state ?? newRunState();
  const epochsDone = state.epoch;
  if (epochsDone >= first.epochs!) {
    throw new UsageError(
      `Cannot go on to epoch ${first.epochs}: ${epochsDone} are done; give a larger --epochs`,
    );
  }
  if (first.output !== undefined) await checkOutput(first.output, first.data);
  if (first.tensorboard !== undefined) await checkFolder(first.tensorboard);
  const { data, notices } = await loadData(first, {
    showProgress: !first.json && !first.quiet,
    reader: before && { model: before.model, given },
  });
  const { values: settled, brought } = settle("train", wanted, first, suits ? data : undefined);
  if (before !== undefined) checkFit(given.resume!, before.model, data);
  const weights = await askedWeights(settled, data);
  const filled = before === undefined ? await withSlope(settled, data, named, weights.options) : settled;
  const { firstIndex } = data;
  const sized = {
    ...filled,
    ...weights.values,
    // As training will cut it: memory is planned for it, and a file tells it.
    "batch-size": Math.min(
      filled["batch-size"]!,
      trainingSamples(data, filled["validation-fraction"] ?? 0),
    ),
    // Files that the model meets later are read alike.
    ...(firstIndex !== undefined && { "first-index": firstIndex }),
  };
  // A network that is loaded has its memory.
  const sizes = [data.featureCount, ...sized.hidden ?? [], data.outputCount];
  const { values, choice } = before === undefined ? fitMemory(sizes, sized, asked) : { values: sized };
  const model = before?.model ?? makeModel(values, data);
  const full = model.layers.every(({ nnz }) => nnz > 0);
  // A layer without a connection is refused.
  const cutOff = !full || model.reachedOutputs() > 0 ? [] : [
    "No path of connections leads from the inputs to an output, so nothing can be learned of them until one grows; " +
    "a larger --epsilon or density makes some",
  ];
  const options = { ...trainOptions(values, named), ...weights.options, state };
  const workerModels = new WorkerModels(before?.workers);
  return {
    given,
    values,
    data,
    notices: [...notices, ...cutOff],
    model,
    options,
    state,
    memory: new PeakMemory(),
    log: given.resume === undefined ? new RunLog() : await RunLog.goingOn(given.resume),
    workerModels,
    ...(choice && { choice }),
    ...(brought && { brought }),
  };
}

/** Makes the network, with progress on the terminal. */
function makeModel(values: Values, data: Dataset): SparseMlp {
  using bar = loadingBar(!values.json && !values.quiet);
  return SparseMlp.for(data, {
    ...modelOptions(values),
    onProgress: (done, total) => bar.update("Making the network", done, total),
  });
}

/**
 * The command `train`.
 *
 * @module
 */
import { Dashboard } from "../dashboard/dashboard.ts";
import { startMpi } from "../native/mpi.ts";
import type { Command } from "./command.ts";
import { Interruption } from "./interruption.ts";
import { leaveJob, workAsRank } from "./job.ts";
import { type ObservedRun, Observers, type RunObserver } from "./observer.ts";
import type { Values } from "./options.ts";
import { printEvent } from "./output.ts";
import { prepare, type Run } from "./prepare.ts";
import { barView, drawsBars, jsonView, lineView, silentView, type TrainingView } from "./progress.ts";
import { runEpochs } from "./run.ts";
import { toJson } from "./settings.ts";
import { tensorBoardObserver } from "./tensorboard.ts";
import { tellEnd, tellStart } from "./train_report.ts";

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
  let view = silentView();
  using interruption = new Interruption((text) => view.notice(text));
  tellStart(run);
  view = viewOf(run);
  const notice = (text: string) => view.notice(text);
  const watching = new Observers(observersOf(values, notice), notice);
  const [epochs, epochsDone] = [values.epochs!, run.state.epoch];
  const observed: ObservedRun = { data, model, settings: toJson(values), epochs, epochsDone };
  const outcome = await watching.during(observed, () => runEpochs(run, view, interruption, watching));
  tellEnd(run, outcome);
  if (run.place !== undefined) leaveJob();
  return outcome.interrupted ? outcome.exitCode : 0;
}

/** What shows how far the run is, which is about to begin. */
function viewOf({ values, state }: Run): TrainingView {
  if (values.quiet) return silentView();
  if (values.json) return jsonView(printEvent);
  const show = { epochs: values.epochs!, epochsDone: state.epoch, maxSteps: values["max-steps"] };
  return drawsBars() ? barView(show) : lineView(show);
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

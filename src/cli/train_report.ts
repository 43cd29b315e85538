/**
 * What `train` says of a run before its first epoch and after its last, to people and, with `--json`, to programs.
 *
 * @module
 */
import { classCounts } from "../data/dataset.ts";
import { bytes, plural } from "../format.ts";
import { metricTitle } from "../train/selection.ts";
import { newTally, summarize } from "../train/tally.ts";
import { VERSION } from "../version.ts";
import { weightLines } from "./class_weights.ts";
import { printEvent } from "./output.ts";
import { describeChoice } from "./plan.ts";
import type { Run } from "./prepare.ts";
import { dataLines, describeNetwork, imageLines, report, testErrors, titled } from "./report.ts";
import type { Outcome } from "./run.ts";
import { toJson } from "./settings.ts";
import { describeSuitable } from "./suggestion.ts";

/** Says what the run is that is about to begin. */
export function tellStart(run: Run): void {
  const { json = false, quiet = false } = run.values;
  if (json) printStart(run);
  else if (!quiet) console.error(head(run).join("\n"));
}

function printStart({ values, data, model, state, notices }: Run): void {
  printEvent({
    event: "start",
    version: VERSION,
    seed: values.seed,
    dataset: data.name,
    layers: model.settings.sizes,
    settings: toJson(values),
    trainSamples: data.train.samples,
    testSamples: data.test?.samples ?? 0,
    classCounts: data.task === "classification" ? Array.from(classCounts(data.train, data.outputCount)) : [],
    parameters: model.stats().parameters,
    epochsDone: state.epoch,
    notices,
  });
}

/** Lines about data, network, memory and settings. */
function head({ values, data, model, options, state, notices, choice, brought }: Run): string[] {
  const planned = choice !== undefined && values.preset !== undefined
    ? [["Memory", `${bytes(choice.totalBytes)} planned: ${describeChoice(choice)}`] as const]
    : [];
  const told = [...dataLines(data), ...imageLines(options), ...weightLines(values)];
  const lines = titled([...told, ["Network", describeNetwork(model.settings)], ...planned]);
  const { epochs, "max-steps": maxSteps } = values;
  const most = maxSteps === undefined ? "" : `, ${plural(maxSteps, "step")} at most`;
  const chosen = brought === undefined ? [] : describeSuitable(data, brought, values);
  const by = `${values.optimizer} at learning rate ${values["learning-rate"]}`;
  const aim = `Training from epoch ${state.epoch + 1} to ${epochs}${most} by ${by}, seed ${values.seed}`;
  return [...notices, ...lines, ...chosen, aim];
}

/** Says what has come of the run. */
export function tellEnd(run: Run, outcome: Outcome): void {
  const { values, data, model, state, memory } = run;
  const { stoppedEarly, interrupted, calibration } = outcome;
  const tally = state.tally ?? newTally(model.stats().parameters);
  const summary = summarize(tally, values.keep === "best" ? state.best : undefined);
  const { settings, targetScaling } = model;
  const trained = model.running ?? model;
  const topology = trained.history?.record(trained.layers);
  const errors = testErrors(summary, targetScaling);
  const peakRssBytes = memory.bytes;
  if (values.json) {
    const reached = { ...summary, ...errors, topology, calibration, peakRssBytes };
    printEvent({ event: "summary", ...reached, stoppedEarly, interrupted });
    return;
  }
  const told = {
    ...{ data, settings, errors, stats: model.stats(), summary, curve: tally.curve, peakRssBytes },
    ...{ samplesTrained: outcome.samplesTrained, trainSeconds: outcome.seconds, calibration, topology },
  };
  console.log([...(values.quiet ? [] : [""]), ...report(told)].join("\n"));
  if (stoppedEarly) {
    const metric = metricTitle(values.metric!);
    console.log(`Stopped early: no better validation ${metric} in ${values.patience} evaluations`);
  }
}

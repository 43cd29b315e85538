/**
 * What the records of a run tell of its connections, where a history of them is kept.
 *
 * @module
 */
import type { SparseMlp } from "../model/model.ts";
import { ConnectionHistory } from "../sparse/history.ts";
import { epochsAt, type Moment } from "../topology/interval.ts";
import type { Hyperparameters } from "./hyperparameters.ts";
import type { EpochRecord } from "./records.ts";

/**
 * Begins the history of the connections of a model, or goes on with the one it has.
 *
 * @param epochs Epochs that were done before the run.
 * @returns What the record of an epoch has of it, as of its end; undefined where none is kept.
 */
export function topologyRecords(
  model: SparseMlp,
  { connectionHistory }: Hyperparameters,
  epochs: number,
): ((moment: Moment) => Pick<EpochRecord, "topology">) | undefined {
  if (!connectionHistory || model.layers.length < 2) {
    delete model.history;
    return undefined;
  }
  const history = model.history ??= ConnectionHistory.begin(model.layers.slice(0, -1), epochs);
  return (moment) => {
    // Averages of workers' models come from no change that the history has seen.
    history.observe(model.layers, epochsAt(moment));
    return { topology: history.record(model.layers) };
  };
}

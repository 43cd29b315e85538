/**
 * `train --tensorboard`: who tells TensorBoard of a run.
 *
 * @module
 */
import type { Board } from "../tensorboard/board.ts";
import { VERSION } from "../version.ts";
import type { RunObserver } from "./observer.ts";

/**
 * An observer that writes event files.
 *
 * @param folder Where; made when the run starts.
 * @param every Steps that a point of the loss is the mean of.
 */
export function tensorBoardObserver(folder: string, every: number): RunObserver {
  let board: Board | undefined;
  return {
    name: `the event files in "${folder}"`,
    async start({ data, model, settings, epochsDone }) {
      const { Board } = await import("../tensorboard/board.ts");
      const { sizes } = model.settings;
      const told = { version: VERSION, data: data.name, layers: sizes, ...settings };
      board = await Board.open(folder, { epochsDone, every, settings: told });
    },
    step: (step) => board?.step(step),
    epoch: (record, model) => board?.epoch(record, model),
    end() {
      using _ = board;
      board?.end();
    },
  };
}

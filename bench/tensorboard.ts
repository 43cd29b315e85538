/**
 * What `train --tensorboard` costs: steps of a network of Fashion-MNIST's size that are told to a board, between steps that
 * are not.
 *
 *     deno run -A bench/tensorboard.ts [--epochs 12] [--every 10]
 *
 * Blocks of ten steps are told and not told in turn, and the board's own time is taken beside, that of an epoch's histograms
 * too. Shares are of times of one kind, for an epoch of Fashion-MNIST: 469 steps of 128 samples.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { fit, SparseMlp } from "../mod.ts";
import { Board } from "../src/tensorboard/board.ts";
import { madeUpData } from "./made_up.ts";

/** Steps of an epoch of Fashion-MNIST. */
const STEPS = 469;

const { values } = parseArgs({
  options: { epochs: { type: "string", default: "12" }, every: { type: "string", default: "10" } },
});
const sizes = [784, 1000, 1000, 1000, 10];
const data = madeUpData(sizes, 12_800, 1000);
const model = SparseMlp.create({ sizes, epsilon: 20, seed: 1 });
const folder = await Deno.makeTempDir();
try {
  using board = await Board.open(folder, { epochsDone: 0, every: Number(values.every), settings: {} });
  const [told, untold, own, epochs]: [number[], number[], number[], number[]] = [[], [], [], []];
  let last = NaN;
  await fit(
    model,
    data,
    {
      epochs: Number(values.epochs),
      batchSize: 128,
      onStep(step) {
        const now = performance.now();
        const tells = Math.floor(step.step / 10) % 2 === 0;
        if (step.step > 1) (tells ? told : untold).push(now - last);
        last = now;
        if (tells) {
          board.step(step);
          own.push(performance.now() - now);
        }
      },
    },
    (record) => {
      const started = performance.now();
      board.epoch(record, model);
      epochs.push(performance.now() - started);
    },
  );
  const shown = ["least", "median"].map((name) => name.padStart(10)).join("");
  console.log(`${"ms".padEnd(32)}${shown}`);
  const line = (name: string, times: number[]) => {
    const sorted = times.toSorted((one, other) => one - other);
    const found = [sorted[0], sorted[sorted.length >> 1]];
    console.log(`${name.padEnd(32)}${found.map((ms) => ms.toFixed(4).padStart(10)).join("")}`);
    return found;
  };
  const plain = line("step that is not told", untold);
  line("step after one that is told", told);
  const step = line("of it the board's", own);
  const epoch = line("the board's after an epoch", epochs);
  const shares = plain.map((ms, kind) => (step[kind] * STEPS + epoch[kind]) / (ms * STEPS));
  console.log(
    `${"share of training, %".padEnd(32)}${shares.map((x) => (100 * x).toFixed(2).padStart(10)).join("")}`,
  );
} finally {
  await Deno.remove(folder, { recursive: true });
}

/**
 * Records what workers do over time, a few milliseconds of each algorithm, and draws it. Half a minute.
 *
 *     deno run -A bench/timeline/run.ts [ALGORITHM…]   # writes bench/results/2026-11-27-timeline-ALGORITHM.json
 *     deno run -A bench/timeline/run.ts --draw         # draws docs/figures/timeline-ALGORITHM.svg from the records
 *
 * Each algorithm is recorded several times; the record from which other programs took least is kept.
 *
 * @module
 */
import { watchOthers } from "../disturbance.ts";
import { madeUpData } from "../made_up.ts";
import { describeProcessor, processor } from "../processor.ts";
import { timelinePicture } from "./picture.ts";
import { type Algorithm, type Recorded, recordTraining, type TimelineRecord, windowOf } from "./record.ts";

/** What is recorded. */
export const ALGORITHMS: readonly Algorithm[] = ["wasap", "wassp", "gossip"];

const SUBJECT = { sizes: [784, 1000, 1000, 1000, 10], epsilon: 20 };
const [SAMPLES, TEST_SAMPLES, BATCH, WORKERS] = [12_800, 640, 128, 2];
/** Epochs of a run; with phases, three are of the first. */
const EPOCHS = 5;
const TRIES = 5;
/** Milliseconds before and after the moment of a window. */
const RANGE = [-8, 16] as const;

/** Where a record lies, and its picture. */
export function filesOf(algorithm: Algorithm): { readonly record: URL; readonly picture: URL } {
  return {
    record: new URL(`../results/2026-11-27-timeline-${algorithm}.json`, import.meta.url),
    picture: new URL(`../../docs/figures/timeline-${algorithm}.svg`, import.meta.url),
  };
}

/** The text of a picture's file. */
export async function pictureOf(record: TimelineRecord): Promise<string> {
  return `${await timelinePicture(record)}\n`;
}

async function record(algorithm: Algorithm): Promise<TimelineRecord> {
  const data = madeUpData(SUBJECT.sizes, SAMPLES, TEST_SAMPLES);
  const phases = algorithm === "gossip" ? { localSteps: 4 } : { phaseOneFraction: 0.6 };
  const options = {
    algorithm,
    workers: WORKERS,
    threads: WORKERS,
    epochs: EPOCHS,
    batchSize: BATCH,
    ...phases,
  };
  let best: { readonly recorded: Recorded; readonly others: number } | undefined;
  for (let round = 0; round < TRIES; round++) {
    const foreign = watchOthers();
    const recorded = await recordTraining(SUBJECT, data, options);
    const others = foreign();
    if (best === undefined || others < best.others) best = { recorded, others };
  }
  const { recorded, others } = best!;
  const [, second, third, fourth] = recorded.ends;
  const windows = algorithm === "gossip"
    ? [["in the middle of an epoch", (second + third) / 2], ["an epoch ends", third]] as const
    : [
      ["an epoch of phase 1 ends", second],
      ["phase 1 ends", third],
      ["an epoch of phase 2 ends", fourth],
    ] as const;
  return {
    algorithm,
    what: `${SUBJECT.sizes.join("-")}, epsilon ${SUBJECT.epsilon}, batch ${BATCH}, ${WORKERS} Workers, ` +
      `${SAMPLES} made-up samples${algorithm === "gossip" ? ", H = 4" : ""}`,
    command: `bench/timeline/run.ts ${algorithm}`,
    host: describeProcessor(processor()),
    date: new Date().toISOString().slice(0, 10),
    others: Math.round(100 * others) / 100,
    from: RANGE[0],
    to: RANGE[1],
    windows: windows.map(([title, moment]) => windowOf(recorded, title, moment, RANGE)),
  };
}

if (import.meta.main) {
  const drawn = Deno.args[0] === "--draw";
  const given = ALGORITHMS.filter((algorithm) => Deno.args.includes(algorithm));
  for (const algorithm of given.length > 0 ? given : ALGORITHMS) {
    const files = filesOf(algorithm);
    if (!drawn) {
      const found = await record(algorithm);
      await Deno.writeTextFile(files.record, `${JSON.stringify(found)}\n`);
      console.log(`${algorithm}: others took ${Math.round(100 * found.others)} % of the machine`);
    }
    const found: TimelineRecord = JSON.parse(await Deno.readTextFile(files.record));
    await Deno.writeTextFile(files.picture, await pictureOf(found));
  }
}

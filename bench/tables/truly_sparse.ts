/**
 * This package on some tables, with the settings it suggests: `truly_sparse.ts FOLDER --tables NAME,… --seed 1`.
 *
 * Prints one line of JSON a table, as `peers.py` does.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { type Dataset, evaluate, SparseMlp, suggestSettings, train } from "../../mod.ts";
import { readNpy } from "../../src/data/npy.ts";
import { allocateSplit } from "../../src/data/samples.ts";
import type { Score } from "./score.ts";

/** A table as `tables.py` writes it. */
interface Table {
  readonly name: string;
  readonly columns: number;
  /** Shape `[rows, columns]`. */
  readonly features: Float32Array;
  /** Classes (u32) or numbers to predict (f32). */
  readonly answers: Uint32Array | Float32Array;
  /** Fold of each row. */
  readonly folds: Uint32Array;
}

async function readTable(folder: string, name: string): Promise<Table> {
  const [features, answers, folds] = await Promise.all(
    ["features", "answers", "folds"].map((part) => readNpy(`${folder}/${name}/${part}.npy`)),
  );
  return {
    name,
    columns: features.shape[1],
    features: features.data as Float32Array,
    answers: answers.data as Uint32Array | Float32Array,
    folds: folds.data as Uint32Array,
  };
}

/** The rows that a fold leaves to learn from, and its own to test with. */
function datasetOf(table: Table, fold: number): Dataset {
  const { name, columns, answers, folds } = table;
  const isClass = answers instanceof Uint32Array;
  const outputCount = isClass ? answers.reduce((most, label) => Math.max(most, label + 1), 0) : 1;
  const split = (isTest: boolean) => {
    const rows = Array.from(folds.keys()).filter((row) => (folds[row] === fold) === isTest);
    const made = allocateSplit(name, rows.length, columns, isClass, isClass ? 0 : 1);
    for (const [place, row] of rows.entries()) {
      made.features.set(table.features.subarray(row * columns, (row + 1) * columns), place * columns);
      (isClass ? made.labels : made.targets)[place] = answers[row];
    }
    return made;
  };
  return {
    name,
    task: isClass ? "classification" : "regression",
    featureCount: columns,
    outputCount,
    classNames: isClass ? Array.from({ length: outputCount }, (_, label) => `${label}`) : [],
    featureNames: [],
    train: split(false),
    test: split(true),
  };
}

/** Accuracy, or R², on the rows of the fold. */
async function scoreFold({ test, ...data }: Dataset, seed: number): Promise<number> {
  const { model, training } = suggestSettings(data);
  const network = SparseMlp.create({ ...model, seed });
  for await (const _ of train(network, data, { ...training, threads: 1 }));
  const measures = evaluate(network, test);
  return (measures.task === "regression" ? measures.r2 : measures.accuracy) ?? NaN;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { tables: { type: "string", default: "" }, seed: { type: "string", default: "1" } },
  });
  for (const name of values.tables.split(",")) {
    const table = await readTable(positionals[0], name);
    const scores: number[] = [];
    let seconds = 0;
    for (let fold = 0; fold <= table.folds.reduce((most, one) => Math.max(most, one), 0); fold++) {
      const data = datasetOf(table, fold);
      const start = performance.now();
      scores.push(await scoreFold(data, Number(values.seed)));
      seconds += (performance.now() - start) / 1000;
    }
    console.log(JSON.stringify({ table: name, scores, seconds } satisfies Score));
  }
}

if (import.meta.main) await main();

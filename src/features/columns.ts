/**
 * Features as people name them: columns of a table, each of one input of a network or several.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { columnName, inputsOf, isInput, type TableSchema } from "../schema.ts";

/** A feature, and the inputs that it becomes: several where it holds categories, or its cells may be missing. */
export interface FeatureColumn {
  /** What the table calls it, or “feature 3”, by its place from 0, where features have no names. */
  readonly name: string;
  /** Its first input. */
  readonly first: number;
  /** Its inputs, which stand together. */
  readonly inputs: number;
  /** Its place among the columns of the schema, where there is one. */
  readonly column?: number;
}

/** The features of data, in the order of their inputs. */
export function featureColumns(
  { schema, featureCount, featureNames }: Pick<Dataset, "featureCount" | "featureNames"> & {
    readonly schema?: TableSchema | undefined;
  },
): FeatureColumn[] {
  if (schema === undefined) {
    return Array.from(
      { length: featureCount },
      (_, first) => ({ name: featureNames[first] ?? `feature ${first}`, first, inputs: 1 }),
    );
  }
  let first = 0;
  return schema.columns.flatMap((found, column) => {
    if (!isInput(found)) return [];
    const inputs = inputsOf(found);
    first += inputs;
    return [{ name: columnName(found, column), first: first - inputs, inputs, column }];
  });
}

/** The score of each feature: that of the strongest of its inputs, so that many categories are no advantage. */
export function columnScores(columns: readonly FeatureColumn[], scores: ArrayLike<number>): Float64Array {
  return Float64Array.from(columns, ({ first, inputs }) => {
    let most = 0;
    for (let input = first; input < first + inputs; input++) most = Math.max(most, scores[input]);
    return most;
  });
}

/**
 * Arrays of raw numbers in the place of a table: the inputs that its columns make of them.
 *
 * @module
 */
import { inputCount, inputsOf, isInput, isPlain, type TableSchema } from "../../schema.ts";
import { sharedFloats } from "../../sparse/shared.ts";
import { called } from "./columns.ts";

/** How many numbers a sample has that stand for the columns of a table; one each. */
export function arrayWidth({ columns }: TableSchema): number {
  return columns.filter(isInput).length;
}

/**
 * Makes inputs of raw numbers, one a column of the table a model was trained on; none is missing.
 *
 * @param features Shape `[samples, columns]`.
 * @returns The same array where the inputs are the raw numbers; otherwise one in shared memory.
 * @throws {TypeError} When a column holds categories, or their number does not fit.
 */
export function encodeArray(
  features: Float32Array | Uint8Array,
  samples: number,
  schema: TableSchema,
  source: string,
): Float32Array | Uint8Array {
  if (isPlain(schema)) return features;
  const width = features.length / samples;
  const inputs = schema.columns.flatMap((column, place) => isInput(column) ? [{ column, place }] : []);
  const text = inputs.find(({ column }) => column.kind === "category");
  if (text !== undefined) {
    throw new TypeError(
      `Cannot use the numbers of "${source}": the model takes categories (${
        called(text.column.name, text.place)
      }), which a table has`,
    );
  }
  if (width !== inputs.length) {
    throw new TypeError(
      `Cannot use the numbers of "${source}": a sample has ${width}, the model takes ${inputs.length} columns`,
    );
  }
  const count = inputCount(schema);
  const encoded = sharedFloats(samples * count);
  let input = 0;
  for (const [index, { column }] of inputs.entries()) {
    if (column.kind !== "number") continue;
    const { offset, factor } = column;
    for (let sample = 0; sample < samples; sample++) {
      encoded[sample * count + input] = (features[sample * width + index] - offset) * factor;
    }
    input += inputsOf(column);
  }
  return encoded;
}

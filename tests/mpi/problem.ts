/** The data and the network that ranks and the process that starts them both have. @module */
import type { Dataset } from "../../src/data/dataset.ts";
import { madelonLike } from "../../src/data/generator.ts";
import { SparseMlp } from "../../src/model/model.ts";

/** Data that can be learned in a second, and a small network. */
export function problem(): { data: Dataset; model: SparseMlp } {
  return {
    data: madelonLike({ samples: 1_200, testSamples: 300, features: 50, seed: 3 }),
    model: SparseMlp.create({ sizes: [50, 64, 32, 2], epsilon: 8, seed: 5 }),
  };
}

/** SHA-256 of a model's connections and weights. */
export async function digest(model: SparseMlp): Promise<string> {
  const words = model.layers.flatMap(({ indices, values, nnz }) => [
    ...indices.subarray(0, nnz),
    ...new Uint32Array(values.buffer, values.byteOffset, nnz),
  ]);
  const bytes = new Uint8Array(Uint32Array.from(words).buffer);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

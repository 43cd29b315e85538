/**
 * Features that matter.
 *
 * @module
 */
import * as api from "../../../mod.ts";
import { data, type Entry, model, path } from "../given.ts";

/** Entry points. */
export const FEATURES: Readonly<Record<string, Entry>> = {
  "selectFeatures": {
    right: () => [data(), {
      ...{ count: 2, method: "strength", seed: 1, threads: 1, onProgress: () => {} },
      network: { hidden: [4], epsilon: 2 },
      training: { epochs: 1, batchSize: 4 },
    }],
    call: (data: never, options: never) => api.selectFeatures(data, options),
    options: [1],
    passes: true,
    rarely: 4,
  },
  "saveTable": {
    right: () => [data(), path("table.csv")],
    call: (data: never, path: never) => api.saveTable(data, path),
    passes: true,
    system: true,
    rarely: 4,
  },
  "strongestFeatures": {
    right: () => [model(), 2],
    call: (model: never, count: never) => api.strongestFeatures(model, count),
    unbounded: true,
  },
  "withFeatures": {
    right: () => [data(), Uint32Array.of(0, 2)],
    call: (data: never, features: never) => api.withFeatures(data, features),
    arrays: [1],
    passes: true,
  },
};

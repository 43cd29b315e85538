/**
 * Connections and the rules that change them.
 *
 * @module
 */
import * as api from "../../../mod.ts";
import { contentOf, type Entry, LAW, layer, model, PLACE } from "../given.ts";

/** Entry points. */
export const TOPOLOGY: Readonly<Record<string, Entry>> = {
  "evolveConnections": {
    right: () => [layer(), { ...PLACE, zeta: 0.3, weights: { ...LAW }, fresh: [] }],
    call: (layer: never, options: never) => api.evolveConnections(layer, options),
    options: [1],
    passes: true,
  },
  "evolveByRules": {
    right: () => [layer(), { ...PLACE, drop: api.smallestMagnitude(0.3), grow: api.uniformGrowth(LAW) }],
    call: (layer: never, options: never) => api.evolveByRules(layer, options),
    passes: true,
  },
  "smallestMagnitude": {
    right: () => [0.3],
    call: (zeta: never) => ({ rule: api.smallestMagnitude(zeta).name }),
  },
  "smallestMagnitude().drop": {
    right: () => [layer(), { ...PLACE }],
    call: (layer: never, place: never) => api.smallestMagnitude(0.3).drop(layer, place),
    passes: true,
  },
  "uniformGrowth": {
    right: () => [{ ...LAW }],
    call: (law: never) => ({ rule: api.uniformGrowth(law).name }),
    options: [0],
  },
  "uniformGrowth().grow": {
    right: () => {
      const [room, place] = [layer(), { ...PLACE, fresh: [] }];
      api.smallestMagnitude(0.5).drop(room, PLACE);
      return [room, 2, place];
    },
    call: (layer: never, count: never, place: never) => api.uniformGrowth(LAW).grow(layer, count, place),
    passes: true,
  },
  "compact": {
    right: () => [model(), { keepInputs: true, threads: 1 }],
    call: (model: never, options: never) => contentOf(api.compact(model, options).model),
    options: [1],
  },
  "neuronImportance": {
    right: () => [layer(), 1],
    call: (layer: never, threads: never) => api.neuronImportance(layer, threads),
    passes: true,
    unbounded: true,
  },
  "pruneByImportance": {
    right: () => [layer(), 30, 1],
    call: (layer: never, percentile: never, threads: never) =>
      api.pruneByImportance(layer, percentile, threads),
    passes: true,
    unbounded: true,
  },
  "absentPlaces": {
    right: () => [layer(), 3, { ...PLACE }],
    call: (layer: never, count: never, place: never) => api.absentPlaces(layer, count, place),
    passes: true,
  },
  "insertConnections": {
    right: () => {
      const full = layer();
      api.smallestMagnitude(0.5).drop(full, PLACE);
      return [full, { rows: new Uint32Array(0), columns: new Uint32Array(0) }, { weights: { ...LAW } }, {
        ...PLACE,
      }];
    },
    call: (layer: never, places: never, seedling: never, place: never) =>
      api.insertConnections(layer, places, seedling, place),
    passes: true,
  },
  "removeConnections": {
    right: () => [layer(), { rows: new Uint32Array(0), columns: new Uint32Array(0) }],
    call: (layer: never, places: never) => api.removeConnections(layer, places),
    passes: true,
  },
  "rebuildIncoming": {
    right: () => [layer(), 1],
    call: (layer: never, threads: never) => api.rebuildIncoming(layer, threads),
    passes: true,
  },
  "keepStrongest": {
    right: () => [
      { rows: Uint32Array.of(0, 1, 2), columns: Uint32Array.of(1, 0, 2) },
      Float32Array.of(1, -3, 2),
      2,
    ],
    call: (places: never, scores: never, count: never) => api.keepStrongest(places, scores, count),
    arrays: [1],
    passes: true,
  },
};

/** Scores and chains by their definitions, on dense matrices of zeros and ones. @module */
import type { Connections } from "../../src/sparse/csr.ts";

/** A dense matrix by rows. */
export type Dense = readonly (readonly number[])[];

/** Absolute weights of a layer, 0 where there is no connection; `of` says what stands for a connection. */
export function denseOf(layer: Connections, of: (at: number) => number = () => 1): number[][] {
  const dense = Array.from({ length: layer.inputs }, () => new Array<number>(layer.neurons).fill(0));
  for (let row = 0; row < layer.inputs; row++) {
    for (let at = layer.indptr[row]; at < layer.indptr[row + 1]; at++) dense[row][layer.indices[at]] = of(at);
  }
  return dense;
}

function transposed(matrix: Dense): number[][] {
  return (matrix[0] ?? []).map((_, column) => matrix.map((row) => row[column]));
}

function product(one: Dense, other: Dense): number[][] {
  const columns = transposed(other);
  return one.map((row) =>
    columns.map((column) => row.reduce((sum, value, at) => sum + value * column[at], 0))
  );
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

/** The part of CH2-L3n that sums over rows, for all pairs, those of connections too. */
function halfScores(adjacency: Dense): number[][] {
  const shared = product(adjacency, transposed(adjacency));
  const degrees = adjacency.map(sum);
  const weights = shared.map((row, u) =>
    row.map((count, j) => count === 0 || u === j ? 0 : (count + 1) / Math.max(degrees[j] - count, 1))
  );
  return product(weights, adjacency);
}

/** CH2-L3n of each absent pair, 0 where there is a connection (Zhang et al. 2025). */
export function cannistraciHebbScores(adjacency: Dense): number[][] {
  const fromInputs = halfScores(adjacency);
  const fromNeurons = transposed(halfScores(transposed(adjacency)));
  return adjacency.map((row, u) =>
    row.map((connected, v) => connected ? 0 : fromInputs[u][v] + fromNeurons[u][v])
  );
}

/** Takes out of all matrices but the last, one by one until there is none, what leads nowhere or comes from nowhere. */
export function withoutChains(layers: readonly Dense[]): number[][][] {
  const left = layers.map((layer) => layer.map((row) => [...row]));
  for (let changed = true; changed;) {
    changed = false;
    for (const [index, layer] of left.slice(0, -1).entries()) {
      for (const [u, row] of layer.entries()) {
        for (const [v, connected] of row.entries()) {
          const dead = index > 0 && left[index - 1].every((below) => below[u] === 0);
          if (!connected || !(dead || sum(left[index + 1][v]) === 0)) continue;
          row[v] = 0;
          changed = true;
        }
      }
    }
  }
  return left;
}

/** |w|, or |w| by the sum of its row plus |w| by the sum of its column. */
export function importanceOf(weights: Dense, relative: boolean): number[][] {
  const sizes = weights.map((row) => row.map(Math.abs));
  const columns = transposed(sizes).map(sum);
  return sizes.map((row) => {
    const all = sum(row);
    return row.map((size, column) => size === 0 || !relative ? size : size / all + size / columns[column]);
  });
}

/**
 * Structure and topology: initialise, incoming view, evolve (SET), importance, on two layers.
 *
 * `deno bench --allow-ffi --allow-read --allow-env bench/topology_bench.ts`. Fashion-MNIST's hidden layer
 * (1000 × 1000, ε 20, about 40,000 connections) and one of the paper's large layers (65,536 × 500,000, ε 10, about
 * 5.7 million). The baseline of each group is one thread; only ratios inside one run hold on a noisy machine.
 *
 * @module
 */
import type { Connections } from "../src/sparse/csr.ts";
import { rebuildIncoming, validateConnections } from "../src/sparse/csr.ts";
import { connectionProbability, countConnections, fillConnections, weightLaw } from "../src/sparse/init.ts";
import { evolveConnections } from "../src/topology/evolution.ts";
import { neuronImportance } from "../src/topology/importance.ts";

const LAYERS = [
  { name: "1000 × 1000, ε 20", inputs: 1000, neurons: 1000, epsilon: 20, large: false },
  { name: "65536 × 500000, ε 10", inputs: 65_536, neurons: 500_000, epsilon: 10, large: true },
];
const THREADS = [1, 2];

function allocate(size: { inputs: number; neurons: number }, indptr: Uint32Array): Connections {
  const nnz = indptr[size.inputs];
  const integers = (length: number) => new Uint32Array(new SharedArrayBuffer(4 * length));
  const floats = (length: number) => new Float32Array(new SharedArrayBuffer(4 * length));
  return {
    ...size,
    nnz,
    capacity: nnz,
    indptr,
    indices: integers(nnz),
    values: floats(nnz),
    planes: [floats(nnz)],
    incomingPtr: integers(size.neurons + 1),
    source: integers(nnz),
    position: integers(nnz),
  };
}

for (const { name, inputs, neurons, epsilon, large } of LAYERS) {
  const size = { inputs, neurons };
  const probability = connectionProbability({ ...size, epsilon });
  const weights = weightLaw({ ...size, initializer: "he-uniform" });
  const structure = { ...size, probability, seed: 1, layer: 1 };
  let made: Connections | undefined;
  /** The layer, made at the first use and checked once. */
  const layer = (): Connections => {
    if (made === undefined) {
      const indptr = new Uint32Array(new SharedArrayBuffer(4 * (inputs + 1)));
      countConnections(indptr, structure);
      made = allocate(size, indptr);
      fillConnections(made, { ...structure, weights });
      evolveConnections(made, { zeta: 0.3, weights, seed: 1, epoch: 0, layer: 1 });
      validateConnections(made);
    }
    return made;
  };
  let epoch = 0;
  const work: [string, (threads: number) => void][] = [
    ["initialise", (threads) => {
      const connections = layer();
      countConnections(connections.indptr, { ...structure, threads });
      fillConnections(connections, { ...structure, weights, threads });
    }],
    ["incoming view", (threads) => rebuildIncoming(layer(), threads)],
    ["evolve", (threads) => {
      evolveConnections(layer(), { zeta: 0.3, weights, seed: 1, epoch: ++epoch, layer: 1, threads });
    }],
    ["importance", (threads) => void neuronImportance(layer(), threads)],
  ];
  for (const [what, run] of work) {
    for (const threads of THREADS) {
      Deno.bench({
        name: `${what}, ${threads} thread${threads > 1 ? "s" : ""}`,
        group: `${what}, ${name}`,
        baseline: threads === 1,
        ...(large && { n: 8, warmup: 1 }),
        fn: () => run(threads),
      });
    }
  }
}

import { assert, assertEquals, assertThrows } from "@std/assert";
import { copyTopology } from "../src/model/copy.ts";
import { SparseMlp } from "../src/model/model.ts";
import { stateFor } from "../src/optimizer/optimizers.ts";
import { resolveParallelHyperparameters } from "../src/parallel/options.ts";
import { gradientViews } from "../src/model/layer.ts";
import { emptyReplica } from "../src/parallel/replica.ts";
import { ParameterServer, serverState } from "../src/parallel/server.ts";
import { connectionCounts, mostServers, ownPart, RowRanges } from "../src/parallel/mpi/server_parts.ts";
import type { PushHeader } from "../src/parallel/transport.ts";
import { trainParallel } from "../src/parallel/wasap.ts";
import { changeTopology } from "../src/topology/change.ts";
import { type HyperparameterOptions, resolveHyperparameters } from "../src/train/hyperparameters.ts";
import { assertSameModel } from "./model/content.ts";
import { problem } from "./mpi/problem.ts";

const WORKERS = 3;

/** Servers of parts of one model, in one process. */
class PartedServer {
  readonly #ranges: RowRanges;
  readonly #whole: SparseMlp;
  readonly #connections: Uint32Array;
  readonly #parts: ParameterServer[];
  /** Topologies of each version: of the whole, and of each part. */
  readonly #kept: { readonly whole: SparseMlp; readonly parts: readonly SparseMlp[] }[] = [];

  constructor(
    whole: SparseMlp,
    servers: number,
    options: ConstructorParameters<typeof ParameterServer>[2],
  ) {
    this.#whole = whole;
    this.#ranges = new RowRanges(whole, servers);
    this.#connections = connectionCounts(whole);
    this.#parts = Array.from(
      { length: servers },
      () => new ParameterServer(emptyReplica(whole), serverState(WORKERS, 0), options, this.#connections),
    );
    this.#give();
  }

  get dropped(): number {
    return this.#parts.reduce((sum, part) => sum + part.sums().droppedGradients, 0);
  }

  push(gradients: Uint32Array, header: PushHeader): void {
    for (const [server, part] of this.#parts.entries()) {
      part.push(
        this.#cut(gradients, header.version, server),
        header,
        this.#kept[header.version].parts[server],
      );
    }
  }

  pushRound(gradients: readonly Uint32Array[], headers: readonly PushHeader[]): void {
    const { version } = this.#parts[0];
    for (const [server, part] of this.#parts.entries()) {
      part.pushRound(gradients.map((arena) => this.#cut(arena, version, server)), headers);
    }
  }

  /** Brings all parts together in the whole model, lets it be changed, and gives each part back. */
  change(work: () => void): void {
    for (const [server, { model }] of this.#parts.entries()) {
      this.#ranges.copyBack(model, server, this.#whole);
    }
    work();
    this.#connections.set(connectionCounts(this.#whole));
    for (const part of this.#parts) part.topologyChanged();
    this.#give();
  }

  #give(): void {
    const copied = (model: SparseMlp) => {
      const copy = emptyReplica(model);
      copyTopology(model, copy);
      return copy;
    };
    for (const [server, { model }] of this.#parts.entries()) {
      this.#ranges.copyTopology(this.#whole, server, model);
      this.#ranges.copyValues(this.#whole, server, model);
    }
    this.#kept.push({ whole: copied(this.#whole), parts: this.#parts.map(({ model }) => copied(model)) });
  }

  /** The gradients of a server's part, as the server has them. */
  #cut(arena: Uint32Array, version: number, server: number): Uint32Array {
    const { whole } = this.#kept[version];
    const cut = this.#whole.allocateGradients();
    const [from, to] = [arena, cut].map((each) => gradientViews(whole.layers, each));
    for (const [layer, { from: start, count, biases }] of this.#ranges.partOf(whole, server).entries()) {
      to[layer].values.set(from[layer].values.subarray(start, start + count));
      if (!biases) continue;
      to[layer].bias.set(from[layer].bias);
      to[layer].activationParameters.set(from[layer].activationParameters);
    }
    return cut;
  }
}

const SHAPES = {
  "all-relu": { sizes: [50, 64, 32, 2], epsilon: 8, seed: 5 },
  prelu: { sizes: [50, 64, 32, 2], epsilon: 8, seed: 5, activation: "prelu" },
  learned: {
    sizes: [50, 64, 32, 2],
    epsilon: 8,
    seed: 5,
    activation: { kind: "all-relu", alpha: "learned" },
  },
} as const;

const OPTIMIZERS: readonly HyperparameterOptions[] = [
  { optimizer: "sgd", momentum: 0.9, weightDecay: 1e-3 },
  { optimizer: "sgd", momentum: 0 },
  { optimizer: "sgd", momentum: 0.9, nesterov: true, weightDecay: 1e-3, weightDecayForm: "coupled" },
  { optimizer: "sgd", momentum: 0.9, fanInLimit: 3 },
  { optimizer: "adam" },
  { optimizer: "adam", weightDecay: 1e-2, weightDecayForm: "decoupled", fanInLimit: 3 },
];

/** Numbers that look random, the same each time. */
function* numbers(): Generator<number, never> {
  for (let state = 12_345;;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}

for (const [shape, options] of Object.entries(SHAPES)) {
  Deno.test(`servers of parts have the bits of one server, whatever the optimiser, stale pushes included: ${shape}`, () => {
    for (const [index, chosen] of OPTIMIZERS.entries()) {
      for (const servers of [1, 2, 3, 7]) {
        const settings = resolveHyperparameters({ learningRate: 0.05, threads: 1, ...chosen }, 1);
        const [one, split] = [0, 1].map(() => {
          const model = SparseMlp.create(options);
          model.holdState(stateFor(settings));
          return model;
        });
        const parallel = resolveParallelHyperparameters({ workers: WORKERS });
        const server = new ParameterServer(one, serverState(WORKERS, 0), { settings, parallel, steps: 10 });
        const parted = new PartedServer(split, servers, { settings, parallel, steps: 10 });
        const random = numbers();
        const topologies = [emptyReplica(one)];
        copyTopology(one, topologies[0]);
        const gradient = () => {
          const arena = one.allocateGradients();
          const floats = new Float32Array(arena.buffer, arena.byteOffset, arena.length);
          floats.forEach((_, at) => floats[at] = random.next().value - 0.5);
          return arena;
        };
        const header = (worker: number, version: number): PushHeader => ({
          ...{ worker, version, clock: Math.max(0, server.updates - worker) },
          ...{ loss: 1, correct: 1, samples: 4 + worker },
        });
        for (let epoch = 1; epoch <= 3; epoch++) {
          for (let update = 0; update < 5; update++) {
            // The first pushes of an epoch were computed before the change.
            const version = Math.max(0, server.version - (update < 2 ? 1 : 0));
            const [arena, told] = [gradient(), header(update % WORKERS, version)];
            parted.push(arena, told);
            server.push(arena, told, topologies[version]);
          }
          const arenas = [0, 1, 2].map(gradient);
          const headers = [0, 1, 2].map((worker) => header(worker, server.version));
          parted.pushRound(arenas, headers);
          server.pushRound(arenas, headers);
          changeTopology(one, settings, epoch);
          server.topologyChanged();
          parted.change(() => changeTopology(split, settings, epoch));
          assertSameModel(split, one, `${servers} servers, optimiser ${index}, epoch ${epoch}`);
          topologies.push(emptyReplica(one));
          copyTopology(one, topologies[epoch]);
        }
        assertEquals(parted.dropped, server.sums().droppedGradients);
        assert(parted.dropped > 0);
      }
    }
  });
}

Deno.test("RowRanges gives each server about as many connections of each layer, and every row to one", () => {
  const model = SparseMlp.create({ sizes: [784, 300, 100, 10], epsilon: 20, seed: 2 });
  for (const servers of [1, 2, 3, 4, 10]) {
    const ranges = new RowRanges(model, servers);
    const parts = Array.from({ length: servers }, (_, server) => ranges.partOf(model, server));
    for (const [layer, { nnz, inputs, indptr }] of model.layers.entries()) {
      const longest = Math.max(...Array.from({ length: inputs }, (_, row) => indptr[row + 1] - indptr[row]));
      let from = 0;
      for (const part of parts) {
        assertEquals(part[layer].from, from);
        from += part[layer].count;
        assert(Math.abs(part[layer].count - nnz / servers) <= longest, `${part[layer].count} of ${nnz}`);
      }
      assertEquals(from, nnz);
      assertEquals(parts.filter((part) => part[layer].biases).length, 1);
    }
    // Row starts of all parts add up to those of the whole.
    const sums = ranges.rowStarts(model, 0);
    for (let server = 1; server < servers; server++) {
      ranges.rowStarts(model, server).forEach((start, row) => sums[row] += start);
    }
    assertEquals([...sums], model.layers.flatMap(({ indptr }) => [...indptr]));
  }
});

Deno.test("RowRanges keeps rows with their server where a topology has empty rows, few rows or none that are connected", () => {
  const model = SparseMlp.create({ sizes: [2, 3, 2], density: 1, seed: 1 });
  const [first] = model.layers;
  first.nnz = 0;
  first.indptr.fill(0);
  const ranges = new RowRanges(model, 5);
  const part = emptyReplica(model);
  for (let server = 0; server < 5; server++) {
    ranges.copyTopology(model, server, part);
    assertEquals(part.layers[0].nnz, 0);
  }
  assertEquals(
    Array.from({ length: 5 }, (_, server) => ranges.partOf(model, server)[1].count).reduce((a, b) => a + b),
    6,
  );
  assertEquals(mostServers(model), 3);
  assertEquals(ownPart(model).map(({ count, biases }) => [count, biases]), [[0, true], [6, true]]);
});

Deno.test("trainParallel() refuses options that are for MPI alone, each in a line", () => {
  const { data, model } = problem();
  for (
    const [options, message] of [
      [{ servers: 2 }, "Cannot train with servers 2 in one process: it is for an MPI job, see trainOverMpi"],
      [
        { wireBits: 16 },
        "Cannot train with wireBits 16 in one process: it is for an MPI job, see trainOverMpi",
      ],
    ] as const
  ) {
    assertThrows(() => trainParallel(model, data, { workers: 2, ...options }), TypeError, message);
  }
  for (
    const [options, message] of [
      [{ servers: 0 }, "servers is 0"],
      [{ wireBits: 24 as 16 }, "wireBits is 24, expected 16 or 32"],
    ] as const
  ) {
    assertThrows(() => trainParallel(model, data, { workers: 2, ...options }), RangeError, message);
  }
});

import { assert, assertAlmostEquals, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { madelonLike } from "../src/data/generator.ts";
import type { SparseLayer } from "../src/model/layer.ts";
import { SparseMlp } from "../src/model/model.ts";
import { type ParallelOptions, resolveParallelHyperparameters } from "../src/parallel/options.ts";
import { gradientViews } from "../src/model/layer.ts";
import { emptyReplica } from "../src/parallel/replica.ts";
import { ParameterServer, serverState } from "../src/parallel/server.ts";
import { SentParameters, stalenessFactor, type StalenessRule } from "../src/parallel/staleness.ts";
import { trainParallel } from "../src/parallel/wasap.ts";
import { changeTopology } from "../src/topology/change.ts";
import { resolveHyperparameters } from "../src/train/hyperparameters.ts";
import { contentOf } from "./model/content.ts";
import { stateOf } from "./model/state.ts";
import { finishInProcess, finishParallel } from "./parallel/runs.ts";

const DECAY = 0.01;
const SETTINGS = resolveHyperparameters({ learningRate: 0.25, weightDecay: DECAY, zeta: 0.5, threads: 1 }, 1);
const LAMBDA = 1.5;

function newModel(): SparseMlp {
  const model = SparseMlp.create({ sizes: [30, 50, 20, 4], epsilon: 5, activation: "srelu", seed: 1 });
  model.holdState(stateOf(1));
  return model;
}

/** A server of two workers, with the base rate from the first update on. */
function serverOf(model: SparseMlp, rule: StalenessRule, learningRate = SETTINGS.learningRate) {
  const parallel = resolveParallelHyperparameters({
    workers: 2,
    initialRateFactor: 1,
    staleness: rule,
    ...(rule === "delay-compensated" && { delayCompensation: LAMBDA }),
  });
  const settings = { ...SETTINGS, learningRate };
  return new ParameterServer(model, serverState(2, 0), { settings, parallel, steps: 10 });
}

/** Gradients that differ from place to place, of both signs. */
function someGradients(model: SparseMlp, shift: number): Uint32Array {
  const arena = model.allocateGradients();
  let place = shift;
  for (const [index, views] of gradientViews(model.layers, arena).entries()) {
    const values = views.values.subarray(0, model.layers[index].nnz);
    for (const view of [values, views.bias, views.activationParameters]) {
      view.forEach((_, at) => view[at] = ((place++ * 37) % 101 - 50) / 64);
    }
  }
  return arena;
}

/** A header but for what the pull gave. */
const HEADER = { worker: 0, loss: 1, correct: 0, samples: 1 };

/** A server after one pull and `others` updates by somebody else, with what was pulled and when. */
function overtaken(rule: StalenessRule, others: number, learningRate?: number) {
  const model = newModel();
  const server = serverOf(model, rule, learningRate);
  const [sender, other] = [emptyReplica(model), emptyReplica(model)];
  const pulled = server.pull(sender, -1, 0);
  for (let update = 0; update < others; update++) {
    // Without staleness of their own, so that all rules do the same.
    const now = server.pull(other, -1, 1);
    server.push(someGradients(model, update), { ...HEADER, worker: 1, ...now }, other);
  }
  return { model, server, sender, pulled };
}

/** Values of a layer by place in its matrix. */
function byPlace(
  { indptr, indices, inputs, neurons }: SparseLayer,
  values: Float32Array,
): Map<number, number> {
  const places = new Map<number, number>();
  for (let row = 0; row < inputs; row++) {
    for (let at = indptr[row]; at < indptr[row + 1]; at++) {
      places.set(row * neurons + indices[at], values[at]);
    }
  }
  return places;
}

/** g + λ·g·g·(now − then), each operation rounded to f32. */
function compensated(g: number, now: number, then: number): number {
  const { fround } = Math;
  return fround(g + fround(fround(fround(LAMBDA * g) * g) * fround(now - then)));
}

Deno.test("stalenessFactor() is 1/τ with inverse, and 1 for a gradient that nothing or one update has overtaken", () => {
  const factors = (rule: StalenessRule) =>
    [0, 1, 2, 3, 63].map((staleness) => stalenessFactor(rule, staleness));
  assertEquals(factors("inverse"), [1, 1, 1 / 2, 1 / 3, 1 / 63]);
  assertEquals(factors("none"), [1, 1, 1, 1, 1]);
  assertEquals(factors("delay-compensated"), [1, 1, 1, 1, 1]);
});

Deno.test("ParameterServer.push() with inverse takes a step at η/τ and decay at λ/τ, and leaves the momentum before it alone", () => {
  for (const [others, rate] of [[0, 1], [1, 1], [2, 1 / 2], [5, 1 / 5]]) {
    const { model, server, sender, pulled } = overtaken("inverse", others);
    const gradients = someGradients(model, 7);
    const before = model.layers.map(({ planes: [kept], biasPlanes: [bias], values }) => ({
      ...{ kept: kept.slice(), bias: bias.slice(), values: values.slice() },
    }));
    server.push(gradients, { ...HEADER, ...pulled }, sender);
    assertEquals(server.sums().largestStaleness, others);
    const views = gradientViews(model.layers, gradients);
    const mu = Math.fround(SETTINGS.momentum);
    for (const [index, layer] of model.layers.entries()) {
      const { kept, bias, values } = before[index];
      const near = (found: number, velocity: number, gradient: number) => {
        const expected = mu * velocity - Math.fround(rate * SETTINGS.learningRate) * gradient;
        assert(Math.abs(found - expected) < 1e-6, `${found} for ${expected}, τ = ${others}`);
      };
      for (let at = 0; at < layer.nnz; at++) near(layer.planes[0][at], kept[at], views[index].values[at]);
      layer.biasPlanes[0].forEach((found, at) => near(found, bias[at], views[index].bias[at]));
      for (let at = 0; at < layer.nnz; at++) {
        assertAlmostEquals(layer.values[at], (1 - rate * DECAY) * values[at] + layer.planes[0][at], 1e-6);
      }
    }
  }
});

Deno.test("ParameterServer.push() with delay-compensated applies g + λ·g²·(now − then), to the bit, also on stale topologies", () => {
  for (const others of [0, 1, 4]) {
    for (const stale of [false, true]) {
      const { model, server, sender, pulled } = overtaken("delay-compensated", others);
      const plain = overtaken("none", others);
      if (stale) {
        for (const one of [{ model, server }, plain]) {
          changeTopology(one.model, SETTINGS, 1);
          one.server.topologyChanged();
        }
      }
      // What is applied elsewhere is made by hand, place by place.
      const gradients = someGradients(sender, 3);
      const expected = plain.model.allocateGradients();
      const from = gradientViews(sender.layers, gradients);
      let [moved, fresh] = [0, 0];
      for (const [index, to] of gradientViews(plain.model.layers, expected).entries()) {
        const [now, then] = [plain.model.layers[index], sender.layers[index]];
        const corrected = (g: number, now: number, then: number) => {
          const found = others === 0 ? g : compensated(g, now, then);
          moved += Number(found !== g);
          return found;
        };
        const pulledGradients = byPlace(then, from[index].values);
        const pulledWeights = byPlace(then, then.values);
        const places = [...byPlace(now, now.values).entries()];
        for (const [at, [place, weight]] of places.entries()) {
          const g = pulledGradients.get(place);
          fresh += Number(g === undefined);
          to.values[at] = g === undefined ? 0 : corrected(g, weight, pulledWeights.get(place)!);
        }
        to.bias.forEach((_, at) =>
          to.bias[at] = corrected(from[index].bias[at], now.bias[at], then.bias[at])
        );
        to.activationParameters.forEach((_, at) =>
          to.activationParameters[at] = corrected(
            from[index].activationParameters[at],
            now.activationParameters[at],
            then.activationParameters[at],
          )
        );
      }
      server.push(gradients, { ...HEADER, ...pulled }, sender);
      plain.server.push(
        expected,
        { ...HEADER, ...plain.pulled, version: plain.server.version },
        plain.sender,
      );
      assertEquals(contentOf(model), contentOf(plain.model));
      assertEquals([moved > 0, fresh > 0], [others > 0, stale]);
    }
  }
});

Deno.test("SentParameters stand for a replica that is out of reach, whatever the topology has become", () => {
  for (const stale of [false, true]) {
    const models = [false, true].map((kept) => {
      const { model, server, sender, pulled } = overtaken("delay-compensated", 0);
      const sent = new SentParameters(model, 2);
      sent.keep(0, model);
      const structure = emptyReplica(model);
      structure.layers.forEach((layer, index) => {
        layer.indptr.set(model.layers[index].indptr);
        layer.indices.set(model.layers[index].indices);
      });
      const other = emptyReplica(model);
      server.push(someGradients(model, 1), { ...HEADER, worker: 1, ...server.pull(other, -1, 1) }, other);
      sent.keep(1, model);
      if (stale) {
        changeTopology(model, SETTINGS, 1);
        server.topologyChanged();
      }
      const by = kept ? sent.of(0, structure) : sender;
      server.push(someGradients(sender, 2), { ...HEADER, ...pulled }, by);
      return model;
    });
    assertEquals(contentOf(models[1]), contentOf(models[0]));
  }
});

const data = madelonLike({
  samples: 500,
  testSamples: 200,
  features: 30,
  classes: 4,
  informative: 8,
  seed: 3,
});
const OPTIONS: ParallelOptions = { epochs: 4, batchSize: 32, learningRate: 0.02, phaseOneFraction: 1 };

Deno.test("trainParallel() with one wasap worker gives the same bits by every rule of staleness", async () => {
  const models = [];
  for (const staleness of ["none", "inverse", "delay-compensated"] as const) {
    const model = newModel();
    await finishInProcess(model, data, { ...OPTIONS, workers: 1, staleness }, 1);
    models.push(contentOf(model));
  }
  assertEquals(models[1], models[0]);
  assertEquals(models[2], models[0]);
});

Deno.test("trainParallel() trains otherwise by each rule of staleness, in one thread and in real Workers", async () => {
  const models = [];
  const rules: ParallelOptions[] = [
    { staleness: "none" },
    { staleness: "inverse" },
    { staleness: "delay-compensated", delayCompensation: 10 },
  ];
  for (const rule of rules) {
    const [model, again] = [newModel(), newModel()];
    const options = { ...OPTIONS, workers: 4, ...rule };
    const { records } = await finishInProcess(model, data, options, 3);
    await finishInProcess(again, data, options, 3);
    assertEquals(contentOf(again), contentOf(model));
    assert(records.some(({ parallel }) => parallel!.droppedGradients > 0));
    models.push(contentOf(model));
    const inWorkers = newModel();
    const run = await finishParallel(inWorkers, data, { ...options, workers: 2 });
    assertEquals(run.records.map(({ parallel }) => parallel!.updates), [16, 16, 16, 16]);
    assert(inWorkers.layers.every(({ values }) => values.every(Number.isFinite)));
  }
  assertNotEquals(models[1], models[0]);
  assertNotEquals(models[2], models[0]);
});

Deno.test("trainParallel() refuses rules of staleness where no gradient is stale, and a λ without its rule", () => {
  const start = (options: ParallelOptions) => trainParallel(newModel(), data, options);
  assertThrows(
    () => start({ algorithm: "wassp", staleness: "inverse" }),
    TypeError,
    "staleness is for algorithm wasap, the one asked for is wassp",
  );
  assertThrows(
    () => start({ staleness: "inverse", delayCompensation: 1 }),
    TypeError,
    "delayCompensation is for staleness delay-compensated, the one asked for is inverse",
  );
  assertThrows(
    () => start({ staleness: "delay-compensated", delayCompensation: 0 }),
    RangeError,
    "delayCompensation is 0",
  );
  // @ts-expect-error: not one of the rules
  assertThrows(() => start({ staleness: "linear" }), RangeError, "staleness");
  const resolved = resolveParallelHyperparameters({ workers: 2, staleness: "delay-compensated" });
  assertEquals(resolved.delayCompensation, 0.04);
  assertEquals(resolveParallelHyperparameters(resolved), resolved);
});

import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import {
  encodeModel,
  type EpochRecord,
  loadModel,
  madelonLike,
  SparseMlp,
  train,
  type TrainOptions,
  trainParallel,
} from "../mod.ts";
import { EverConnected, MOST_BITS } from "../src/sparse/ever_connected.ts";
import { newRunState } from "../src/train/state.ts";
import { abortBefore } from "./trainer/data.ts";

const data = madelonLike({ samples: 200, testSamples: 40, features: 24, seed: 5 });
const make = () => SparseMlp.create({ sizes: [24, 30, 20, 2], epsilon: 4, seed: 2 });
const OPTIONS = { epochs: 6, batchSize: 20, connectionHistory: true, seed: 3, threads: 1 } as const;

async function records(
  model: SparseMlp,
  options: TrainOptions,
  look: (epoch: number) => void = () => {},
): Promise<EpochRecord[]> {
  const found: EpochRecord[] = [];
  for await (const record of train(model, data, options)) {
    look(record.epoch);
    found.push(record);
  }
  return found;
}

/** Follows places in plain maps, layer by layer. */
class Plain {
  readonly births: Map<number, number>[];
  readonly ever: Set<number>[];
  readonly gone: number[][];
  readonly places: number[];

  constructor(readonly model: SparseMlp) {
    const layers = model.layers.slice(0, -1);
    this.births = layers.map(() => new Map());
    this.ever = layers.map(() => new Set());
    this.gone = layers.map(() => []);
    this.places = layers.map(({ inputs, neurons }) => inputs * neurons);
    this.look(0);
  }

  look(epoch: number): void {
    for (const [index, layer] of this.model.layers.slice(0, -1).entries()) {
      const { rows, columns } = layer.connections();
      const now = new Set(Array.from(rows, (row, at) => row * layer.neurons + columns[at]));
      for (const [place, birth] of this.births[index]) {
        if (now.has(place)) continue;
        this.gone[index].push(epoch - birth);
        this.births[index].delete(place);
      }
      for (const place of now) {
        this.ever[index].add(place);
        if (!this.births[index].has(place)) this.births[index].set(place, epoch);
      }
    }
  }

  times(lives: number[]): { mean: number; median: number } {
    const sorted = lives.toSorted((a, b) => a - b);
    const mean = lives.reduce((sum, life) => sum + life, 0) / lives.length;
    return { mean, median: sorted[Math.ceil(sorted.length / 2) - 1] };
  }
}

const sum = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0);

Deno.test("records tell what plain maps of all places tell, and training is the same without", async () => {
  const model = make();
  const plain = new Plain(model);
  const seen: { ever: number; ages: number[]; gone: number[] }[] = [];
  const found = await records(model, OPTIONS, (epoch) => {
    plain.look(epoch);
    seen.push({
      ever: sum(plain.ever.map(({ size }) => size)),
      ages: plain.births.flatMap((births) => [...births.values()].map((birth) => epoch - birth)),
      gone: plain.gone.flat(),
    });
  });
  for (const [at, { topology }] of found.entries()) {
    assertEquals(topology?.since, 0);
    assertEquals(topology?.everConnectedError, 0);
    assertAlmostEquals(topology!.everConnected, seen[at].ever / sum(plain.places), 1e-12);
    const present = plain.times(seen[at].ages);
    assertAlmostEquals(topology!.present!.mean, present.mean, 1e-9);
    assertEquals(topology!.present!.median, present.median);
    const gone = plain.times(seen[at].gone);
    assertAlmostEquals(topology!.gone!.mean, gone.mean, 1e-9);
    assertEquals(topology!.gone, { ...gone, mean: topology!.gone!.mean, connections: seen[at].gone.length });
  }
  const { layers } = found.at(-1)!.topology!;
  assertEquals(layers.length, 2);
  layers.forEach(({ inDegree, everConnected }, index) => {
    assertAlmostEquals(everConnected, plain.ever[index].size / plain.places[index], 1e-12);
    const degrees = new Uint32Array(model.layers[index].neurons);
    model.layers[index].connections().columns.forEach((column) => degrees[column]++);
    const sorted = degrees.toSorted();
    assertEquals(inDegree, {
      least: sorted[0],
      median: sorted[Math.ceil(sorted.length / 2) - 1],
      most: sorted.at(-1)!,
      none: sorted.filter((degree) => degree === 0).length,
    });
  });
  const without = make();
  const plainRecords = await records(without, { ...OPTIONS, connectionHistory: false });
  assertEquals(without.memory.arena, model.memory.arena);
  assertEquals(plainRecords.map(({ topology }) => topology), plainRecords.map(() => undefined));
});

Deno.test("a run that goes on from a checkpoint tells the same, also with its best epoch beside", async () => {
  for (const extra of [{}, { validationFraction: 0.2 }, { evolveEvery: { steps: 3 } }]) {
    const whole = await records(make(), { ...OPTIONS, ...extra });
    const [model, state] = [make(), newRunState()];
    await records(model, { ...OPTIONS, ...extra, epochs: 3, state });
    const bytes = await encodeModel(model, { training: { epoch: state.epoch, options: {}, state } });
    const { model: loaded, training } = await loadModel(bytes);
    const rest = await records(loaded, { ...OPTIONS, ...extra, state: training!.state! });
    assertEquals(rest.map(({ topology }) => topology), whole.slice(3).map(({ topology }) => topology));
  }
});

Deno.test("a run that goes on inside an epoch tells the same: when connections came is kept rounded", async () => {
  // Tenths of an epoch are no f32.
  const options: TrainOptions = { ...OPTIONS, evolveEvery: { steps: 1 } };
  const whole = await records(make(), options);
  for (const steps of [1, 2, 3, 7, 9, 13]) {
    const [model, state] = [make(), newRunState()];
    const run = records(model, { ...options, state, signal: abortBefore(steps) });
    await assertRejects(() => run, DOMException);
    assertEquals(10 * state.epoch + state.step, steps);
    const bytes = await encodeModel(model, { training: { epoch: state.epoch, options: {}, state } });
    const { model: loaded, training } = await loadModel(bytes);
    const rest = await records(loaded, { ...options, state: training!.state! });
    assertEquals(
      rest.map(({ topology }) => topology),
      whole.slice(state.epoch).map(({ topology }) => topology),
    );
  }
});

Deno.test("a history that begins later says since when, and one that is not asked for is forgotten", async () => {
  const [model, state] = [make(), newRunState()];
  await records(model, { ...OPTIONS, epochs: 2, connectionHistory: false, state });
  const [third] = await records(model, { ...OPTIONS, epochs: 3, state });
  assertEquals(third.topology!.since, 2);
  assert(model.history !== undefined);
  assert(model.clone().history !== undefined);
  await records(model, { ...OPTIONS, epochs: 4, connectionHistory: false, state });
  assertEquals(model.history, undefined);
});

Deno.test("compaction while pruning keeps the history of what stays, by its first numbers", async () => {
  const options = {
    ...OPTIONS,
    importancePruning: { start: 2, every: 2, percentile: 30 },
    compactWhilePruning: true,
  };
  const model = make();
  const found = await records(model, options);
  assert(model.layers[0].neurons < 30);
  const ever = found.map(({ topology }) => topology!.everConnected);
  ever.forEach((share, at) => assert(at === 0 || share >= ever[at - 1]));
  const { gone, present } = found.at(-1)!.topology!;
  assert(gone!.connections > 0 && present!.mean > 0);
  const [half, state] = [make(), newRunState()];
  await records(half, { ...options, epochs: 4, state });
  const bytes = await encodeModel(half, { training: { epoch: state.epoch, options: {}, state } });
  const { model: loaded, training } = await loadModel(bytes);
  const rest = await records(loaded, { ...options, state: training!.state! });
  assertEquals(rest.map(({ topology }) => topology), found.slice(4).map(({ topology }) => topology));
});

Deno.test("parallel runs tell of the server's model, in both phases", async () => {
  for (const algorithm of ["wasap", "wassp"] as const) {
    const epochs = trainParallel(make(), data, { ...OPTIONS, workers: 2, algorithm });
    let last: EpochRecord | undefined;
    for await (const record of epochs) {
      assert(record.topology!.everConnected >= (last?.topology?.everConnected ?? 0));
      last = record;
    }
    assert(last!.topology!.gone!.connections > 0);
  }
});

Deno.test("a damaged history is refused", async () => {
  const [model, state] = [make(), newRunState()];
  await records(model, { ...OPTIONS, epochs: 2, state });
  const training = { epoch: 2, options: {}, state };
  const bytes = await encodeModel(model, { training });
  const text = new TextDecoder("latin1").decode(bytes);
  const at = text.indexOf('"history.layers.0.births"') + 17;
  const renamed = bytes.slice();
  renamed.set(new TextEncoder().encode("0.birthz"), at - 1);
  await assertRejects(() => loadModel(renamed), Error, "history.layers.0.births");
});

Deno.test("EverConnected counts up to its bound and estimates beyond, within its error", () => {
  const exact = new EverConnected(100, 70);
  for (let pass = 0; pass < 2; pass++) for (let row = 0; row < 100; row += 3) exact.add(row, (row * 7) % 70);
  assertEquals([exact.count, exact.error], [34, 0]);
  assertEquals(new EverConnected(100, 70, exact.words.slice()).count, 34);
  const side = Math.ceil(Math.sqrt(MOST_BITS)) + 1;
  for (const places of [100, 10_000, 60_000, 1_000_000]) {
    const sketch = new EverConnected(side, side);
    for (let place = 0; place < places; place++) {
      sketch.add(place % side, Math.floor(place / 7) % side);
      sketch.add(place % side, Math.floor(place / 7) % side);
    }
    const different = new Set(
      Array.from({ length: places }, (_, place) => (place % side) * side + Math.floor(place / 7) % side),
    ).size;
    // Four standard deviations.
    assert(Math.abs(sketch.count / different - 1) < 4 * sketch.error, `${places}: ${sketch.count}`);
  }
});

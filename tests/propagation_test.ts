import { assert, assertEquals, assertRejects } from "@std/assert";
import { FeatureError, propagate, type PropagationLayer, SparseMlp } from "../mod.ts";
import { CONNECTIONS, layerOf, radixNet } from "../bench/graphchallenge/network.ts";

/** The layers of a model in the order their weights are read. */
function layersOf(model: SparseMlp): PropagationLayer[] {
  return model.layers.map(({ inputs, nnz, incomingPtr, source, position, values, bias }, index) => ({
    inputs,
    indptr: incomingPtr,
    indices: source.slice(0, nnz),
    weights: Float32Array.from(position.subarray(0, nnz), (place) => values[place]),
    bias,
    activation: index < model.layers.length - 1 ? "all-relu" : "identity",
  }));
}

function numbers(length: number): Float32Array {
  return Float32Array.from({ length }, (_, index) => ((index * 7919) % 101 - 50) / 25);
}

Deno.test("propagate gives the outputs of a model with these layers, whatever the threads", async () => {
  const model = SparseMlp.create({
    sizes: [30, 50, 40, 60, 20, 3],
    density: 0.3,
    task: "regression",
    seed: 3,
  });
  model.standardization = { mean: new Float32Array(30), scale: new Float32Array(30).fill(1) };
  const features = numbers(30 * 300);
  const expected = model.toInference().predictValues(features);
  for (const threads of [1, 2, 3]) {
    const { samples, activations, neurons } = await propagate(features, layersOf(model), { threads });
    assertEquals([samples.length, neurons], [300, 3]);
    assertEquals(activations, expected);
  }
});

Deno.test("propagate drops samples that died, and leaves the others as they are", async () => {
  const layers = Array.from(radixNet(64, 12, 1), (sources) => ({ ...layerOf(sources), bias: -0.2 }));
  // 600 of more and more ones, in two kinds of numbers.
  const bytes = Uint8Array.from(
    { length: 600 * 64 },
    (_, at) => Number((at * 7919) % 600 < (at / 64 | 0) / 2),
  );
  const all = await propagate(bytes, layers);
  const left = await propagate(Float32Array.from(bytes), layers, { dropDead: true, threads: 2 });
  assert(left.samples.length > 60 && left.samples.length < 540, `${left.samples.length} are left`);
  const rowOf = (place: number, { activations }: typeof all) =>
    activations.subarray(place * 64, place * 64 + 64);
  const alive = Array.from(all.samples).filter((sample) => rowOf(sample, all).some((value) => value !== 0));
  assertEquals([...left.samples], alive);
  for (const [place, sample] of left.samples.entries()) assertEquals(rowOf(place, left), rowOf(sample, all));
});

Deno.test("propagate takes layers one by one, holds few of them, and ends where all samples died", async () => {
  let made = 0;
  async function* layers(): AsyncGenerator<PropagationLayer> {
    for (const sources of radixNet(64, 30, 1)) {
      made++;
      yield { ...layerOf(sources), bias: -5 };
      await Promise.resolve();
    }
  }
  const { samples, activations, neurons } = await propagate(new Uint8Array(64 * 5), layers(), {
    dropDead: true,
  });
  assertEquals([made, samples.length, activations.length, neurons], [30, 0, 0, 64]);
  assertEquals((await propagate(new Float32Array(0), layers())).samples.length, 0);
});

Deno.test("propagate reads one bias and one set of parameters for all neurons", async () => {
  const layer = {
    inputs: 1,
    indptr: Uint32Array.of(0, 1, 2, 2),
    indices: Uint32Array.of(0, 0),
    weights: Float32Array.of(1, 10),
    bias: Float32Array.of(0.5, 0.5, 0.5),
    activation: "srelu" as const,
    activationParameters: Array.from({ length: 3 }, () => [0, 0.5, 32, 0]).flat(),
  };
  const { activations } = await propagate([[4], [-2]], [layer]);
  assertEquals(activations, Float32Array.of(4.5, 32, 0.5, -0.75, -9.75, 0.5));
  const short = { ...layer, bias: 0.5, activationParameters: [0, 0.5, 32, 0] };
  assertEquals((await propagate([[4], [-2]], [short])).activations, activations);
});

Deno.test("propagate refuses layers that do not fit, and says which", async () => {
  const layer: PropagationLayer = {
    inputs: 2,
    indptr: Uint32Array.of(0, 1),
    indices: Uint32Array.of(1),
    weights: Float32Array.of(1),
  };
  const refused: [unknown, new () => Error, string][] = [
    [[], TypeError, "there are no layers"],
    [layer, TypeError, "layers is"],
    [[layer, layer], TypeError, "layer 2 has 2 inputs, the layer before it 1 neurons"],
    [[{ ...layer, indices: Uint32Array.of(2) }], TypeError, "valid sparse matrix"],
    [[{ ...layer, weights: Float32Array.of(1, 2) }], TypeError, "layer 1.weights has 2 elements, expected 1"],
    [[{ ...layer, weights: Float32Array.of(NaN) }], RangeError, "layer 1.weights is NaN"],
    [[{ ...layer, bias: Float32Array.of(1, 2) }], TypeError, "layer 1.bias has 2 elements, expected 1"],
    // Its weights stand in another order.
    [SparseMlp.create({ sizes: [2, 3, 2], seed: 1 }).layers, TypeError, "layer 1.weights"],
  ];
  for (const [layers, Kind, message] of refused) {
    await assertRejects(() => propagate([[1, 2]], layers as PropagationLayer[]), Kind, message);
  }
  await assertRejects(
    () => propagate([[1, 2]], [{ ...layer, bias: 0.25 }], { dropDead: true }),
    RangeError,
    "neuron 1 of layer 1 makes 0.25 of inputs that are all 0",
  );
  await assertRejects(() => propagate(Float32Array.of(1, NaN), [layer]), FeatureError, "feature 1");
  const huge = { ...layer, weights: Float32Array.of(3e38) };
  await assertRejects(() => propagate([[1, 2]], [huge]), RangeError, "sample 0 are not finite after layer 1");
});

Deno.test("radixNet has 32 connections into and out of each neuron, and paths between all", () => {
  const layers = [...radixNet(1024, 13, 1)];
  for (const sources of layers) {
    const out = new Uint32Array(1024);
    for (const source of sources) out[source]++;
    assertEquals(out, new Uint32Array(1024).fill(CONNECTIONS));
  }
  let heard = new Set([0]);
  for (const sources of layers.slice(0, 6).reverse()) {
    heard = new Set([...heard].flatMap((neuron) => [...sources.subarray(neuron * 32, neuron * 32 + 32)]));
  }
  assertEquals(heard.size, 1024);
  // The first neuron hears of itself and of the next, in each copy of the small net.
  assertEquals([...layers[0].subarray(0, 4)], [0, 1, 64, 65]);
});

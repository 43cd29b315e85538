/**
 * What a trained model costs to use: as it is, pruned, and pruned and compacted; and a dense network in PyTorch.
 *
 *     deno run -A bench/inference.ts MODEL [--percentile P] [--python PYTHON]
 *
 * Prints JSON. MODEL is a saved Fashion-MNIST model. The percentile is the one that leaves about a fifth of the
 * parameters unless it is given.
 *
 * @module
 */
import { compact, loadModel, pruneByImportance, saveModel, type SparseMlp } from "../mod.ts";
import { standardization } from "../src/data/standardization.ts";
import { sharedBytes, sharedWords } from "../src/sparse/shared.ts";
import { resolveHyperparameters } from "../src/train/hyperparameters.ts";
import { StepRunner } from "../src/train/step_runner.ts";

const SAMPLES = 10_000;
const BATCH = 128;

/** Seconds of one call: the least and the median of several rounds. */
function time(work: () => void, calls: number): { least: number; median: number } {
  work();
  const rounds = Array.from({ length: 9 }, () => {
    const started = performance.now();
    for (let call = 0; call < calls; call++) work();
    return (performance.now() - started) / 1000 / calls;
  }).sort((a, b) => a - b);
  return { least: rounds[0], median: rounds[4] };
}

function prunedTo(model: SparseMlp, percentile: number): SparseMlp {
  for (const layer of model.layers.slice(0, -1)) pruneByImportance(layer, percentile);
  return model;
}

/** The percentile that leaves about a fifth of the parameters, after compaction. */
async function fifth(path: string): Promise<number> {
  let [low, high] = [0, 100];
  for (let round = 0; round < 8; round++) {
    const middle = (low + high) / 2;
    const { model } = await loadModel(path);
    const start = model.stats().parameters;
    if (compact(prunedTo(model, middle)).model.stats().parameters > 0.2 * start) low = middle;
    else high = middle;
  }
  return Math.round(10 * high) / 10;
}

/** Made-up bytes: time does not depend on what the pixels are. */
function pixels(count: number): Uint8Array {
  const features = sharedBytes(count);
  for (let place = 0; place < count; place++) features[place] = (place * 2_654_435_761) >>> 24;
  return features;
}

async function fileBytes(model: SparseMlp): Promise<number> {
  const path = await Deno.makeTempFile({ suffix: ".safetensors" });
  await saveModel(model, path);
  const { size } = await Deno.stat(path);
  await Deno.remove(path);
  return size;
}

/** Milliseconds of a training step, of its kernel's forward half as evaluation runs it, and of predictions. */
async function measure(model: SparseMlp): Promise<Record<string, unknown>> {
  const inputs = model.featureCount;
  const classes = model.layers[model.layers.length - 1].neurons;
  const features = pixels(SAMPLES * inputs);
  const labels = sharedWords(SAMPLES).map((_, sample) => sample % classes);
  model.standardization ??= standardization(features, SAMPLES, inputs);
  const split = { samples: SAMPLES, features, labels, targets: new Float32Array(0) };
  const runner = new StepRunner({
    model,
    split,
    standardization: model.standardization,
    settings: resolveHyperparameters(
      { batchSize: BATCH, weightDecay: 0, weightDecayForm: "coupled", threads: 1 },
      1,
    ),
  });
  const order = Uint32Array.from({ length: BATCH }, (_, sample) => sample);
  if (!model.is("classification")) {
    throw new TypeError(`Cannot measure: the model is for ${model.settings.task}`);
  }
  const inference = model.toInference();
  const part = features.subarray(0, 2_560 * inputs);
  const one = features.subarray(0, inputs);
  const evaluated = time(() => {
    runner.evaluate(runner.build(order, 0, BATCH, 0), new Float32Array(0));
  }, 40);
  const batched = [1, 2].map((threads) => time(() => inference.predictProbabilities(part, { threads }), 2));
  const single = time(() => inference.predictProbabilities(one), 500);
  const stats = model.stats();
  const bytes = await fileBytes(model);
  // Last, for it changes the weights; a rate of 1e-12 keeps them what they were.
  const step = time(() => {
    runner.step(runner.build(order, 0, BATCH, 0), 0, 1e-12);
  }, 40);
  return {
    sizes: model.settings.sizes,
    connections: stats.connections,
    parameters: stats.parameters,
    trainingBytes: model.memory.arena.byteLength,
    trainingBytesAConnection: model.memory.arena.byteLength / stats.connections,
    inferenceBytes: inference.bytes,
    inferenceBytesAConnection: inference.bytes / stats.connections,
    fileBytes: bytes,
    stepMs: 1000 * step.median,
    trainingSamplesPerSecond: BATCH / step.median,
    evaluationSamplesPerSecond: BATCH / evaluated.median,
    predictionsPerSecond1Thread: 2_560 / batched[0].median,
    predictionsPerSecond2Threads: 2_560 / batched[1].median,
    singleSampleUs: 1e6 * single.median,
    singleSampleLeastUs: 1e6 * single.least,
  };
}

const DENSE = `
import json, sys, time, torch
from torch import nn
def timed(work, calls):
    work()
    rounds = []
    for _ in range(9):
        started = time.perf_counter()
        for _ in range(calls): work()
        rounds.append((time.perf_counter() - started) / calls)
    return sorted(rounds)[4]
layers = []
sizes = json.loads(sys.argv[1])
for n, m in zip(sizes, sizes[1:]): layers += [nn.Linear(n, m), nn.LeakyReLU(0.6)]
net = nn.Sequential(*layers[:-1], nn.Softmax(1)).eval()
batch, one = torch.rand(2560, sizes[0]), torch.rand(1, sizes[0])
found = {"torch": torch.__version__}
with torch.inference_mode():
    for threads in (1, 2):
        torch.set_num_threads(threads)
        found[f"predictionsPerSecond{threads}Thread" + "s" * (threads > 1)] = 2560 / timed(lambda: net(batch), 1)
        found[f"singleSampleUs{threads}Thread" + "s" * (threads > 1)] = 1e6 * timed(lambda: net(one), 100)
print(json.dumps(found))
`;
import { describeProcessor, processor } from "./processor.ts";

async function dense(python: string, sizes: readonly number[]): Promise<unknown> {
  const command = new Deno.Command(python, { args: ["-c", DENSE, JSON.stringify(sizes)] });
  const { success, stdout } = await command.output();
  return success ? JSON.parse(new TextDecoder().decode(stdout)) : "PyTorch is absent";
}

function option(name: string): string | undefined {
  const place = Deno.args.indexOf(`--${name}`);
  return place < 0 ? undefined : Deno.args[place + 1];
}

if (import.meta.main) {
  const [path] = Deno.args;
  const percentile = Number(option("percentile") ?? await fifth(path));
  const load = async () => (await loadModel(path)).model;
  const whole = await load();
  const python = option("python");
  const result = {
    date: new Date().toISOString().slice(0, 10),
    host: describeProcessor(processor()),
    command: "deno run -A bench/inference.ts MODEL --python PYTHON",
    batch: BATCH,
    percentile,
    ...(python !== undefined && { dense: await dense(python, whole.settings.sizes) }),
    sparse: await measure(whole),
    pruned: await measure(prunedTo(await load(), percentile)),
    compacted: await measure(compact(prunedTo(await load(), percentile)).model),
  };
  console.log(JSON.stringify(result, null, 2));
}

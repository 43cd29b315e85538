import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { madelonLike } from "../src/data/generator.ts";
import { splitValidation } from "../src/data/validation_split.ts";
import { CheckpointError } from "../src/errors.ts";
import { loadModel, saveModel } from "../src/files/checkpoint.ts";
import { writeSafetensors } from "../src/files/safetensors.ts";
import { SparseMlp } from "../src/model/model.ts";
import { InProcessTransport } from "../src/parallel/in_process.ts";
import { trainOver, trainParallel } from "../src/parallel/wasap.ts";
import { WorkerModels } from "../src/parallel/worker_models.ts";
import { Evaluator } from "../src/train/evaluation.ts";
import type { HyperparameterOptions } from "../src/train/hyperparameters.ts";
import type { TrainOptions } from "../src/train/options.ts";
import type { EpochRecord, TrainSummary } from "../src/train/records.ts";
import { newRunState, type RunState } from "../src/train/state.ts";
import { train } from "../src/train/trainer.ts";
import { folder, run, table } from "./cli/process.ts";
import { assertSameModel, contentOf } from "./model/content.ts";
import { fileContent } from "./model/file.ts";
import { withFile } from "./temporary.ts";
import { finish, linearData, noiseData, xorModel } from "./trainer/data.ts";

const data = madelonLike({ samples: 120, testSamples: 40, features: 24, seed: 4 });
const make = () => SparseMlp.create({ sizes: [24, 24, 16, 2], epsilon: 4, seed: 3 });

/** Learns by heart: the validation loss is lowest early on. */
const OPTIONS: HyperparameterOptions = {
  epochs: 8,
  batchSize: 16,
  threads: 1,
  learningRate: 0.05,
  dropout: 0,
  validationFraction: 0.3,
};

/** The model as its run ended, and the one in training where it is another. */
const both = (model: SparseMlp) => [contentOf(model), model.running && contentOf(model.running)];

Deno.test("train() ends with the weights of the best epoch, whether it was stopped early or not", async () => {
  for (const patience of [undefined, 2]) {
    const options = { ...OPTIONS, ...(patience && { patience }) };
    const model = make();
    const { records, summary } = await finish(model, data, options);
    const losses = records.map(({ validationLoss }) => validationLoss!);
    const lowest = Math.min(...losses);
    assert(lowest < losses.at(-1)!, "the case is one in which the last epoch is not the best");
    assertEquals(summary.kept, { epoch: losses.indexOf(lowest) + 1, metric: "loss", value: lowest });
    const { validation } = splitValidation(data, 0.3, 3);
    const loss = (of: SparseMlp) => new Evaluator(of, validation).run().loss;
    assertEquals(loss(model), lowest);
    assertEquals(loss(model.running!), losses.at(-1));
    assertEquals([model.best, model.optimizerState], [undefined, undefined]);
    // What the last epoch gave is that of a run that keeps it.
    const last = make();
    const { summary: other } = await finish(last, data, { ...options, keep: "last" });
    assertSameModel(model.running!, last);
    assertEquals([other.kept, last.running, last.best], [undefined, undefined, undefined]);
  }
});

Deno.test("train() chooses and stops by the metric that is asked for", async () => {
  for (const metric of ["accuracy", "roc-auc", "macro-f1", "brier"] as const) {
    const { records, summary } = await finish(xorModel(), noiseData(120, 30), {
      ...OPTIONS,
      epochs: 40,
      metric,
      patience: 3,
    });
    const scores = records.map(({ validationScore, validationAccuracy }) =>
      metric === "accuracy" ? validationAccuracy! : validationScore!
    );
    const best = metric === "brier" ? Math.min(...scores) : Math.max(...scores);
    assertEquals(summary.kept, { epoch: scores.indexOf(best) + 1, metric, value: best });
    assertEquals(
      records.length - scores.indexOf(best) - 1,
      summary.stoppedEarly ? 3 : 40 - summary.kept!.epoch,
    );
  }
  const model = SparseMlp.create({ sizes: [3, 16, 2], epsilon: 5, task: "regression", seed: 1 });
  const { summary } = await finish(model, linearData(60, 20), { ...OPTIONS, metric: "r2", epochs: 5 });
  assertEquals(summary.kept?.metric, "r2");
  const refused: [TrainOptions, string][] = [
    [{ ...OPTIONS, metric: "rmse" }, "expected one of loss, accuracy"],
    [{ keep: "best" }, "needs a validationFraction"],
    [{ metric: "accuracy" }, "needs a validationFraction"],
  ];
  for (const [options, text] of refused) {
    await assertRejects(async () => await finish(make(), data, options), TypeError, text);
  }
});

/** Trains to an epoch or a step and saves; goes on from the file; gives the model of the end. */
async function inTwo(path: string, first: TrainOptions, rest: TrainOptions): Promise<SparseMlp> {
  const [model, state] = [make(), newRunState()];
  await finish(model, data, { ...first, state });
  await saveModel(model, path, { training: { epoch: state.epoch, options: {}, state } });
  const loaded = await loadModel(path);
  assertEquals(both(loaded.model)[0], both(model)[0]);
  await finish(loaded.model, data, { ...rest, state: loaded.training!.state! });
  return loaded.model;
}

Deno.test("train() goes on from a checkpoint with the bits of a run that never stopped, and the same best epoch", () =>
  withFile(async (path) => {
    const variants: TrainOptions[] = [
      {},
      { patience: 2 },
      { evaluateEvery: 2, metric: "roc-auc" },
      {
        importancePruning: { start: 2, every: 1, percentile: 20 },
        compactWhilePruning: true,
        optimizer: "adam",
        learningRate: 0.003,
      },
    ];
    for (const variant of variants) {
      const options = { ...OPTIONS, ...variant };
      const straight = make();
      await finish(straight, data, options);
      // Whole runs that are made longer, and ones that end inside an epoch (six steps each).
      for (const first of [1, 2, 3, 5, 7].map((epochs) => ({ ...options, epochs }))) {
        if (variant.patience !== undefined && first.epochs > 3) continue;
        // An evaluation after the last epoch of the first part is one that the whole run does not make.
        if (variant.evaluateEvery !== undefined && first.epochs % 2 === 1) continue;
        assertEquals(both(await inTwo(path, first, options)), both(straight));
      }
      for (const maxSteps of [4, 13, 22, 29]) {
        assertEquals(both(await inTwo(path, { ...options, maxSteps }, options)), both(straight));
      }
      // Between two epochs, when the topology has changed already.
      for (const epoch of [1, 2, 4]) {
        const [model, state] = [make(), newRunState()];
        for await (const record of train(model, data, { ...options, state })) {
          if (record.epoch < epoch) continue;
          await saveModel(model, path, { training: { epoch, options: {}, state } });
          break;
        }
        const { model: loaded, training } = await loadModel(path);
        await finish(loaded, data, { ...options, state: training!.state! });
        assertEquals(both(loaded), both(straight));
      }
    }
  }));

Deno.test("train() goes on with the model itself after its end, without a file", async () => {
  const [straight, model, state] = [make(), make(), newRunState()];
  await finish(straight, data, OPTIONS);
  await finish(model, data, { ...OPTIONS, epochs: 5, state });
  await finish(model, data, { ...OPTIONS, state });
  assertEquals(both(model), both(straight));
  // A new run begins with the best weights, and forgets the rest.
  await finish(model, data, { ...OPTIONS, epochs: 1, keep: "last" });
  assertEquals([model.best, model.running], [undefined, undefined]);
});

Deno.test("train() goes on after the best epoch with another optimiser once discardState() has forgotten the first", async () => {
  const [model, state] = [make(), newRunState()];
  await finish(model, data, { ...OPTIONS, state });
  assert(model.running !== undefined);
  const again = () => train(model, data, { ...OPTIONS, epochs: 10, optimizer: "adam", state });
  assertThrows(again, TypeError, 'the model holds the state of "sgd"');
  assert(model.running !== undefined);
  model.discardState();
  for await (const { epoch } of again()) assert(epoch > 8);
});

Deno.test("train() judges anew where a state knows of a best epoch whose weights are not there", async () => {
  const [model, state] = [make(), newRunState()];
  await finish(model, data, { ...OPTIONS, epochs: 7, keep: "last", state });
  assert(state.best!.epoch < 7, `the best is epoch ${state.best!.epoch}`);
  const { summary } = await finish(model, data, { ...OPTIONS, keep: "best", state });
  assert(summary.kept!.epoch > 7);
});

Deno.test("trainParallel() keeps the best epoch in both phases, and goes on from a checkpoint bit for bit", () =>
  withFile(async (path) => {
    let earlier = 0;
    for (const algorithm of ["wasap", "wassp"] as const) {
      for (const phaseOneFraction of [0, 0.5, 1]) {
        const options = { ...OPTIONS, algorithm, phaseOneFraction, workers: 2 };
        type Hooks = { readonly state: RunState; readonly workerModels: WorkerModels };
        const begin = (model: SparseMlp, hooks: Hooks) =>
          trainOver(model, data, { ...options, ...hooks }, (plan) => new InProcessTransport(plan, 7));
        const straight = make();
        const whole = begin(straight, { state: newRunState(), workerModels: new WorkerModels() });
        const { records, summary } = await drained(whole);
        const losses = records.map(({ validationLoss }) => validationLoss!);
        assertEquals(summary.kept!.value, Math.min(...losses));
        earlier += Number(summary.kept!.epoch < 8);
        const { validation } = splitValidation(data, 0.3, 3);
        const { loss } = new Evaluator(straight, validation).run();
        assertEquals(loss, summary.kept!.value);
        // The order of arrivals decides phase 1 of wasap.
        if (algorithm === "wasap" && phaseOneFraction > 0) continue;
        for (const stop of [1, 3, 6]) {
          const [model, state, workerModels] = [make(), newRunState(), new WorkerModels()];
          for await (const { epoch } of begin(model, { state, workerModels })) {
            if (epoch < stop) continue;
            const workers = await workerModels.current();
            await saveModel(model, path, { training: { epoch, options: {}, state }, workers });
            break;
          }
          const { model: loaded, training, workers } = await loadModel(path);
          const hooks = { state: training!.state!, workerModels: new WorkerModels(workers) };
          const rest = await drained(begin(loaded, hooks));
          assertEquals(rest.summary.kept, summary.kept);
          assertEquals(both(loaded), both(straight));
        }
      }
    }
    assert(earlier > 3, "there are cases in which the last epoch is not the best");
  }));

Deno.test("trainParallel() with real Workers ends with the best epoch", async () => {
  const options = { ...OPTIONS, algorithm: "wassp", workers: 2 } as const;
  const [one, other] = [make(), make()];
  const { summary } = await drained(trainParallel(one, data, options));
  await drained(trainOver(other, data, options, (plan) => new InProcessTransport(plan, 1)));
  assert(summary.kept!.epoch < 8);
  assertEquals(both(one), both(other));
});

async function drained(
  epochs: AsyncGenerator<EpochRecord, TrainSummary>,
): Promise<{ readonly records: EpochRecord[]; readonly summary: TrainSummary }> {
  const records: EpochRecord[] = [];
  for (;;) {
    const { done, value } = await epochs.next();
    if (done) return { records, summary: value };
    records.push(value);
  }
}

Deno.test("loadModel() refuses a model in training that is not of the same run as the best", () =>
  withFile(async (path) => {
    const [model, state] = [make(), newRunState()];
    await finish(model, data, { ...OPTIONS, state });
    const training = { epoch: state.epoch, options: {}, state };
    await saveModel(model, path, { training });
    const { metadata, tensors } = await fileContent(path);
    assert(tensors.has("running.layers.0.velocity") && !tensors.has("layers.0.velocity"));
    const { running, training: text, ...rest } = metadata;
    const other = { ...JSON.parse(JSON.parse(running).settings), task: "regression" };
    const cases: [string, Record<string, string>][] = [
      ["no training state", { ...rest, running }],
      ["running cannot be read", { ...rest, training: text, running: "{" }],
      ["no object of texts", { ...rest, training: text, running: '{"settings":1}' }],
      ['no tensor "layers.0.velocity"', { ...rest, training: text }],
      ["outputs of a regression", {
        ...rest,
        training: text,
        running: JSON.stringify({ settings: JSON.stringify(other) }),
      }],
      ["best is", { ...metadata, training: text.replace('"metric":"loss"', '"metric":"luck"') }],
    ];
    for (const [found, description] of cases) {
      await writeSafetensors(path, tensors, description);
      const error = await assertRejects(() => loadModel(path), CheckpointError);
      assertStringIncludes(error.message, found);
    }
    tensors.delete("running.layers.1.bias");
    await writeSafetensors(path, tensors, metadata);
    await assertRejects(() => loadModel(path), CheckpointError, 'no tensor "running.layers.1.bias"');
  }));

Deno.test("saveModel() without a training state saves the model given alone", () =>
  withFile(async (path) => {
    const model = make();
    await finish(model, data, OPTIONS);
    await saveModel(model, path);
    const { model: loaded } = await loadModel(path);
    assertEquals(loaded.running, undefined);
    assertSameModel(loaded, model);
  }));

Deno.test("train saves the best epoch, says which it is, and goes on to the same one after an interruption", async () => {
  const path = await folder({ "t.csv": table(90).replaceAll("5,odd", "5,even") });
  const args = ["train", "--data", `${path}/t.csv`, "--hidden", "16", "--threads", "1", "--json"];
  // A rate at which the validation loss rises from the first epoch on.
  const rest =
    ("--validation-fraction 0.3 --learning-rate 0.2 --dropout 0 --batch-size 4 --schedule constant " +
      "--activation all-relu --alpha 0.6 --growth-weights initial --weight-decay 0.0002").split(" ");
  const [one, two] = [`${path}/one.safetensors`, `${path}/two.safetensors`];
  const whole = await run(...args, ...rest, "--epochs", "12", "--output", one);
  assertEquals(whole.code, 0, whole.stderr);
  const lines = whole.stdout.trim().split("\n").map((line) => JSON.parse(line));
  const losses = lines.filter(({ event }) => event === "epoch").map(({ validationLoss }) => validationLoss);
  const { kept } = lines.at(-1);
  assertEquals(kept.value, Math.min(...losses));
  assert(kept.epoch < 12, "the case is one in which the last epoch is not the best");
  const part = await run(...args, ...rest, "--epochs", `${kept.epoch + 1}`, "--output", two);
  assertEquals(part.code, 0, part.stderr);
  const more = await run("train", "--resume", two, "--epochs", "12", "--quiet");
  assertEquals(more.code, 0, more.stderr);
  assertStringIncludes(more.stdout, `epoch ${kept.epoch}, the best by validation loss`);
  const [expected, found] = [await loadModel(one), await loadModel(two)];
  assertEquals(both(found.model), both(expected.model));
  const last = await run(...args, ...rest, "--epochs", "3", "--keep", "last", "--output", two);
  assertEquals(last.code, 0, last.stderr);
  assertEquals((await loadModel(two)).model.running, undefined);
  const alone = await run(...args, "--keep", "best");
  assertEquals([alone.code, alone.stderr.trim()], [
    2,
    "error: Cannot use --keep without --validation-fraction",
  ]);
});

import { assert, assertEquals, assertRejects } from "@std/assert";
import { madelonLike, newRunState, type PhaseProgress, SparseMlp, train } from "../mod.ts";
import { Evaluator } from "../engine.ts";
import { jsonView } from "../src/cli/progress.ts";
import { finish } from "./trainer/data.ts";

const data = madelonLike({ samples: 300, testSamples: 290, features: 20, seed: 2, onDemand: true });
const make = () => SparseMlp.create({ sizes: [20, 60, 50, 2], epsilon: 6, seed: 5 });
const OPTIONS = { epochs: 2, batchSize: 40, threads: 1 };

Deno.test("train() tells of statistics, evaluation, pruning and evolution as they go on", async () => {
  const seen: PhaseProgress[] = [];
  const importancePruning = { start: 1, every: 1, percentile: 10 };
  await finish(make(), data, { ...OPTIONS, importancePruning, onPhase: (progress) => seen.push(progress) });
  const steps = seen.map(({ phase, epoch, done, total }) => `${phase} ${epoch}: ${done}/${total}`);
  const evaluation = (epoch: number) => [128, 256, 290].map((done) => `evaluation ${epoch}: ${done}/290`);
  assertEquals(steps, [
    "statistics 1: 300/600",
    "statistics 1: 600/600",
    ...evaluation(1),
    "pruning 1: 1/2",
    "pruning 1: 2/2",
    "evolution 1: 1/2",
    "evolution 1: 2/2",
    ...evaluation(2),
  ]);
});

Deno.test("train() stopped inside an evaluation goes on bit for bit", async () => {
  const straight = make();
  const whole = await finish(straight, data, OPTIONS);
  const [model, state, abort] = [make(), newRunState(), new AbortController()];
  const onPhase = ({ phase, done }: PhaseProgress) => phase === "evaluation" && done === 256 && abort.abort();
  await assertRejects(
    () => finish(model, data, { ...OPTIONS, state, signal: abort.signal, onPhase }),
    DOMException,
  );
  assertEquals([state.epoch, state.step], [0, 8]);
  const { records } = await finish(model, data, { ...OPTIONS, state });
  const measures = ({ epoch, trainLoss, testLoss }: typeof records[number]) => [epoch, trainLoss, testLoss];
  assertEquals(records.map(measures), whole.records.map(measures));
  assertEquals(model.memory.arena, straight.memory.arena);
});

Deno.test("train() lets timers run while it evaluates", async () => {
  let [ticks, before] = [0, 0];
  const timer = setInterval(() => ticks++, 1);
  const onPhase = ({ phase, done }: PhaseProgress) => {
    if (phase !== "evaluation" || done !== 128) return;
    before = ticks;
    // As long as a batch of a large network may take.
    const started = performance.now();
    while (performance.now() - started < 150);
  };
  for await (const _ of train(make(), data, { ...OPTIONS, epochs: 1, onPhase })) {
    clearInterval(timer);
    assert(ticks > before, `${ticks} ticks`);
  }
});

Deno.test("SparseMlp.create() tells of each layer", () => {
  const seen: [number, number][] = [];
  SparseMlp.create({ sizes: [5, 4, 3, 2], onProgress: (done, total) => seen.push([done, total]) });
  assertEquals(seen, [[1, 3], [2, 3], [3, 3]]);
});

Deno.test("Evaluator.batches() gives what run() gives, and how far it is", async () => {
  const model = make();
  await finish(model, data, { ...OPTIONS, epochs: 1 });
  const evaluator = new Evaluator(model, data.test!);
  const [batches, seen] = [evaluator.batches(), [] as number[]];
  for (;;) {
    const { done, value } = batches.next();
    if (!done) seen.push(value);
    else {
      assertEquals(value, evaluator.run());
      break;
    }
  }
  assertEquals([seen, evaluator.samples], [[128, 256, 290], 290]);
});

Deno.test("jsonView() prints progress now and then, and not at once", () => {
  const printed: Record<string, unknown>[] = [];
  const phase: PhaseProgress = { phase: "evolution", epoch: 3, done: 2, total: 10 };
  jsonView((event) => printed.push(event), 60_000).phase(phase);
  assertEquals(printed, []);
  const view = jsonView((event) => printed.push(event), 0);
  view.phase(phase);
  const pace = { loss: 0.5, stepLoss: 0.25, samplesPerSecond: 9 };
  view.step({ epoch: 1, epochs: 5, step: 2, steps: 7, accuracy: 1, ...pace });
  assertEquals(printed, [
    { event: "progress", ...phase },
    { event: "progress", phase: "training", epoch: 1, done: 2, total: 7, ...pace },
  ]);
});

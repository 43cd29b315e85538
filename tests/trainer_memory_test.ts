import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type HyperparameterOptions,
  loadModel,
  madelonLike,
  newRunState,
  saveModel,
  SparseMlp,
  train,
  type TrainOptions,
  trainParallel,
} from "../mod.ts";
import { Evaluator } from "../engine.ts";
import { narrowestTile, tileWidth } from "../src/model/tile.ts";
import { workspaceWords } from "../src/native/step.ts";
import { sharedWords } from "../src/sparse/shared.ts";
import { contentOf } from "./model/content.ts";
import { finish } from "./trainer/data.ts";

const data = madelonLike({ samples: 300, testSamples: 90, features: 20, seed: 2 });
const make = () => SparseMlp.create({ sizes: [20, 60, 50, 40, 30, 2], epsilon: 6, seed: 5 });
const OPTIONS: HyperparameterOptions = { epochs: 4, batchSize: 40, threads: 2 };

async function outcome(options: TrainOptions): Promise<[unknown, unknown[]]> {
  const model = make();
  const { records } = await finish(model, data, { ...OPTIONS, ...options });
  return [
    contentOf(model),
    records.map(({ trainLoss, testLoss, testAccuracy }) => [trainLoss, testLoss, testAccuracy]),
  ];
}

Deno.test("train() with recomputation gives the bits of a run that keeps all activations", async () => {
  for (const activationStorage of ["f32", "bf16"] as const) {
    for (const more of [{}, { microBatch: 16 }, { gradientFlow: true }]) {
      assertEquals(
        await outcome({ activationStorage, recompute: true, ...more }),
        await outcome({ activationStorage, ...more }),
      );
    }
  }
});

Deno.test("train() with recomputation takes layers of one memory whose activations keep different things, in any order of sizes", async () => {
  const learned = { kind: "all-relu", alpha: "learned" } as const;
  for (const hidden of [[4, 5, 33], [33, 5, 4]]) {
    for (const activation of [["srelu", "relu", learned], [learned, "relu", "leaky-relu"]] as const) {
      const run = async (recompute: boolean) => {
        const model = SparseMlp.create({ sizes: [20, ...hidden, 2], density: 0.5, activation, seed: 5 });
        await finish(model, data, {
          ...OPTIONS,
          growth: "gradient-sampled",
          growthSampling: "grabo",
          recompute,
        });
        return contentOf(model);
      };
      assertEquals(await run(true), await run(false));
    }
  }
});

Deno.test("train() with 16-bit activations learns as well as with 32 bits", async () => {
  const set = madelonLike({ samples: 1000, testSamples: 400, features: 40, seed: 3 });
  const run = async (activationStorage: "f32" | "bf16") => {
    const model = SparseMlp.create({ sizes: [40, 100, 100, 2], epsilon: 10, seed: 2 });
    // A batch of 48 passes as 32 and 16, the last of 40 likewise: bfloat16 takes no tile of 48.
    const { summary } = await finish(model, set, { epochs: 30, batchSize: 48, activationStorage });
    return summary;
  };
  const [wide, half] = [await run("f32"), await run("bf16")];
  assert(half.lastTestAccuracy! > 0.8, `${half.lastTestAccuracy}`);
  assert(Math.abs(half.lastTestAccuracy! - wide.lastTestAccuracy!) < 0.08, `${wide.lastTestAccuracy}`);
  assert(half.lastTestLoss !== wide.lastTestLoss);
});

Deno.test("train() goes on with 16-bit activations bit for bit", async () => {
  const options: TrainOptions = { ...OPTIONS, activationStorage: "bf16", recompute: true };
  const [straight] = await outcome(options);
  const path = await Deno.makeTempFile();
  try {
    const [model, state] = [make(), newRunState()];
    let steps = 0;
    const signal = { throwIfAborted: () => assert(steps++ < 11, "stopped") } as AbortSignal;
    await assertRejects(() => finish(model, data, { ...options, state, signal }), Error, "stopped");
    assertEquals([state.epoch, state.step], [1, 3]);
    await saveModel(model, path, { training: { epoch: state.epoch, options: {}, state } });
    const loaded = await loadModel(path);
    await finish(loaded.model, data, { ...options, state: loaded.training!.state! });
    assertEquals(contentOf(loaded.model), straight);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("trainParallel() of one synchronous worker keeps activations as train() does", async () => {
  const options: HyperparameterOptions = {
    ...OPTIONS,
    batchSize: 16,
    activationStorage: "bf16",
    recompute: true,
  };
  const [alone, parallel] = [make(), make()];
  await finish(alone, data, options);
  const parts = { algorithm: "wassp", workers: 1, phaseOneFraction: 0, warmUpEpochs: 0 } as const;
  for await (const _ of trainParallel(parallel, data, { ...options, ...parts }));
  assertEquals(contentOf(parallel), contentOf(alone));
});

Deno.test("train() refuses another way to keep activations", () => {
  const options = { activationStorage: "f16" } as unknown as TrainOptions;
  assertThrows(() => train(make(), data, options), RangeError, "expected f32 or bf16");
});

Deno.test("tiles of 16-bit activations are 16, 32, 64 or 128 wide", () => {
  const sizes = [10, 20, 3];
  const half = { activationStorage: "bf16" } as const;
  assertEquals(
    [1, 17, 40, 48, 64, 100, 300].map((batch) => tileWidth(sizes, batch, half)),
    [16, 32, 32, 32, 64, 64, 128],
  );
  assertEquals([1, 17, 33, 64, 65, 128].map((samples) => narrowestTile(samples, "bf16")), [
    16,
    32,
    64,
    64,
    128,
    128,
  ]);
  assertEquals([1, 17, 33, 128].map((samples) => narrowestTile(samples)), [16, 32, 48, 128]);
});

Deno.test("evaluation takes the memory of two layers, however deep the network is", () => {
  for (const activationStorage of ["f32", "bf16"] as const) {
    const words = [2, 4, 20].map((depth) => {
      const sizes = [30, ...Array<number>(depth).fill(500), 3];
      const model = SparseMlp.create({ sizes, epsilon: 1 });
      return workspaceWords(model.memory, 64, { training: false, dropout: false, activationStorage });
    });
    const layer = 500 * 64 * (activationStorage === "bf16" ? 2 : 4) / 4;
    assertEquals(words, Array(3).fill(2 * layer + 3 * 64));
  }
});

Deno.test("Evaluator works in memory that is lent to it, and in its own where that is too small", async () => {
  const model = make();
  await finish(model, data, { ...OPTIONS, epochs: 1 });
  const run = (work?: Uint32Array) =>
    new Evaluator(model, data.test!, { threads: 1, microBatch: 32, work }).run();
  const work = sharedWords(100_000);
  const own = run();
  assertEquals(run(work), own);
  assert(work.some((word) => word !== 0));
  const small = sharedWords(100);
  assertEquals(run(small), own);
  assert(small.every((word) => word === 0));
});

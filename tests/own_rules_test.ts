import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  absentPlaces,
  type Connections,
  type DropRule,
  evaluate,
  type GrowthRule,
  madelonLike,
  type Places,
  type RulePlace,
  SparseMlp,
  train,
} from "../mod.ts";
import { finish } from "./trainer/data.ts";

const data = madelonLike({ samples: 60, testSamples: 0, features: 20, seed: 1 });
const make = () => SparseMlp.create({ sizes: [20, 12, 8, 2], epsilon: 4, seed: 1 });
const OPTIONS = { epochs: 2, batchSize: 20, threads: 1 } as const;

/** What a rule returns that was not written in TypeScript. */
const NO_COUNTS: readonly unknown[] = [NaN, undefined, -5, 2.5, "7", Infinity, Promise.resolve(1), 1000];

Deno.test("train() refuses a rule that returns another count than nnz tells, by its name", async () => {
  for (const count of NO_COUNTS) {
    const drop: DropRule<RulePlace> = { name: "odd", drop: () => count as number };
    const growth: GrowthRule = { name: "odd", grow: () => count as number };
    for (const [rule, what] of [[{ drop }, "dropped"], [{ growth }, "grown"]] as const) {
      await assertRejects(
        () => finish(make(), data, { ...OPTIONS, ...rule }),
        TypeError,
        `Cannot evolve the topology by the rule "odd": it returned `,
        `${String(count)} ${what}`,
      );
    }
  }
});

Deno.test("train() refuses a rule that leaves no valid layer, by its name, before a kernel computes with it", async () => {
  const damages: ((layer: Connections) => void)[] = [
    (layer) => layer.indices.subarray(layer.indptr[0], layer.indptr[1]).reverse(),
    (layer) => layer.indices.fill(4e9),
    (layer) => layer.nnz++,
    (layer) => layer.nnz = NaN,
    (layer) => layer.indptr.fill(3),
  ];
  for (const [number, damage] of damages.entries()) {
    const growth: GrowthRule = {
      name: "harmful",
      grow: (layer) => {
        damage(layer);
        return 0;
      },
    };
    await assertRejects(
      () => finish(make(), data, { ...OPTIONS, growth }),
      TypeError,
      'Cannot evolve the topology by the rule "harmful": it left no valid layer',
      `damage ${number}`,
    );
  }
});

Deno.test("a rule or a callback that throws in a change of the topology leaves a model that can be used", async () => {
  const thrown = () => {
    throw new Error("stopped");
  };
  const growth: GrowthRule = { name: "stopped", grow: thrown };
  const onPhase = ({ phase }: { phase: string }) => phase === "evolution" && thrown();
  for (const options of [{ growth }, { onPhase }]) {
    const model = make();
    await assertRejects(() => finish(model, data, { ...OPTIONS, ...options }), Error, "stopped");
    assertEquals(evaluate(model, data.train).samples, 60);
    await finish(model, data, OPTIONS);
  }
});

Deno.test("train() refuses candidates that are no places, by the rule's name", async () => {
  const words = (...numbers: number[]) => new Uint32Array(numbers);
  const wrong: unknown[] = [
    undefined,
    { rows: [1], columns: [0] },
    { rows: words(1, 2, 3), columns: words(0) },
    { rows: words(1), columns: words(0, 1) },
    { rows: new Float32Array([1.5]), columns: words(0) },
  ];
  for (const places of wrong) {
    const growth: GrowthRule = {
      name: "lost",
      needs: "gradients",
      candidates: () => places as Places,
      grow: () => 0,
    };
    await assertRejects(
      () => finish(make(), data, { ...OPTIONS, growth }),
      TypeError,
      'Cannot evolve the topology by the rule "lost": its candidates are no places',
    );
  }
});

Deno.test("train() calls rules as methods of their object", async () => {
  class Counting {
    readonly name = "counting";
    #calls = 0;
    grow(): number {
      this.#calls++;
      return 0;
    }
    get calls(): number {
      return this.#calls;
    }
  }
  const growth = new Counting();
  for await (const _ of train(make(), data, { ...OPTIONS, growth }));
  assertEquals(growth.calls, 2);
});

Deno.test("absentPlaces() gives all places where more are asked for, and refuses what is no count", () => {
  const [layer] = make().layers;
  const place = { seed: 1, epoch: 1, layer: 0 };
  const absent = layer.inputs * layer.neurons - layer.nnz;
  assertEquals(absentPlaces(layer, 2 ** 40, place).rows.length, absent);
  for (const count of [NaN, -1, 1.5]) {
    const message = `Cannot draw absent places: count is ${count}`;
    assertThrows(() => absentPlaces(layer, count, place), RangeError, message);
  }
});

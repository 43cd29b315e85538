import { assert, assertEquals } from "@std/assert";
import { madelonLike } from "../src/data/generator.ts";
import { SparseMlp } from "../src/model/model.ts";
import { train } from "../src/train/trainer.ts";
import { placesOf } from "./topology/layer.ts";
import { finish, xorData, xorModel } from "./trainer/data.ts";

Deno.test("train() keeps the number of connections with SET, replaces some, and new ones start at rest", async () => {
  const model = SparseMlp.create({ sizes: [40, 60, 50, 2], epsilon: 5, seed: 1 });
  const data = madelonLike({ samples: 200, testSamples: 0, features: 40, seed: 1 });
  const nnz = model.layers.map((layer) => layer.nnz);
  let before = model.layers.map((layer) => new Set(placesOf(layer).keys()));
  for await (const record of train(model, data, { epochs: 4, batchSize: 20, threads: 1 })) {
    assertEquals(model.layers.map((layer) => layer.nnz), nnz);
    const after = model.layers.map((layer) => placesOf(layer));
    const fresh = after.map((places, index) => [...places].filter(([place]) => !before[index].has(place)));
    for (const [, [, ...kept]] of fresh.flat()) assertEquals(kept, [0]);
    const last = record.epoch === 4;
    // ⌊0.3·n⌋ of each sign of two layers; some grow where they were dropped.
    const most = 0.3 * (nnz[0] + nnz[1]);
    assert(last ? record.replaced === 0 : record.replaced > most - 4 && record.replaced <= most);
    assert(last ? fresh.flat().length === 0 : fresh.flat().length > record.replaced / 2);
    assertEquals(fresh[2].length, 0, "the output layer keeps its topology");
    assertEquals(record.pruned, 0);
    before = after.map((places) => new Set(places.keys()));
  }
});

Deno.test("train() with zeta 0 keeps the topology", async () => {
  const model = xorModel({ sizes: [4, 24, 24, 2] });
  const structure = () =>
    model.layers.map((layer) => [...layer.indptr, ...layer.indices.subarray(0, layer.nnz)]);
  const before = structure();
  const { records } = await finish(model, xorData(60), { epochs: 3, batchSize: 20, zeta: 0 });
  assertEquals(structure(), before);
  assert(records.every((record) => record.replaced === 0));
});

Deno.test("train() with Importance Pruning shrinks the hidden layers and never empties one", async () => {
  for (const percentile of [20, 60, 100]) {
    const model = SparseMlp.create({ sizes: [40, 60, 50, 2], epsilon: 5, seed: 1 });
    const data = madelonLike({ samples: 200, testSamples: 0, features: 40, seed: 1 });
    const start = model.layers.map((layer) => layer.nnz);
    const { records, summary } = await finish(model, data, {
      epochs: 12,
      batchSize: 20,
      importancePruning: { start: 3, every: 2, percentile },
    });
    const end = model.layers.map((layer) => layer.nnz);
    assert(end.every((nnz) => nnz > 0), `${end} connections left`);
    assertEquals(end[2], start[2]);
    for (const [index, { epoch, pruned, connections, parameters }] of records.entries()) {
      const due = epoch >= 3 && (epoch - 3) % 2 === 0 && epoch < 12;
      if (!due) assertEquals(pruned, 0, `epoch ${epoch}`);
      const before = index > 0 ? records[index - 1].connections : start.reduce((sum, nnz) => sum + nnz, 0);
      assertEquals(connections, before - pruned);
      assertEquals(parameters, connections + 60 + 50 + 2);
    }
    if (percentile < 100) {
      assert(records.filter((record) => record.pruned > 0).length >= 2);
      assert(summary.parametersEnd < summary.parametersStart);
    } else {
      assertEquals(end, start, "where all would go, none does");
    }
    assertEquals(summary.parametersEnd, model.stats().parameters);
    assertEquals(summary.parametersStart, start.reduce((sum, nnz) => sum + nnz, 112));
  }
});

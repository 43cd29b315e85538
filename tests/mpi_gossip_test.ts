import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { loadModel } from "../src/files/checkpoint.ts";
import { assertHarmEnds } from "./mpi/interrupted.ts";
import { ignore, job, printed, PROGRAM, ranks, trained, why } from "./mpi/job.ts";
import { problem } from "./mpi/problem.ts";
import { inFolder } from "./temporary.ts";

const GOSSIP = ["--parallel", "gossip", "--transport", "mpi", "--hidden", "40"];

Deno.test({
  name: `postMessage() never waits, however long messages are, and others are heard while one arrives${why}`,
  ignore,
  async fn() {
    for (const count of [2, 3]) {
      const found = printed(await ranks(count, "./post.ts"));
      found.sort((a, b) => a.rank - b.rank);
      const expected = Array.from({ length: count }, (_, rank) => ({ rank, wrong: 0 }));
      assertEquals(found.map(({ rank, wrong }) => ({ rank, wrong })), expected);
    }
  },
});

Deno.test({
  name: `MpiGossip sends the topology only where the asker's is another, and the model of the moment${why}`,
  ignore,
  async fn() {
    const [{ words, versions, models }] = printed(await ranks(3, "./questions.ts"));
    const [[layers, whole], [parameters]] = words;
    assert(layers === 3 && whole > parameters, `${words}`);
    assertEquals(words, [[layers, whole], [parameters], [layers, whole], [parameters]]);
    assertEquals(versions, [1, 2]);
    assertEquals(models, [0, 0, 1, 1]);
  },
});

for (const workers of [2, 3, 5]) {
  Deno.test({
    name: `trainOverMpi() by gossip ends, keeps nnz and learns with ${workers} workers${why}`,
    ignore,
    async fn() {
      const options = { algorithm: "gossip", epochs: 20, localSteps: 2, batchSize: 16, threads: 1 };
      const records = printed(await ranks(workers + 1, "./train.ts", [JSON.stringify(options)]));
      assertEquals(records.pop().nnz, problem().model.layers.map((layer) => layer.nnz));
      assertEquals(records.length, 20);
      for (const { parallel } of records) {
        assertEquals([parallel.phase, parallel.workers], [2, workers]);
        assert(parallel.exchanges >= workers, `${parallel.exchanges} exchanges`);
        assert(parallel.meanExchangeAge >= 0);
      }
      assert(records[19].testAccuracy > 0.65, `test accuracy ${records[19].testAccuracy}`);
    },
  });
}

for (const peerAverage of ["holders", "union"]) {
  Deno.test({
    name:
      `trainOverMpi() by gossip ends where all ask all the time for models of many more chunks than MPI takes at once: ${peerAverage}${why}`,
    ignore,
    async fn() {
      const often = { algorithm: "gossip", localSteps: 1, peerAverage, evolveEvery: { steps: 3 } };
      const options = { ...often, epochs: 4, batchSize: 32, threads: 1, chunkWords: 36 };
      for (const count of [3, 4]) {
        const records = printed(await ranks(count, "./train.ts", [JSON.stringify(options)]));
        assertEquals(records.pop().nnz, problem().model.layers.map((layer) => layer.nnz));
        assert(records.every(({ parallel }) => parallel.exchanges > 0));
      }
    },
  });
}

Deno.test({
  name: `trainOverMpi() by gossip that is ended in the middle of an epoch ends all ranks in good order${why}`,
  ignore,
  async fn() {
    const end = await ranks(4, "./ended_gossip.ts");
    assertEquals(end.err, "");
    assertEquals(printed(end), [{ message: "enough" }]);
    assert(end.seconds < 25, `${end.seconds} s`);
  },
});

Deno.test({
  name:
    `a worker that is killed while training by gossip ends the job, and the last checkpoint is whole${why}`,
  ignore,
  fn: () => assertHarmEnds({ count: 4, rank: 2, signal: "KILL", args: GOSSIP, told: ["signal 9"] }),
});

Deno.test({
  name: `train --resume by gossip over MPI goes on where a job stopped, with the models of its workers${why}`,
  ignore,
  async fn() {
    await inFolder(async (folder) => {
      const output = `${folder}/model.safetensors`;
      const runs = [
        [...GOSSIP, "--epochs", "2", "--json", "--output", output],
        ["--resume", output, "--epochs", "4", "--json"],
      ];
      const epochs: number[] = [];
      for (const run of runs) {
        const records = await trained(4, run);
        assert(records.every(({ parallel }) => parallel.exchanges > 0));
        epochs.push(...records.map(({ epoch }) => epoch));
      }
      assertEquals(epochs, [1, 2, 3, 4]);
      const { training, workers } = await loadModel(output);
      assertEquals([training!.epoch, workers!.length], [4, 3]);
    });
  },
});

Deno.test({
  name: `train by gossip over MPI is refused in one line where the job has one worker${why}`,
  ignore,
  async fn() {
    const { code, err } = await job(2, [...PROGRAM, ...GOSSIP, "--epochs", "1"]);
    assert(code !== 0);
    assertStringIncludes(err, "Cannot train with 1 worker by gossip");
  },
});

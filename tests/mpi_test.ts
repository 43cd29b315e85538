import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { LibraryError } from "../src/errors.ts";
import { startMpi } from "../src/native/mpi.ts";
import { loadModel } from "../src/files/checkpoint.ts";
import { trainParallel } from "../src/parallel/wasap.ts";
import { assertEndsInGoodOrder, assertHarmEnds } from "./mpi/interrupted.ts";
import { ignore, job, printed, PROGRAM, ranks, trained, why } from "./mpi/job.ts";
import { digest, problem } from "./mpi/problem.ts";
import { assertSameModel } from "./model/content.ts";
import { inFolder } from "./temporary.ts";

Deno.test({
  name:
    `sendMessage() brings pieces in many chunks to their rank, in order, from several ranks at once${why}`,
  ignore,
  async fn() {
    const found = printed(await ranks(3, "./exchange.ts"));
    found.sort((a, b) => a.rank - b.rank);
    assertEquals(found, [0, 1, 2].map((rank) => ({ rank, size: 3, wrong: 0 })));
  },
});

/** What a rank may do, and what is said of it: by the rank, by mpirun, or by rank 0, which waits for it. */
const FAULTS: Record<string, string> = {
  exit: "Cannot go on: rank 1 gives up",
  kill: "signal 9",
  hang: "Cannot go on: no message came within the limit",
  abort: "Cannot go on: rank 1 gives up",
};

for (const [fault, told] of Object.entries(FAULTS)) {
  Deno.test({
    name: `a job ends within 30 seconds when a rank does this: ${fault}${why}`,
    ignore,
    async fn() {
      const { code, err, seconds } = await ranks(3, "./exchange.ts", [fault]);
      assert(code !== 0);
      assert(seconds < 30, `${seconds} s`);
      assertStringIncludes(err, told);
    },
  });
}

const SMALL = ["--parallel", "wasap", "--transport", "mpi", "--hidden", "40"];

Deno.test({
  name:
    `trainOverMpi() in rounds gives the bits of trainParallel(), however messages are cut, whatever rule and optimiser${why}`,
  ignore,
  async fn() {
    const options = {
      algorithm: "wassp",
      epochs: 5,
      phaseOneFraction: 0.6,
      batchSize: 32,
      threads: 2,
    } as const;
    const rule = { growth: "gradient-sampled", growthCandidates: 0.5 } as const;
    const drawn = { ...rule, growthSampling: "graest", drop: "magnitude-gradient" } as const;
    const graph = { drop: "soft", growth: "cannistraci-hebb" } as const;
    const adam = { optimizer: "adam", learningRate: 0.002 } as const;
    const steps = { evolveEvery: { steps: 7 }, zetaSchedule: "cosine", finalDensity: 0.1 } as const;
    const rules = [[undefined, rule], [undefined, drawn], [undefined, graph], [undefined, steps]] as const;
    const average = { averageEvery: 1, shards: "epoch", phaseTwoRateFactor: 2 } as const;
    const cases = [[64, {}], [undefined, {}], ...rules, [64, adam], [undefined, average]] as const;
    for (const [chunkWords, chosen] of cases) {
      const { data, model } = problem();
      for await (const _ of trainParallel(model, data, { ...options, ...chosen, workers: 2 }));
      const asked = JSON.stringify({ ...options, ...chosen, chunkWords });
      const records = printed(await ranks(3, "./train.ts", [asked]));
      assertEquals(records.length, 6);
      assertEquals(
        records[5].digest,
        await digest(model),
        `chunks of ${chunkWords}, ${JSON.stringify(chosen)}`,
      );
    }
  },
});

Deno.test({
  name:
    `trainOverMpi() without rounds applies every update once, keeps nnz, and learns, by two rules of staleness${why}`,
  ignore,
  async fn() {
    const options = { epochs: 10, phaseOneFraction: 0.7, batchSize: 32, threads: 2 };
    const compensated = { staleness: "delay-compensated", delayCompensation: 2 };
    for (const rule of [{}, compensated]) {
      const records = printed(await ranks(3, "./train.ts", [JSON.stringify({ ...options, ...rule })]));
      const { nnz } = records.pop();
      assertEquals(nnz, problem().model.layers.map((layer) => layer.nnz));
      assertEquals(records.map(({ parallel }) => parallel.phase), [1, 1, 1, 1, 1, 1, 1, 2, 2, 2]);
      for (const { parallel } of records) assertEquals(parallel.updates, 38);
      // How often updates cross is the scheduler's affair: on one core there may be none. What crossing does is tested in
      // the in-process transport, where the order of arrivals is a seed.
      for (const { parallel } of records) {
        assert(parallel.meanStaleness >= 0 && parallel.droppedGradients >= 0);
      }
      assert(records[9].testAccuracy > 0.75, `test accuracy ${records[9].testAccuracy}`);
    }
  },
});

Deno.test({
  name: `train --transport mpi trains as three ranks, rank 0 alone prints and saves${why}`,
  ignore,
  async fn() {
    await inFolder(async (folder) => {
      const output = `${folder}/model.safetensors`;
      const options = [...SMALL, "--epochs", "4", "--json", "--output", output];
      const events = printed(await job(3, [...PROGRAM, ...options])).map(({ event }) => event);
      assertEquals(events, ["start", "epoch", "epoch", "epoch", "epoch", "summary"]);
      assertEquals((await loadModel(output)).training?.epoch, 4);
    });
  },
});

Deno.test({
  name:
    `train --resume over MPI goes on where a job stopped, in rounds with the bits of one that never did${why}`,
  ignore,
  async fn() {
    await inFolder(async (folder) => {
      // A run that is over in phase 2 stays there: its one epoch of phase 1 is a fifth of the longer run.
      const cases = [["wasap", "1"], ["wassp", "1"], ["wassp", "0"], ["wassp", "0.5", "0.2"]];
      // With validation samples the best epoch is kept beside the one in training.
      for (
        const [algorithm, phaseOne, ofAll = phaseOne, aside] of [...cases, ["wassp", "0.5", "0.2", "0.3"]]
      ) {
        const judged = aside === undefined ? [] : ["--validation-fraction", aside, "--learning-rate", "0.1"];
        const options = ["--hidden", "40", "--transport", "mpi", "--json", ...judged];
        const [stopped, straight] = [`${folder}/stopped.safetensors`, `${folder}/straight.safetensors`];
        const start = [...options, "--parallel", algorithm];
        const runs = [
          [...start, "--epochs", "2", "--phase-one-fraction", phaseOne, "--output", stopped],
          // All that is not said again stands in the checkpoint, the transport too.
          ["--resume", stopped, "--epochs", "5", "--json"],
          [...start, "--epochs", "5", "--phase-one-fraction", ofAll, "--output", straight],
        ];
        const epochs: number[][] = [];
        for (const run of runs) epochs.push((await trained(3, run)).map(({ epoch }) => epoch));
        assertEquals(epochs, [[1, 2], [3, 4, 5], [1, 2, 3, 4, 5]]);
        const [one, other] = [await loadModel(stopped), await loadModel(straight)];
        assertEquals([one.training!.epoch, other.training!.epoch], [5, 5]);
        assertEquals(one.model.layers.map(({ nnz }) => nnz), other.model.layers.map(({ nnz }) => nnz));
        if (algorithm !== "wassp") continue;
        assertSameModel(one.model, other.model);
        assertEquals(one.training!.state!.best, other.training!.state!.best);
        assertEquals(one.model.running === undefined, other.model.running === undefined);
        if (one.model.running) assertSameModel(one.model.running, other.model.running!);
        if (aside !== undefined) assert(one.model.running !== undefined, "the last epoch is not the best");
      }
    });
  },
});

for (const [rank, name] of [[0, "the server"], [1, "a worker"]] as const) {
  Deno.test({
    name: `${name} that is killed while training ends the job, and the last checkpoint is whole${why}`,
    ignore,
    fn: () => assertHarmEnds({ count: 3, rank, signal: "KILL", args: SMALL, told: ["signal 9"] }),
  });
}

for (const phase of [1, 2]) {
  const args = [...SMALL, "--phase-one-fraction", phase === 1 ? "1" : "0"];
  Deno.test({
    name: `train --transport mpi lets its workers go when it is stopped in phase ${phase}${why}`,
    ignore,
    fn: () => assertEndsInGoodOrder(3, args),
  });
  Deno.test({
    name: `a worker that stands still in phase ${phase} ends the job when --time-limit has passed${why}`,
    ignore,
    async fn() {
      const limited = [...args, "--time-limit", "3"];
      await assertHarmEnds({ count: 3, rank: 1, signal: "STOP", args: limited, told: ["rank 1 has", "3 s"] });
    },
  });
}

Deno.test({
  name: `trainOverMpi() does not take a long epoch of phase 2 for silence${why}`,
  ignore,
  async fn() {
    // Steps of 0.3 s make epochs of 5.7 s.
    const options = { epochs: 2, phaseOneFraction: 0, batchSize: 32, threads: 2, timeLimitSeconds: 3 };
    const records = printed(await ranks(3, "./slow.ts", [JSON.stringify(options)]));
    const seconds: number[] = records.map(({ seconds }) => seconds);
    assert(seconds.length === 2 && seconds.every((epoch) => epoch > 5), `${seconds}`);
  },
});

Deno.test({
  name:
    `trainOverMpi() waits with long gradients while the server pauses for longer than the time limit${why}`,
  ignore,
  async fn() {
    // A limit that a busy machine keeps to; the pause is two and a half times as long.
    const options = { epochs: 2, phaseOneFraction: 1, batchSize: 32, threads: 1, timeLimitSeconds: 5 };
    // A small rate: the weights of a dense network are many.
    const slow = JSON.stringify({ ...options, learningRate: 1e-4 });
    const records = printed(await ranks(3, "./pause.ts", [slow]));
    assertEquals(records.map(({ parallel }) => parallel.updates), [38, 38]);
  },
});

for (const how of ["progress", "abort"]) {
  Deno.test({
    name: `trainOverMpi() that is ended in the middle of an epoch ends all ranks in good order: ${how}${why}`,
    ignore,
    async fn() {
      const end = await ranks(3, "./ended.ts", [how]);
      assertEquals(end.err, "");
      assertEquals(printed(end), [{ message: "enough" }]);
      assert(end.seconds < 20, `${end.seconds} s`);
    },
  });
}

Deno.test({
  name: `startMpi() says how to start when no launcher started the process${why}`,
  ignore: ignore || Deno.env.has("OMPI_COMM_WORLD_SIZE"),
  fn() {
    const error = assertThrows(() => startMpi(), LibraryError);
    assertStringIncludes(error.message, "mpirun -n");
  },
});

Deno.test("startMpi() says how to build the library when it is not there", async () => {
  const program = `import { startMpi } from ${
    JSON.stringify(new URL("../src/native/mpi.ts", import.meta.url).href)
  };
try { startMpi(); } catch (error) { console.log(error.name, error.message); }`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", program],
    env: { TRULY_SPARSE_MPI: "/nowhere/libtruly_sparse_mpi.so" },
  }).output();
  assertStringIncludes(new TextDecoder().decode(stdout), "deno task build:mpi");
});

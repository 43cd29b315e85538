import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { LibraryError } from "../src/errors.ts";
import { startMpi } from "../src/native/mpi.ts";
import { loadModel } from "../src/files/checkpoint.ts";
import { trainParallel } from "../src/parallel/wasap.ts";
import { ignore, job, lines, PROGRAM, ranks, why } from "./mpi/job.ts";
import { digest, problem } from "./mpi/problem.ts";
import { assertSameModel } from "./model/content.ts";

Deno.test({
  name:
    `sendMessage() brings pieces in many chunks to their rank, in order, from several ranks at once${why}`,
  ignore,
  async fn() {
    const { code, out, err } = await ranks(3, "./exchange.ts");
    assertEquals(code, 0, err);
    const found = lines(out);
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

const OVER_MPI = ["--parallel", "wasap", "--transport", "mpi"];

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
      const { code, out, err } = await ranks(3, "./train.ts", [
        JSON.stringify({ ...options, ...chosen, chunkWords }),
      ]);
      assertEquals(code, 0, err);
      const records = lines(out);
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
      const { code, out, err } = await ranks(3, "./train.ts", [JSON.stringify({ ...options, ...rule })]);
      assertEquals(code, 0, err);
      const records = lines(out);
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
    const folder = await Deno.makeTempDir();
    try {
      const output = `${folder}/model.safetensors`;
      const { code, out, err } = await job(3, [
        ...[...PROGRAM, ...OVER_MPI, "--hidden", "40", "--epochs", "4", "--json", "--output", output],
      ]);
      assertEquals(code, 0, err);
      assertEquals(lines(out).map(({ event }) => event), [
        "start",
        "epoch",
        "epoch",
        "epoch",
        "epoch",
        "summary",
      ]);
      assertEquals((await loadModel(output)).training?.epoch, 4);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name:
    `train --resume over MPI goes on where a job stopped, in rounds with the bits of one that never did${why}`,
  ignore,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      // A run that is over in phase 2 stays there: its one epoch of phase 1 is a fifth of the longer run.
      const cases = [["wasap", "1"], ["wassp", "1"], ["wassp", "0"], ["wassp", "0.5", "0.2"]];
      // With validation samples the best epoch is kept beside the one in training.
      for (
        const [algorithm, phaseOne, ofAll = phaseOne, aside] of [...cases, ["wassp", "0.5", "0.2", "0.3"]]
      ) {
        const judged = aside === undefined ? [] : ["--validation-fraction", aside, "--learning-rate", "0.1"];
        const options = ["--hidden", "40", "--transport", "mpi", "--json", ...judged];
        const [stopped, straight] = [`${folder}/stopped.safetensors`, `${folder}/straight.safetensors`];
        const start = [...PROGRAM, ...options, "--parallel", algorithm];
        const runs = [
          [...start, "--epochs", "2", "--phase-one-fraction", phaseOne, "--output", stopped],
          // All that is not said again stands in the checkpoint, the transport too.
          [...PROGRAM, "--resume", stopped, "--epochs", "5", "--json"],
          [...start, "--epochs", "5", "--phase-one-fraction", ofAll, "--output", straight],
        ];
        const epochs: number[][] = [];
        for (const command of runs) {
          const { code, out, err } = await job(3, command);
          assertEquals(code, 0, err);
          epochs.push(lines(out).filter(({ event }) => event === "epoch").map(({ epoch }) => epoch));
        }
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
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

/** Trains in a job of three ranks, of which one harms itself once the first checkpoint is there. */
async function harmed(rank: number, signal: string, output: string, options: readonly string[]) {
  const shell = `if [ "$OMPI_COMM_WORLD_RANK" = ${rank} ]; then
    (while [ ! -e "${output}" ]; do sleep 0.05; done; kill -${signal} $$) &
  fi
  exec "$@"`;
  return await job(3, [
    ...["sh", "-c", shell, "sh", ...PROGRAM, ...OVER_MPI, "--hidden", "40", "--epochs", "100000"],
    ...["--checkpoint-every", "1", "--quiet", "--output", output, ...options],
  ]);
}

for (const [rank, name] of [[0, "the server"], [1, "a worker"]] as const) {
  Deno.test({
    name: `${name} that is killed while training ends the job, and the last checkpoint is whole${why}`,
    ignore,
    async fn() {
      const folder = await Deno.makeTempDir();
      try {
        const output = `${folder}/model.safetensors`;
        const { code, err, seconds } = await harmed(rank, "KILL", output, []);
        assert(code !== 0);
        assert(seconds < 30, `${seconds} s`);
        assertStringIncludes(err, "signal 9");
        assert((await loadModel(output)).training!.epoch >= 1);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

for (const phase of ["1", "2"]) {
  Deno.test({
    name: `train --transport mpi lets its workers go when it is stopped in phase ${phase}${why}`,
    ignore,
    async fn() {
      const folder = await Deno.makeTempDir();
      try {
        const output = `${folder}/model.safetensors`;
        // Each rank leaves its exit code in a file; the launcher would end those that live on when the first ends.
        const shell = `"$@" & program=$!
          left="${folder}/code"
          if [ "$OMPI_COMM_WORLD_RANK" = 0 ]; then
            while [ ! -e "${output}" ]; do sleep 0.05; done
            kill -TERM $program
            wait $program
            echo $? > $left.0
            for round in $(seq 200); do [ -e $left.1 ] && [ -e $left.2 ] && break; sleep 0.05; done
          else
            wait $program
            echo $? > $left.$OMPI_COMM_WORLD_RANK
          fi`;
        const { code, err } = await job(3, [
          ...["sh", "-c", shell, "sh", ...PROGRAM, ...OVER_MPI, "--hidden", "40", "--epochs", "100000"],
          ...[
            "--phase-one-fraction",
            phase === "1" ? "1" : "0",
            "--checkpoint-every",
            "1",
            "--output",
            output,
          ],
        ]);
        assertEquals(code, 0, err);
        assertStringIncludes(err, "go on from epoch");
        const codes = await Promise.all([0, 1, 2].map((rank) => Deno.readTextFile(`${folder}/code.${rank}`)));
        assertEquals(codes.map(Number), [75, 0, 0], err);
        assert((await loadModel(output)).training!.epoch >= 1);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

for (const phase of [1, 2]) {
  Deno.test({
    name: `a worker that stands still in phase ${phase} ends the job when --time-limit has passed${why}`,
    ignore,
    async fn() {
      const folder = await Deno.makeTempDir();
      try {
        const output = `${folder}/model.safetensors`;
        const options = ["--time-limit", "3", "--phase-one-fraction", phase === 1 ? "1" : "0"];
        const { code, err, seconds } = await harmed(1, "STOP", output, options);
        assert(code !== 0);
        assert(seconds < 30, `${seconds} s`);
        assertStringIncludes(err, "rank 1 has");
        assertStringIncludes(err, "3 s");
        assert((await loadModel(output)).training!.epoch >= 1);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

Deno.test({
  name: `trainOverMpi() does not take a long epoch of phase 2 for silence${why}`,
  ignore,
  async fn() {
    // Steps of 0.3 s make epochs of 5.7 s.
    const options = { epochs: 2, phaseOneFraction: 0, batchSize: 32, threads: 2, timeLimitSeconds: 3 };
    const { code, out, err } = await ranks(3, "./slow.ts", [JSON.stringify(options)]);
    assertEquals(code, 0, err);
    const seconds: number[] = lines(out).map(({ seconds }) => seconds);
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
    const { code, out, err } = await ranks(3, "./pause.ts", [
      JSON.stringify({ ...options, learningRate: 1e-4 }),
    ]);
    assertEquals(code, 0, err);
    assertEquals(lines(out).map(({ parallel }) => parallel.updates), [38, 38]);
  },
});

for (const end of ["progress", "abort"]) {
  Deno.test({
    name: `trainOverMpi() that is ended in the middle of an epoch ends all ranks in good order: ${end}${why}`,
    ignore,
    async fn() {
      const { code, out, err, seconds } = await ranks(3, "./ended.ts", [end]);
      assertEquals([code, err], [0, ""]);
      assertEquals(lines(out), [{ message: "enough" }]);
      assert(seconds < 20, `${seconds} s`);
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

import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { loadModel } from "../src/files/checkpoint.ts";
import { SparseMlp } from "../src/model/model.ts";
import { trainOverMpi } from "../src/parallel/mpi/train.ts";
import { trainParallel } from "../src/parallel/wasap.ts";
import { assertEndsInGoodOrder, assertHarmEnds, REQUEUE } from "./mpi/interrupted.ts";
import { ignore, job, printed, PROGRAM, ranks, trained, why } from "./mpi/job.ts";
import { digest, problem } from "./mpi/problem.ts";
import { inFolder } from "./temporary.ts";

const SMALL = ["--transport", "mpi", "--hidden", "40"];
/** Options of a job on a small network, with updates as they come to two servers, and in rounds of phase 1. */
const TWO_SERVERS = [...SMALL, "--parallel", "wasap", "--servers", "2"];
const IN_ROUNDS = [...SMALL, "--parallel", "wassp", "--phase-one-fraction", "1", "--json"];

const ROUNDS = {
  algorithm: "wassp",
  epochs: 5,
  phaseOneFraction: 0.6,
  batchSize: 32,
  threads: 2,
} as const;

Deno.test({
  name:
    `trainOverMpi() with several servers gives the bits of one in rounds, however messages are cut, whatever optimiser${why}`,
  ignore,
  async fn() {
    const cases = [
      [2, {}],
      [3, { chunkWords: 64, evolveEvery: { steps: 7 }, zetaSchedule: "cosine", finalDensity: 0.1 }],
      [2, { chunkWords: 64, optimizer: "adam", learningRate: 0.002, fanInLimit: 3 }],
      [2, { phaseOneFraction: 1, growth: "gradient-sampled", growthCandidates: 0.5 }],
      [4, { epochs: 2, phaseOneFraction: 0.5 }],
    ] as const;
    for (
      const [servers, { chunkWords = undefined, ...chosen }] of cases as readonly (readonly [
        number,
        { readonly chunkWords?: number; readonly epochs?: number },
      ])[]
    ) {
      const { data, model } = problem();
      for await (const _ of trainParallel(model, data, { ...ROUNDS, ...chosen, workers: 2 }));
      const options = { ...ROUNDS, ...chosen, chunkWords, servers };
      const records = printed(await ranks(servers + 2, "./train.ts", [JSON.stringify(options)]));
      assertEquals(records.length, options.epochs + 1);
      assertEquals(records[options.epochs].digest, await digest(model), JSON.stringify(options));
    }
  },
});

for (const [bits, chunkWords] of [[32, undefined], [32, 64], [16, 100]] as const) {
  Deno.test({
    name:
      `trainOverMpi() with two servers applies every update once at each, keeps nnz, and learns: ${bits} bits, chunks of ${
        chunkWords ?? "many"
      } words${why}`,
    ignore,
    async fn() {
      const options = {
        // Servers that pause often are seldom of one topology.
        ...(chunkWords !== undefined && { evolveEvery: { steps: 5 } }),
        epochs: 10,
        phaseOneFraction: 0.7,
        batchSize: 32,
        threads: 2,
        servers: 2,
        wireBits: bits,
      };
      const end = await ranks(5, "./train.ts", [JSON.stringify({ ...options, chunkWords })]);
      assertEquals(end.err, "");
      const records = printed(end);
      const { nnz } = records.pop();
      assertEquals(nnz, problem().model.layers.map((layer) => layer.nnz));
      assertEquals(records.map(({ parallel }) => parallel.phase), [1, 1, 1, 1, 1, 1, 1, 2, 2, 2]);
      for (const { parallel } of records) {
        assertEquals(parallel.workers, 3);
        assert(parallel.meanStaleness >= 0 && parallel.droppedGradients >= 0);
      }
      for (const { parallel } of records.slice(0, 7)) assertEquals(parallel.updates, 38);
      assert(records[9].testAccuracy > 0.75, `test accuracy ${records[9].testAccuracy}`);
    },
  });
}

Deno.test({
  name: `trainOverMpi() in rounds with 16 bits on the wire is repeatable, with one server or two${why}`,
  ignore,
  async fn() {
    const digests: string[] = [];
    for (const servers of [1, 2, 2]) {
      const options = { ...ROUNDS, servers, wireBits: 16 };
      digests.push(printed(await ranks(servers + 2, "./train.ts", [JSON.stringify(options)])).at(-1).digest);
    }
    assertEquals(new Set(digests).size, 1);
    const { data, model } = problem();
    for await (const _ of trainParallel(model, data, { ...ROUNDS, workers: 2 }));
    assert(digests[0] !== await digest(model), "numbers have travelled as they are");
  },
});

Deno.test({
  name:
    `train --servers over MPI goes on with another number of servers, in rounds with the bits of one${why}`,
  ignore,
  async fn() {
    await inFolder(async (folder) => {
      const [stopped, straight] = [`${folder}/stopped.safetensors`, `${folder}/straight.safetensors`];
      await trained(4, [...IN_ROUNDS, "--servers", "2", "--epochs", "2", "--output", stopped]);
      await trained(5, ["--resume", stopped, "--servers", "3", "--epochs", "4", "--json"]);
      await trained(3, [...IN_ROUNDS, "--epochs", "4", "--output", straight]);
      const [one, other] = [await loadModel(stopped), await loadModel(straight)];
      assertEquals([one.training!.epoch, other.training!.epoch], [4, 4]);
      assertEquals(await digest(one.model), await digest(other.model));
    });
  },
});

for (const [rank, name] of [[1, "the second server"], [2, "a worker of two servers"]] as const) {
  Deno.test({
    name: `${name} that is killed while training ends the job, and the last checkpoint is whole${why}`,
    ignore,
    fn: () => assertHarmEnds({ count: 4, rank, signal: "KILL", args: TWO_SERVERS, told: ["signal 9"] }),
  });
}

for (const phase of [1, 2]) {
  Deno.test({
    name: `train --servers ends all ranks in good order when it is stopped in phase ${phase}${why}`,
    ignore,
    fn: () => assertEndsInGoodOrder(4, [...TWO_SERVERS, "--phase-one-fraction", phase === 1 ? "1" : "0"]),
  });
}

Deno.test({
  name:
    `train --servers that a signal to the second server ends inside an epoch goes on with the bits of one that never stopped${why}`,
  ignore,
  async fn() {
    await inFolder(async (folder) => {
      const [stopped, straight] = [`${folder}/stopped.safetensors`, `${folder}/straight.safetensors`];
      // Two thousand rounds in two epochs: the signal comes somewhere in the second.
      const start = [...IN_ROUNDS, "--batch-size", "1", "--epochs", "2", "--learning-rate", "0.001"];
      const shell = `if [ "$OMPI_COMM_WORLD_RANK" = 1 ]; then
        "$@" & program=$!
        while [ ! -e "${stopped}" ]; do sleep 0.05; done
        kill -TERM $program
        wait $program
      else
        "$@"
        code=$?
        [ $code = ${REQUEUE} ] || exit $code
      fi`;
      const halted = [...start, "--servers", "2", "--checkpoint-every", "1", "--output", stopped];
      printed(await job(4, ["sh", "-c", shell, "sh", ...PROGRAM, ...halted]));
      const { epoch } = (await loadModel(stopped)).training!;
      assert(epoch < 2, "the signal came too late");
      await trained(3, ["--resume", stopped, "--servers", "1", "--json"]);
      await trained(3, [...start, "--output", straight]);
      const [one, other] = [await loadModel(stopped), await loadModel(straight)];
      assertEquals(one.training!.epoch, 2);
      assertEquals(await digest(one.model), await digest(other.model));
    });
  },
});

Deno.test("trainOverMpi() refuses more servers than rows, and servers of gossip, at the call", () => {
  const { data } = problem();
  const model = SparseMlp.create({ sizes: [50, 64, 32, 2], epsilon: 8, seed: 5 });
  assertThrows(
    () => trainOverMpi(model, data, { servers: 65 }),
    RangeError,
    "Cannot train with 65 servers: the largest layer has 64 rows to split; choose fewer",
  );
  assertThrows(() => trainOverMpi(model, data, { algorithm: "gossip", servers: 2 }), TypeError);
  assertThrows(() => trainOverMpi(model, data, { wireBits: 8 as 16 }), RangeError, "wireBits is 8");
});

Deno.test({
  name: `train --servers says how many ranks it needs${why}`,
  ignore,
  async fn() {
    const { code, err } = await job(2, [...PROGRAM, ...TWO_SERVERS, "--epochs", "1"]);
    assert(code !== 0);
    assertStringIncludes(
      err,
      "Cannot train over MPI: the job has 2 ranks, expected 2 servers and at least one worker; start it with " +
        '"mpirun -n RANKS", RANKS at least 3',
    );
  },
});

/**
 * One rank of a training that rank 0 ends in the middle of an epoch, started by tests/mpi_test.ts: `progress` throws in
 * `onProgress`, `abort` aborts while steps of phase 2 take 0.3 s each. Rank 0 prints the error that reaches it.
 *
 * @module
 */
import { startMpi } from "../../src/native/mpi.ts";
import { MpiTransport } from "../../src/parallel/mpi/transport.ts";
import { workOverMpi } from "../../src/parallel/mpi/worker.ts";
import type { ParallelOptions } from "../../src/parallel/options.ts";
import { trainOver } from "../../src/parallel/wasap.ts";
import { workerProgram } from "../../src/parallel/worker.ts";
import { problem } from "./problem.ts";
import { slowed } from "./slowed.ts";

const { rank, size } = startMpi();
const { data, model } = problem();
const common = { workers: size - 1, epochs: 1_000_000, batchSize: 32, threads: 1 };
const aborts = Deno.args[0] === "abort";
const abort = new AbortController();
if (aborts && rank === 0) setTimeout(() => abort.abort(new Error("enough")), 2000);
const options: ParallelOptions = aborts
  ? { ...common, phaseOneFraction: 0, timeLimitSeconds: 4, signal: abort.signal }
  : {
    ...{ ...common, phaseOneFraction: 1 },
    onProgress: () => {
      throw new Error("enough");
    },
  };
const epochs = trainOver(model, data, options, async (plan) => {
  if (rank === 0) return new MpiTransport(plan);
  await workOverMpi(plan.model, { ...plan.setup, worker: rank - 1 }, aborts ? slowed : workerProgram);
  Deno.exit(0);
});
try {
  for await (const _ of epochs);
} catch (error) {
  console.log(JSON.stringify({ message: (error as Error).message }));
}

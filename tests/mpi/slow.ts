/**
 * One rank of a training whose steps of phase 2 take 0.3 s each, started by tests/mpi_test.ts. Rank 0 prints its
 * records.
 *
 * @module
 */
import { startMpi } from "../../src/native/mpi.ts";
import { MpiTransport } from "../../src/parallel/mpi/transport.ts";
import { workOverMpi } from "../../src/parallel/mpi/worker.ts";
import { trainOver } from "../../src/parallel/wasap.ts";
import { problem } from "./problem.ts";
import { slowed } from "./slowed.ts";

const { rank, size } = startMpi();
const { data, model } = problem();
const options = { ...JSON.parse(Deno.args[0]), workers: size - 1 };
const epochs = trainOver(model, data, options, async (plan) => {
  if (rank === 0) return new MpiTransport(plan);
  await workOverMpi(plan.model, { ...plan.setup, worker: rank - 1 }, slowed);
  Deno.exit(0);
});
for await (const record of epochs) console.log(JSON.stringify(record));

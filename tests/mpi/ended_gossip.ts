/**
 * One rank of a training by gossip that rank 0 ends in the middle of an epoch, while questions are open; started by
 * tests/mpi_gossip_test.ts. Rank 0 prints the error that reaches it.
 *
 * @module
 */
import { trainOverMpi } from "../../src/parallel/mpi/train.ts";
import { problem } from "./problem.ts";

const { data, model } = problem();
const abort = new AbortController();
const end = setTimeout(() => abort.abort(new Error("enough")), 1500);
const first = Deno.env.get("OMPI_COMM_WORLD_RANK") === "0";
const epochs = trainOverMpi(model, data, {
  ...{ algorithm: "gossip", localSteps: 1, epochs: 1_000_000, batchSize: 4, threads: 1, chunkWords: 64 },
  // At the rate that gossip has by default these batches are too small.
  phaseTwoRateFactor: 1,
  ...(first && { signal: abort.signal }),
});
try {
  for await (const _ of epochs);
} catch (error) {
  console.log(JSON.stringify({ message: (error as Error).message }));
}
clearTimeout(end);

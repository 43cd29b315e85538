/**
 * One rank of a training whose server pauses for longer than the time limit after each epoch, while gradients that are
 * longer than what may be under way at once wait for it; started by tests/mpi_test.ts. Rank 0 prints its records.
 *
 * @module
 */
import { SparseMlp } from "../../src/model/model.ts";
import { trainOverMpi } from "../../src/parallel/mpi/train.ts";
import { problem } from "./problem.ts";

const options = JSON.parse(Deno.args[0]);
// 180,000 weights; 64 chunks of 2,048 words may be under way.
const model = SparseMlp.create({ sizes: [50, 400, 400, 2], density: 1, seed: 5 });
for await (const record of trainOverMpi(model, problem().data, { ...options, chunkWords: 2048 })) {
  console.log(JSON.stringify(record));
  await new Promise((resolve) => setTimeout(resolve, 2500 * options.timeLimitSeconds));
}

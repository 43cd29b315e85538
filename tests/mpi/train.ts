/**
 * One rank of a training that tests/mpi_test.ts starts under mpirun. Rank 0 prints its records and a digest of the
 * model, one JSON object a line.
 *
 * @module
 */
import { trainOverMpi } from "../../src/parallel/mpi/train.ts";

import { digest, problem } from "./problem.ts";

const options = JSON.parse(Deno.args[0]);
const { data, model } = problem();
for await (const record of trainOverMpi(model, data, options)) console.log(JSON.stringify(record));
if (Deno.env.get("OMPI_COMM_WORLD_RANK") === "0") {
  console.log(JSON.stringify({ digest: await digest(model), nnz: model.layers.map((layer) => layer.nnz) }));
}

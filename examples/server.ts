/**
 * A server that predicts, asked once: deno run -A examples/server.ts
 *
 * @module
 */
import { Dataset, encodeModel, fit, loadModel, predictRows, SparseMlp } from "@truly-sparse/truly-sparse";

const features = Array.from({ length: 200 }, (_, index) => ({ mass: index % 10, sweet: index % 3 === 0 }));
const labels = features.map(({ mass, sweet }) => sweet && mass > 3 ? "ripe" : "raw");
const data = Dataset.from({ features, labels }, { test: 0.2, seed: 1 });
const trained = SparseMlp.for(data, { hidden: [32], seed: 1 });
await fit(trained, data, { epochs: 30, batchSize: 16, dropout: 0 });

// The bytes of the model come from a file, a database, or another server; they are checked as files are.
const { model } = await loadModel(await encodeModel(trained));
const inference = model.toInference(); // laid out once for all requests
await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
  try {
    return Response.json(predictRows(inference, await request.json()));
  } catch (cause) {
    return Response.json({ error: (cause as Error).message }, { status: 400 });
  }
});

const ask = async (rows: object[]) => {
  const { port } = server.addr as Deno.NetAddr;
  const answer = await fetch(`http://127.0.0.1:${port}`, { method: "POST", body: JSON.stringify(rows) });
  return `${answer.status} ${await answer.text()}`;
};
console.log(await ask([{ sweet: true, mass: 8 }]));
console.log(await ask([{ sweet: true }]));

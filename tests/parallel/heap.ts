/**
 * Trains with a worker that exhausts V8's heap after 200 steps, and saves a checkpoint after each epoch of five steps.
 * @module
 */
import { saveModel } from "../../mod.ts";
import { trainOver } from "../../src/parallel/wasap.ts";
import { WorkersTransport } from "../../src/parallel/threads/transport.ts";
import { xorData, xorModel } from "../trainer/data.ts";

const model = xorModel();
const options = { epochs: 1_000_000, batchSize: 20, workers: 2, phaseOneFraction: 1 };
const module = new URL("./faulty_worker.ts#heap:200", import.meta.url);
const epochs = trainOver(model, xorData(100), options, (plan) => new WorkersTransport({ ...plan, module }));
for await (const { epoch } of epochs) {
  await saveModel(model, Deno.args[0], { training: { epoch, options: {} } });
}

import { SparseMlp, train } from "../../mod.ts";
import { WORKER_DATA } from "./sharing_worker.ts";

/** How {@linkcode trained} trains. */
export const TRAINING = { epochs: 4, batchSize: 16, validationFraction: 0.2, threads: 1 } as const;

/** A model of two hidden layers for the samples that Workers have too. */
export function make(): SparseMlp<"classification"> {
  return SparseMlp.create({ sizes: [20, 24, 16, 2], epsilon: 5, activation: "srelu", seed: 2 });
}

/** The same after a short run. */
export async function trained(more: object = {}): Promise<SparseMlp> {
  const model = make();
  for await (const _ of train(model, WORKER_DATA, { ...TRAINING, ...more }));
  return model;
}

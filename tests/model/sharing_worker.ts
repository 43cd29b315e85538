/** A Worker that gets a model as bytes or shared, works with it, and answers with what others can compare. @module */
import { encodeModel, InferenceModel, loadModel, madelonLike, SparseMlp, train } from "../../mod.ts";
import type { SharedInference, SharedModel, TrainOptions } from "../../mod.ts";

/** Data that every thread makes alike. */
export const WORKER_DATA = madelonLike({ samples: 200, testSamples: 40, features: 20, seed: 4 });

/** What it is asked. */
export type Request =
  | { readonly kind: "resume"; readonly bytes: Uint8Array; readonly options: TrainOptions }
  | { readonly kind: "train"; readonly shared: SharedModel; readonly options: TrainOptions }
  | { readonly kind: "predict"; readonly shared: SharedInference };

/** What it answers. */
export interface Answer {
  readonly bytes?: Uint8Array;
  readonly shared?: SharedModel;
  readonly probabilities?: Float32Array;
  readonly classNames?: readonly string[];
}

async function answer(request: Request): Promise<Answer> {
  switch (request.kind) {
    case "resume": {
      const { model, training } = await loadModel(request.bytes);
      const state = training!.state!;
      for await (const _ of train(model, WORKER_DATA, { ...request.options, state }));
      return { bytes: await encodeModel(model, { training: { epoch: state.epoch, options: {}, state } }) };
    }
    case "train": {
      const model = SparseMlp.fromShared(request.shared);
      for await (const _ of train(model, WORKER_DATA, request.options));
      return { shared: model.share() };
    }
    case "predict": {
      const model = InferenceModel.fromShared(request.shared);
      const probabilities = model.predictProbabilities(WORKER_DATA.test!.features);
      return { probabilities, classNames: model.classNames };
    }
    default: {
      const unknown: never = request;
      throw new TypeError(`Cannot answer ${unknown}`);
    }
  }
}

const scope = globalThis as unknown as {
  onmessage?: (event: MessageEvent<Request>) => void;
  postMessage(answer: Answer): void;
  close(): void;
  WorkerGlobalScope?: unknown;
};

if (scope.WorkerGlobalScope !== undefined) {
  scope.onmessage = async ({ data }) => {
    scope.postMessage(await answer(data));
    scope.close();
  };
}

/**
 * Models in files and bytes, what they are exported to, and the library of kernels.
 *
 * @module
 */
import * as api from "../../../mod.ts";
import { contentOf, data, type Entry, model, path, run } from "../given.ts";

/** Entry points. */
export const FILES: Readonly<Record<string, Entry>> = {
  "loadModel": {
    right: () => [path("model.safetensors"), { threads: 1, onProgress: () => {} }],
    call: async (source: never, options: never) => contentOf((await api.loadModel(source, options)).model),
    options: [1],
    system: true,
  },
  "saveModel": {
    right: () => [model(), path("saved.safetensors"), {
      training: { epoch: 1, options: {} },
      run: run(),
      onProgress: () => {},
    }],
    call: (model: never, path: never, options: never) => api.saveModel(model, path, options),
    options: [2],
    free: ["training", "run"],
    rarely: 4,
  },
  "encodeModel": {
    right: () => [model(), { training: { epoch: 1, options: {} }, onProgress: () => {} }],
    call: (model: never, options: never) => api.encodeModel(model, options),
    options: [1],
    free: ["training"],
    rarely: 4,
  },
  "readRun": {
    right: () => [path("model.safetensors")],
    call: (source: never) => api.readRun(source),
    system: true,
  },
  "report": {
    right: () => [model(), { data: data(), run: run(), title: "Model", threads: 1 }],
    call: (model: never, options: never) => api.report(model, options),
    options: [1],
    free: ["run"],
    passes: true,
    rarely: 8,
  },
  "exportOnnx": {
    right: () => [model(), path("model.onnx")],
    call: (model: never, path: never) => api.exportOnnx(model, path),
    rarely: 4,
  },
  "exportDense": {
    right: () => [model(), path("dense")],
    call: (model: never, folder: never) => api.exportDense(model, folder),
    rarely: 8,
  },
  "exportScipy": {
    right: () => [model(), path("scipy")],
    call: (model: never, folder: never) => api.exportScipy(model, folder),
    rarely: 8,
  },
  "importScipy": {
    right: () => [path("matrices"), { seed: 1 }],
    call: async (folder: never, options: never) => contentOf(await api.importScipy(folder, options)),
    options: [1],
    rarely: 4,
  },
  "loadKernels": { right: () => [{}], call: (options: never) => api.loadKernels(options), options: [0] },
};

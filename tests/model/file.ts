/** What a model file holds, whole: for tests that rewrite one. @module */
import { RandomAccess } from "../../src/data/random_access.ts";
import { readSafetensorsHeader, readTensor, type Tensor } from "../../src/files/safetensors.ts";

/** Words and tensors of a model file. */
export interface FileContent {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: Map<string, Tensor>;
}

/** Reads all of a model file. */
export async function fileContent(path: string): Promise<FileContent> {
  using file = await RandomAccess.open(path);
  const { metadata, tensors: places } = await readSafetensorsHeader(file);
  const tensors = new Map<string, Tensor>();
  for (const [name, place] of places) {
    const tensor = place.dtype === "U32" ? new Uint32Array(place.length) : new Float32Array(place.length);
    await readTensor(file, place, tensor);
    tensors.set(name, tensor);
  }
  return { metadata, tensors };
}

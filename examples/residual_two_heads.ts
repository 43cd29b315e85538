/** Sparse networks as parts of a graph: a trunk with a residual connection, two heads, a training loop of one's own. */
import { type LayerGradients, SparseMlp } from "@truly-sparse/truly-sparse";

type Found = { loss: number; layers: LayerGradients[][] };
export const parts: readonly SparseMlp[] = [[8, 40, 24], [24, 40, 24], [24, 3], [24, 1]].map((sizes, seed) =>
  SparseMlp.create({ sizes, epsilon: 8, activation: "tanh", task: "regression", seed })
);
const [stem, block, kind, size] = parts;
const sum = (one: Float32Array, other: Float32Array) => one.map((value, at) => value + other[at]);

/** Mean of the cross-entropy of the kinds and the squared error of the sizes, and its gradients in each part. */
export function gradients(features: Float32Array, kinds: Uint32Array, sizes: Float32Array): Found {
  const low = stem.forward(features);
  const trunk = sum(low, block.forward(low)); // the residual connection
  const errors = size.forward(trunk).map((value, at) => value - sizes[at]);
  let loss = errors.reduce((total, error) => total + error ** 2, 0);
  const scores = kind.forward(trunk).map(Math.exp);
  const byScore = scores.map((score, at) => {
    const [sample, own] = [Math.floor(at / 3), at % 3];
    const probability = score /
      scores.subarray(3 * sample, 3 * sample + 3).reduce((total, other) => total + other);
    if (own === kinds[sample]) loss -= Math.log(probability);
    return (probability - (own === kinds[sample] ? 1 : 0)) / kinds.length;
  });
  const [byKind, bySize] = [kind.backward(byScore), size.backward(errors.map((e) => 2 * e / kinds.length))];
  const byTrunk = sum(byKind.inputs, bySize.inputs);
  const byBlock = block.backward(byTrunk);
  const byStem = stem.backward(sum(byTrunk, byBlock.inputs));
  const layers = [byStem, byBlock, byKind, bySize].map((found) => found.layers);
  return { loss: loss / kinds.length, layers };
}

const features = Float32Array.from({ length: 8 * 256 }, (_, at) => Math.sin(at * at)); // without a pattern
const kinds = Uint32Array.from({ length: 256 }, (_, at) => Math.floor(1.5 + 1.4 * features[8 * at]));
const sizes = Float32Array.from({ length: 256 }, (_, at) => features[8 * at] * features[8 * at + 2]);
for (let step = 0; import.meta.main && step <= 300; step++) {
  const { loss, layers } = gradients(features, kinds, sizes);
  parts.forEach((part, at) => part.update(layers[at], { optimizer: "adam", learningRate: 0.005 }));
  if (step % 100 === 0) console.log(`step ${step}: loss ${loss.toFixed(4)}`);
}

/**
 * Attribution: how far the outputs of a network move when an input does.
 *
 * @module
 */
import type { SparseMlp } from "../model/model.ts";

/**
 * Σ over the outputs of the mean over some samples of |∂output/∂input|, of standardised inputs, `[features]`.
 *
 * Source: arXiv 2408.04583. Cost: one pass forward and one back for each output.
 *
 * @param features Raw features, `[samples, featureCount]`.
 */
export function inputAttribution(
  model: SparseMlp,
  features: Float32Array | Uint8Array,
  threads = 1,
): Float32Array {
  const { featureCount, standardization } = model;
  const { neurons } = model.layers[model.layers.length - 1];
  const samples = features.length / featureCount;
  const sums = new Float64Array(featureCount);
  model.forward(features, { threads });
  for (let output = 0; output < neurons; output++) {
    const asked = new Float32Array(samples * neurons);
    for (let sample = 0; sample < samples; sample++) asked[sample * neurons + output] = 1;
    const { inputs } = model.backward(asked, undefined, { threads });
    for (let at = 0; at < inputs.length; at++) sums[at % featureCount] += Math.abs(inputs[at]);
  }
  // Gradients are of raw features: one deviation of a feature is a step of 1 of the input.
  const scales = new Float32Array(featureCount).fill(standardization === undefined ? 1 : 0);
  const places = standardization?.selection?.features;
  standardization?.scale.forEach((scale, input) => scales[places?.[input] ?? input] = scale);
  return Float32Array.from(sums, (sum, at) => scales[at] > 0 ? sum / samples / scales[at] : 0);
}

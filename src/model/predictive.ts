/**
 * What a network predicts, by what it is for.
 *
 * @module
 */
import type { Matrix } from "../numbers.ts";
import type { Task } from "../task.ts";
import { ComposableNetwork } from "./composition.ts";
import { InferenceModel, type PredictOptions } from "./inference.ts";
import type { ModelSettings } from "./settings.ts";

/** The methods of `SparseMlp` that predict. */
export abstract class PredictiveNetwork<out T extends Task = Task> extends ComposableNetwork {
  /** See `SparseMlp`. */
  abstract override readonly settings: ModelSettings<T>;
  /** See `SparseMlp`. */
  abstract classNames: readonly string[];
  /** See `SparseMlp`. */
  abstract temperature: number;

  /** A copy of the model as it is now, laid out for prediction: 8 bytes a connection, read in order. */
  toInference(): InferenceModel<T> {
    return new InferenceModel<T>(this);
  }

  /** As {@linkcode toInference}. @deprecated Use `toInference`, which says what is made. */
  compile(): InferenceModel<T> {
    return this.toInference();
  }

  /**
   * The class of each sample, by its index; the first of equal ones.
   *
   * Lays the model out anew in each call (O(connections)): {@linkcode toInference} once for many calls.
   *
   * @param features Raw features, shape `[samples, featureCount]`: one line of numbers or a row for each sample, in
   * arrays of any kind; numbers that are neither 32-bit floats nor bytes are rounded to 32-bit floats.
   * @returns Shape `[samples]`.
   * @throws {TypeError} When the model is for another task, or features are of another kind or number.
   * @throws {RangeError} When a number that had to be converted is not finite.
   * @throws {FeatureError} When a feature is not finite, or so far from those of training that the outputs are not.
   *
   * @example
   * ```ts
   * import { assert } from "@std/assert";
   * import { SparseMlp } from "@truly-sparse/truly-sparse";
   *
   * const model = SparseMlp.create({ sizes: [2, 8, 3], seed: 1 });
   * const [one, other] = model.predictClasses([[0.5, 1], [2, -1]]);
   * assert(one < 3 && other < 3);
   * ```
   */
  predictClasses(
    this: PredictiveNetwork<"classification">,
    features: Matrix,
    options: PredictOptions = {},
  ): Uint32Array {
    return this.toInference().predictClasses(features, options);
  }

  /**
   * Which labels apply to each sample, as {@linkcode predictClasses}: 1 where one's probability is above ½, else 0.
   *
   * @returns Shape `[samples, labels]`.
   */
  predictLabels(
    this: PredictiveNetwork<"multi-label">,
    features: Matrix,
    options: PredictOptions = {},
  ): Uint8Array {
    return this.toInference().predictLabels(features, options);
  }

  /**
   * The probability of each class, with the temperature of a calibrated model, or of each label; as
   * {@linkcode predictClasses}.
   *
   * @returns Shape `[samples, classes]`, where each row sums to 1; or `[samples, labels]`, where it need not.
   */
  predictProbabilities(
    this: PredictiveNetwork<"classification" | "multi-label">,
    features: Matrix,
    options: PredictOptions = {},
  ): Float32Array {
    return this.toInference().predictProbabilities(features, options);
  }

  /**
   * The values of a regression, in the targets' own unit; as {@linkcode predictClasses}.
   *
   * @returns Shape `[samples, outputs]`.
   */
  predictValues(
    this: PredictiveNetwork<"regression">,
    features: Matrix,
    options: PredictOptions = {},
  ): Float32Array {
    return this.toInference().predictValues(features, options);
  }

  /**
   * The class of each sample by its index, for regression its values, or for several labels those that apply.
   *
   * @deprecated Use `predictClasses`, `predictValues` or `predictLabels`, whose results have one type.
   */
  predict(features: Matrix, options: PredictOptions = {}): Uint32Array | Float32Array | Uint8Array {
    return this.toInference().predict(features, options);
  }
}

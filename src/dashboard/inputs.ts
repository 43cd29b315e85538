/**
 * What the inputs of a network are connected to, as a page shows it: a map of pixels, or the strongest columns.
 *
 * @module
 */
import type { ImageShape } from "../data/split.ts";
import type { SparseMlp } from "../model/model.ts";
import { inputStrength } from "../sparse/strength.ts";

/** Columns that are listed. */
const LISTED = 12;

/** The strength of the inputs after an epoch, Σ|w| over the connections of each. */
export interface InputMap {
  /** Whole epochs before it. */
  readonly epoch: number;
  /** Inputs with a connection. */
  readonly connected: number;
  readonly inputs: number;
  /** The largest strength. */
  readonly most: number;
  /** For images: a byte a pixel in base64, row by row; 255 is the largest sum over the channels. */
  readonly pixels?: string;
  /** For tables: the strongest columns first, with their strength. */
  readonly columns?: readonly (readonly [name: string, strength: number])[];
}

/**
 * The map of a model's inputs. O(connections of the first layer).
 *
 * @param image The shape of the inputs, where they are images; channels lie one after the other.
 * @param names Names of the inputs; empty where they have none.
 */
export function inputMap(
  model: SparseMlp,
  epoch: number,
  image: ImageShape | undefined,
  names: readonly string[],
): InputMap {
  const strength = inputStrength(model.layers[0]);
  const inputs = strength.length;
  let connected = 0;
  for (const value of strength) if (value > 0) connected++;
  if (image !== undefined) {
    const sums = overChannels(strength, image.width * image.height);
    const most = largest(sums);
    const bytes = Uint8Array.from(sums, (sum) => most > 0 ? Math.round(255 * sum / most) : 0);
    return { epoch, connected, inputs, most, pixels: bytes.toBase64() };
  }
  const order = strongest(strength, LISTED);
  const columns = order.map((input) => [names[input] ?? `input ${input + 1}`, strength[input]] as const);
  return { epoch, connected, inputs, most: columns[0]?.[1] ?? 0, columns };
}

function overChannels(strength: Float32Array, pixels: number): Float32Array {
  const sums = new Float32Array(pixels);
  for (let input = 0; input < strength.length; input++) sums[input % pixels] += strength[input];
  return sums;
}

function largest(values: Float32Array): number {
  let most = 0;
  for (const value of values) most = Math.max(most, value);
  return most;
}

/** The inputs of the largest strength, the first of equals first; O(inputs · listed) at worst, O(inputs) as a rule. */
function strongest(strength: Float32Array, listed: number): number[] {
  const order: number[] = [];
  for (let input = 0; input < strength.length; input++) {
    if (order.length === listed && strength[input] <= strength[order[listed - 1]]) continue;
    let place = order.length;
    while (place > 0 && strength[order[place - 1]] < strength[input]) place--;
    order.splice(place, 0, input);
    order.length = Math.min(order.length, listed);
  }
  return order;
}

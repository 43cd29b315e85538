/**
 * What samples belong to, as numbers from 0.
 *
 * @module
 */
import { described, type Numbers } from "../numbers.ts";
import { guarded, isList, type Place } from "../value.ts";

/**
 * Numbers the groups of samples, in the order in which they first appear.
 *
 * Cost: one read of each group.
 *
 * @param groups A number or a text for each sample; all of one kind, as 1 and "1" would be two groups.
 * @returns Number of each sample's group, shape `[samples]`.
 * @throws {TypeError} When there is not one for each sample, or they are not all numbers or all texts.
 * @throws {RangeError} When a number is not finite.
 */
export function numberGroups(
  groups: Numbers | readonly string[],
  samples: number,
  place: Place,
): Uint32Array {
  const { task, name } = place;
  if (!isList(groups) && !ArrayBuffer.isView(groups)) {
    throw new TypeError(
      `Cannot ${task}: ${name} is ${described(groups)}, expected a number or a text for each sample`,
    );
  }
  const given = guarded(place, () => groups.length);
  if (given !== samples) {
    throw new TypeError(`Cannot ${task}: there are ${name} of ${given} samples, the data set has ${samples}`);
  }
  const numbers = new Map<unknown, number>();
  let kind = "";
  return Uint32Array.from({ length: samples }, (_, sample) => {
    const group = guarded(place, () => groups[sample] as unknown);
    if (typeof group !== "number" && typeof group !== "string" || (kind || typeof group) !== typeof group) {
      throw new TypeError(
        `Cannot ${task}: element ${sample} of ${name} is ${described(group)}, expected ${
          kind === "" ? "a number or a text" : `a ${kind} as the first is`
        }`,
      );
    }
    if (typeof group === "number" && !Number.isFinite(group)) {
      throw new RangeError(
        `Cannot ${task}: element ${sample} of ${name} is ${group}, a finite number is needed`,
      );
    }
    kind = typeof group;
    const number = numbers.get(group) ?? numbers.size;
    numbers.set(group, number);
    return number;
  });
}

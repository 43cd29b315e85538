/**
 * What samples belong to, as numbers: a patient, a batch, a plot.
 *
 * @module
 */
import type { Place } from "../value.ts";
import { type Labels, readLabels, spelling } from "./own_labels.ts";

/**
 * Numbers the groups of samples from 0, in the order in which they first appear.
 *
 * Cost: one read of each group.
 *
 * @param value A number or a text for each sample; all of one kind, as 1 and "1" would be two groups.
 * @param samples How many there must be.
 * @returns Number of each sample's group, shape `[samples]`.
 * @throws {TypeError} When there is not one for each sample, or they are not all of one kind.
 * @throws {RangeError} When a number is not finite, or a text is empty.
 */
export function numberGroups(value: Labels, samples: number, place: Place): Uint32Array {
  const { task, name } = place;
  const given = readLabels(value, place);
  if (given.length !== samples) {
    throw new TypeError(
      `Cannot ${task}: there are ${name} of ${given.length} samples, the data set has ${samples}`,
    );
  }
  const numbers = new Map<unknown, number>();
  return Uint32Array.from({ length: samples }, (_, sample) => {
    const group = given[sample];
    const known = numbers.get(group);
    if (known !== undefined) return known;
    spelling(group, typeof given[0], { task, name: `element ${sample} of ${name}` }, "group");
    numbers.set(group, numbers.size);
    return numbers.size - 1;
  });
}

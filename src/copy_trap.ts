/**
 * Objects that cannot be copied by their properties say so, instead of leaving a husk.
 *
 * `structuredClone`, `postMessage`, `JSON.stringify` and the spread operator read the enumerable properties of an object
 * and lose the rest without a word: methods, and whatever is private. So do comparisons in tests, which then find two
 * models equal that share no weight. A property that throws when it is read stops them all.
 *
 * @module
 */

/** A property that throws when it is read; one for all objects of a class, so that they share a shape. */
export type CopyTrap = PropertyDescriptor;

/** Name of the property. */
const NAME = "copy";

/**
 * Makes the trap of a class.
 *
 * @param what What cannot be copied: "a model".
 * @param remedy What to do instead.
 */
export function copyTrap(what: string, remedy: string): CopyTrap {
  return {
    enumerable: true,
    configurable: true,
    get(): never {
      throw new TypeError(`Cannot copy or compare ${what} by its properties: ${remedy}`);
    },
  };
}

/** Lays a trap; anything that copies the properties of the object then throws its TypeError. */
export function refuseCopies(object: object, trap: CopyTrap): void {
  Object.defineProperty(object, NAME, trap);
}

export interface Augmentation {
  readonly rotationDegrees: number;
  readonly shiftFraction: number;
  readonly flip: boolean;
}
export function validateAugmentation(_a: Augmentation, _i: unknown): void {}
export function augmentBatch(
  _f: Uint8Array,
  _i: unknown,
  _o: Uint32Array,
  _a: Augmentation,
  _p: { seed: number; epoch: number; threads: number },
  _out: Uint8Array,
): void {}

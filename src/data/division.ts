/**
 * The parts that samples are divided into: to learn from, to choose a model with, and to test with.
 *
 * @module
 */
import {
  FRACTION,
  type HyperparameterTable,
  type NamesOf,
  onlyKnown,
  resolveOptions,
  SEED,
} from "../hyperparameter.ts";
import { numberGroups } from "./groups.ts";
import { atOnce, type Pieces } from "../pieces.ts";
import { type Drawn, drawSamples, TEST_DRAW, VALIDATION_DRAW } from "./held_out.ts";
import type { Labels } from "./own_labels.ts";
import { placesOf, samplePieces } from "./samples_at.ts";
import type { Split, SplitShape } from "./split.ts";

/** The parts that samples are divided into; fractions are of all samples. */
export interface DatasetOptions {
  /** Share of the samples to test with. @default {0} */
  readonly test?: number | undefined;
  /** Share of the samples to choose the best epoch by. @default {0} */
  readonly validation?: number | undefined;
  /** Whether each class gives its share, within one sample. @default true where samples have a class */
  readonly stratify?: boolean | undefined;
  /** What each sample belongs to (a patient, a batch), numbers or texts: a group is never divided. */
  readonly groups?: Labels | undefined;
  /** Seed of the draws, a whole number from 0. @default {0} */
  readonly seed?: number | undefined;
}

const OPTION_NAMES: NamesOf<DatasetOptions> = {
  test: true,
  validation: true,
  stratify: true,
  groups: true,
  seed: true,
};

const ROWS = {
  test: { kind: "number", ...FRACTION, default: 0, doc: "Share of the samples to test with." },
  validation: {
    kind: "number",
    ...FRACTION,
    default: 0,
    doc: "Share of the samples to choose a model with.",
  },
  stratify: { kind: "flag", doc: "Whether each class gives its share." },
  seed: SEED,
} as const satisfies HyperparameterTable;

/** Parts of samples. */
export interface Parts {
  /** The samples to learn from. */
  readonly train: Split;
  /** The samples to choose the best epoch by. */
  readonly validation?: Split;
  /** The samples to test with. */
  readonly test?: Split;
}

/**
 * Sets samples aside for tests and validation: copies in shared memory, in their order. Without any, the samples are one
 * part, which is not copied.
 *
 * A function of the samples' classes and groups, the options and the seed alone.
 *
 * @param task What cannot be done where something is wrong: "make a data set".
 * @throws {TypeError} When an option is unknown or of another type.
 * @throws {RangeError} When an option is out of range, or a part would be empty.
 */
export function divide(whole: Split, shape: SplitShape, options: DatasetOptions, task: string): Parts {
  return atOnce(divisionPieces(whole, shape, options, task));
}

/** As {@linkcode divide}, a draw or a megabyte at a time. */
export function* divisionPieces(
  whole: Split,
  shape: SplitShape,
  options: DatasetOptions,
  task: string,
): Pieces<Parts> {
  const { groups: given, ...others } = onlyKnown(options, OPTION_NAMES, task);
  const resolved = resolveOptions(ROWS, others, { task }) as Omit<DatasetOptions, "groups">;
  const { test = 0, validation = 0, seed = 0, stratify } = resolved;
  const because = (found: string) => `Cannot ${task}: ${found}`;
  if (stratify && shape.task !== "classification") {
    throw new TypeError(because(`stratify is for classes, the samples are for ${shape.task}`));
  }
  if (test + validation >= 1) {
    throw new RangeError(
      because(`test is ${test} and validation ${validation}, which leaves nothing to train`),
    );
  }
  const groups = given === undefined
    ? undefined
    : numberGroups(given, whole.samples, { task, name: "groups" });
  const classes = shape.task === "classification" && stratify !== false;
  const from: Drawn = {
    flags: new Uint8Array(whole.samples),
    labels: classes ? whole.labels : new Uint32Array(0),
    classes: classes ? shape.outputCount : 1,
    groups,
  };
  let left = whole.samples;
  const wanted = [["test", test, TEST_DRAW, 1], ["validation", validation, VALIDATION_DRAW, 2]] as const;
  for (const [what, share, draw, mark] of wanted) {
    if (share === 0) continue;
    const size = drawSamples(from, { fraction: share * whole.samples / left, seed, draw, mark });
    left -= size;
    yield;
    if (size > 0 && left > 0) continue;
    throw new RangeError(
      because(
        `a ${what} fraction of ${share} of ${whole.samples} samples` +
          `${
            groups === undefined ? "" : " in whole groups"
          } leaves ${left} to train and ${size} for ${what}, ` +
          "both need at least 1",
      ),
    );
  }
  if (left === whole.samples) return { train: whole };
  const part = (mark: number) => samplePieces(whole, placesOf(from.flags, mark), shape);
  return {
    train: yield* part(0),
    ...(validation > 0 && { validation: yield* part(2) }),
    ...(test > 0 && { test: yield* part(1) }),
  };
}

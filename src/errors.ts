/** Errors a caller may want to catch by class; everything else is a TypeError, RangeError or SyntaxError. */

/** The native library could not be found, opened or trusted. */
export class LibraryError extends Error {
  /** Name of the class. */
  override readonly name = "LibraryError";
}

/** A kernel stopped: out of memory, or a defect. The model it worked on may be half changed. */
export class KernelError extends Error {
  /** Name of the class. */
  override readonly name = "KernelError";
}

/**
 * Training cannot go on, usually because the loss is no longer finite; the message says in which epoch and step, and
 * gives advice.
 *
 * The model is as the last step left it: its weights may be NaN, which `saveModel` refuses, and training it
 * again fails alike. Load the last file that was saved, or make the model anew.
 */
export class TrainingError extends Error {
  /** Name of the class. */
  override readonly name = "TrainingError";
}

/** A model file could not be written, or could not be read because it is missing, damaged or foreign. */
export class CheckpointError extends Error {
  /** Name of the class. */
  override readonly name = "CheckpointError";
}

/** A data set could not be found, downloaded, trusted or written; the message says what to do. */
export class DatasetError extends Error {
  /** Name of the class. */
  override readonly name = "DatasetError";
}

/** Where a {@linkcode FeatureError} found what it tells of. */
export interface FeaturePlace {
  /** Number of the sample, from 0. */
  readonly sample: number;
  /** Number of the feature, from 0. */
  readonly feature: number;
  /** Name of the feature, where it has one. */
  readonly name?: string | undefined;
  /** What the samples are, a file perhaps. */
  readonly source?: string | undefined;
}

/** A feature of one sample is not finite, or lies so far from those of training that nothing can be computed of it. */
export class FeatureError extends RangeError {
  /** Name of the class. */
  override readonly name = "FeatureError";
  /** Where the feature stands. */
  readonly place: FeaturePlace;
  readonly #task: string;
  readonly #found: string;

  /**
   * Makes the message of its parts.
   *
   * @param task What could not be done.
   * @param found What was found there, and what is needed.
   */
  constructor(task: string, place: FeaturePlace, found: string, options?: ErrorOptions) {
    const { sample, feature, name, source } = place;
    const named = name === undefined ? "" : ` (${JSON.stringify(name)})`;
    const whose = source === undefined ? "" : ` of ${source}`;
    super(`Cannot ${task}: feature ${feature}${named} of sample ${sample}${whose} ${found}`, options);
    this.place = place;
    this.#task = task;
    this.#found = found;
  }

  /** The same error, by whoever knows more of the place. */
  at(place: Partial<FeaturePlace>): FeatureError {
    return new FeatureError(this.#task, { ...this.place, ...place }, this.#found, { cause: this });
  }
}

/** What an exception says, whatever was thrown, on one line. */
export function messageOf(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).replaceAll(/\s*\n\s*/g, " ");
}

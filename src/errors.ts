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

/** A named data set could not be found, downloaded or trusted; the message says what to do. */
export class DatasetError extends Error {
  /** Name of the class. */
  override readonly name = "DatasetError";
}

/** What an exception says, whatever was thrown. */
export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

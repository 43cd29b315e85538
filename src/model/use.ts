/**
 * Who is at work on a model, so that nobody reads what another is changing.
 *
 * @module
 */
import { messageOf } from "../errors.ts";

/** Who is at work on a model: one run of training at most, and saves, which the run waits for. */
export class ModelUse {
  #training = false;
  #moving = false;
  #saves = 0;
  #saved = Promise.withResolvers<void>();

  /**
   * Begins a run of training, which lasts until what is returned is disposed of.
   *
   * @throws {TypeError} When the model is in another run.
   */
  train(): Disposable {
    if (this.#training) {
      throw new TypeError(
        "Cannot train: the model is in another run; let that one end first (an iterator that is left: call its return())",
      );
    }
    this.#training = true;
    return { [Symbol.dispose]: () => void (this.#training = false) };
  }

  /** Tells that others than this thread change the parameters, until what is returned is disposed of. */
  move(): Disposable {
    this.#moving = true;
    return { [Symbol.dispose]: () => void (this.#moving = false) };
  }

  /**
   * Begins to read the model for a file, until what is returned is disposed of.
   *
   * @throws {TypeError} When workers are changing it, whom nobody can ask to wait.
   */
  save(): Disposable {
    if (this.#moving) {
      throw new TypeError("its workers are in the middle of an epoch; wait until it is over");
    }
    if (this.#saves++ === 0) this.#saved = Promise.withResolvers();
    return {
      [Symbol.dispose]: () => {
        if (--this.#saves === 0) this.#saved.resolve();
      },
    };
  }

  /**
   * As {@linkcode save}, for another reason than a file.
   *
   * @param task What could not be done: "clone the model".
   * @throws {TypeError} When workers are changing it.
   */
  read(task: string): Disposable {
    try {
      return this.save();
    } catch (cause) {
      throw new TypeError(`Cannot ${task}: ${messageOf(cause)}`, { cause });
    }
  }

  /** Whether somebody reads the model for a file. */
  get isBeingSaved(): boolean {
    return this.#saves > 0;
  }

  /** Waits until nobody does; the way to be sure of it before a change. */
  async saved(): Promise<void> {
    while (this.#saves > 0) await this.#saved.promise;
  }
}

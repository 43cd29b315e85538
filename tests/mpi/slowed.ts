/** A worker whose steps of phase 2 take 0.3 s each. @module */
import { workerProgram } from "../../src/parallel/worker.ts";

/** As the program of a worker, but slow. */
export function* slowed(...given: Parameters<typeof workerProgram>): ReturnType<typeof workerProgram> {
  const program = workerProgram(...given);
  const never = new Int32Array(new SharedArrayBuffer(4));
  let next = program.next();
  while (!next.done) {
    if (next.value.kind === "working") Atomics.wait(never, 0, 0, 300);
    next = program.next(yield next.value);
  }
}

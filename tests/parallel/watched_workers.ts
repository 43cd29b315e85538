/** Workers that are counted. @module */

/**
 * Runs something while each Worker of this thread is counted.
 *
 * @returns How many were started, and how many of them nobody has ended.
 */
export async function countWorkers(
  work: () => unknown,
): Promise<{ readonly started: number; readonly alive: number }> {
  const Original = Worker;
  const alive = new Set<Worker>();
  let started = 0;
  globalThis.Worker = class extends Original {
    constructor(...given: ConstructorParameters<typeof Original>) {
      super(...given);
      started++;
      alive.add(this);
    }

    override terminate(): void {
      alive.delete(this);
      super.terminate();
    }
  };
  try {
    await work();
    return { started, alive: alive.size };
  } finally {
    globalThis.Worker = Original;
    for (const worker of alive) worker.terminate();
  }
}

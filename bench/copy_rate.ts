/**
 * What this machine copies in a second, as the measure of steps that wait for memory.
 *
 * @module
 */
import { adviseHuge } from "../src/native/pages.ts";

/** Bytes of each of a thread's two buffers: far more than caches hold. */
const BUFFER_BYTES = 128 * 2 ** 20;
const SECONDS = 0.3;

/** Workers that copy when they are told, each between two buffers of its own. */
export class Copiers implements Disposable {
  readonly #workers: readonly Worker[];

  constructor(threads: number) {
    this.#workers = Array.from({ length: threads }, () => new Worker(import.meta.url, { type: "module" }));
  }

  /** Bytes read and written a second by all of them at once, for about a third of a second. */
  async rate(): Promise<number> {
    const rates = await Promise.all(this.#workers.map((worker) => {
      const answer = Promise.withResolvers<number>();
      worker.onmessage = ({ data }: MessageEvent<number>) => answer.resolve(data);
      worker.onerror = ({ message }) => answer.reject(new Error(message));
      worker.postMessage(SECONDS);
      return answer.promise;
    }));
    return rates.reduce((sum, rate) => sum + rate, 0);
  }

  [Symbol.dispose](): void {
    for (const worker of this.#workers) worker.terminate();
  }
}

/** The worker's side: it copies for as many seconds as it is told, and answers with its rate. */
function serve(scope: Worker): void {
  const [from, to] = [0, 0].map(() => {
    const bytes = new Uint8Array(BUFFER_BYTES);
    adviseHuge(bytes);
    return bytes.fill(1);
  });
  scope.onmessage = ({ data: seconds }: MessageEvent<number>) => {
    const started = performance.now();
    let copies = 0;
    do {
      to.set(from);
      copies++;
    } while (performance.now() - started < 1000 * seconds);
    scope.postMessage(2000 * BUFFER_BYTES * copies / (performance.now() - started));
  };
}

if (import.meta.main) serve(globalThis as unknown as Worker);

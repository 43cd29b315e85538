/**
 * A download that blocks: kernels are opened at the first call, which cannot wait for a promise.
 *
 * A Worker fetches into shared memory while this thread sleeps on it.
 *
 * @module
 */

/** Longest wait for the next bytes. */
const STALL_MS = 60_000;
/** Longest download: a server that sends a byte now and then must not hold the thread for ever. */
const LIMIT_MS = 10 * 60_000;
const TEXT_BYTES = 4096;

/**
 * Fetches exactly `bytes` bytes from `url`, and blocks the thread until they are here.
 *
 * Needs `--allow-net` for the host (and for hosts it redirects to), nothing else.
 *
 * @throws {Error} When they cannot be had; the message is the reason alone.
 */
export function downloadBlocking(
  url: string,
  bytes: number,
  { stallMs = STALL_MS, limitMs = LIMIT_MS }: { readonly stallMs?: number; readonly limitMs?: number } = {},
): Uint8Array {
  const progress = new Int32Array(new SharedArrayBuffer(8));
  const body = new Uint8Array(new SharedArrayBuffer(Math.max(bytes, TEXT_BYTES)));
  const source = `self.onmessage = ({ data }) => (${fetchInto})(...data);`;
  const script = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(script, { type: "module", name: "truly-sparse-download" });
  try {
    worker.postMessage([url, bytes, progress, body]);
    let received = 0;
    const started = performance.now();
    while (Atomics.load(progress, 0) === 0) {
      const left = limitMs - (performance.now() - started);
      const outcome = Atomics.wait(progress, 1, received, Math.max(0, Math.min(stallMs, left)));
      if (outcome === "timed-out" && Atomics.load(progress, 0) === 0) {
        throw new Error(
          left < stallMs ? `it took longer than ${limitMs} ms` : `nothing came for ${stallMs} ms`,
        );
      }
      received = Atomics.load(progress, 1);
    }
    if (progress[0] === 1) return body.slice(0, bytes);
    throw new Error(new TextDecoder().decode(body.slice(0, progress[0] - 2)));
  } finally {
    worker.terminate();
    URL.revokeObjectURL(script);
  }
}

/**
 * Runs in the Worker, as text: it may use nothing of this module.
 *
 * `progress` holds the state (0 under way, 1 done, 2 + n failed with n bytes of reason in `body`) and a number that
 * changes with each chunk.
 */
async function fetchInto(
  url: string,
  bytes: number,
  progress: Int32Array,
  body: Uint8Array,
): Promise<void> {
  let state = 1;
  try {
    const response = await fetch(url);
    if (!response.ok || response.body === null) {
      throw new Error(`the server answered ${response.status} ${response.statusText}`.trim());
    }
    let received = 0;
    for await (const chunk of response.body) {
      if (received + chunk.length > bytes) {
        throw new Error(`the file is longer than the ${bytes} bytes expected`);
      }
      body.set(chunk, received);
      received += chunk.length;
      Atomics.add(progress, 1, 1);
      Atomics.notify(progress, 1);
    }
    if (received !== bytes) throw new Error(`the file has ${received} bytes, expected ${bytes}`);
  } catch (cause) {
    const reason = new TextEncoder().encode(cause instanceof Error ? cause.message : String(cause));
    body.set(reason.subarray(0, body.length));
    state = 2 + Math.min(reason.length, body.length);
  }
  Atomics.store(progress, 0, state);
  Atomics.add(progress, 1, 1);
  Atomics.notify(progress, 1);
}

/**
 * A stream of bytes, unpacked when it is packed with gzip, whatever the file is called.
 *
 * @module
 */

/** Whether bytes begin as gzip does (RFC 1952). */
function isGzip(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Yields the content of a stream of bytes, unpacked if it begins as gzip does.
 *
 * @param source What messages call the stream.
 * @throws {SyntaxError} When packed bytes are damaged or end too early.
 */
export async function* unpacked(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  source: string,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const reader = stream.getReader();
  const head: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  try {
    while (length < 2) {
      const { value, done } = await reader.read();
      if (done) break;
      head.push(value);
      length += value.length;
    }
    const start = concatenate(head, length);
    const rest = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => start.length > 0 && controller.enqueue(start),
      pull: async (controller) => {
        const { value, done } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    });
    if (isGzip(start)) yield* gunzipped(rest, source);
    else yield* rest;
  } finally {
    await reader.cancel().catch(() => {});
  }
}

async function* gunzipped(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  source: string,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  try {
    yield* stream.pipeThrough(new DecompressionStream("gzip"));
  } catch (cause) {
    // A TypeError is how DecompressionStream reports bytes that are no gzip; anything else is trouble with the source.
    if (!(cause instanceof TypeError)) throw cause;
    throw new SyntaxError(`Cannot unpack "${source}": its gzip data is damaged or cut off`, { cause });
  }
}

function concatenate(chunks: readonly Uint8Array<ArrayBuffer>[], length: number): Uint8Array<ArrayBuffer> {
  if (chunks.length === 1) return chunks[0];
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

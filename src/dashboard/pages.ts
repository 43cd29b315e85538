/**
 * The pages that are open: each is told what happens, and none is waited for.
 *
 * @module
 */

/** Most pages at once. */
export const MOST_PAGES = 256;
/** Bytes that may wait for a page before it is left behind. */
const MOST_WAITING = 256 * 1024;

interface Page {
  readonly controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  /** Whether it was too slow, and has missed something. */
  behind: boolean;
}

/**
 * Streams of server-sent events, one for each page.
 *
 * What is told is handed to all as the same bytes. A page that does not take its bytes gets no more of them, so that it
 * holds a bounded amount of memory; once it takes them again, it begins anew with all that there is to tell.
 */
export class Pages {
  readonly #pages = new Set<Page>();
  readonly #whole: () => Uint8Array<ArrayBuffer>;

  /** @param whole All there is to tell a page that knows nothing. */
  constructor(whole: () => Uint8Array<ArrayBuffer>) {
    this.#whole = whole;
  }

  /** Pages that are open. */
  get size(): number {
    return this.#pages.size;
  }

  /** A stream for a new page, which begins with all there is to tell; none where there are too many. */
  open(): ReadableStream<Uint8Array<ArrayBuffer>> | undefined {
    if (this.#pages.size >= MOST_PAGES) return undefined;
    let page: Page;
    return new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => {
        page = { controller, behind: false };
        this.#pages.add(page);
        controller.enqueue(this.#whole());
      },
      pull: (controller) => {
        if (!page.behind) return;
        page.behind = false;
        controller.enqueue(this.#whole());
      },
      cancel: () => void this.#pages.delete(page),
    }, new ByteLengthQueuingStrategy({ highWaterMark: MOST_WAITING }));
  }

  /** Hands bytes to all pages; returns at once. */
  tell(bytes: Uint8Array<ArrayBuffer>): void {
    for (const page of this.#pages) {
      page.behind ||= (page.controller.desiredSize ?? 0) <= 0;
      if (!page.behind) page.controller.enqueue(bytes);
    }
  }

  /** Ends all streams, after what waits in them. */
  close(): void {
    for (const { controller } of this.#pages) controller.close();
    this.#pages.clear();
  }
}

const encoder = new TextEncoder();

/** An event as pages read it: a name and one line of JSON. */
export function eventBytes(name: string, value: unknown): Uint8Array<ArrayBuffer> {
  return encoder.encode(`event: ${name}\ndata: ${JSON.stringify(value)}\n\n`);
}

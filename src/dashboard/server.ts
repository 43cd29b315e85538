/**
 * The server of the page: on loopback, to read alone.
 *
 * @module
 */
import { messageOf } from "../errors.ts";
import { GUARDED, refusal } from "./guard.ts";
import { type PageFile, pageFiles } from "./page.ts";
import type { Pages } from "./pages.ts";

const LOOPBACK = "127.0.0.1";
/** Milliseconds that pages have at the end to take what waits for them. */
const FAREWELL_MS = 1000;

/** Serves the page's files, and its events at `/events`. */
export class PageServer {
  readonly #files: ReadonlyMap<string, PageFile>;
  readonly #pages: Pages;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  private constructor(files: ReadonlyMap<string, PageFile>, pages: Pages, port: number) {
    this.#files = files;
    this.#pages = pages;
    this.#server = Deno.serve({
      hostname: LOOPBACK,
      port,
      onListen: () => {},
      onError: () => new Response(null, { status: 500, headers: GUARDED }),
    }, (request) => this.#answer(request));
    // A run is not kept alive by who watches it.
    this.#server.unref();
  }

  /**
   * Begins to listen.
   *
   * @param port 0 for any that is free.
   * @throws {Error} When the port is in use, may not be used, or the page's files cannot be had: what helps.
   */
  static async open(pages: Pages, port: number): Promise<PageServer> {
    const files = await pageFiles();
    try {
      return new PageServer(files, pages, port);
    } catch (cause) {
      const why = cause instanceof Deno.errors.AddrInUse
        ? "the port is in use; --dashboard=0 takes one that is free"
        : cause instanceof Deno.errors.NotCapable
        ? `it needs --allow-net=${LOOPBACK}${port === 0 ? "" : `:${port}`}`
        : messageOf(cause);
      throw new Error(`Cannot listen on ${LOOPBACK}:${port}: ${why}`, { cause });
    }
  }

  /** Where the page is. */
  get address(): string {
    return `http://${LOOPBACK}:${this.#server.addr.port}/`;
  }

  /** Ends all streams and the server; those that do not take the end of theirs are not waited for longer than a second. */
  async close(): Promise<void> {
    this.#pages.close();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => timer = setTimeout(resolve, FAREWELL_MS));
    await Promise.race([this.#server.shutdown(), late]);
    clearTimeout(timer);
  }

  #answer(request: Request): Response {
    const refused = refusal(request, this.#server.addr.port);
    if (refused !== undefined) return plain(refused.status, refused.reason);
    const { pathname } = new URL(request.url);
    if (pathname === "/events") {
      const stream = this.#pages.open();
      if (stream === undefined) return plain(503, "Too many pages are open: close one of them");
      return new Response(stream, { headers: { ...GUARDED, "content-type": "text/event-stream" } });
    }
    const file = this.#files.get(pathname);
    if (file === undefined) return plain(404, "There is nothing of this name");
    return new Response(file.body, { headers: { ...GUARDED, "content-type": file.type } });
  }
}

function plain(status: number, reason: string): Response {
  const headers = { ...GUARDED, "content-type": "text/plain; charset=utf-8" };
  return new Response(`${reason}\n`, { status, headers });
}

/**
 * Who may read the pages of a server on loopback: the browser's own pages of that address, and nobody else's.
 *
 * @module
 */

/** What stands in every answer: nothing may be embedded, kept, or loaded from elsewhere. */
export const GUARDED: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/**
 * Why a request gets no answer: an HTTP status and a sentence; nothing for one that does.
 *
 * Only reading is possible. The name in `Host` must be that of loopback, so that no other name that is made to resolve
 * to it (DNS rebinding) is an origin that may read; pages of other origins are refused by what browsers say of them.
 *
 * @param port Where the server listens.
 */
export function refusal(request: Request, port: number): { status: number; reason: string } | undefined {
  const { method, headers } = request;
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  if (port === 80) hosts.push("127.0.0.1", "localhost");
  const host = headers.get("host") ?? "";
  if (!hosts.includes(host.toLowerCase())) {
    return { status: 421, reason: `This address is not served here: expected http://${hosts[0]}/` };
  }
  if (method !== "GET") return { status: 405, reason: "Nothing can be changed here: only GET is answered" };
  const origin = headers.get("origin");
  const site = headers.get("sec-fetch-site");
  const own = (origin === null || origin === `http://${host}`) &&
    (site === null || site === "same-origin" || site === "none");
  if (!own) {
    return { status: 403, reason: "Pages of other origins may not read this: open the address itself" };
  }
  return undefined;
}

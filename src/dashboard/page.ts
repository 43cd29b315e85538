/**
 * The files of the page: its own, and those of uPlot from npm. They are text modules, so that they come with the package
 * from wherever it is imported, and no permission is needed to read them.
 *
 * @module
 */

/** A file as it is answered. */
export interface PageFile {
  readonly type: string;
  readonly body: Uint8Array<ArrayBuffer>;
}

/**
 * The files of the page by their path; read once a call.
 *
 * @throws {Error} When uPlot is not in Deno's cache and cannot be fetched.
 */
export async function pageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const [html, icon, style, client, charts, inputs, listen, uplot, uplotStyle] = await Promise.all([
    import("./page/index.html", { with: { type: "text" } }),
    import("./page/icon.svg", { with: { type: "text" } }),
    import("./page/style.css", { with: { type: "text" } }),
    import("./page/client.js", { with: { type: "text" } }),
    import("./page/charts.js", { with: { type: "text" } }),
    import("./page/inputs.js", { with: { type: "text" } }),
    import("./page/listen.js", { with: { type: "text" } }),
    import("npm:uplot@1.6.32/dist/uPlot.iife.min.js", { with: { type: "text" } }),
    import("npm:uplot@1.6.32/dist/uPlot.min.css", { with: { type: "text" } }),
  ]);
  const encoder = new TextEncoder();
  const file = (type: string, { default: text }: { default: string }): PageFile => ({
    type: `${type}; charset=utf-8`,
    body: encoder.encode(text),
  });
  return new Map([
    ["/", file("text/html", html)],
    ["/icon.svg", file("image/svg+xml", icon)],
    ["/style.css", file("text/css", style)],
    ["/client.js", file("text/javascript", client)],
    ["/charts.js", file("text/javascript", charts)],
    ["/inputs.js", file("text/javascript", inputs)],
    ["/listen.js", file("text/javascript", listen)],
    ["/uPlot.js", file("text/javascript", uplot)],
    ["/uPlot.css", file("text/css", uplotStyle)],
  ]);
}

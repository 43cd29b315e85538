import { assert, assertEquals } from "@std/assert";

const ROOT = new URL("../", import.meta.url);

/** Pages of a folder and of those below, without what tools put there. */
function* pages(folder: URL): Generator<URL> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (name.startsWith(".") || name === "node_modules" || name === "target") continue;
    if (isDirectory) yield* pages(new URL(`${name}/`, folder));
    else if (name.endsWith(".md")) yield new URL(name, folder);
  }
}

/** Text without blocks of code, whose brackets are no links and whose # is no heading. */
function prose(page: URL): string {
  return Deno.readTextFileSync(page).replace(/^ *```[\s\S]*?^ *```/gm, "");
}

/** What headings are called in addresses. */
function anchors(text: string): string[] {
  return Array.from(
    text.matchAll(/^#+ (.*)$/gm),
    ([, heading]) =>
      heading.toLowerCase().replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/[^\p{L}\p{N}_\- ]/gu, "")
        .replaceAll(" ", "-"),
  );
}

/** Relative addresses of links and pictures. */
function links(text: string): string[] {
  const found = text.matchAll(/\]\(([^)\s]+)\)|\b(?:src|href)="([^"]+)"/g);
  return Array.from(found, ([, link, attribute]) => link ?? attribute).filter((link) =>
    !/^[a-z]+:/.test(link)
  );
}

/** Links of a page that lead nowhere. */
function broken(page: URL): string[] {
  return links(prose(page)).filter((link) => {
    const target = new URL(link, page);
    const anchor = decodeURIComponent(target.hash.slice(1));
    target.hash = "";
    try {
      Deno.statSync(target);
    } catch {
      return true;
    }
    return anchor !== "" && target.pathname.endsWith(".md") && !anchors(prose(target)).includes(anchor);
  }).map((link) => `${page.href.slice(ROOT.href.length)}: ${link}`);
}

Deno.test("links of all pages lead to files and headings that are there", () => {
  const all = [...pages(ROOT)];
  const names = all.map(({ href }) => href.slice(ROOT.href.length));
  for (const name of ["README.md", "docs/paper.md", "docs/report.md", "bench/peers/README.md"]) {
    assert(names.includes(name), name);
  }
  assert(all.flatMap((page) => links(prose(page))).length > 50);
  assertEquals(all.flatMap(broken), []);
});

Deno.test("a link to a file or heading that is not there is found", async () => {
  const page = new URL(`file://${await Deno.makeTempFile({ suffix: ".md" })}`);
  await Deno.writeTextFile(
    page,
    "# One `two`\n[a](#one-two) [b](#three) [c](no.md) [d](https://example.com)\n",
  );
  const found = broken(page).map((line) => line.split(": ").at(-1));
  await Deno.remove(page);
  assertEquals(found, ["#three", "no.md"]);
});

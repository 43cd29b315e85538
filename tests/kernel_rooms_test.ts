import { assert, assertEquals } from "@std/assert";

/** What each room of the kernels may use beside itself. */
const ROOMS: Record<string, readonly string[]> = {
  base: [],
  structure: ["base"],
  data: ["base"],
  text: ["base"],
  network: ["base", "structure", "data"],
  ffi: ["base", "structure", "data", "text", "network"],
};

const MOST_LINES = 400;

const KERNELS = new URL("../kernels/", import.meta.url);
const SRC = new URL("src/", KERNELS);

interface Page {
  /** Room and stem: "network/layer". */
  readonly name: string;
  /** Pages it uses, tests left out. */
  readonly uses: readonly string[];
}

function* sourcesIn(folder: URL): Generator<URL> {
  for (const entry of Deno.readDirSync(folder)) {
    if (entry.isDirectory) yield* sourcesIn(new URL(`${entry.name}/`, folder));
    else if (entry.name.endsWith(".rs")) yield new URL(entry.name, folder);
  }
}

const pages: readonly Page[] = [...sourcesIn(SRC)].map((url) => {
  const text = Deno.readTextFileSync(url);
  const code = text.replace(/\/\/.*$/gm, "").replace(/#\[cfg\(test\)\]\s*mod tests \{[\s\S]*$/, "");
  const name = url.href.slice(SRC.href.length, -".rs".length);
  const uses = [...code.matchAll(/\bcrate::(\w+)::(\w+)/g)].map(([, room, page]) => `${room}/${page}`);
  const own = name.endsWith("/tests") ? [] : uses.filter((used) => used !== name);
  return { name, uses: own };
});

Deno.test("kernels/src/ has its rooms, and each page is read", () => {
  const rooms = new Set(pages.map(({ name }) => name.split("/")[0]).filter((room) => room !== "lib"));
  assertEquals([...rooms].toSorted(), Object.keys(ROOMS).toSorted());
  assert(pages.find(({ name }) => name === "network/activation")?.uses.includes("base/random"));
});

Deno.test("kernels/src/ rooms use each other one way", () => {
  for (const { name, uses } of pages) {
    const room = name.split("/")[0];
    for (const used of uses) {
      const other = used.split("/")[0];
      if (room === "lib" || other === room) continue;
      assert(
        ROOMS[room].includes(other),
        `${name}.rs uses ${used}: ${room} may use ${ROOMS[room].join(", ")}`,
      );
    }
  }
});

Deno.test("kernels/src/ has no circle of uses", () => {
  const graph = new Map(pages.map(({ name, uses }) => [name, uses]));
  const state = new Map<string, "open" | "done">();
  const visit = (name: string, trail: readonly string[]): void => {
    assert(state.get(name) !== "open", `circle: ${[...trail, name].join(" → ")}`);
    if (state.get(name) === "done") return;
    state.set(name, "open");
    for (const used of graph.get(name) ?? []) visit(used, [...trail, name]);
    state.set(name, "done");
  };
  for (const name of graph.keys()) visit(name, []);
});

Deno.test(`kernels/ has no source over ${MOST_LINES} lines, its tests and the MPI library included`, () => {
  const sources = ["src/", "tests/", "mpi/src/"].map((folder) => [...sourcesIn(new URL(folder, KERNELS))]);
  for (const found of sources) assert(found.length > 1);
  for (const url of sources.flat()) {
    const lines = Deno.readTextFileSync(url).split("\n").length - 1;
    assert(lines <= MOST_LINES, `${url.href.slice(KERNELS.href.length)} has ${lines} lines`);
  }
});

import { assert, assertEquals } from "@std/assert";
import { ABI_VERSION, SYMBOLS } from "../src/native/ffi.ts";
import { MPI_SYMBOLS } from "../src/native/mpi_ffi.ts";

/** What a model is made of and trained with: these rooms use each other in this order. */
const TRAINING = ["native", "optimizer", "sparse", "data", "model", "topology", "train"];
/** What shows a model or a run may use all that is known of it. */
const SHOWING = [...TRAINING, "features", "files", "figures"];

/** What each room of src/ may use beside itself. */
const ROOMS: Record<string, readonly string[]> = {
  native: [],
  figures: [],
  optimizer: ["native"],
  sparse: ["native"],
  data: ["native", "sparse"],
  model: ["native", "figures", "optimizer", "sparse"],
  topology: ["native", "optimizer", "sparse", "model"],
  train: TRAINING.filter((room) => room !== "train"),
  features: TRAINING,
  files: TRAINING,
  parallel: [...TRAINING, "files"],
  tensorboard: ["model", "train"],
  dashboard: SHOWING,
  report: SHOWING,
  cli: [...SHOWING, "report", "parallel", "tensorboard", "dashboard"],
};

const MOST_LINES = 400;

const SRC = new URL("../src/", import.meta.url);

interface Import {
  readonly specifier: string;
  readonly typeOnly: boolean;
}

interface Module {
  /** Path below src/. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

function* filesOf(folder: URL, ending: string): Generator<URL> {
  for (const entry of Deno.readDirSync(folder)) {
    if (entry.isDirectory) yield* filesOf(new URL(`${entry.name}/`, folder), ending);
    else if (entry.name.endsWith(ending)) yield new URL(entry.name, folder);
  }
}

/** Imports and re-exports of a module, comments (and so examples) left out. */
function importsOf(text: string): Import[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  const found: Import[] = [];
  const statement = /^(?:import|export)\s+(type\s)?(?:(\{[^}]*\}|[\w*\s,{}]+?)\s+from\s+)?"([^"]+)"/gm;
  for (const [, type, names = "", specifier] of code.matchAll(statement)) {
    const each = /^\{[^}]*\}$/.test(names)
      ? names.slice(1, -1).split(",").map((name) => name.trim())
      : [names];
    const typeOnly = type !== undefined ||
      each.filter((name) => name).every((name) => name.startsWith("type "));
    found.push({ specifier, typeOnly: typeOnly && names !== "" });
  }
  for (const [, specifier] of code.matchAll(/\bimport\("([^"]+)"\)/g)) {
    found.push({ specifier, typeOnly: false });
  }
  return found;
}

function modulesOf(): Module[] {
  return [...filesOf(SRC, ".ts")].map((url) => {
    const text = Deno.readTextFileSync(url);
    return { path: url.href.slice(SRC.href.length), text, imports: importsOf(text) };
  });
}

/** Path below src/ of a relative import. */
function target(from: Module, { specifier }: Import): string {
  return new URL(specifier, new URL(from.path, SRC)).href.slice(SRC.href.length);
}

function roomOf(path: string): string | undefined {
  return path.includes("/") ? path.split("/")[0] : undefined;
}

const modules = modulesOf();

Deno.test("src/ is found and its imports are read", () => {
  const trainer = modules.find((module) => module.path === "train/trainer.ts");
  assert(trainer?.imports.some(({ specifier, typeOnly }) => specifier === "../data/dataset.ts" && !typeOnly));
  assert(trainer?.imports.some(({ specifier, typeOnly }) => specifier === "../model/model.ts" && typeOnly));
  assertEquals(importsOf('export { type A, type B } from "./a.ts";\nimport "./b.ts";\n// import "./c.ts";'), [
    { specifier: "./a.ts", typeOnly: true },
    { specifier: "./b.ts", typeOnly: false },
  ]);
});

Deno.test("src/ imports point one way, from cli down to native", () => {
  for (const module of modules) {
    const room = roomOf(module.path);
    assert(
      room === undefined || room in ROOMS,
      `src/${module.path} stands in a room the table does not know`,
    );
    for (const used of module.imports) {
      if (!used.specifier.startsWith(".")) continue;
      const other = roomOf(target(module, used));
      if (room === undefined) assert(other === undefined, `src/${module.path} uses ${used.specifier}`);
      if (room === undefined || other === undefined || other === room) continue;
      assert(
        ROOMS[room].includes(other),
        `src/${module.path} imports ${used.specifier}: ${room} may use ${
          ROOMS[room].join(", ") || "nothing"
        }`,
      );
    }
  }
});

Deno.test("src/ imports are relative or full npm:, jsr: or node: specifiers, so that it runs from a URL", () => {
  for (const { path, imports } of modules) {
    for (const { specifier } of imports) {
      assert(
        /^\.\.?\/.*\.ts$|^(npm|jsr):@?[^@]+@\d|^node:/.test(specifier),
        `src/${path} imports "${specifier}", which needs an import map`,
      );
    }
  }
});

Deno.test("src/ stays inside itself and has no import cycle", () => {
  const graph = new Map(modules.map((module) => [
    module.path,
    module.imports.filter(({ specifier }) => specifier.startsWith(".")).map((used) => target(module, used)),
  ]));
  const state = new Map<string, "open" | "done">();
  const visit = (path: string, trail: readonly string[]): void => {
    assert(state.get(path) !== "open", `import cycle: ${[...trail, path].join(" → ")}`);
    if (state.get(path) === "done") return;
    const next = graph.get(path);
    assert(next !== undefined, `${trail.at(-1)} imports ${path}, which is not in src/`);
    state.set(path, "open");
    for (const other of next) visit(other, [...trail, path]);
    state.set(path, "done");
  };
  for (const path of graph.keys()) visit(path, []);
});

Deno.test(`src/ has no file over ${MOST_LINES} lines`, () => {
  for (const { path, text } of modules) {
    const lines = text.split("\n").length - 1;
    assert(lines <= MOST_LINES, `src/${path} has ${lines} lines`);
  }
});

// --- the native border ---

const KERNELS = new URL("../kernels/src/", import.meta.url);

/** Deno's name of a C type as Rust writes it. */
function denoType(rust: string): string {
  const type = rust.trim();
  return /^\*(const|mut) /.test(type) ? "buffer" : type;
}

/** Exports of the Rust library: their parameters' and results' types, in Deno's names. */
function exportsOf(text: string): Record<string, { parameters: string[]; result: string }> {
  const found: Record<string, { parameters: string[]; result: string }> = {};
  const signature =
    /#\[unsafe\(no_mangle\)\]\s+pub (?:unsafe )?extern "C" fn (\w+)\(([^)]*)\)(?: -> (\w+))?/g;
  for (const [, name, parameters, result = "void"] of text.matchAll(signature)) {
    const types = parameters.split(",").filter((part) => part.trim()).map((part) =>
      denoType(part.split(":")[1])
    );
    found[name] = { parameters: types, result };
  }
  return found;
}

Deno.test("mod.ts and engine.ts export a file in one statement", async () => {
  for (const name of ["mod.ts", "engine.ts"]) {
    const text = await Deno.readTextFile(new URL(`../${name}`, import.meta.url));
    const files = Array.from(
      text.matchAll(/^(?:export|}).* from "(\.\/src\/[^"]+)";$/gm),
      ([, file]) => file,
    );
    assert(files.length > 5, name);
    assertEquals(files.filter((file, at) => files.indexOf(file) !== at), [], name);
  }
});

Deno.test("docs/architecture.md describes every room of src/, and no other", async () => {
  const text = await Deno.readTextFile(new URL("../docs/architecture.md", import.meta.url));
  const described = [...text.matchAll(/^\| `src\/(\w+)\/`/gm)].map(([, room]) => room);
  assertEquals(described.toSorted(), Object.keys(ROOMS).toSorted());
});

Deno.test("ffi.ts declares every export of kernels/src/ffi/ with the same types, and no other", () => {
  const pages = [...filesOf(new URL("ffi/", KERNELS), ".rs")].map((url) => Deno.readTextFileSync(url));
  const exports = exportsOf(pages.join("\n"));
  const declared = Object.fromEntries(
    Object.entries(SYMBOLS).map((
      [name, { parameters, result }],
    ) => [name, { parameters: [...parameters], result }]),
  ) as typeof exports;
  assertEquals(Object.keys(declared).sort(), Object.keys(exports).sort());
  for (const [name, signature] of Object.entries(exports)) assertEquals(declared[name], signature, name);
});

/** The version of the border, and the first half of the SHA-256 of its signatures. */
const PINNED = { version: 5, signatures: "1c41a1a14dbb7ae4eb357f99039d9750" };

Deno.test("ABI_VERSION is raised when the signature of an export changes", async () => {
  const lines = Object.entries(SYMBOLS).map(([name, { parameters, result }]) =>
    `${name}(${parameters.join(", ")}) -> ${result}`
  );
  const text = new TextEncoder().encode(lines.toSorted().join("\n"));
  const signatures = new Uint8Array(await crypto.subtle.digest("SHA-256", text)).toHex().slice(0, 32);
  const rust = Deno.readTextFileSync(new URL("ffi/mod.rs", KERNELS));
  assertEquals(Number(/ABI_VERSION: u32 = (\d+);/.exec(rust)?.[1]), ABI_VERSION, "both sides");
  assertEquals(
    { version: ABI_VERSION, signatures },
    PINNED,
    "the exports changed: raise ABI_VERSION on both sides unless it was raised since the last release, then pin both",
  );
});

Deno.test("mpi_ffi.ts declares every export of kernels/mpi/src/ffi.rs with the same types, and no other", () => {
  const exports = exportsOf(Deno.readTextFileSync(new URL("../mpi/src/ffi.rs", KERNELS)));
  const declared = Object.entries(MPI_SYMBOLS).map(([name, { parameters, result }]) => [
    name,
    { parameters: [...parameters], result },
  ]);
  assertEquals(Object.fromEntries(declared) as typeof exports, exports);
});

Deno.test("kernels/src/ffi/ is the only folder that exports symbols", () => {
  for (const url of filesOf(KERNELS, ".rs")) {
    if (url.href.includes("/src/ffi/")) continue;
    assert(!Deno.readTextFileSync(url).includes("no_mangle"), url.href);
  }
});

Deno.test("each export has one caller in src/native/", () => {
  const pages = modules.filter(({ path }) => roomOf(path) === "native" && !path.endsWith("ffi.ts"));
  for (const name of Object.keys(SYMBOLS)) {
    const callers = pages.filter(({ text }) => new RegExp(`\\b${name}\\b`).test(text));
    assertEquals(callers.length, 1, `${name} is called by ${callers.map(({ path }) => path).join(", ")}`);
  }
});

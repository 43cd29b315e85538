import { assert, assertEquals } from "@std/assert";
import * as engine from "../engine.ts";
import * as api from "../mod.ts";
import { ENTRIES, EXCLUDED } from "./hostile/entries.ts";
import { inFolder } from "./temporary.ts";

const CALLS = Number(Deno.env.get("TRULY_SPARSE_HOSTILE") ?? 6000);

/** Names of what can be called: functions, constructors, and the methods of classes and objects. */
function* entryPoints(): Generator<string> {
  for (const [name, value] of Object.entries({ ...api, ...engine })) {
    if (typeof value === "object") {
      for (const method of Object.keys(value)) yield `${name}.${method}`;
    } else if (typeof value === "function") {
      yield name;
      if (!/^class\b/.test(String(value)) || value.prototype instanceof Error) continue;
      yield* methods(value, `${name}.`);
      // Those that are inherited too.
      for (let of = value.prototype; of !== Object.prototype; of = Object.getPrototypeOf(of)) {
        yield* methods(of, `${name}#`);
      }
    }
  }
}

function* methods(of: object, before: string): Generator<string> {
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(of))) {
    if (typeof value === "function" && name !== "constructor") yield before + name;
  }
}

Deno.test("every public entry point is called with hostile values, or left out for a reason", () => {
  const known = new Set([...Object.keys(ENTRIES), ...Object.keys(EXCLUDED)]);
  const unknown = [...entryPoints()].filter((name) => !known.has(name));
  assertEquals(unknown, [], "give each a row in tests/hostile/entries/<room>.ts");
  const there = new Set(entryPoints());
  const gone = [...known].filter((name) => !there.has(name) && !name.includes("()"));
  assertEquals(gone, [], "rows of tests/hostile/entries.ts without an export");
});

Deno.test("public entry points answer hostile values with an error of ours or a right result", async () => {
  const program = new URL("hostile/api.ts", import.meta.url).pathname;
  await inFolder(async (folder) => {
    const { code, signal, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", decodeURIComponent(program), String(CALLS), "1"],
      cwd: folder,
      signal: AbortSignal.timeout(900_000),
      env: { NO_COLOR: "1" },
    }).output();
    const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    assertEquals([code, signal], [0, null], err.slice(-2000));
    const { made, refused, counts, failures } = JSON.parse(out);
    assertEquals(failures.slice(0, 20), [], `${failures.length} of ${made}`);
    assertEquals([made, Object.keys(counts).length], [CALLS, Object.keys(ENTRIES).length]);
    assert(refused > made / 3 && refused < made, `${refused} of ${made} were refused`);
  });
});
